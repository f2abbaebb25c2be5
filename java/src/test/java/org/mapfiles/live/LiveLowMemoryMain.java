package org.mapfiles.live;

import java.time.Duration;
import org.mapfiles.ProcessMaps;

/** Has little memory for snapshots: prints each new kind of failure of refreshing the snapshot of a process. */
final class LiveLowMemoryMain {
    private LiveLowMemoryMain() {}

    /** Argument: the PID. */
    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]));
                LiveMaps live = LiveMaps.of(maps).every(Duration.ofMillis(5)).start()) {
            System.out.println("STARTED");
            String last = "";
            for (long end = System.nanoTime() + 60_000_000_000L;
                    !last.contains("ProcessExited") && System.nanoTime() < end; ) {
                String now = live.failure().map(Throwable::toString).orElse("").replaceAll("\\d+", "N"); // of bytes
                if (!now.isEmpty() && !now.equals(last)) {
                    System.out.println(now);
                    last = now;
                }
                Thread.sleep(5);
            }
        }
    }
}
