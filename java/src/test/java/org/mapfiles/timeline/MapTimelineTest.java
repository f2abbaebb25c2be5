package org.mapfiles.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.events.MapEvents;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.SpecialMappingsProcess;
import org.mapfiles.testing.Threads;
import org.mapfiles.timeline.TimelineResult.Outcome;

/** A sample keeps its meaning after a real process has replaced the mapped file by another one at the same range. */
class MapTimelineTest {
    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.with("plain");

    private final MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
    private final MapSnapshot snapshot = new MapSnapshot();
    private final TimelineResult result = new TimelineResult();

    private long address() {
        return child.made().get(0).line().start();
    }

    private String resolved(long time) {
        return timeline.resolve(address(), time, result)
                ? result.mapping().name().replaceAll(".*/", "")
                : result.outcome().name();
    }

    @Test
    void pollingResolvesAndDoesNotGuessBetweenTwoPolls() throws Exception {
        long early = System.nanoTime();
        assertThat(resolved(early)).isEqualTo("NOT_RECORDED");
        timeline.poll(child.maps(), snapshot);
        long first = System.nanoTime();
        assertThat(resolved(first)).as("later than the last poll").isEqualTo("NOT_YET_RECORDED");
        assertThat(result.candidate(0).name()).endsWith("/plain");
        assertThat(timeline.poll(child.maps(), snapshot)).isFalse();
        child.command("remap plain");
        long between = System.nanoTime();
        assertThat(timeline.poll(child.maps(), snapshot)).isTrue();
        long second = System.nanoTime();
        timeline.poll(child.maps(), snapshot);
        child.command("unmap plain");
        long unmapped = System.nanoTime();
        timeline.poll(child.maps(), snapshot);
        long third = System.nanoTime();
        timeline.poll(child.maps(), snapshot);

        assertThat(resolved(early)).isEqualTo("NOT_RECORDED");
        assertThat(resolved(first)).isEqualTo("plain");
        assertThat(result.mayBeUnmapped()).isFalse();
        assertThat(resolved(between)).isEqualTo("AMBIGUOUS");
        assertThat(result.candidateCount()).isEqualTo(2);
        assertThat(result.candidate(0).name()).endsWith("/plain");
        assertThat(result.candidate(1).name()).endsWith("/remapped");
        assertThatThrownBy(result::mapping)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("2 candidates");
        assertThat(resolved(second)).isEqualTo("remapped");
        assertThat(resolved(unmapped)).as("in use it was this").isEqualTo("remapped");
        assertThat(result.mayBeUnmapped()).isTrue();
        assertThat(resolved(third)).isEqualTo("NOT_MAPPED");
        assertThat(resolved(System.nanoTime())).isEqualTo("NOT_YET_RECORDED");
        assertThat(timeline.recordedFrom()).isBetween(early, first);
    }

    @Test
    void eventsLeaveNothingAmbiguous() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            timeline.poll(child.maps(), snapshot, events);
            long first = System.nanoTime();
            child.command("remap plain");
            long second = System.nanoTime();
            timeline.addEvents(events);
            assertThat(resolved(first)).as("before the next poll").isEqualTo("plain");
            assertThat(resolved(second)).isEqualTo("remapped");
            timeline.poll(child.maps(), snapshot, events);
            assertThat(resolved(first)).isEqualTo("plain");
            assertThat(resolved(second)).isEqualTo("remapped");
            assertThat(result.mayBeUnmapped()).isFalse();
            child.command("unmap plain");
            long unmapped = System.nanoTime();
            timeline.addEvents(events);
            assertThat(resolved(unmapped)).as("unmapping is not reported").isEqualTo("remapped");
            assertThat(result.mayBeUnmapped()).isTrue();
            ByteArrayOutputStream saved = new ByteArrayOutputStream();
            timeline.save(saved);
            MapTimeline copy = MapTimeline.load(new ByteArrayInputStream(saved.toByteArray()), 1 << 20);
            assertThat(copy.resolve(address(), unmapped, result)).isTrue();
            assertThat(result.mayBeUnmapped()).isTrue();
            timeline.poll(child.maps(), snapshot, events);
            assertThat(resolved(unmapped)).isEqualTo("remapped");
            assertThat(result.mayBeUnmapped()).as("it is found by looking").isTrue();
        }
    }

    /**
     * The rings are full when the file is replaced: the replacement is unknown, even if all later events are complete.
     */
    @Test
    void afterALossOnlyAPollResolves() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), 16 * 1024, MapEvents.Option.DATA)) {
            timeline.poll(child.maps(), snapshot, events);
            child.command("many 1000");
            child.command("remap plain");
            long lost = System.nanoTime();
            for (int i = 0; i < 3; i++) {
                timeline.addEvents(events);
                assertThat(events.isIncomplete()).isEqualTo(i == 0);
                assertThat(resolved(lost)).as("listened %s times", i + 1).isEqualTo("NOT_YET_RECORDED");
            }
            timeline.poll(child.maps(), snapshot, events);
            long polled = System.nanoTime();
            timeline.addEvents(events);
            assertThat(resolved(lost))
                    .as("the ring of another CPU may have had room")
                    .isIn("AMBIGUOUS", "remapped");
            assertThat(resolved(polled)).isEqualTo("remapped");
        }
    }

    /** Neither of two streams reports changes between them. */
    @Test
    void laterStreamDoesNotReportEarlierChanges() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            timeline.poll(child.maps(), snapshot, events);
        }
        child.command("remap plain");
        long between = System.nanoTime();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            timeline.addEvents(events);
            timeline.addEvents(events);
            assertThat(resolved(between)).isEqualTo("NOT_YET_RECORDED");
            timeline.poll(child.maps(), snapshot, events);
            assertThat(resolved(System.nanoTime())).isEqualTo("NOT_YET_RECORDED");
            long completeUntil = System.nanoTime();
            timeline.addEvents(events);
            assertThat(resolved(completeUntil)).isEqualTo("remapped");
        }
    }

    @Test
    void execEndsAllMappings() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            timeline.poll(child.maps(), snapshot, events);
            long first = System.nanoTime();
            long place = address();
            child.exec();
            long second = System.nanoTime();
            timeline.poll(child.maps(), snapshot, events);
            timeline.poll(child.maps(), snapshot, events);
            assertThat(timeline.resolve(place, first, result)).isTrue();
            assertThat(result.mapping().name()).endsWith("/plain");
            timeline.resolve(place, second, result);
            assertThat(result.outcome()).as("%s", result).isIn(Outcome.FOUND, Outcome.NOT_MAPPED);
            assertThat(result.candidateCount() == 0 || !result.mayBeUnmapped())
                    .as("%s", result)
                    .isTrue();
            for (MapCursor kept = snapshot.cursor(); kept.next(); ) {
                if (kept.kind() == Mapping.Kind.VSYSCALL) {
                    assertThat(timeline.resolve(kept.start(), second, result))
                            .as("every program has it: %s", result)
                            .isTrue();
                }
            }
        }
    }

    private void checkAll(List<MapsLine> lines, long time) {
        for (MapsLine line : lines) {
            for (long address : new long[] {line.start(), line.end() - 1}) {
                assertThat(timeline.resolve(address, time, result))
                        .as("%s: %s", line, result)
                        .isTrue();
                assertThat(result.mayBeUnmapped()).as("%s: %s", line, result).isFalse();
                assertThat(MapsLine.of(result.mapping())).isEqualTo(line);
            }
        }
    }

    /**
     * After any mapping, protecting, moving, merging and splitting, with and without events: as of a time without
     * changes.
     */
    @Test
    void mappingsWithoutChangesAreKnown() throws Exception {
        Assume.events();
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            timeline.poll(child.maps(), snapshot, events);
            for (int i = 0; i < 40; i++) {
                child.command("random " + i + " " + 40 * i);
                timeline.poll(child.maps(), snapshot, events);
                long time = System.nanoTime();
                List<MapsLine> mapped = IntStream.range(0, snapshot.size())
                        .mapToObj(at -> MapsLine.of(snapshot.cursor().seek(at)))
                        .toList();
                timeline.poll(child.maps(), snapshot, events);
                checkAll(mapped, time);
            }
        }
    }

    @Test
    void pollsOfSeveralThreadsTakeTurns() throws Exception {
        new Threads()
                .start(3, () -> {
                    MapSnapshot own = new MapSnapshot();
                    return () -> timeline.poll(child.maps(), own);
                })
                .stopAfter(200);
        assertThat(resolved(timeline.recordedUntil())).isEqualTo("plain");
    }

    @Test
    void misuseThrows() throws Exception {
        assertThatThrownBy(() -> MapTimeline.withMaxBytes(0)).isInstanceOf(IllegalArgumentException.class);
        MapSnapshot snapshot = MapsLine.snapshot(MapsLine.anonymous(0x1000, 0x2000));
        timeline.record(snapshot, 10, 20);
        assertThatThrownBy(() -> timeline.record(snapshot, 9, 20)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> timeline.record(snapshot, 30, 29)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> timeline.poll(null, snapshot)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> timeline.poll(child.maps(), null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> timeline.resolve(0, 25, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> timeline.addEvents(null)).isInstanceOf(NullPointerException.class);
    }

    private static MapsLine disk(int device, long inode, String name) {
        return new MapsLine(0x1000, 0x2000, "r-xp", 0, 8, device, inode, name);
    }

    private Outcome between(MapsLine first, MapsLine second) throws Exception {
        MapTimeline two = MapTimeline.withMaxBytes(1 << 20);
        two.record(MapsLine.snapshot(first), 10, 20);
        two.record(MapsLine.snapshot(second), 30, 40);
        two.record(MapsLine.snapshot(second), 50, 60);
        two.resolve(0x1000, 35, result);
        return result.outcome();
    }

    @Test
    void anotherDeviceIsAnotherFile() throws Exception {
        assertThat(between(disk(1, 7, "/a"), disk(1, 7, "/a"))).isEqualTo(Outcome.FOUND);
        assertThat(between(disk(1, 7, "/a"), disk(1, 8, "/a"))).isEqualTo(Outcome.AMBIGUOUS);
        assertThat(between(disk(1, 7, "/a"), disk(2, 7, "/a"))).isEqualTo(Outcome.AMBIGUOUS);
    }

    @Test
    void deletedFileIsTheSameFile() throws Exception {
        assertThat(between(disk(1, 7, "/a"), disk(1, 7, "/a (deleted)"))).isEqualTo(Outcome.FOUND);
        assertThat(between(disk(1, 7, "/a"), disk(1, 8, "/a (deleted)"))).isEqualTo(Outcome.AMBIGUOUS);
        assertThat(between(disk(1, 7, "/a"), disk(2, 7, "/a (deleted)"))).isEqualTo(Outcome.AMBIGUOUS);
        assertThat(between(disk(1, 7, "/a"), disk(1, 7, "/ab (deleted)"))).isEqualTo(Outcome.AMBIGUOUS);
        assertThat(between(disk(1, 7, "/a (deleted)"), disk(1, 7, "/a")))
                .as("its inode was used again")
                .isEqualTo(Outcome.AMBIGUOUS);
        assertThat(between(disk(1, 7, "/a"), disk(1, 7, "/b")))
                .as("perhaps that, too")
                .isEqualTo(Outcome.AMBIGUOUS);
    }

    /** With build IDs, or on stacked file systems, events have no device and inode or others than snapshots. */
    @Test
    void eventsAndSnapshotsAgreeOnAnyDevice() throws Exception {
        for (MapsLine reported : List.of(disk(0, 0, "/a"), disk(3, 7, "/a"))) {
            MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
            timeline.record(MapsLine.snapshot(), 10, 20);
            timeline.record(MapsLine.snapshot(reported).cursor().seek(0), 25);
            assertThat(timeline.record(MapsLine.snapshot(disk(1, 7, "/a")), 30, 40))
                    .as("it is known")
                    .isFalse();
            assertThat(timeline.record(MapsLine.snapshot(disk(1, 7, "/a")), 50, 60))
                    .isFalse();
            assertThat(timeline.record(MapsLine.snapshot(disk(2, 7, "/a")), 70, 80))
                    .as("and its device by now")
                    .isTrue();
            timeline.record(MapsLine.snapshot(disk(2, 7, "/a")), 90, 100);
            assertThat(timeline.resolve(0x1000, 35, result)).isTrue();
            assertThat(result.mayBeUnmapped()).isFalse();
        }
    }

    /** The event of a heap lacks its name, which the next poll reads. */
    @Test
    void aNameThatAnEventLackedIsTheNameFromTheEventOn() throws Exception {
        MapsLine heap = new MapsLine(0x1000, 0x2000, "rw-p", 0, 0, 0, 0, "[heap]");
        timeline.record(MapsLine.snapshot(), 10, 20);
        timeline.record(
                MapsLine.snapshot(MapsLine.anonymous(0x1000, 0x2000)).cursor().seek(0), 25);
        assertThat(timeline.record(MapsLine.snapshot(heap), 30, 40)).isTrue();
        assertThat(timeline.record(MapsLine.snapshot(heap), 50, 60)).isFalse();
        for (long time : new long[] {26, 35, 45}) {
            assertThat(timeline.resolve(0x1000, time, result))
                    .as("%s: %s", time, result)
                    .isTrue();
            assertThat(result.mayBeUnmapped()).as("%s: %s", time, result).isFalse();
            assertThat(result.mapping().name()).as("at %s", time).isEqualTo("[heap]");
        }
    }

    /** Adds events one after the other, from time 100 on, of mappings that neither snapshot has. */
    private MapSnapshot recordMany(int count) throws Exception {
        MapSnapshot many = MapsLine.snapshot(IntStream.range(1, count + 1)
                .mapToObj(i -> MapsLine.file(i * 0x2000L, i * 0x2000L + 0x1000, 7, "/many"))
                .toList());
        MapSnapshot none = MapsLine.snapshot();
        timeline.record(none, 10, 20);
        int time = 100;
        for (MapCursor reported = many.cursor(); reported.next(); ) {
            timeline.record(reported, time++);
        }
        timeline.completeUntil(time);
        return none;
    }

    @Test
    void eventsDuringAPollStay() throws Exception {
        assertThat(timeline.record(recordMany(6000), 100, 110))
                .as("it is known already")
                .isFalse();
        for (int i = 1; i <= 6000; i++) {
            assertThat(timeline.resolve(i * 0x2000L, 6100, result))
                    .as("%s: %s", i, result)
                    .isTrue();
        }
    }

    /**
     * Events since the start of a poll may be missing in its snapshot: that poll removes none of them, the next one
     * does.
     */
    @Test
    void pollDoesNotRemoveLaterEvents() throws Exception {
        MapSnapshot none = recordMany(6000);
        assertThat(timeline.record(none, 100, 110)).isFalse();
        assertThat(timeline.resolve(0x2000, 6100, result)).isTrue();
        assertThat(result.mayBeUnmapped()).isTrue();
        assertThat(timeline.record(none, 6200, 6210)).isTrue();
        assertThat(timeline.record(none, 6300, 6310)).isFalse();
        assertThat(timeline.resolve(0x2000, 6250, result)).isFalse();
        assertThat(result.outcome()).isEqualTo(Outcome.NOT_MAPPED);
    }
}
