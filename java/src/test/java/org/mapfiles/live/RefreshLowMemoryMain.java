package org.mapfiles.live;

import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/** The program of a child JVM that has memory for one picture of a process, not for two. */
final class RefreshLowMemoryMain {
    private RefreshLowMemoryMain() {
    }

    /** The number of the process, which ends when this says that nothing changed. */
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
