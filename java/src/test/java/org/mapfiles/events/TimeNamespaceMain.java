package org.mapfiles.events;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.timeline.MapTimeline;
import org.mapfiles.timeline.TimelineResult;

/** Maps a file in a time namespace, and compares the times of events with the clock of this JVM. */
final class TimeNamespaceMain {
    private TimeNamespaceMain() {}

    public static void main(String[] arguments) throws Exception {
        Path file = Files.createTempFile("mapped", "");
        Files.write(file, new byte[4096]);
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.IMMEDIATE_WAKEUP);
                LiveMaps live = LiveMaps.of(maps)
                        .every(Duration.ofDays(1))
                        .withEvents(MapEvents.Option.DATA, MapEvents.Option.IMMEDIATE_WAKEUP)
                        .start()) {
            long before = System.nanoTime();
            MappedByteBuffer mapped = map(file);
            long after = System.nanoTime();
            System.out.println("TIME " + timeOf(events, file, before, after));
            System.out.println("LISTENS " + live.eventsFailure().orElse(null));
            System.out.println("FOUND " + isFound(live.snapshot(), NativeCalls.addressOf(mapped)));
            System.out.println("TIMELINE " + timelineOf(maps, events, file));
            System.out.println("BYTE " + mapped.get(0));
        } finally {
            Files.delete(file);
        }
    }

    /**
     * A mapping exists after its event and not before. If events may be missing, the result is unknown until the next
     * poll: a thread that starts while events are opened causes that. So some rounds may have no result.
     */
    private static String timelineOf(ProcessMaps maps, MapEvents events, Path file) throws Exception {
        MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
        TimelineResult answer = new TimelineResult();
        String result = "";
        for (int round = 0; round < 20; round++) {
            timeline.poll(maps, new MapSnapshot(), events);
            long before = System.nanoTime();
            MappedByteBuffer mapped = map(file);
            long after = System.nanoTime();
            timeline.addEvents(events);
            long address = NativeCalls.addressOf(mapped);
            result = "before: " + timeline.resolve(address, before, answer) + " after: "
                    + timeline.resolve(address, after, answer);
            boolean isUnknown = answer.outcome() == TimelineResult.Outcome.NOT_YET_RECORDED && events.isIncomplete();
            mapped.get(0); // keeps the mapping reachable
            if (!isUnknown) {
                return result.endsWith("true") ? result : result + ": " + answer + ", " + timeline;
            }
        }
        return result + ", events were missing each time";
    }

    private static boolean isFound(MapSnapshot snapshot, long address) throws InterruptedException {
        for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end; Thread.sleep(2)) {
            if (snapshot.find(address) >= 0) {
                return true;
            }
        }
        return false;
    }

    private static MappedByteBuffer map(Path file) throws Exception {
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(MapMode.READ_ONLY, 0, 4096);
        }
    }

    /** After a wait that reports events, a drain returns some. */
    private static String timeOf(MapEvents events, Path file, long before, long after) throws Exception {
        for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end && events.await(20_000); ) {
            if (events.drain() == 0) {
                return "a wait for nothing";
            }
            for (MapEvent event = events.event(); event.next(); ) {
                if (file.toString().equals(event.name())) {
                    return before <= event.time() && event.time() <= after
                            ? "right"
                            : before + " <= " + event.time() + " <= " + after;
                }
            }
        }
        return "not reported";
    }
}
