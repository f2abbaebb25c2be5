package org.mapfiles.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.mapfiles.ProcessMaps;

/** Runs a main class in another JVM, with the library and the tests on its class path. */
public final class ChildJvm {
    private final List<String> before = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private Path directory = Path.of(".");
    private String classPath = homeOf(ProcessMaps.class) + ":" + homeOf(ChildJvm.class);

    /** Starts with -Xcheck:jni, and a compiler and a collector that start fast. */
    public ChildJvm() {}

    /** The output and the exit code. */
    public record Outcome(int exit, String output) {}

    /**
     * Runs as the user nobody, who has no capability, with classes and library in a directory that any user can read.
     */
    public static ChildJvm ofNobody(Path directory) throws IOException {
        return ofUser("65534", directory);
    }

    /** Runs as another user, like {@link #ofNobody}. */
    public static ChildJvm ofUser(String user, Path directory) throws IOException {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(Files.exists(Path.of("/usr/bin/setpriv")) || Files.exists(Path.of("/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path library =
                Files.copy(Path.of(LoadLibraryMain.loaded().iterator().next()), directory.resolve("libmapfiles.so"));
        Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rw-r--r--"));
        return new ChildJvm()
                .in(directory)
                .under("setpriv", "--reuid", user, "--regid", user, "--clear-groups")
                .copiedTo(directory)
                .with("-Dorg.mapfiles.library.path=" + library);
    }

    /** Adds a program that starts the JVM, such as setpriv(1); a second program is started by the first. */
    public ChildJvm under(String... command) {
        before.addAll(0, List.of(command));
        return this;
    }

    /** Adds a program that the programs of {@link #under} start, and which starts the JVM. */
    public ChildJvm inside(String... command) {
        before.addAll(List.of(command));
        return this;
    }

    public ChildJvm with(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    public ChildJvm in(Path workingDirectory) {
        directory = workingDirectory;
        return this;
    }

    /** Uses a copy of the classes that any user can read. */
    public ChildJvm copiedTo(Path directory) throws IOException {
        Path library = Files.createDirectory(directory.resolve("library"));
        Path tests = Files.createDirectory(directory.resolve("tests"));
        copy(homeOf(ProcessMaps.class), library);
        copy(homeOf(ChildJvm.class), tests);
        classPath = library + ":" + tests;
        return this;
    }

    public Process start(Class<?> main, Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 22
                && options.stream().noneMatch(option -> option.contains("native-access"))) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-Xcheck:jni", "-XX:TieredStopAtLevel=1"));
        if (options.stream().noneMatch(option -> option.matches("-XX:.Use\\w+GC"))) {
            command.add("-XX:+UseSerialGC");
        }
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
    }

    public Outcome run(Class<?> main, Object... arguments) throws IOException, InterruptedException {
        return outcomeOf(start(main, arguments));
    }

    public static Outcome outcomeOf(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    /** Returns the directory that a class is loaded from: of the class path or of a patched module. */
    public static Path homeOf(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        Path path = Path.of(URI.create(type.getResource("/" + file).toString()));
        return path.getRoot()
                .resolve(path.subpath(0, path.getNameCount() - Path.of(file).getNameCount()));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (!Files.isDirectory(file)) {
                    Files.copy(file, copy);
                } else if (!file.equals(from)) {
                    Files.createDirectory(copy);
                }
            }
        }
    }
}
