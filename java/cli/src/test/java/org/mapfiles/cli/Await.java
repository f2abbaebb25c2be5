package org.mapfiles.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Waits for a condition. A wait that is longer than a minute fails. */
public final class Await {
    private static final long PATIENCE = 60_000_000_000L;

    private Await() {}

    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE;
        while (!condition.call()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("a minute was not enough until " + what);
            }
            Thread.sleep(2);
        }
    }

    /** Waits until a process runs a program and waits for something: then its loader has mapped all libraries. */
    public static void untilItWaits(long pid, Path program) throws Exception {
        Path real = program.toRealPath();
        until(
                program + " waits",
                () -> Files.readSymbolicLink(of(pid).resolve("exe")).equals(real) && hasState(of(pid), 'S'));
    }

    /** Waits until the first thread of a process waits for something. */
    public static void untilItWaits(long pid) throws Exception {
        until("process " + pid + " waits", () -> hasState(of(pid), 'S'));
    }

    /** Stops all threads of a process: kill(2) returns earlier. */
    public static void stop(long pid) throws Exception {
        new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor();
        until("process " + pid + " is stopped", () -> haveThreads(pid, 'T'));
    }

    private static boolean haveThreads(long pid, char state) throws IOException {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(of(pid).resolve("task"))) {
            for (Path thread : threads) {
                if (!hasState(thread, state)) {
                    return false;
                }
            }
            return true;
        } catch (DirectoryIteratorException changed) { // a thread has ended
            return false;
        }
    }

    private static Path of(long pid) {
        return Path.of("/proc", Long.toString(pid));
    }

    /** @param directory of a process or a thread */
    private static boolean hasState(Path directory, char state) throws IOException {
        try {
            String stat = Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2) == state;
        } catch (IOException ended) {
            if (Files.exists(directory)) {
                throw ended;
            }
            return false;
        }
    }
}
