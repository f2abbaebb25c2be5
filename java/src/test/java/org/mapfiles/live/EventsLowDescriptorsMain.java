package org.mapfiles.live;

import java.time.Duration;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;

/** Has too few file descriptors for events: prints the reason, and refreshes the mappings of a process by polling. */
final class EventsLowDescriptorsMain {
    private EventsLowDescriptorsMain() {}

    /** Argument: the PID. After a line of input the process has changed. */
    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            for (int i = 0; i < 100; i++) { // each attempt returns all descriptors
                LiveMaps.of(maps).withEvents(MapEvents.Option.DATA).start().close();
            }
            try (LiveMaps live = LiveMaps.of(maps)
                    .every(Duration.ofMillis(5))
                    .withEvents(MapEvents.Option.DATA)
                    .start()) {
                System.out.println("POLLS " + live.eventsFailure().orElseThrow().getMessage());
                System.in.read();
                for (long end = System.nanoTime() + 60_000_000_000L;
                        live.changeCount() == 0 && System.nanoTime() < end; ) {
                    Thread.sleep(5);
                }
                System.out.println("CHANGES " + live.changeCount() + " FAILURE "
                        + live.failure().orElse(null));
            }
        }
    }
}
