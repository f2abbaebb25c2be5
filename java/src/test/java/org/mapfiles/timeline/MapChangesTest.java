package org.mapfiles.timeline;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Replay;
import org.mapfiles.testing.SpecialMappingsProcess;

/**
 * Replaying the changes of a real process gives exactly its mappings after each poll, with any kind of events. The
 * expected mappings are the text of /proc/PID/maps, read while the process is idle.
 */
class MapChangesTest {
    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.with("plain", "deleted");

    private final Replay replay = new Replay();
    /** The time of the last change. */
    private long latest = Long.MIN_VALUE;

    /** Shared memory without a file has no path that could be deleted: the mark after its name is removed. */
    private static List<String> truth(SpecialMappingsProcess process) throws Exception {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/maps"), ISO_8859_1).stream()
                .map(line -> line.replaceAll(" /dev/zero \\(deleted\\)$", " /dev/zero"))
                .toList();
    }

    private List<String> truth() throws Exception {
        return truth(child);
    }

    private List<String> replayed() {
        return new String(MapsLine.text(replay.lines()), ISO_8859_1).lines().toList();
    }

    private List<MapChange> poll(MapChanges changes) throws Exception {
        List<MapChange> list = changes.poll();
        for (MapChange change : list) {
            assertThat(change.time()).as("%s", change).isGreaterThanOrEqualTo(Math.max(latest, change.after()));
            latest = change.time();
            replay.apply(change);
        }
        return list;
    }

    /** Makes many changes between two polls; every poll is exact. */
    private void replayIsExact(MapChanges changes, int polls, int between) throws Exception {
        replay.begin(changes.mappings());
        assertThat(replayed()).containsExactlyElementsOf(truth());
        for (int i = 0; i < polls; i++) {
            child.command("random " + i + " " + between);
            poll(changes);
            assertThat(replayed()).as("after poll %s", i).containsExactlyElementsOf(truth());
        }
    }

    private static MapChanges of(ProcessMaps maps, MapEvents eventsOrNull) throws MapsException {
        return eventsOrNull == null ? MapChanges.of(maps) : MapChanges.of(maps, eventsOrNull);
    }

    @Test
    void replayIsExactByPollsAlone() throws Exception {
        replayIsExact(MapChanges.of(child.maps()), 100, 30);
    }

    @Test
    void replayIsExactWithEvents() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            replayIsExact(MapChanges.of(child.maps(), events), 100, 100);
        }
    }

    @Test
    void replayIsExactWithBuildIdsInPlaceOfInodes() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA, MapEvents.Option.BUILD_ID)) {
            replayIsExact(MapChanges.of(child.maps(), events), 20, 100);
        }
    }

    /** Makes more changes than the rings can hold. */
    @Test
    void replayIsExactWhenEventsAreLost() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), 16 * 1024, MapEvents.Option.DATA)) {
            MapChanges changes = MapChanges.of(child.maps(), events);
            replay.begin(changes.mappings());
            for (int i = 0; i < 20; i++) {
                child.command("random " + i + " 3000");
                assertThat(poll(changes)).extracting(MapChange::kind).contains(MapChange.Kind.LOST);
                assertThat(replayed()).as("after poll %s", i).containsExactlyElementsOf(truth());
            }
        }
    }

    /** Only executable mappings cause events; polls find the other changes. */
    @Test
    void replayIsExactWithEventsOfCodeAlone() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps())) {
            replayIsExact(MapChanges.of(child.maps(), events), 50, 100);
        }
    }

    /**
     * Two threads change mappings during polls: each change can be applied, and the first poll after their end is
     * exact.
     */
    @Test
    void replayIsExactAfterPollsOfAProcessThatChanges() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA);
                // it loses events meanwhile
                MapEvents small = MapEvents.open(child.maps(), 16 * 1024, MapEvents.Option.DATA)) {
            for (MapEvents reported : new MapEvents[] {events, small, null}) {
                MapChanges changes = of(child.maps(), reported);
                replay.begin(changes.mappings());
                child.command("churn 300");
                for (int i = 0; i < 50; i++) {
                    poll(changes);
                    assertThat(replay.lines())
                            .isEqualTo(changes.mappings().stream()
                                    .map(MapsLine::of)
                                    .toList());
                }
                child.command("join");
                poll(changes);
                assertThat(replayed()).containsExactlyElementsOf(truth());
            }
        }
    }

    /** The kernel takes the time of an event before it writes the event. A poll may end in between. */
    @Test
    void anEventThatIsWrittenAfterALaterPollIsInOrder() throws Exception {
        MapsLine kept = MapsLine.anonymous(0x1000, 0x2000);
        MapChanges changes = new MapChanges(null, null, null);
        changes.polled(MapsLine.snapshot(), 10, 20);
        changes.polled(MapsLine.snapshot(kept), 30, 40);
        changes.mapped(
                MapsLine.snapshot(MapsLine.anonymous(0x5000, 0x6000)).cursor().seek(0), 35);
        List<MapChange> list = changes.taken();
        assertThat(list).extracting(MapChange::kind).containsExactly(MapChange.Kind.ADDED, MapChange.Kind.ADDED);
        assertThat(list).extracting(MapChange::time).containsExactly(40L, 40L);
        assertThat(list.get(1).after()).isEqualTo(35);
        assertThat(list.get(1).isExact()).isFalse();
    }

    @Test
    void aNameThatAnEventLackedIsOneChange() throws Exception {
        MapsLine heap = new MapsLine(0x1000, 0x2000, "rw-p", 0, 0, 0, 0, "[heap]");
        MapChanges changes = new MapChanges(null, null, null);
        changes.polled(MapsLine.snapshot(), 10, 20);
        changes.mapped(
                MapsLine.snapshot(MapsLine.anonymous(0x1000, 0x2000)).cursor().seek(0), 25);
        changes.polled(MapsLine.snapshot(heap), 30, 40);
        List<MapChange> list = changes.taken();
        assertThat(list).extracting(MapChange::kind).containsExactly(MapChange.Kind.ADDED, MapChange.Kind.CHANGED);
        assertThat(list.get(1).mapping().name()).isEqualTo("[heap]");
        assertThat(list.get(1).previous()).isEqualTo(list.get(0).mapping());
    }

    /** The first heap of a new program: whether its event has the name or not, it is added once. */
    @Test
    void aRealHeapIsAddedOnce() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            MapChanges changes = MapChanges.of(child.maps(), events);
            replay.begin(changes.mappings());
            child.exec();
            List<MapChange> list = new ArrayList<>(poll(changes));
            list.addAll(poll(changes));
            assertThat(replayed()).containsExactlyElementsOf(truth());
            int exec = IntStream.range(0, list.size())
                    .filter(i -> list.get(i).kind() == MapChange.Kind.EXEC)
                    .findFirst()
                    .getAsInt();
            List<MapChange> ofHeap = list.subList(exec, list.size()).stream()
                    .filter(change -> change.mapping() != null
                            && change.mapping().name() != null
                            && change.mapping().name().equals("[heap]"))
                    .toList();
            assertThat(ofHeap)
                    .as("all changes: %s", list)
                    .extracting(MapChange::kind)
                    .isNotEmpty()
                    .endsWith(MapChange.Kind.CHANGED);
        }
    }

    private void anotherProgram(SpecialMappingsProcess process, MapEvents events) throws Exception {
        MapChanges changes = of(process.maps(), events);
        replay.begin(changes.mappings());
        List<MapsLine> before = replay.lines();
        process.exec();
        List<MapChange> list = poll(changes);
        assertThat(replayed()).containsExactlyElementsOf(truth(process));
        assertThat(list)
                .filteredOn(change -> change.kind() == MapChange.Kind.EXEC)
                .singleElement()
                .satisfies(exec -> assertThat(exec.isExact()).isEqualTo(events != null));
        assertThat(list.stream()
                        .filter(change -> change.kind() == MapChange.Kind.REMOVED)
                        .map(change -> MapsLine.of(change.mapping()))
                        .filter(before::contains)
                        .count())
                .as("all but [vsyscall], where there is one")
                .isGreaterThanOrEqualTo(before.size() - 1);
    }

    @Test
    void execRemovesAllMappings() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            anotherProgram(child, events);
        }
    }

    /** A poll finds that the programs have no mapping in common: the process makes no mapping at a fixed address. */
    @Test
    void pollFindsAnotherProgram() throws Exception {
        SpecialMappingsProcess process = SpecialMappingsProcess.with("no label");
        process.start();
        try {
            anotherProgram(process, null);
        } finally {
            process.stop();
        }
    }
}
