package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.cli.output.Printable;

/** The processes of /proc, and their names. */
public final class Processes {
    /** Maximum number of bytes that are read of a command line. Linux permits 2 MiB and more. */
    private static final int MAX_COMMAND_LINE = 1 << 20;

    /** Maximum length of a name: TASK_COMM_LEN of the kernel is 16, and names of kernel threads are longer. */
    private static final int MAX_NAME = 64;
    /** Of the flags among the fields after the name. */
    private static final int FLAGS = 6;
    /** PF_KTHREAD (include/linux/sched.h). */
    private static final long KERNEL_THREAD = 0x00200000;

    private Processes() {}

    /** Returns the PIDs in ascending order. */
    public static int[] pids() throws IOException {
        String[] names = Path.of("/proc").toFile().list();
        if (names == null) {
            throw new IOException("/proc cannot be listed");
        }
        return Arrays.stream(names)
                .mapToInt(PositiveNumber::parse)
                .filter(pid -> pid > 0)
                .sorted()
                .toArray();
    }

    /** Returns how many processes have memory: those that are no kernel threads, and have not exited. */
    public static int countWithMemory(int[] pids) {
        return (int) Arrays.stream(pids).filter(Processes::hasMemory).count();
    }

    /**
     * Returns whether a process is no kernel thread and has not exited, from its state and its flags: proc_pid_stat(5).
     * A name may contain blanks and parentheses.
     */
    static boolean hasMemory(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
            return !fields[0].equals("Z")
                    && !fields[0].equals("X")
                    && (Long.parseLong(fields[FLAGS]) & KERNEL_THREAD) == 0;
        } catch (IOException exited) {
            return false;
        }
    }

    /** Returns the bytes of the name that the kernel has, as ps(1) shows it; empty: it is unknown. */
    public static byte[] kernelName(long pid) {
        try (InputStream in = Files.newInputStream(Path.of("/proc/" + pid + "/comm"))) {
            byte[] name = in.readNBytes(MAX_NAME);
            int length = name.length > 0 && name[name.length - 1] == '\n' ? name.length - 1 : name.length;
            return Arrays.copyOf(name, length);
        } catch (IOException unknown) {
            return new byte[0];
        }
    }

    /** Returns the arguments of a process; empty if they cannot be read. */
    static List<String> commandLine(long pid) {
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
    static String displayName(long pid) {
        return Printable.text(name(pid));
    }

    /** Returns the PID, and the name if it can be read: not after the process has exited. */
    public static String label(long pid) {
        String name = displayName(pid);
        return name.isEmpty() ? Long.toString(pid) : pid + " " + name;
    }

    /** Returns the bytes of the name that {@link #displayName} shows. */
    public static byte[] name(long pid) {
        List<String> words = commandLine(pid);
        String main = JavaCommand.isJava(words) ? JavaCommand.main(words) : null;
        if (main != null) {
            return Arguments.bytes(main.endsWith(".jar") ? main.substring(main.lastIndexOf('/') + 1) : main);
        }
        return kernelName(pid);
    }
}
