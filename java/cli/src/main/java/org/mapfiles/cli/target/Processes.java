package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.cli.output.Printable;

/** The processes of /proc, and their names. */
public final class Processes {
    /** Maximum number of bytes that are read of a command line. Linux permits 2 MiB and more. */
    private static final int MAX_COMMAND_LINE = 1 << 20;

    private Processes() {}

    /** Returns the PIDs in ascending order. */
    public static int[] pids() {
        String[] names = Path.of("/proc").toFile().list();
        return names == null
                ? new int[0]
                : Arrays.stream(names)
                        .mapToInt(PositiveNumber::parse)
                        .filter(pid -> pid > 0)
                        .sorted()
                        .toArray();
    }

    /** Returns the arguments of a process; empty if they cannot be read. */
    static List<String> commandLine(int pid) {
        try (InputStream in = Files.newInputStream(Path.of("/proc/" + pid + "/cmdline"))) {
            byte[] text = in.readNBytes(MAX_COMMAND_LINE);
            return text.length == 0 ? List.of() : JavaCommand.words(text);
        } catch (IOException exited) {
            return List.of();
        }
    }

    /**
     * Returns the name of a process as text output shows it: of a JVM its main class or the last part of the path of
     * its jar, else the name that the kernel has, at most 15 bytes. Empty if it cannot be read.
     */
    public static String displayName(int pid) {
        return Printable.text(Arguments.bytes(name(pid)));
    }

    /** As {@link #displayName}, not escaped. */
    public static String name(int pid) {
        List<String> words = commandLine(pid);
        String main = JavaCommand.isJava(words) ? JavaCommand.main(words) : null;
        if (main != null) {
            return main.endsWith(".jar") ? main.substring(main.lastIndexOf('/') + 1) : main;
        }
        try {
            byte[] name = Files.readAllBytes(Path.of("/proc/" + pid + "/comm"));
            int end = name.length > 0 && name[name.length - 1] == '\n' ? name.length - 1 : name.length;
            return Arguments.string(Arrays.copyOf(name, end));
        } catch (IOException exited) {
            return "";
        }
    }
}
