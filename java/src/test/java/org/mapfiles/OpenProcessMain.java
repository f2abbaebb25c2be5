package org.mapfiles;

import java.nio.file.Path;

/** Opens a process, and prints the number of its mappings or the reason why it has none, on one line. */
public final class OpenProcessMain {
    private OpenProcessMain() {}

    private static ProcessMaps open(String process) throws MapsException {
        return process.startsWith("/") ? ProcessMaps.of(Path.of(process)) : ProcessMaps.of(Long.parseLong(process));
    }

    /** Its PID, or the path of its directory. */
    public static void main(String[] arguments) {
        try {
            open(arguments[0]).close();
        } catch (MapsException | IllegalArgumentException e) {
            // the second attempt below fails with the same exception
        }
        try (ProcessMaps maps = open(arguments[0])) {
            System.out.println("READ " + maps.pid() + " " + (maps.snapshot().size() > 0));
        } catch (PermissionDeniedException e) {
            System.out.println("DENIED " + e.reasons() + " " + e.getMessage());
        } catch (NotSupportedException e) {
            System.out.println("MISSING " + e.missing() + " " + e.getMessage());
        } catch (MapsException | IllegalArgumentException e) {
            System.out.println("FAILED " + e);
        }
    }
}
