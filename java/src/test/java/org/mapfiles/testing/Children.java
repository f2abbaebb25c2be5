package org.mapfiles.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts target processes, and ends them and their children after each test. */
public final class Children implements AfterEachCallback {
    private final List<Process> started = new ArrayList<>();

    public Process start(String... command) throws IOException {
        return own(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Also ends a process that was started elsewhere. */
    public Process own(Process process) {
        started.add(process);
        return process;
    }

    /** Starts a process that sleeps, and waits until it does. */
    public Process sleeper() throws Exception {
        Process sleeper = start("sleep", "1000");
        awaitSleep(sleeper.pid());
        return sleeper;
    }

    /** Waits until a process has become sleep(1) and sleeps: /proc shows the new program before it is mapped. */
    public static void awaitSleep(long pid) throws Exception {
        await("it sleeps", () -> program(pid).contains("sleep") && state(pid) == 'S');
    }

    /** Waits until each thread of a process sleeps, in three readings one after the other: none of them has work. */
    public static void awaitIdle(long pid) throws Exception {
        int[] readings = {0};
        await("process " + pid + " is idle", () -> {
            readings[0] = areThreads(pid, 'S') ? readings[0] + 1 : 0;
            return readings[0] == 3;
        });
    }

    /** Stops all threads of a process, and waits until they have stopped: kill(2) returns earlier. */
    public static void stop(long pid) throws Exception {
        if (new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor() != 0) {
            throw new IOException("kill -STOP " + pid + " has failed");
        }
        await("process " + pid + " is stopped", () -> areThreads(pid, 'T'));
    }

    private static boolean areThreads(long pid, char state) throws IOException {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                String stat = Files.readString(thread.resolve("stat"), ISO_8859_1);
                if (stat.charAt(stat.lastIndexOf(')') + 2) != state) {
                    return false;
                }
            }
            return true;
        } catch (IOException | DirectoryIteratorException changed) { // a thread has ended
            if (!Files.exists(Path.of("/proc/" + pid))) {
                throw new IOException("process " + pid + " has exited", changed);
            }
            return false;
        }
    }

    /** Ends a process that may be the child of another process. */
    public static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    public static void killAndWait(Process process) throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Waits until a condition holds, without a limit on the time that matters to the test. */
    public static void await(String what, Callable<Boolean> condition) throws Exception {
        Await.until(what, condition);
    }

    /** Returns the state of a process (proc_pid_stat(5)), such as Z; or X if it has exited. */
    public static char state(long pid) throws IOException {
        String text;
        try {
            text = Files.readString(Path.of("/proc/" + pid + "/stat"), ISO_8859_1);
        } catch (IOException exited) {
            if (Files.exists(Path.of("/proc/" + pid))) {
                throw exited;
            }
            return 'X'; // the process may exit between open and read: ESRCH
        }
        return text.charAt(text.lastIndexOf(')') + 2);
    }

    public static String program(long pid) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe"))
                .getFileName()
                .toString();
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            killAndWait(process);
        }
    }
}
