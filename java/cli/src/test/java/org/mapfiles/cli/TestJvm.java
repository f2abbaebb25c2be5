package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.mapfiles.ProcessMaps;

/** Another JVM with the class path of this one. A main class prints READY when it is ready. */
public final class TestJvm implements AutoCloseable {
    private final Process process;

    private TestJvm(Process process) {
        this.process = process;
    }

    /** Waits until its input ends. */
    public static final class WaitMain {
        private WaitMain() {}

        public static void main(String[] arguments) throws Exception {
            System.out.println("READY");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }

    /** Copies the class path of this JVM to a directory that any user can read. Returns the class path of the copy. */
    public static String copyClassPath(Path directory) throws IOException {
        List<String> copies = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path from = Path.of(entry);
            if (!Files.exists(from)) {
                continue;
            }
            Path to = directory.resolve("class-path-" + copies.size() + (Files.isDirectory(from) ? "" : ".jar"));
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Path copy = file.equals(from)
                            ? to
                            : to.resolve(from.relativize(file).toString());
                    Files.copy(file, copy);
                    Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
            copies.add(to.toString());
        }
        return String.join(File.pathSeparator, copies);
    }

    /** Returns the command of a JVM that runs a main class. */
    public static List<String> command(List<String> options, Class<?> main, String... arguments) {
        return commandWith(System.getProperty("java.class.path"), options, main, arguments);
    }

    /** As {@link #command}, with another class path. */
    public static List<String> commandWith(String classPath, List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Starts a JVM that waits until its input ends. */
    public static TestJvm waiting(String... options) throws IOException {
        return start(List.of(), List.of(options), WaitMain.class);
    }

    /** Starts a JVM, and waits until it is ready. */
    public static TestJvm start(List<String> under, List<String> options, Class<?> main, String... arguments)
            throws IOException {
        return startWith(System.getProperty("java.class.path"), under, options, main, arguments);
    }

    /** As {@link #start}, with another class path. */
    public static TestJvm startWith(
            String classPath, List<String> under, List<String> options, Class<?> main, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(under);
        command.addAll(commandWith(classPath, options, main, arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("READY");
        return new TestJvm(process);
    }

    /** Starts a JVM that has mapped a file. */
    public static TestJvm mapping(Path file) throws IOException {
        return start(List.of(), List.of(), MapAndWaitMain.class, file.toString());
    }

    /** Returns the PID of the JVM if the process is a program that runs it as a child, such as unshare(1). */
    public String childPid() {
        return Long.toString(process.children().findFirst().orElseThrow().pid());
    }

    public String pid() {
        return Long.toString(process.pid());
    }

    public Process process() {
        return process;
    }

    public ProcessMaps maps() throws IOException {
        return ProcessMaps.of(process.pid());
    }

    public List<String> threads() throws IOException {
        List<String> names = new ArrayList<>();
        try (var threads = Files.newDirectoryStream(Path.of("/proc/" + pid() + "/task"))) {
            for (Path thread : threads) {
                try {
                    names.add(Files.readString(thread.resolve("comm")).strip());
                } catch (IOException ended) { // a compiler's thread that has no work ends
                    assertThat(thread).doesNotExist();
                }
            }
        }
        return names;
    }

    /** Ends the input, and asserts that the JVM exits and has printed nothing. */
    public void assertEndsSilently() throws Exception {
        process.getOutputStream().close();
        assertThat(process.waitFor()).isZero();
        assertThat(process.inputReader().readLine()).as("output").isNull();
    }

    /** Kills the JVM, and removes its attach socket, which a killed JVM leaves. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        Files.deleteIfExists(Path.of("/tmp/.java_pid" + pid()));
    }
}
