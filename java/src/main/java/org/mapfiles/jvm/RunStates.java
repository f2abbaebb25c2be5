package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Finds the run state of a process, by its control groups and by the state of each thread. If the groups are not
 * mounted, the kernel function in which a thread sleeps is read (wchan of proc(5)): a frozen thread mostly sleeps in
 * the one that waits for the thaw.
 */
final class RunStates {
    /**
     * kernel/freezer.c (cgroup v1, suspend) and kernel/signal.c (cgroup v2), where do_freezer_trap is often a part of
     * get_signal.
     */
    private static final Set<String> FREEZERS =
            Set.of("__refrigerator", "refrigerator", "do_freezer_trap", "get_signal");

    private RunStates() {}

    static JvmProcess.RunState of(Path process) {
        if (Freezers.areFrozen(process)) {
            return JvmProcess.RunState.FROZEN;
        }
        JvmProcess.RunState state = JvmProcess.RunState.UNKNOWN;
        int threads = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
            for (Path task : tasks) {
                JvmProcess.RunState ofThread = ofThread(task);
                if (ofThread == JvmProcess.RunState.UNKNOWN) {
                    continue; // the thread has ended, or the kernel hides wchan
                }
                if (ofThread == JvmProcess.RunState.RUNNING) {
                    return ofThread;
                }
                state = threads++ == 0 || ofThread == JvmProcess.RunState.FROZEN ? ofThread : state;
            }
        } catch (IOException | DirectoryIteratorException exited) {
            return JvmProcess.RunState.UNKNOWN;
        }
        return state;
    }

    private static JvmProcess.RunState ofThread(Path task) {
        String stat = read(task.resolve("stat"));
        int stateAt = stat.lastIndexOf(')') + 2; // the name before it may contain any characters
        if (stateAt < 2 || stateAt >= stat.length()) {
            return JvmProcess.RunState.UNKNOWN;
        }
        char state = stat.charAt(stateAt);
        if (state == 'T' || state == 't') {
            return JvmProcess.RunState.STOPPED;
        }
        if (state == 'Z' || state == 'X' || state == 'x') {
            return JvmProcess.RunState.UNKNOWN;
        }
        if (state == 'R') {
            return JvmProcess.RunState.RUNNING;
        }
        String function = read(task.resolve("wchan")).strip();
        boolean isHidden = function.isEmpty() || function.equals("0");
        return isHidden
                ? JvmProcess.RunState.UNKNOWN
                : FREEZERS.contains(function) ? JvmProcess.RunState.FROZEN : JvmProcess.RunState.RUNNING;
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException exited) {
            return "";
        }
    }
}
