package org.mapfiles.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.ModelProcess;
import org.mapfiles.testing.Replay;

/** Replaying the changes of a simulated process, which records its own history, gives exactly its mappings. */
class MapChangesModelTest {
    /** A process, the reported changes, and a reader that replays them. */
    private static final class Watch implements ModelProcess.Listener {
        private final Random random;
        private final ModelProcess process;
        private final MapChanges changes = new MapChanges(null, null, null);
        private final Replay replay = new Replay();
        private final boolean hasEvents;
        private final int losesOneIn;
        private final List<MapChange> all = new ArrayList<>();
        /** Events that the kernel has written and that are not drained yet. */
        private final List<Runnable> undrained = new ArrayList<>();

        private final List<String> events = new ArrayList<>();
        private boolean isLost;
        private boolean isFirst = true;

        Watch(long seed, boolean hasEvents, int losesOneIn) {
            random = new Random(seed);
            process = new ModelProcess(random, this);
            this.hasEvents = hasEvents;
            this.losesOneIn = losesOneIn;
        }

        @Override
        public void mapped(MapsLine mapping) {
            long time = process.time();
            push(time + " " + mapping, () -> changes.mapped(cursor(mapping), time));
        }

        @Override
        public void executed() {
            long time = process.time();
            push(time + " exec", () -> changes.executed(time));
        }

        private void push(String text, Runnable event) {
            if (hasEvents && losesOneIn > 0 && random.nextInt(losesOneIn) == 0) {
                isLost = true;
            } else if (hasEvents) {
                undrained.add(event);
                events.add(text);
            }
        }

        private static MapCursor cursor(MapsLine line) {
            return snapshot(List.of(line)).cursor().seek(0);
        }

        private static MapSnapshot snapshot(List<MapsLine> lines) {
            try {
                return MapsLine.snapshot(lines);
            } catch (MalformedMapsException e) {
                throw new AssertionError(e);
            }
        }

        private void change(int count) {
            for (int i = 0; i < count; i++) {
                process.change();
            }
        }

        private void drain() {
            undrained.forEach(Runnable::run);
            undrained.clear();
            if (isLost) {
                changes.lost(process.time());
                isLost = false;
            }
        }

        /** Reads the mappings one by one, while the process may change them. Returns whether it did not. */
        private boolean poll(boolean isQuiet) {
            process.rest();
            long from = process.time();
            List<MapsLine> read = new ArrayList<>();
            long next = 0;
            for (MapsLine line = firstFrom(next); line != null; line = firstFrom(next)) {
                read.add(line);
                next = line.end();
                if (!isQuiet && random.nextInt(4) == 0) {
                    process.change();
                }
            }
            process.rest();
            long to = process.time();
            boolean wasQuiet = to == from + 1;
            if (!isQuiet) {
                change(random.nextInt(3)); // between the read and the drain
            }
            drain();
            changes.polled(snapshot(read), from, to);
            if (isFirst) {
                assertThat(changes.taken()).isEmpty();
                replay.begin(changes.mappings());
                isFirst = false;
            }
            apply();
            return wasQuiet && process.time() == to;
        }

        private MapsLine firstFrom(long address) {
            return process.lines().stream()
                    .filter(line -> line.start() >= address)
                    .findFirst()
                    .orElse(null);
        }

        private void apply() {
            for (MapChange change : changes.taken()) {
                assertThat(all.isEmpty() || all.get(all.size() - 1).time() <= change.time())
                        .as("times are in order")
                        .isTrue();
                all.add(change);
                replay.apply(change);
                check(change);
            }
            assertThat(replay.lines())
                    .isEqualTo(changes.mappings().stream().map(MapsLine::of).toList());
        }

        private void check(MapChange change) {
            assertThat(change.after()).isLessThanOrEqualTo(change.time());
            if (change.isExact() && change.kind() != MapChange.Kind.EXEC) {
                assertThat(process.at(change.time())).as("%s", change).contains(MapsLine.of(change.mapping()));
            }
        }
    }

    private static Watch begun(long seed, boolean hasEvents, int losesOneIn) {
        Watch watch = new Watch(seed, hasEvents, losesOneIn);
        watch.change(10);
        watch.poll(true);
        watch.events.clear();
        return watch;
    }

    private static void replayIsExact(Watch watch, int polls, boolean isQuiet) {
        for (int i = 0; i < polls; i++) {
            watch.change(watch.random.nextInt(6));
            if (watch.random.nextInt(4) == 0) {
                watch.drain();
                watch.apply();
            }
            if (watch.poll(isQuiet || watch.random.nextBoolean())) {
                assertThat(watch.replay.lines()).as("after poll %s", i).isEqualTo(watch.process.lines());
            }
        }
        watch.poll(true);
        assertThat(watch.replay.lines()).isEqualTo(watch.process.lines());
    }

    @Property(tries = 100)
    void replayIsExactByPollsAlone(@ForAll long seed, @ForAll boolean isQuiet) {
        replayIsExact(begun(seed, false, 0), 40, isQuiet);
    }

    @Property(tries = 150)
    void replayIsExactWithEvents(@ForAll long seed, @ForAll boolean isQuiet) {
        replayIsExact(begun(seed, true, 0), 40, isQuiet);
    }

    @Property(tries = 150)
    void replayIsExactWhenEventsAreLost(@ForAll long seed, @ForAll boolean isQuiet) {
        replayIsExact(begun(seed, true, 2 + (int) (seed & 7)), 40, isQuiet);
    }

    /**
     * A removed mapping existed at {@code after}; a mapping that only a poll finds exists at {@code time}, and not
     * before.
     */
    @Property(tries = 100)
    void boundsOfTimesAreTrue(@ForAll long seed, @ForAll boolean hasEvents) {
        Watch watch = begun(seed, hasEvents, 0);
        replayIsExact(watch, 40, true);
        for (MapChange change : watch.all) {
            if (change.isExact() || change.mapping() == null) {
                continue;
            }
            ImmutableMapping old = change.kind() == MapChange.Kind.ADDED
                    ? null
                    : change.previous() != null ? change.previous() : change.mapping();
            if (old != null) {
                assertThat(memory(watch.process.at(change.after()), old))
                        .as("%s", change)
                        .isTrue();
            }
        }
    }

    /** Returns whether all pages of a mapping were mapped in that way. */
    private static boolean memory(List<MapsLine> lines, ImmutableMapping mapping) {
        for (long page = mapping.start(); page < mapping.end(); page += MapsLine.PAGE) {
            long address = page;
            MapsLine there = lines.stream()
                    .filter(line -> line.start() <= address && address < line.end())
                    .findFirst()
                    .orElse(null);
            if (there == null
                    || !there.permissions().equals(mapping.permissions())
                    || there.inode() != mapping.inode()
                    || (there.hasFile() && there.offset() - there.start() != mapping.offset() - mapping.start())) {
                return false;
            }
        }
        return true;
    }

    /** Also while mappings are unmapped, moved or split. */
    @Property(tries = 100)
    void eachEventIsReportedOnceWithItsTime(@ForAll long seed, @ForAll boolean isQuiet) {
        Watch watch = begun(seed, true, 0);
        replayIsExact(watch, 30, isQuiet);
        List<String> reported = watch.all.stream()
                .filter(MapChange::isExact)
                .map(change ->
                        change.time() + " " + (change.mapping() == null ? "exec" : MapsLine.of(change.mapping())))
                .toList();
        assertThat(reported).isEqualTo(watch.events);
    }
}
