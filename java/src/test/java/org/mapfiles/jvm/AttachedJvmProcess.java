package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;

/** A process to attach to. Closing ends it. Its output is recorded. */
final class AttachedJvmProcess implements AutoCloseable {
    /** A limit that no successful test reaches. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final BufferedReader output;
    private final long pid;

    private AttachedJvmProcess(Process process) throws IOException {
        this.process = process;
        output = process.inputReader();
        String line = output.readLine();
        if (!"READY".equals(line)) {
            process.destroyForcibly();
            throw new IOException("not READY, but: " + line);
        }
        pid = process.pid();
        deleteLeftOver();
    }

    /** Deletes a socket that an earlier process of another user with this PID has left: the JVM cannot replace it. */
    private void deleteLeftOver() throws IOException {
        Path socket = Path.of("/tmp/.java_pid" + pid);
        if (Files.exists(socket)
                && !Files.getAttribute(socket, "unix:uid")
                        .equals(Files.getAttribute(Path.of("/proc/" + pid), "unix:uid"))) {
            Files.delete(socket);
        }
    }

    private AttachedJvmProcess(AttachedJvmProcess outer, long pid) {
        process = outer.process;
        output = outer.output;
        this.pid = pid;
    }

    static AttachedJvmProcess of(Process process) throws IOException {
        return new AttachedJvmProcess(process);
    }

    static AttachedJvmProcess start(ChildJvm jvm, Object... arguments) throws IOException {
        return of(jvm.start(AttachableMain.class, arguments));
    }

    static AttachedJvmProcess with(String... options) throws IOException {
        return start(new ChildJvm().with(options));
    }

    /** Starts a program of native/test/jvm. Its last argument is the path of libjvm.so. */
    static AttachedJvmProcess ofC(String name, String... arguments) throws IOException {
        Path program = Path.of(System.getProperty("mapfiles.special-process")).resolveSibling(name);
        assumeTrue(Files.isExecutable(program), "no " + program);
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        command.add(System.getProperty("java.home") + "/lib/server/libjvm.so");
        return of(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    }

    /** Returns the only child of this process, for programs that make namespaces and fork. */
    AttachedJvmProcess child() throws InterruptedException {
        List<ProcessHandle> children = process.children().toList();
        assertThat(children).hasSize(1);
        return new AttachedJvmProcess(this, children.get(0).pid());
    }

    long pid() {
        return pid;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Executes a command and returns the reply. */
    String run(String command, Duration timeout) throws MapsException {
        try (ProcessMaps maps = ProcessMaps.of(pid);
                JvmProcess jvm = JvmProcess.of(maps)) {
            return jvm.execute(command, timeout);
        }
    }

    String run(String command) throws MapsException {
        return run(command, PATIENCE);
    }

    /** Ends the process, and returns the lines that it has written since READY. */
    List<String> end() throws IOException {
        process.getOutputStream().close();
        return output.lines().toList();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
        try {
            Files.deleteIfExists(Path.of("/tmp/.java_pid" + pid)); // a killed JVM leaves its socket
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
