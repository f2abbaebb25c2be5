package org.mapfiles.testing;

import java.io.File;
import java.util.Set;
import java.util.TreeSet;
import org.mapfiles.MapCursor;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * The program of a child JVM: loads the library, twice if that fails, and tells where from; or why not, on one line each.
 */
public final class LoadLibraryMain {
    private LoadLibraryMain() {
    }

    /** Removes the system properties that test.clear names, as programs may do. With an argument it says that it is ready, and waits until there is a file of that name: several begin at once. */
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

    /** The files of the library that this process has mapped: one. */
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
