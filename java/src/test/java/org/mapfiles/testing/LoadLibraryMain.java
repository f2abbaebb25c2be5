package org.mapfiles.testing;

import java.io.File;
import java.util.Set;
import java.util.TreeSet;
import org.mapfiles.MapCursor;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/** Loads the library, twice if that fails, and prints its path or the error, one per line. */
public final class LoadLibraryMain {
    private LoadLibraryMain() {}

    /**
     * Removes the system properties that test.clear names, as programs may do. With an argument it prints that it is
     * ready, and waits for a file of that name, so that several JVMs load the library at the same time.
     */
    public static void main(String[] arguments) {
        for (String property : System.getProperty("test.clear", "").split(",")) {
            System.getProperties().remove(property);
        }
        if (arguments.length > 0) {
            File gate = new File(arguments[0]);
            System.out.println("READY");
            while (!gate.exists()) {
                Thread.onSpinWait();
            }
        }
        for (int attempt = 0; attempt < 2; attempt++) {
            try {
                tell();
                return;
            } catch (Throwable failure) {
                System.out.println("FAILED " + failure);
            }
        }
        System.exit(1);
    }

    private static void tell() throws MapsException {
        loaded().forEach(name -> System.out.println("LOADED " + name));
    }

    /** Returns the mapped files of the library: one. */
    public static Set<String> loaded() throws MapsException {
        Set<String> names = new TreeSet<>();
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                String name = mapping.name();
                if (name != null && name.substring(name.lastIndexOf('/') + 1).startsWith("libmapfiles")) {
                    names.add(name);
                }
            }
        }
        return names;
    }
}
