package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A process that sleeps: a program that a test can replace. */
public final class StaleTarget implements AutoCloseable {
    private static final int ATTEMPTS = 12_000;

    private final Process process;
    private final long pid;

    private StaleTarget(Process process, long pid) {
        this.process = process;
        this.pid = pid;
    }

    /** Starts a script in Python, which maps a file. */
    public static StaleTarget python(String mapped, String script, String... arguments)
            throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "no python3");
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-c", script));
        command.addAll(List.of(arguments));
        return start(mapped, null, command);
    }

    /**
     * Starts a command, and waits until a text is in the maps of the process, or of its only child.
     *
     * @param preload a library that the dynamic loader loads; null: none
     */
    public static StaleTarget start(String mapped, Path preload, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        if (preload != null) {
            builder.environment().put("LD_PRELOAD", preload.toString());
        }
        Process process = builder.start();
        for (int attempt = 0; attempt < ATTEMPTS && process.isAlive(); attempt++) {
            long pid = process.children().findFirst().map(ProcessHandle::pid).orElse(process.pid());
            if (isReady(pid, mapped)) {
                return new StaleTarget(process, pid);
            }
            Thread.sleep(5);
        }
        process.destroyForcibly();
        throw new AssertionError(command + " has not mapped " + mapped);
    }

    /**
     * The process has loaded the file, and sleeps: state S of proc_pid_stat(5). Waiting for a disk is another state.
     */
    private static boolean isReady(long pid, String mapped) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.substring(stat.lastIndexOf(')')).startsWith(") S ")
                    && Files.readString(Path.of("/proc/" + pid + "/maps")).contains(mapped);
        } catch (IOException exited) {
            return false;
        }
    }

    /** Starts a copy of sleep(1). */
    public static StaleTarget program(Path program, Path preload) throws IOException, InterruptedException {
        return start(
                preload == null
                        ? program.toRealPath().toString()
                        : preload.toRealPath().toString(),
                preload,
                List.of(program.toString(), "1000"));
    }

    public String pid() {
        return Long.toString(pid);
    }

    /** Returns the path of a file in the mount namespace of the process. */
    public Path inRoot(Path path) {
        return Path.of("/proc/" + pid + "/root" + path);
    }

    /** Returns the rows of {@code stale --json}, and checks the exit code. */
    public List<Map<String, Object>> rows(int code) {
        CliResult result = CliResult.with("stale", pid(), "--json");
        assertThat(result.code()).as("%s", result).isEqualTo(code);
        return result.rows();
    }

    /** Returns the only row. */
    public Map<String, Object> row(int code) {
        List<Map<String, Object>> rows = rows(code);
        assertThat(rows).hasSize(1);
        return rows.get(0);
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }
}
