package org.mapfiles.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;

/** Skips a test if this machine or this user does not support it. */
public final class Assume {
    private Assume() {}

    /** Requires that the kernel reports events to this user. */
    public static void events() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapEvents.open(maps).close();
        } catch (PermissionDeniedException | NotSupportedException denied) {
            assumeTrue(false, denied.getMessage());
        }
    }

    /** Requires that this user may follow entries of map_files, which needs a capability. */
    public static void followingEntries() {
        assumeTrue(MapFiles.followDenial().isEmpty(), "takes CAP_CHECKPOINT_RESTORE: run as root");
    }
}
