package org.mapfiles;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The program of a child JVM in a time namespace: maps a file, and compares the times of events with its own clock. */
final class TimeNamespaceMain {
    private TimeNamespaceMain() {
    }

    public static void main(String[] arguments) throws Exception {
        Path file = Files.createTempFile("mapped", "");
        Files.write(file, new byte[4096]);
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.AT_ONCE);
                LiveMaps live = LiveMaps.of(maps).every(Duration.ofDays(1)).listen(MapEvents.Option.DATA, MapEvents.Option.AT_ONCE)
                        .start()) {
            long before = System.nanoTime();
            MappedByteBuffer mapped = map(file);
            long after = System.nanoTime();
            System.out.println("TIME " + timeOf(events, file, before, after));
            System.out.println("LISTENS " + live.listenFailure());
            System.out.println("FOUND " + isFound(live.snapshot(), NativeCalls.addressOf(mapped)));
            MapTimeline timeline = MapTimeline.ofBytes(1 << 20);
            timeline.look(maps, new MapSnapshot(), events);
            long beforeNext = System.nanoTime();
            MappedByteBuffer next = map(file);
            long afterNext = System.nanoTime();
            timeline.listen(events);
            PastAnswer answer = new PastAnswer();
            System.out.println("TIMELINE before: " + timeline.resolve(NativeCalls.addressOf(next), beforeNext, answer)
                    + " after: " + timeline.resolve(NativeCalls.addressOf(next), afterNext, answer));
            System.out.println("BYTES " + mapped.get(0) + next.get(0));
        } finally {
            Files.delete(file);
        }
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

    /** A wait that reports events is followed by a drain that has some. */
    private static String timeOf(MapEvents events, Path file, long before, long after) throws Exception {
        for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end && events.await(20_000); ) {
            if (events.drain() == 0) {
                return "a wait for nothing";
            }
            for (MapEvent event = events.event(); event.next(); ) {
                if (file.toString().equals(event.name())) {
                    return before <= event.time() && event.time() <= after ? "right" : before + " <= " + event.time() + " <= " + after;
                }
            }
        }
        return "not reported";
    }
}
