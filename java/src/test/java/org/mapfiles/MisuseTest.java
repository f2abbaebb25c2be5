package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.SharedMappings;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.timeline.MapChanges;
import org.mapfiles.timeline.MapTimeline;

/** Misuse throws. It neither crashes the JVM nor returns a wrong result. */
class MisuseTest {
    @RegisterExtension
    final Children children = new Children();

    private static void assertThrows(Class<? extends Throwable> type, ThrowingCallable... calls) {
        for (int i = 0; i < calls.length; i++) {
            assertThatThrownBy(calls[i]).as("call %d", i).isInstanceOf(type);
        }
    }

    @Test
    void closedProcessThrows() throws Exception {
        ProcessMaps maps = ProcessMaps.self();
        MapSnapshot snapshot = maps.snapshot();
        MappingQuery query = new MappingQuery();
        MapCursor first = snapshot.cursor();
        while (first.next() && !first.isFileBacked()) {
            continue;
        }
        assertThat(maps.query(first.start(), query)).isTrue();
        long start = first.start();
        maps.close();
        maps.close();
        assertThrows(
                IllegalStateException.class,
                maps::snapshot,
                () -> maps.snapshot(MapFilter.all()),
                () -> maps.refresh(snapshot),
                () -> maps.read(snapshot, MapFilter.all()),
                () -> maps.read(new MapSnapshot(), MapFilter.all().executable()),
                () -> maps.query(0, query),
                () -> maps.queryOrNext(0, query),
                () -> maps.query(0, MapFilter.all().by(Backend.TEXT), true, query),
                () -> maps.readMemory(0, new byte[1], 0, 1),
                () -> maps.readMemory(0, new byte[1], 0, 0),
                () -> maps.readStable(snapshot, 1),
                () -> MapFiles.of(maps).state(first),
                () -> MapFiles.of(maps).quickVerify(first),
                () -> MapFiles.of(maps).open(first),
                () -> MapFiles.of(maps).read(first, new MapFilesEntries()),
                () -> MapFiles.of(maps).readAll(snapshot, new MapFilesEntries()),
                () -> MapEvents.open(maps),
                () -> MapFiles.of(maps).list(snapshot, new MapFilesEntries(), EnumSet.of(MapFilesEntries.Field.TARGET)),
                () -> SharedMappings.of(List.of(maps)),
                () -> MapTimeline.withMaxBytes(1).poll(maps, snapshot));
        assertThat(maps.pid()).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(first.start()).as("what was read stays").isEqualTo(start);
        assertThrows(IllegalStateException.class, query::start);
    }

    @Test
    void closedProcessResolvesNoName() throws Exception {
        MapSnapshot snapshot = MapsLine.snapshot(MapsLine.file(0x1000, 0x2000, 1, "/x (deleted)"));
        ProcessMaps maps = ProcessMaps.self();
        maps.close();
        assertThrows(
                IllegalStateException.class,
                () -> MapFiles.of(maps).resolveName(snapshot.cursor().seek(0)));
    }

    @Test
    void nullIsRejected() throws Exception {
        MapSnapshot snapshot = MapsLine.snapshot(MapsLine.file(0x1000, 0x2000, 1, "/x"));
        MapCursor cursor = snapshot.cursor().seek(0);
        try (ProcessMaps maps = ProcessMaps.self()) {
            assertThrows(
                    NullPointerException.class,
                    () -> ProcessMaps.of((ProcessHandle) null),
                    () -> ProcessMaps.of((Path) null),
                    () -> maps.snapshot(null),
                    () -> maps.refresh(null),
                    () -> maps.read(null, MapFilter.all()),
                    () -> maps.read(snapshot, null),
                    () -> maps.query(0, null),
                    () -> maps.queryOrNext(0, null),
                    () -> maps.query(0, null, false, new MappingQuery()),
                    () -> maps.query(0, MapFilter.all(), false, null),
                    () -> MapFiles.of(maps).resolveName(null),
                    () -> MapSnapshot.ofText(null, MapFilter.all()),
                    () -> MapSnapshot.ofText(new byte[0], null),
                    () -> snapshot.find(null, new int[1]),
                    () -> snapshot.find(new long[1], null),
                    () -> cursor.name((byte[]) null, 0),
                    () -> cursor.name((ByteBuffer) null),
                    () -> cursor.nameEquals(null),
                    () -> cursor.nameStartsWith(null),
                    () -> MapFilter.all().by(null));
        }
        assertThat(snapshot.size()).as("it stayed as it was").isEqualTo(1);
    }

    @Test
    void nullFileIsRejected() throws Exception {
        MapFilesEntries entries = new MapFilesEntries();
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapFiles files = MapFiles.of(maps);
            MapSnapshot snapshot = maps.snapshot();
            assertThrows(
                    NullPointerException.class,
                    () -> files.read(null, entries),
                    () -> files.read(0, 1, null),
                    () -> files.readAll(null, entries),
                    () -> files.readAll(snapshot, null),
                    () -> files.readAll(snapshot, entries, null),
                    () -> files.readEachFile(snapshot, null, EnumSet.allOf(MapFilesEntries.Field.class)),
                    () -> files.list(null, entries, EnumSet.allOf(MapFilesEntries.Field.class)),
                    () -> files.list(snapshot, null, EnumSet.allOf(MapFilesEntries.Field.class)),
                    () -> files.list(snapshot, entries, null),
                    () -> files.state(null),
                    () -> files.quickVerify(null),
                    () -> files.open(null),
                    () -> files.openForWriting(null),
                    () -> files.openUnverified(null),
                    () -> SharedMappings.of(null),
                    () -> SharedMappings.of(Arrays.asList(maps, null)),
                    () -> SharedMappings.withPrivate(null),
                    () -> LiveMaps.of(null),
                    () -> LiveMaps.of(maps).filter(null),
                    () -> LiveMaps.of(maps).every(null),
                    () -> LiveMaps.of(maps).afterMiss(null),
                    () -> maps.readMemory(0, null, 0, 0),
                    () -> MapDifference.visit(snapshot.cursor(), snapshot.cursor(), null),
                    () -> MapDifference.visit(null, snapshot.cursor(), null),
                    () -> MapDifference.visit(snapshot.cursor(), null, null),
                    () -> MapChanges.of(null, null));
        }
    }

    @Test
    void queryWithoutAResultThrows() throws Exception {
        MappingQuery query = new MappingQuery();
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (int round = 0; round < 2; round++) {
                for (Consumer<Mapping> read : MapCursorTest.READS) {
                    assertThrows(IllegalStateException.class, () -> read.accept(query));
                }
                assertThrows(
                        IllegalStateException.class,
                        query::buildId,
                        () -> query.buildId(new byte[20], 0),
                        () -> MapFiles.of(maps).resolveName(query));
                assertThat(query).hasToString("no result");
                assertThat(maps.queryOrNext(0, query)).isTrue();
                assertThat(maps.query(1, query))
                        .as("no mapping is below the first page")
                        .isFalse();
            }
        }
    }

    @Test
    void buildIdMustFit() throws Exception {
        MappingQuery query = MappingQuery.withBuildId();
        try (ProcessMaps maps = ProcessMaps.self()) {
            assertThat(maps.query(maps.snapshot().cursor().seek(0).start(), query))
                    .isTrue();
            int length = query.buildId(new byte[20], 0);
            if (length > 0) {
                assertThrows(
                        IndexOutOfBoundsException.class,
                        () -> query.buildId(new byte[length - 1], 0),
                        () -> query.buildId(new byte[length], 1),
                        () -> query.buildId(new byte[length], -1));
            } else {
                assertThat(query.buildId()).isEmpty();
            }
        }
    }

    /** One holder may serve two processes: a snapshot of another process always counts as changed. */
    @Test
    void snapshotMayServeTwoProcesses() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps self = ProcessMaps.self();
                ProcessMaps one = ProcessMaps.of(sleeper.pid());
                ProcessMaps same = ProcessMaps.of(sleeper.pid())) {
            MapSnapshot snapshot = self.snapshot();
            List<MappingState> expected = MappingState.all(one.snapshot());
            for (int i = 0; i < 3; i++) {
                assertThat(one.refresh(snapshot)).isTrue();
                assertThat(MappingState.all(snapshot)).isEqualTo(expected);
                assertThat(one.refresh(snapshot)).isFalse();
                assertThat(same.refresh(snapshot))
                        .as("another object: nothing is known of it")
                        .isTrue();
                assertThat(self.refresh(snapshot)).isTrue();
                assertThat(MappingState.all(snapshot)).isNotEqualTo(expected);
            }
        }
    }

    /** A mapping of another process has an address that may not exist in this one. */
    @Test
    void mappingOfAnotherProcessDoesNotCrash() throws Exception {
        MapSnapshot foreign = MapsLine.snapshot(
                MapsLine.file(0x1000, 0x2000, 1, "/no/such/file (deleted)"),
                MapsLine.file(-0x2000, -0x1000, -1, "/ (deleted)"),
                MapsLine.file(-0x1000, -1, 1, "/" + "x/".repeat(3000) + " (deleted)"));
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = foreign.cursor(); mapping.next(); ) {
                assertThat(MapFiles.of(maps).resolveName(mapping).deletion()).isIn(Deletion.DELETED, Deletion.UNKNOWN);
            }
        }
    }

    @Test
    void eventsOfAnotherProcessAreRejected() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                ProcessMaps same = ProcessMaps.self();
                ProcessMaps other = ProcessMaps.of(children.sleeper().pid());
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA)) {
            MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> MapChanges.of(other, events),
                    () -> LiveMaps.of(other).withEvents(events),
                    () -> timeline.poll(other, new MapSnapshot(), events));
            assertThatThrownBy(() -> MapChanges.of(other, events))
                    .hasMessage("the events are of process " + maps.pid() + ", not of process " + other.pid()
                            + ": open them with the same ProcessMaps");
            assertThat(MapChanges.of(same, events).mappings()).isNotEmpty();
        }
    }

    @Test
    void timelineOfOneProcessRejectsAnother() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                ProcessMaps same = ProcessMaps.self();
                ProcessMaps other = ProcessMaps.of(children.sleeper().pid());
                MapEvents ofOther = MapEvents.open(other)) {
            MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
            MapSnapshot snapshot = new MapSnapshot();
            timeline.poll(maps, snapshot);
            MapSnapshot foreign = other.snapshot();
            assertThrows(
                    IllegalArgumentException.class,
                    () -> timeline.poll(other, snapshot),
                    () -> timeline.poll(other, snapshot, ofOther),
                    () -> timeline.addEvents(ofOther),
                    () -> timeline.record(foreign, System.nanoTime(), System.nanoTime()));
            assertThatThrownBy(() -> timeline.poll(other, snapshot))
                    .hasMessage("this timeline has records of process " + maps.pid() + ", not of process " + other.pid()
                            + ": make a timeline for each process");
            timeline.poll(same, snapshot);
        }
    }

    /** It would share its memory with itself. */
    @Test
    void sharedMappingsRejectsAProcessThatIsListedTwice() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                ProcessMaps same = ProcessMaps.self();
                ProcessMaps other = ProcessMaps.of(children.sleeper().pid())) {
            assertThat(SharedMappings.withPrivate(List.of(maps, other)).groups())
                    .isNotEmpty();
            for (List<ProcessMaps> twice : List.of(List.of(maps, maps), List.of(maps, other, same))) {
                assertThatThrownBy(() -> SharedMappings.withPrivate(twice))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("process " + maps.pid() + " is in the list twice: pass it once");
            }
        }
    }

    @Test
    void absurdSizesAreRejected() {
        int[][] sizes = {
            {-1, 0}, {0, -1}, {-1, -1}, {Integer.MAX_VALUE, 0}, {0, Integer.MAX_VALUE}, {1 << 25, 1}, {1 << 24, 1 << 30}
        };
        for (int[] size : sizes) {
            assertThrows(OutOfMemoryError.class, () -> new SnapshotBuffer(size[0], size[1]));
        }
        for (int below = 0; below < 128; below++) { // a text of that many bytes, or a snapshot just below 2 GiB
            int size = Integer.MAX_VALUE - below;
            assertThrows(OutOfMemoryError.class, () -> new NativeMemory(size));
        }
        assertThat(new SnapshotBuffer(0, 0).grown(new SnapshotBuffer(0, 0)).mappingCapacity)
                .isZero();
    }
}
