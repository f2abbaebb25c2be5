package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Whether a process runs, by its control groups and by what the kernel reports of each of its threads. Where the groups are not
 * mounted, a thread of a frozen one mostly sleeps in the kernel function that waits for the thaw: wchan of proc(5) names it.
 */
final class RunStates {
    /** kernel/freezer.c (cgroup v1, suspend) and kernel/signal.c (cgroup v2), where do_freezer_trap is often a part of get_signal. */
    private static final Set<String> FREEZERS = Set.of("__refrigerator", "refrigerator", "do_freezer_trap", "get_signal");

    private RunStates() {
    }

    static RunState of(Path process) {
        if (Freezers.areFrozen(process)) {
            return RunState.FROZEN;
        }
        RunState state = RunState.UNKNOWN;
        int threads = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
            for (Path task : tasks) {
                RunState one = ofThread(task);
                if (one == RunState.UNKNOWN) {
                    continue; // it has ended, or the kernel does not show where it waits
                }
                if (one == RunState.RUNNING) {
                    return one;
                }
                state = threads++ == 0 || one == RunState.FROZEN ? one : state;
            }
        } catch (IOException | DirectoryIteratorException gone) {
            return RunState.UNKNOWN;
        }
        return state;
    }

    private static RunState ofThread(Path task) {
        String stat = read(task.resolve("stat"));
        int behindName = stat.lastIndexOf(')') + 2; // the name may hold anything
        if (behindName < 2 || behindName >= stat.length()) {
            return RunState.UNKNOWN;
        }
        char state = stat.charAt(behindName);
        if (state == 'T' || state == 't') {
            return RunState.STOPPED;
        }
        if (state == 'Z' || state == 'X' || state == 'x') {
            return RunState.UNKNOWN;
        }
        if (state == 'R') {
            return RunState.RUNNING;
        }
        String function = read(task.resolve("wchan")).strip();
        boolean isHidden = function.isEmpty() || function.equals("0");
        return isHidden ? RunState.UNKNOWN : FREEZERS.contains(function) ? RunState.FROZEN : RunState.RUNNING;
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
