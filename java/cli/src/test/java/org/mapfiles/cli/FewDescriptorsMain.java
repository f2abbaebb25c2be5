package org.mapfiles.cli;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs a command with each small number of free file descriptors. Arguments: the command line, in which {@code %} is
 * that number. Prints each message of the command, and each exception that it throws.
 */
public final class FewDescriptorsMain {
    static final int MOST = 16;

    private FewDescriptorsMain() {}

    public static void main(String[] arguments) throws Exception {
        loadClasses();
        run(arguments, MOST);
        for (int free = 0; free < MOST; free++) {
            Deque<FileInputStream> open = new ArrayDeque<>();
            try {
                useAll(open);
                for (int i = 0; i < free; i++) {
                    open.remove().close();
                }
                run(arguments, free);
            } finally {
                for (FileInputStream each : open) {
                    each.close();
                }
            }
        }
        System.out.println("DONE");
    }

    /** Loads the classes that are in directories, which takes a descriptor for each. Jars are open already. */
    private static void loadClasses() throws Exception {
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path directory = Path.of(entry);
            if (!Files.isDirectory(directory.resolve("org/mapfiles"))) {
                continue;
            }
            List<String> names;
            try (Stream<Path> files = Files.walk(directory.resolve("org/mapfiles"))) {
                names = files.map(file -> directory.relativize(file).toString())
                        .filter(name -> name.endsWith(".class") && !name.endsWith("-info.class"))
                        .toList();
            }
            for (String name : names) {
                load(name.substring(0, name.length() - ".class".length()).replace('/', '.'));
            }
        }
    }

    private static void load(String name) throws ClassNotFoundException {
        try {
            Class.forName(name, false, FewDescriptorsMain.class.getClassLoader());
        } catch (NoClassDefFoundError needsAnother) {
            return; // no command uses it without that
        }
    }

    private static void useAll(Deque<FileInputStream> open) {
        try {
            while (true) {
                open.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException full) {
            return;
        }
    }

    private static void run(String[] arguments, int number) {
        List<String> line = new ArrayList<>(Arrays.asList(arguments));
        line.replaceAll(each -> each.replace("%", Integer.toString(number)));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try {
            Main.run(line.toArray(new String[0]), InputStream.nullInputStream(), out, err);
            System.out.print(err.toString(StandardCharsets.UTF_8));
        } catch (RuntimeException e) {
            System.out.println("THROWN with " + number + " free descriptors: " + e);
            e.printStackTrace(System.out);
        }
    }
}
