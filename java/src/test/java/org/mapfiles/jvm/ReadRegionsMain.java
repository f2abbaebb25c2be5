package org.mapfiles.jvm;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;

/** Reads the regions of the JVM with a PID; of this JVM without one, and then waits until its input ends. */
final class ReadRegionsMain {
    private ReadRegionsMain() {}

    private static JvmRegions read(String[] arguments) throws MapsException {
        if (arguments.length == 0) {
            return JvmRegions.read();
        }
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]))) {
            return JvmRegions.read(maps);
        }
    }

    public static void main(String[] arguments) throws IOException {
        try {
            JvmRegions regions = read(arguments);
            Set<JvmRegions.Kind> kinds = EnumSet.noneOf(JvmRegions.Kind.class);
            for (int i = 0; i < regions.size(); i++) {
                kinds.add(regions.region(i));
            }
            System.out.println("READ " + kinds);
        } catch (PermissionDeniedException e) {
            System.out.println("DENIED " + e.reasons() + " " + e.getMessage());
        } catch (MapsException e) {
            System.out.println("FAILED " + e);
        }
        while (arguments.length == 0 && System.in.read() >= 0) {
            continue;
        }
    }
}
