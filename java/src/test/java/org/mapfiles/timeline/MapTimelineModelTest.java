package org.mapfiles.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.timeline.TimelineResult.Outcome;

/** The truth is among the results of a timeline. A simulated process records its own history, page by page. */
class MapTimelineModelTest {
    private static final int PAGES = 12;
    private static final int UNMAPPED = 0;

    /** A process, and a timeline that polls it. */
    private static final class PolledProcess {
        /** The number of the file at each page, at each time, or {@link #UNMAPPED}. */
        private final List<int[]> history = new ArrayList<>();

        private final MapTimeline timeline;
        private final Random random;
        private final boolean pushes;
        private long firstLook;
        private long lastLook;
        private int losesOneIn;
        private boolean lost;
        /** A lost change that was undone before a poll is never found: from then on the last poll counts. */
        private long seenBy;

        PolledProcess(long seed, boolean pushes, long maxBytes) {
            this.random = new Random(seed);
            this.pushes = pushes;
            this.timeline = MapTimeline.withMaxBytes(maxBytes);
        }

        private int[] now() {
            return history.get(history.size() - 1);
        }

        private long time() {
            return history.size() - 1L;
        }

        /** Lets a unit of time pass, and maps or unmaps a file at a few pages meanwhile. */
        private void pass(boolean changes) {
            int[] next = history.isEmpty() ? new int[PAGES] : now().clone();
            if (changes) {
                int from = random.nextInt(PAGES);
                int to = from + 1 + random.nextInt(PAGES - from);
                int file = random.nextInt(4);
                Arrays.fill(next, from, to, file);
                history.add(next);
                if (pushes && losesOneIn > 0 && random.nextInt(losesOneIn) == 0) {
                    lost = true;
                } else if (pushes && file != UNMAPPED) {
                    MapSnapshot one = snapshot(next);
                    MapCursor reported = one.cursor().seek(one.find(address(from)));
                    timeline.record(reported, time());
                }
            } else {
                history.add(next);
            }
        }

        private static long address(int page) {
            return (page + 16L) * MapsLine.PAGE;
        }

        /** Neighbouring pages of a file are one mapping. A page of a file is always at the same offset. */
        private static MapSnapshot snapshot(int[] pages) {
            List<MapsLine> lines = new ArrayList<>();
            for (int from = 0; from < PAGES; ) {
                int to = from + 1;
                while (to < PAGES && pages[to] == pages[from]) {
                    to++;
                }
                if (pages[from] != UNMAPPED) {
                    lines.add(new MapsLine(
                            address(from),
                            address(to),
                            "r-xp",
                            (long) from * MapsLine.PAGE,
                            8,
                            1,
                            pages[from],
                            "/" + pages[from]));
                }
                from = to;
            }
            try {
                return MapsLine.snapshot(lines);
            } catch (MalformedMapsException e) {
                throw new AssertionError(e);
            }
        }

        /** A poll takes some time; it reads the state of one moment of it. */
        private void poll(boolean changes) {
            long from = time();
            for (int i = random.nextInt(3); i > 0; i--) {
                pass(changes);
            }
            MapSnapshot seen = snapshot(now());
            for (int i = random.nextInt(3); i > 0; i--) {
                pass(changes);
            }
            timeline.record(seen, from, time());
            firstLook = firstLook == 0 ? Math.max(1, time()) : firstLook;
            lastLook = from;
            seenBy = time();
        }

        private void live(int polls) {
            pass(true);
            pass(true);
            poll(pushes);
            for (int i = 0; i < polls; i++) {
                // Without events a mapping that exists only between two polls is not found: one change, and it stays.
                boolean beside = pushes && random.nextBoolean();
                for (int j = random.nextInt(4); j > 0; j--) {
                    pass(pushes && random.nextBoolean());
                }
                pass(true);
                for (int j = random.nextInt(3); j > 0; j--) {
                    pass(false);
                }
                poll(beside);
            }
            for (int i = 0; i < 3; i++) {
                pass(false);
                poll(false);
            }
        }

        /** The kernel reports a loss, once. */
        private void listen() {
            if (lost) {
                timeline.incompleteUntil(time());
            } else {
                timeline.completeUntil(time());
            }
            lost = false;
        }

        /** Checks results for times since the last poll, which depend on events alone. */
        private void checkHeard() {
            TimelineResult result = new TimelineResult();
            for (long time = Math.max(losesOneIn > 0 ? seenBy : lastLook + 1, firstLook); time <= time(); time++) {
                for (int page = 0; page < PAGES; page++) {
                    timeline.resolve(address(page) + 7, time, result);
                    assertThat(result.outcome() == Outcome.NOT_YET_RECORDED).isEqualTo(time > timeline.recordedUntil());
                    if (time <= timeline.recordedUntil()) {
                        checkTruth(history.get((int) time)[page], page, result);
                    }
                }
            }
        }

        private void check(MapTimeline resolved) {
            TimelineResult result = new TimelineResult();
            for (int time = 0; time < history.size(); time++) {
                for (int page = 0; page < PAGES; page++) {
                    boolean found = resolved.resolve(address(page) + 7, time, result);
                    assertThat(found).isEqualTo(result.outcome() == Outcome.FOUND);
                    if (time < resolved.recordedFrom()) {
                        assertThat(result.outcome()).isEqualTo(Outcome.NOT_RECORDED);
                    } else if (time > lastLook) {
                        assertThat(result.outcome()).isEqualTo(Outcome.NOT_YET_RECORDED);
                    } else {
                        checkTruth(history.get(time)[page], page, result);
                    }
                }
            }
        }

        private static void checkTruth(int truth, int page, TimelineResult result) {
            boolean isAmong = truth == UNMAPPED && result.mayBeUnmapped();
            for (int i = 0; i < result.candidateCount(); i++) {
                ImmutableMapping candidate = result.candidate(i);
                assertThat(candidate.contains(address(page))).isTrue();
                assertThat(candidate.fileOffset(address(page) + 7)).isEqualTo((long) page * MapsLine.PAGE + 7);
                isAmong |= candidate.inode() == truth;
            }
            assertThat(isAmong).as("%s at page %s: %s", truth, page, result).isTrue();
        }
    }

    @Property(tries = 100)
    void truthIsAmongTheCandidates(@ForAll long seed, @ForAll boolean pushes) {
        PolledProcess model = new PolledProcess(seed, pushes, 1 << 24);
        model.live(30);
        assertThat(model.timeline.recordedFrom()).as("all is kept").isEqualTo(model.firstLook);
        model.check(model.timeline);
    }

    @Property(tries = 200)
    void eventsAreTrueAlsoAfterALoss(@ForAll long seed) {
        PolledProcess model = new PolledProcess(seed, true, 1 << 24);
        model.losesOneIn = (int) (seed & 7);
        model.pass(true);
        model.pass(true);
        model.poll(true);
        int completeUntil = 0;
        for (int i = 0; i < 60; i++) {
            model.pass(model.random.nextBoolean());
            if (model.random.nextInt(3) == 0) {
                model.poll(true);
            }
            if (model.random.nextInt(3) > 0) {
                model.listen();
            }
            model.checkHeard();
            completeUntil += model.timeline.recordedUntil() > model.lastLook ? 1 : 0;
        }
        assertThat(completeUntil)
                .as("times that more was known than by looking")
                .isGreaterThan(model.losesOneIn == 0 ? 30 : -1);
    }

    /** Unmapping is excluded, which causes no event. */
    @Property(tries = 100)
    void reportedChangesAreNeverAmbiguous(@ForAll long seed) {
        PolledProcess model = new PolledProcess(seed, true, 1 << 24);
        model.live(30);
        TimelineResult result = new TimelineResult();
        for (long time = model.firstLook; time <= model.lastLook; time++) {
            for (int page = 0; page < PAGES; page++) {
                int truth = model.history.get((int) time)[page];
                if (truth != UNMAPPED) {
                    assertThat(model.timeline.resolve(PolledProcess.address(page), time, result))
                            .as("page %s at %s: %s", page, time, result)
                            .isTrue();
                    assertThat(result.mapping().inode()).isEqualTo(truth);
                }
            }
        }
    }

    @Property(tries = 6)
    void memoryIsBoundedAndTheRestIsRight(@ForAll long seed, @ForAll boolean pushes) {
        PolledProcess model = new PolledProcess(seed, pushes, 100_000);
        model.live(2000);
        assertThat(model.timeline.bytes()).isLessThanOrEqualTo(100_000);
        assertThat(model.timeline.recordedFrom()).as("some was dropped").isGreaterThan(model.firstLook);
        model.check(model.timeline);
    }

    private static byte[] saved(MapTimeline timeline) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        timeline.save(out);
        return out.toByteArray();
    }

    private static MapTimeline loaded(byte[] file) throws IOException {
        return MapTimeline.load(new ByteArrayInputStream(file), 1 << 24);
    }

    @Property(tries = 10)
    void savedTimelineIsLoaded(@ForAll long seed, @ForAll boolean pushes) throws IOException {
        PolledProcess model = new PolledProcess(seed, pushes, 1 << 24);
        model.live(400);
        byte[] file = saved(model.timeline);
        MapTimeline copy = loaded(file);
        assertThat(copy.recordedFrom()).isEqualTo(model.timeline.recordedFrom());
        assertThat(copy.recordedUntil()).isEqualTo(model.timeline.recordedUntil());
        model.check(copy);
        assertThat(Arrays.equals(saved(copy), file)).isTrue();
        assertThatThrownBy(() -> copy.record(PolledProcess.snapshot(new int[PAGES]), Long.MAX_VALUE, Long.MAX_VALUE))
                .isInstanceOf(IllegalStateException.class);
    }

    @Property(tries = 100)
    void damagedFileIsRejected(@ForAll long seed) throws IOException {
        PolledProcess model = new PolledProcess(seed, true, 1 << 24);
        model.live(20);
        byte[] file = saved(model.timeline);
        assertThatThrownBy(() -> loaded(Arrays.copyOf(file, model.random.nextInt(file.length))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("timeline");
        byte[] other = file.clone();
        other[model.random.nextInt(file.length)] ^= (byte) (1 << model.random.nextInt(8));
        try {
            assertThat(Arrays.equals(saved(loaded(other)), file))
                    .as("a bit that gzip ignores")
                    .isTrue();
        } catch (IOException rejected) {
            assertThat(rejected.getMessage()).contains("timeline");
        }
    }
}
