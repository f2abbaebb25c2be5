package org.mapfiles.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts programs to look at, and ends them and what they started after each test. */
public final class Children implements AfterEachCallback {
    private final List<Process> started = new ArrayList<>();

    public Process start(String... command) throws IOException {
        return own(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Ends a process that was started otherwise, too. */
    public Process own(Process process) {
        started.add(process);
        return process;
    }

    /** A process that waits to be killed, and does nothing else any more. */
    public Process sleeper() throws Exception {
        Process sleeper = start("sleep", "1000");
        awaitSleep(sleeper.pid());
        return sleeper;
    }

    /** Until a process has become sleep(1) and sleeps: execve(2) shows the new program long before that is mapped. */
    public static void awaitSleep(long pid) throws Exception {
        await("it sleeps", () -> program(pid).contains("sleep") && state(pid) == 'S');
    }

    /** Ends a process that may be the child of another one. */
    public static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    public static void killAndWait(Process process) throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Waits until a condition holds: what others do takes time, and how much is not the question. */
    public static void await(String what, Callable<Boolean> condition) throws Exception {
        long patience = System.nanoTime() + 60_000_000_000L;
        while (!condition.call()) {
            if (System.nanoTime() > patience) {
                throw new AssertionError("a minute was not enough until " + what);
            }
            Thread.sleep(2);
        }
    }

    /** The letter of a process' state (proc_pid_stat(5)), such as Z; or X where it is gone. */
    public static char state(long pid) throws IOException {
        String text;
        try {
            text = Files.readString(Path.of("/proc/" + pid + "/stat"), ISO_8859_1);
        } catch (IOException gone) {
            if (Files.exists(Path.of("/proc/" + pid))) {
                throw gone;
            }
            return 'X'; // perhaps between open and read: No such process
        }
        return text.charAt(text.lastIndexOf(')') + 2);
    }

    public static String program(long pid) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe")).getFileName().toString();
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            killAndWait(process);
        }
    }
}
