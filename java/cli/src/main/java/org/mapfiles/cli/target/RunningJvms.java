package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The JVMs of this machine and their names. They are read from /proc/PID/cmdline. A program that contains a JVM and is
 * not java(1) is found by its file of performance counters, /tmp/hsperfdata_USER/PID, and has the name of the program.
 * Nothing is sent to a process.
 */
public final class RunningJvms {
    /** Shorter names match only as a whole. */
    private static final int MIN_PART = 3;

    /**
     * A JVM.
     *
     * @param name main class, module and main class, or path of the jar; of another program its name
     */
    public record Jvm(int pid, String name) {}

    private RunningJvms() {}

    /**
     * Returns the JVMs with a name: those whose name or last part of the name is the text; if there are none, those
     * whose name contains the text, as for jcmd. This JVM is not among them.
     */
    public static List<Jvm> named(String text) {
        List<Jvm> exact = new ArrayList<>();
        List<Jvm> partial = new ArrayList<>();
        if (text.isEmpty()) {
            return exact;
        }
        boolean mayBePart = text.length() >= MIN_PART && Character.isJavaIdentifierStart(text.charAt(0));
        long own = ProcessHandle.current().pid();
        Set<Integer> counters = withCounters();
        for (int pid : pids()) {
            String name = pid == own ? null : name(pid, counters);
            if (name == null) {
                continue;
            }
            if (JavaCommand.isNamed(name, text)) {
                exact.add(new Jvm(pid, name));
            } else if (mayBePart && name.contains(text)) {
                partial.add(new Jvm(pid, name));
            }
        }
        return exact.isEmpty() ? partial : exact;
    }

    /** Returns the PIDs of all processes; none if they cannot be listed: then no name is known. */
    private static int[] pids() {
        try {
            return Processes.pids();
        } catch (IOException e) {
            return new int[0];
        }
    }

    /** Returns the name of a JVM; null: the process is no JVM, or its name is unknown. */
    private static String name(int pid, Set<Integer> counters) {
        List<String> words = Processes.commandLine(pid);
        if (JavaCommand.isJava(words)) {
            return JavaCommand.main(words);
        }
        return counters.contains(pid) && !words.isEmpty() ? words.get(0) : null;
    }

    /** Returns the PIDs that files of performance counters have as names. */
    private static Set<Integer> withCounters() {
        Set<Integer> pids = new HashSet<>();
        try (DirectoryStream<Path> users = Files.newDirectoryStream(Path.of("/tmp"), "hsperfdata_*")) {
            for (Path user : users) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(user)) {
                    files.forEach(file -> pids.add(PositiveNumber.parse(String.valueOf(file.getFileName()))));
                } catch (IOException | DirectoryIteratorException denied) {
                    continue; // of another user
                }
            }
        } catch (IOException | DirectoryIteratorException | InvalidPathException noFolder) {
            return pids;
        }
        return pids;
    }
}
