package org.mapfiles.live;

import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/** Has memory for one buffer of a snapshot, not for two. */
final class RefreshLowMemoryMain {
    private RefreshLowMemoryMain() {}

    /** Argument: the PID. The process exits after this program has printed that nothing changed. */
    public static void main(String[] arguments) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            MapSnapshot snapshot = maps.snapshot();
            System.out.println("changed: " + maps.refresh(snapshot));
            System.in.read();
            maps.refresh(snapshot);
        } catch (MapsException e) {
            System.out.println(e);
        }
    }
}
