package org.mapfiles.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;

/** Skips a test where this machine or this user cannot do what it needs. */
public final class Assume {
    private Assume() {
    }

    /** The kernel reports events to this user. */
    public static void events() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapEvents.open(maps).close();
        } catch (PermissionDeniedException | NotSupportedException denied) {
            assumeTrue(false, denied.getMessage());
        }
    }

    /** This user may follow entries of map_files, which takes a capability. */
    public static void followingEntries() {
        assumeTrue(MapFiles.followDenial().isEmpty(), "takes CAP_CHECKPOINT_RESTORE: run as root");
    }
}
