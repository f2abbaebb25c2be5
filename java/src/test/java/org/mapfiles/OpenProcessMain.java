package org.mapfiles;

import java.util.function.Function;

/** The program of a child JVM: opens one process and says on one line how many mappings it has, or why there are none. */
public final class OpenProcessMain {
    public interface Opener {
        ProcessMaps open(int number) throws MapsException;
    }

    private OpenProcessMain() {
    }

    /** How to open it, and the number to open it by. */
    public static void main(String[] arguments) {
        Function<String, Opener> openers = how -> how.equals("pid") ? ProcessMaps::of
                : how.equals("pidfd") ? ProcessMaps::ofPidfd : ProcessMaps::ofDirectory;
        int number = Integer.parseInt(arguments[1]);
        try {
            openers.apply(arguments[0]).open(number).close(); // a descriptor that was given stays open
        } catch (MapsException | IllegalArgumentException e) {
            // the same happens again
        }
        try (ProcessMaps maps = openers.apply(arguments[0]).open(number)) {
            System.out.println("READ " + maps.pid() + " " + (maps.snapshot().size() > 0));
        } catch (PermissionDeniedException e) {
            System.out.println("REFUSED " + e.reasons() + " " + e.getMessage());
        } catch (NotSupportedException e) {
            System.out.println("MISSING " + e.missing() + " " + e.getMessage());
        } catch (MapsException | IllegalArgumentException e) {
            System.out.println("FAILED " + e);
        }
    }
}
