package org.mapfiles.live;

import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.testing.Threads;

/** A thread moves the cursor over events of a refresher until the refresher fails. */
final class MoveCursorMain {
    private MoveCursorMain() {}

    public static void main(String[] arguments) throws Exception {
        Path file = Files.createTempFile("mapped", "");
        Files.write(file, new byte[4096]);
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA);
                LiveMaps live = LiveMaps.of(maps)
                        .every(Duration.ofMillis(50))
                        .afterMiss(Duration.ofMillis(5))
                        .withEvents(events)
                        .start();
                FileChannel channel = FileChannel.open(file)) {
            MapEvent cursor = events.event();
            Threads mover = new Threads().start(1, () -> cursor::next);
            MapsException[] recorded = new MapsException[1];
            int[] rounds = new int[1];
            isSoon(() -> {
                for (int i = 0; i < 500; i++) { // the refresher may be interrupted while it reads the events
                    channel.map(MapMode.READ_ONLY, 0, 4096);
                }
                if (++rounds[0] % 20 == 0) {
                    System.gc(); // unmaps the buffers
                }
                recorded[0] = live.eventsFailure().orElse(null);
                return recorded[0] != null;
            });
            mover.stopAfter(0);
            System.out.println("RECORDED "
                    + (recorded[0] == null
                            ? null
                            : recorded[0].getCause().getClass().getName()));
            long refreshes = live.refreshCount();
            System.out.println("REFRESHED " + isSoon(() -> live.refreshCount() > refreshes));
            System.out.println("LISTENS " + isSoon(() -> live.eventsFailure().isEmpty()));
            System.out.println("FAILURE " + live.failure().orElse(null));
        } finally {
            Files.delete(file);
        }
    }

    private static boolean isSoon(Callable<Boolean> condition) throws Exception {
        for (long end = System.nanoTime() + 300_000_000_000L; System.nanoTime() < end; Thread.sleep(1)) {
            if (condition.call()) {
                return true;
            }
        }
        return false;
    }
}
