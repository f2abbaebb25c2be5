package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The CDS archive that the build makes, and the user of a release: it is used if it fits, and no archive can break a
 * start. The build is a script here, which copies a jar.
 */
class LauncherArchiveTest {
    @TempDir
    Path directory;

    private final Set<String> packed = new HashSet<>();
    private Path tree;
    private Path archive;

    @BeforeEach
    void makeTree() throws Exception {
        Path script = Path.of("../../mapfiles").toAbsolutePath().normalize();
        assumeTrue(Files.isRegularFile(script), "the launcher is not here: " + script);
        tree = Files.createDirectory(directory.toRealPath().resolve("tree"));
        archive = tree.resolve("java/cli/target/mapfiles.jsa");
        Files.createDirectory(tree.resolve("native"));
        Files.createDirectories(tree.resolve("java/cli/target"));
        Files.createFile(tree.resolve("pom.xml"));
        Files.createFile(tree.resolve("CMakeLists.txt"));
        Files.copy(script, tree.resolve("mapfiles"));
        Path built = jar();
        Path maven = Files.writeString(
                tree.resolve("mvnw"),
                "#!/bin/sh\ncp '" + built + "' java/cli/target/mapfiles.jar.new\n"
                        + "mv java/cli/target/mapfiles.jar.new java/cli/target/mapfiles.jar\n"
                        + "./mapfiles --make-class-archive || :\n");
        assertThat(maven.toFile().setExecutable(true)).isTrue();
        assertThat(tree.resolve("mapfiles").toFile().setExecutable(true)).isTrue();
    }

    /** Makes one jar of the command line, as the build does. */
    private Path jar() throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Main.class.getName());
        manifest.getMainAttributes().put(new Attributes.Name("Enable-Native-Access"), "ALL-UNNAMED");
        Path jar = directory.toRealPath().resolve("built.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                Path path = Path.of(entry);
                if (Files.isDirectory(path)) {
                    pack(path, out);
                } else if (path.getFileName().toString().matches("(picocli|jackson-core|mapfiles)-[0-9].*")) {
                    try (FileSystem content = FileSystems.newFileSystem(path)) {
                        pack(content.getPath("/"), out);
                    }
                }
            }
        }
        return jar;
    }

    private void pack(Path root, JarOutputStream out) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                String name = root.relativize(file).toString();
                if (!name.endsWith("module-info.class") && !name.startsWith("META-INF/M") && packed.add(name)) {
                    out.putNextEntry(new JarEntry(name));
                    Files.copy(file, out);
                }
            }
        }
    }

    private ProcessBuilder launcher(Map<String, String> environment) {
        ProcessBuilder builder =
                new ProcessBuilder(tree.resolve("mapfiles").toString(), "count", "self", "--by", "kind");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        return builder;
    }

    private static void assertWorks(Process process, String what) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s%s", what, out, err).isZero();
        assertThat(out).as(what).contains("% of vm.max_map_count");
        assertThat(err.lines().filter(line -> !line.contains("building, once")))
                .as(what)
                .isEmpty();
    }

    private void assertWorks(String what) throws Exception {
        assertWorks(launcher(Map.of()).start(), what);
    }

    /** Returns whether the class of the command comes from the archive. */
    private boolean isUsed() throws Exception {
        return isUsed(Map.of());
    }

    private boolean isUsed(Map<String, String> environment) throws Exception {
        Path log = directory.toRealPath().resolve("classes.log");
        Files.deleteIfExists(log);
        ProcessBuilder logged = launcher(environment);
        logged.environment().put("MAPFILES_JAVA_OPTIONS", "-Xlog:class+load:file=" + log);
        assertWorks(logged.start(), "logged");
        List<String> loads = Files.readAllLines(log).stream()
                .filter(line -> line.contains(Main.class.getName() + " source: "))
                .toList();
        assertThat(loads).hasSize(1);
        return loads.get(0).contains("shared objects file");
    }

    @Test
    void theFirstUseMakesAnArchiveThatLaterUsesLoad() throws Exception {
        assertWorks("first");
        assertThat(archive).isNotEmptyFile();
        assertThat(isUsed()).isTrue();
        try (Stream<Path> files = Files.list(archive.getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "mapfiles.jar",
                            "mapfiles.jsa",
                            "mapfiles.jsa.so",
                            "mapfiles.jsa.stamp",
                            "build.log",
                            "lock");
        }
    }

    @Test
    void noArchiveBreaksAStart() throws Exception {
        assertWorks("first");
        for (String options : List.of("-Xmx40m", "-XX:-UseCompressedOops", "-Xshare:off")) {
            assertWorks(launcher(Map.of("MAPFILES_JAVA_OPTIONS", options)).start(), options);
        }
        byte[] whole = Files.readAllBytes(archive);
        FileTime made = Files.getLastModifiedTime(archive);
        assertThat(archive.toFile().setWritable(true)).isTrue();
        for (int length : new int[] {0, 1, 100, 5_000, whole.length / 2, whole.length - 1}) {
            replace(Arrays.copyOf(whole, length), made);
            assertWorks("cut to " + length + " bytes");
        }
        byte[] other = whole.clone();
        Arrays.fill(other, 0, 4096, (byte) 'x');
        replace(other, made);
        assertWorks("no header");
        Files.delete(archive);
        assertWorks("deleted");
        Files.createDirectory(archive);
        assertWorks("a directory");
        Files.delete(archive);
        replace(whole, made);
        assertThat(isUsed()).isTrue();
        Files.setLastModifiedTime(
                archive.resolveSibling("mapfiles.jar"), FileTime.fromMillis(System.currentTimeMillis() + 86_400_000));
        assertThat(isUsed()).as("the jar was built again").isFalse();
        Files.delete(archive.resolveSibling("mapfiles.jsa.stamp"));
        assertWorks("no stamp");
    }

    /** Writes the archive as if its file had not changed since it was made, so that only the JVM can reject it. */
    private void replace(byte[] content, FileTime time) throws IOException {
        Files.write(archive, content);
        Files.setLastModifiedTime(archive, time);
    }

    /** The JVM does not check the content of an archive at a start. A changed class would crash it. */
    @Test
    void anArchiveThatWasChangedIsNotUsed() throws Exception {
        assertWorks("first");
        assertThat(isUsed()).isTrue();
        assertThat(archive.toFile().setWritable(true)).isTrue();
        byte[] changed = Files.readAllBytes(archive);
        for (int i = changed.length / 4; i < 3 * changed.length / 4; i++) {
            changed[i] ^= 0x5a;
        }
        Files.write(archive, changed);
        Files.setLastModifiedTime(archive, FileTime.fromMillis(System.currentTimeMillis() + 2_000));
        assertThat(isUsed()).isFalse();
        make(Map.of(), 0);
        assertThat(isUsed()).as("made again").isTrue();
        Path library = archive.resolveSibling("mapfiles.jsa.so");
        Files.write(library, new byte[100]);
        Files.setLastModifiedTime(library, FileTime.fromMillis(System.currentTimeMillis() + 2_000));
        assertThat(isUsed()).as("with another library").isFalse();
        Files.delete(library);
        assertThat(isUsed()).as("without the library").isFalse();
    }

    /** Makes an archive. Returns what is printed on stderr. */
    private String make(Map<String, String> environment, int code) throws Exception {
        ProcessBuilder builder = launcher(environment);
        builder.command(builder.command().get(0), "--make-class-archive");
        Process process = builder.start();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.getInputStream().readAllBytes()).isEmpty();
        assertThat(process.waitFor()).as(err).isEqualTo(code);
        return err;
    }

    /** Unpacks a release. */
    private void makeRelease(String name) throws Exception {
        Path script = tree.resolve("mapfiles");
        Path built = directory.toRealPath().resolve("built.jar");
        Path home = Files.createDirectories(directory.toRealPath().resolve(name));
        Files.createDirectory(home.resolve("lib"));
        Files.copy(built, home.resolve("lib/mapfiles.jar"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createDirectory(home.resolve("bin"));
        Files.copy(script, home.resolve("bin/mapfiles"), StandardCopyOption.COPY_ATTRIBUTES);
        tree = home.resolve("bin");
        archive = home.resolve("lib/mapfiles.jsa");
    }

    @Test
    void aReleaseMakesAnArchiveOnlyIfItIsAsked() throws Exception {
        makeRelease("release");
        assertWorks("without an archive");
        assertThat(archive).doesNotExist();
        assertThat(make(Map.of(), 0)).isEmpty();
        assertThat(isUsed()).isTrue();
        try (Stream<Path> files = Files.list(archive.getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("mapfiles.jar", "mapfiles.jsa", "mapfiles.jsa.so", "mapfiles.jsa.stamp");
        }
        Path jar = archive.resolveSibling("mapfiles.jar");
        try (FileSystem content = FileSystems.newFileSystem(jar)) {
            Files.writeString(content.getPath("/another"), "entry");
        }
        assertThat(isUsed()).as("another jar").isFalse();
        Files.setLastModifiedTime(jar, FileTime.fromMillis(0));
        assertThat(isUsed()).as("another jar, which is older").isFalse();
    }

    @Test
    void anArchiveOfAReadOnlyReleaseIsElsewhere() throws Exception {
        makeRelease("read-only");
        Path lib = archive.getParent();
        assertThat(lib.toFile().setWritable(false)).isTrue();
        try {
            if (!Files.isWritable(lib)) {
                assertThat(make(Map.of(), 127))
                        .startsWith("mapfiles: ")
                        .contains("is not writable", "MAPFILES_CLASS_ARCHIVE");
            } // root may write there
            Path elsewhere = directory.toRealPath().resolve("elsewhere.jsa");
            Map<String, String> environment = Map.of("MAPFILES_CLASS_ARCHIVE", elsewhere.toString());
            assertThat(make(environment, 0)).isEmpty();
            assertThat(elsewhere).isNotEmptyFile();
            assertThat(archive).doesNotExist();
            assertThat(isUsed()).isFalse();
            assertThat(isUsed(environment)).isTrue();
        } finally {
            assertThat(lib.toFile().setWritable(true)).isTrue();
        }
    }

    /** In a directory such as /tmp another user can make files beside the jar, but cannot replace the jar. */
    @Test
    void anArchiveOfAnotherUserIsNotUsed() throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can give files away");
        makeRelease("owners");
        assertThat(make(Map.of(), 0)).isEmpty();
        Path jar = archive.resolveSibling("mapfiles.jar");
        for (String name : List.of("mapfiles.jsa", "mapfiles.jsa.so")) {
            Path file = archive.resolveSibling(name);
            Files.setAttribute(file, "unix:uid", 65534);
            assertThat(isUsed()).as("%s of another user", name).isFalse();
            Files.setAttribute(jar, "unix:uid", 65534);
            assertThat(isUsed()).as("%s of the owner of the jar", name).isTrue();
            Files.setAttribute(jar, "unix:uid", 0);
            Files.setAttribute(file, "unix:uid", 0);
        }
        assertThat(isUsed()).isTrue();
    }

    @Test
    void aFailureToMakeAnArchiveIsReportedAndLeavesNothing() throws Exception {
        makeRelease("failure");
        assertThat(make(
                        Map.of(
                                "MAPFILES_CLASS_ARCHIVE",
                                directory.resolve("none/a.jsa").toString()),
                        127))
                .startsWith("mapfiles: ")
                .hasLineCount(1);
        Files.write(archive.resolveSibling("mapfiles.jar"), new byte[100]);
        assertThat(make(Map.of(), 127))
                .startsWith("mapfiles: no class archive " + tree + "/../lib/mapfiles.jsa: ")
                .hasLineCount(1);
        try (Stream<Path> files = Files.list(archive.getParent())) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactly("mapfiles.jar");
        }
    }

    @Test
    void severalMakersAtATimeLeaveAnArchive() throws Exception {
        makeRelease("several");
        List<Process> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ProcessBuilder builder = launcher(Map.of());
            all.add(builder.command(builder.command().get(0), "--make-class-archive")
                    .start());
        }
        for (Process process : all) {
            String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(err).isZero();
        }
        assertThat(isUsed()).isTrue();
        try (Stream<Path> files = Files.list(archive.getParent())) {
            assertThat(files).hasSize(4);
        }
    }

    @Test
    void aTreeThatWasMovedAndAnotherJdkUseNoArchive() throws Exception {
        assertWorks("first");
        Path other = directory.toRealPath().resolve("jdk");
        Path here = Path.of(System.getProperty("java.home")).toRealPath();
        Files.createDirectory(other);
        try (Stream<Path> files = Files.list(here)) { // of the same version, at another path
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = other.resolve(file.getFileName());
                if (file.endsWith("bin")) {
                    Files.createDirectory(copy);
                    Files.copy(file.resolve("java"), copy.resolve("java"));
                } else {
                    Files.createSymbolicLink(copy, file);
                }
            }
        }
        assertWorks(launcher(Map.of("JAVA_HOME", other.toString())).start(), "another JDK");
        Path moved = directory.toRealPath().resolve("moved");
        Files.move(tree, moved);
        tree = moved;
        archive = moved.resolve("java/cli/target/mapfiles.jsa");
        assertThat(isUsed()).isFalse();
    }

    /** With 128 GiB of memory the default is a heap without compressed references, unlike that of the launcher. */
    @Test
    void aMachineWithMuchMemoryMakesAnArchiveThatIsUsed() throws Exception {
        makeRelease("much-memory");
        Map<String, String> environment = jdkWhoseJavaRuns("", "-XX:MaxRAM=256g");
        assertThat(make(environment, 0)).isEmpty();
        assertThat(isUsed(environment)).isTrue();
    }

    /** Makes a JDK whose command java runs a line of shell script first, and has an option more. */
    private Map<String, String> jdkWhoseJavaRuns(String script, String option) throws IOException {
        String real = System.getProperty("java.home");
        Path jdk = Files.createDirectory(directory.toRealPath().resolve("wrapped"));
        Path java = Files.createDirectory(jdk.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\n" + script + "\nexec '" + real + "/bin/java' " + option + " \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        for (String name : List.of("release", "lib")) {
            Files.createSymbolicLink(jdk.resolve(name), Path.of(real, name));
        }
        return Map.of("JAVA_HOME", jdk.toString());
    }

    /** The commands before it print warnings. */
    @Test
    void theCauseOfAFailureIsThatOfTheCommandThatFails() throws Exception {
        makeRelease("cause");
        String script = "case \"$*\" in *-Xshare:on*) echo Error occurred during initialization of VM; echo the cause;"
                + " exit 1 ;; esac; echo a warning";
        assertThat(make(jdkWhoseJavaRuns(script, ""), 127)).endsWith(": the cause\n");
    }

    @Test
    void severalFirstUsesAtATimeWork() throws Exception {
        List<Process> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(launcher(Map.of()).start());
        }
        for (Process process : all) {
            assertWorks(process, "one of several");
        }
        assertThat(isUsed()).isTrue();
    }
}
