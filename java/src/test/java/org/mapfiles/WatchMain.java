package org.mapfiles;

import org.mapfiles.events.MapEvents;

/** Opens events of a process, and prints whether that is permitted, or the reason why not. */
public final class WatchMain {
    private WatchMain() {}

    /** Arguments: the PID, 0 for this process; and the bytes of a ring. */
    public static void main(String[] arguments) throws Exception {
        int number = Integer.parseInt(arguments[0]);
        try (ProcessMaps maps = number == 0 ? ProcessMaps.self() : ProcessMaps.of(number);
                MapEvents changes = MapEvents.open(maps, Integer.parseInt(arguments[1]))) {
            System.out.println("WATCHED " + (changes.drain() >= 0));
        } catch (PermissionDeniedException e) {
            System.out.println("DENIED " + e.reasons() + " " + e.getMessage());
        } catch (MapsException e) {
            System.out.println("FAILED " + e);
        }
    }
}
