package org.mapfiles.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.LoadLibraryMain;

/** The locations of libmapfiles.so, and the messages if it cannot be loaded. Each test starts a JVM. */
class NativeLibraryTest {
    private static final String REMEDY = "-Dorg.mapfiles.library.path=";

    @TempDir
    Path directory;

    private Path home;
    private Path temporary;

    @BeforeEach
    void makeDirectories() throws IOException {
        directory = directory.toRealPath();
        home = Files.createDirectory(directory.resolve("home"));
        temporary = Files.createDirectory(directory.resolve("tmp"));
    }

    private ChildJvm child() {
        return new ChildJvm().in(directory).with("-Duser.home=" + home, "-Djava.io.tmpdir=" + temporary);
    }

    private Path cache() {
        return home.resolve(".cache/mapfiles");
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.collect(Collectors.toList());
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static Path loaded(ChildJvm.Outcome outcome) {
        assertThat(outcome.output()).startsWith("LOADED /").doesNotContain("WARNING");
        assertThat(outcome.output().lines()).hasSize(1);
        assertThat(outcome.exit()).isZero();
        return Path.of(outcome.output().strip().substring("LOADED ".length()));
    }

    /** Checks that both attempts fail with the same message. */
    private static String refused(ChildJvm.Outcome outcome) {
        assertThat(outcome.exit()).isEqualTo(1);
        List<String> lines = outcome.output()
                .lines()
                .filter(line -> line.startsWith("FAILED"))
                .collect(Collectors.toList());
        assertThat(lines).as(outcome.output()).hasSize(2);
        assertThat(lines.get(0))
                .startsWith("FAILED java.lang.UnsatisfiedLinkError: ")
                .isEqualTo(lines.get(1));
        return lines.get(0);
    }

    @Test
    void libraryIsExtractedOnceToAPrivateDirectory() throws Exception {
        Path library = loaded(child().run(LoadLibraryMain.class));
        assertThat(list(cache())).containsExactly(library);
        assertThat(mode(cache())).isEqualTo("rwx------");
        assertThat(mode(library)).matches("rw.(r-.|---)(r-.|---)");
        Object inode = Files.getAttribute(library, "unix:ino");
        Object changed = Files.getAttribute(library, "unix:ctime");

        assertThat(loaded(child().run(LoadLibraryMain.class))).isEqualTo(library);
        assertThat(Files.getAttribute(library, "unix:ino")).as("used again").isEqualTo(inode);
        assertThat(Files.getAttribute(library, "unix:ctime"))
                .as("not written to")
                .isEqualTo(changed);
        assertThat(list(temporary)).noneMatch(file -> file.toString().contains("mapfiles"));
    }

    @Test
    void removedSystemPropertiesAreNotNeeded() throws Exception {
        for (String removed : List.of("user.home", "java.io.tmpdir")) {
            Path library = loaded(child().under("env", "HOME=" + home)
                    .with("-Dtest.clear=" + removed)
                    .run(LoadLibraryMain.class));
            assertThat(library).as("without %s", removed).startsWith(directory);
        }
        for (String removed : List.of("os.name", "os.arch")) {
            assertThat(refused(child().with("-Dtest.clear=" + removed).run(LoadLibraryMain.class)))
                    .contains("mapfiles runs on Linux")
                    .contains(removed);
        }
    }

    @Test
    void damagedCopyIsReplaced() throws Exception {
        Path library = loaded(child().run(LoadLibraryMain.class));
        byte[] content = Files.readAllBytes(library);
        byte[] damaged = content.clone();
        damaged[damaged.length / 2] ^= 1;
        for (byte[] bad : List.of(damaged, new byte[0], "#!/bin/sh\n".getBytes(StandardCharsets.UTF_8))) {
            Files.write(library, bad);
            assertThat(loaded(child().run(LoadLibraryMain.class))).isEqualTo(library);
            assertThat(Files.readAllBytes(library)).isEqualTo(content);
        }
        assertThat(list(cache())).containsExactly(library);
    }

    @Test
    void linkInPlaceOfTheCopyIsNotFollowed() throws Exception {
        Path library = loaded(child().run(LoadLibraryMain.class));
        Path elsewhere = Files.move(library, directory.resolve("elsewhere.so"));
        Files.createSymbolicLink(library, elsewhere);
        assertThat(loaded(child().run(LoadLibraryMain.class))).isEqualTo(library);
        assertThat(Files.isSymbolicLink(library)).isFalse();
    }

    @Test
    void directoryThatOthersCanWriteIsNotUsed() throws Exception {
        for (String mode : List.of("rwxrwx---", "rwx---rwx", "rwxr-xr-x")) {
            Files.createDirectories(cache());
            Files.setPosixFilePermissions(cache(), PosixFilePermissions.fromString(mode));
            Path library = loaded(child().run(LoadLibraryMain.class));
            assertThat(library).startsWith(temporary);
            assertThat(mode(library.getParent())).isEqualTo("rwx------");
            assertThat(list(cache())).isEmpty();
        }
    }

    @Test
    void linkInPlaceOfTheDirectoryIsNotUsed() throws Exception {
        Files.createDirectory(home.resolve(".cache"));
        Path target = Files.createDirectory(
                directory.resolve("target"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(cache(), target);
        assertThat(loaded(child().run(LoadLibraryMain.class))).startsWith(temporary);
        assertThat(list(target)).isEmpty();
    }

    @Test
    void withoutADirectoryTheRemedyIsNamed() throws Exception {
        Files.createFile(home.resolve(".cache"));
        Path file = Files.createFile(directory.resolve("file"));
        ChildJvm.Outcome outcome = child().with("-Djava.io.tmpdir=" + file).run(LoadLibraryMain.class);
        assertThat(refused(outcome)).contains(REMEDY).contains(home.toString()).contains(file.toString());
    }

    /** Some JDKs set user.home to "?" for a user without a passwd entry: that must not become a relative directory. */
    @Test
    void withoutAHomeTheTemporaryDirectoryIsUsed() throws Exception {
        for (String none : List.of("?", "", "relative")) {
            Path library = loaded(child().under("env", "-u", "HOME")
                    .with("-Duser.home=" + none)
                    .run(LoadLibraryMain.class));
            assertThat(library).startsWith(temporary);
            assertThat(list(directory))
                    .as("nothing is made in the working directory")
                    .containsExactlyInAnyOrder(home, temporary);
        }
    }

    @Test
    void withoutAPasswdEntryHomeOfTheEnvironmentIsUsed() throws Exception {
        for (String none : List.of("?", "", "relative")) {
            assertThat(loaded(child().under("env", "HOME=" + home)
                            .with("-Duser.home=" + none)
                            .run(LoadLibraryMain.class)))
                    .startsWith(cache());
        }
    }

    /**
     * In the C locale a JVM cannot name a directory that is not ASCII. A shell makes the name: this JVM may not be able
     * to.
     */
    private ChildJvm homeThatIsNotAscii(Path temporary) {
        return new ChildJvm()
                .in(directory)
                .with("-Djava.io.tmpdir=" + temporary)
                .under(
                        "sh",
                        "-c",
                        "java=$1; shift; home='" + directory
                                + "'/$(printf 'm\\303\\274ller'); mkdir -p \"$home\"; LC_ALL=C exec \"$java\" \"-Duser.home=$home\" \"$@\"",
                        "sh");
    }

    @Test
    void homeThatTheLocaleCannotNameIsSkipped() throws Exception {
        assertThat(loaded(homeThatIsNotAscii(temporary).run(LoadLibraryMain.class)))
                .startsWith(temporary);
    }

    @Test
    void homeThatTheLocaleCannotNameIsNamedAsTheCause() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertThat(refused(homeThatIsNotAscii(file).run(LoadLibraryMain.class)))
                .contains("LC_ALL=C.UTF-8")
                .contains(REMEDY)
                .contains(file + " is not a directory")
                .doesNotContain("null");
    }

    @Test
    void readOnlyAndRelativeDirectoriesAreNamed() throws Exception {
        ChildJvm.Outcome outcome = child().with("-Duser.home=/proc/self", "-Djava.io.tmpdir=relative")
                .run(LoadLibraryMain.class);
        assertThat(refused(outcome))
                .contains("/proc/self/.cache")
                .contains("relative/mapfiles-")
                .contains("is not an absolute path");
        assertThat(list(directory)).containsExactlyInAnyOrder(home, temporary);
    }

    @Test
    void missingProcIsNamed() throws Exception {
        String unmount = "umount -l /proc && exec \"$@\"";
        ChildJvm.Outcome tried =
                ChildJvm.outcomeOf(new ProcessBuilder("unshare", "-m", "sh", "-c", unmount, "sh", "true")
                        .redirectErrorStream(true)
                        .start());
        assumeTrue(tried.exit() == 0, "unshare(1) or umount(8) is denied here: " + tried.output());
        String libraries = "LD_LIBRARY_PATH=" + System.getProperty("java.home") + "/lib"; // not by /proc/self/exe
        assertThat(refused(child().under("unshare", "-m", "sh", "-c", unmount, "sh", "env", libraries)
                        .run(LoadLibraryMain.class)))
                .contains("no proc file system is mounted at /proc: mount -t proc proc /proc");
    }

    @Test
    void userOtherThanRootCanLoadTheLibrary() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)
                        && Files.exists(Path.of("/usr/bin/setpriv")),
                "only root can become another user, by setpriv(1)");
        for (Path open : List.of(directory, home, temporary)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        Path library = loaded(child().copiedTo(directory)
                .under("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
                .run(LoadLibraryMain.class));
        assertThat(library).startsWith(cache());
        assertThat(Files.getAttribute(library, "unix:uid")).isEqualTo(65534);
    }

    @Test
    void explicitPathIsUsedUnchanged() throws Exception {
        Path copy = Files.copy(loaded(child().run(LoadLibraryMain.class)), directory.resolve("libmapfiles-mine.so"));
        Path otherHome = Files.createDirectory(directory.resolve("other"));
        ChildJvm.Outcome outcome =
                child().with(REMEDY + copy, "-Duser.home=" + otherHome).run(LoadLibraryMain.class);
        assertThat(loaded(outcome)).isEqualTo(copy);
        assertThat(list(otherHome)).as("nothing is extracted").isEmpty();
    }

    @Test
    void wrongExplicitPathIsAnError() throws Exception {
        Path nonsense = Files.writeString(directory.resolve("nonsense.so"), "no library");
        for (Path wrong : List.of(directory.resolve("missing.so"), nonsense, directory)) {
            assertThat(refused(child().with(REMEDY + wrong).run(LoadLibraryMain.class)))
                    .contains(wrong.toString())
                    .contains(REMEDY);
            assertThat(list(home)).isEmpty();
        }
        assertThat(refused(child().with(REMEDY).run(LoadLibraryMain.class))).contains(REMEDY);
    }

    @Test
    void unsupportedArchitectureIsNamed() throws Exception {
        assertThat(refused(child().with("-Dos.arch=riscv64").run(LoadLibraryMain.class)))
                .contains("riscv64")
                .contains(REMEDY);
        String resource = System.getProperty("os.arch").equals("aarch64") ? "amd64" : "aarch64";
        assertThat(refused(child().with("-Dos.arch=" + resource).run(LoadLibraryMain.class)))
                .contains(REMEDY);
    }

    @Test
    void noexecFileSystemIsSkippedOrNamed() throws Exception {
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "noexec,mode=755", "tmpfs", home.toString())
                .redirectErrorStream(true)
                .start();
        ChildJvm.Outcome mounted = ChildJvm.outcomeOf(mount);
        assumeTrue(mounted.exit() == 0, "mount(8) is denied here: " + mounted.output());
        try {
            assertThat(loaded(child().run(LoadLibraryMain.class))).startsWith(temporary);
            String refusal = refused(child().with("-Djava.io.tmpdir=" + home).run(LoadLibraryMain.class));
            assertThat(refusal).contains("noexec").contains(REMEDY).contains(home.toString());
            for (String place : new String[] {home + "/.cache/mapfiles/", home + "/mapfiles-"}) {
                assertThat(refusal.split(java.util.regex.Pattern.quote(place), -1))
                        .as("the path is there once: %s", refusal)
                        .hasSize(2);
            }
        } finally {
            new ProcessBuilder("umount", home.toString()).start().waitFor();
        }
    }

    @Test
    void manyJvmsMayStartAtTheSameTime() throws Exception {
        for (int round = 0; round < 5; round++) {
            home = Files.createDirectory(directory.resolve("home" + round));
            Path gate = directory.resolve("gate" + round);
            List<Process> children = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                children.add(child().start(LoadLibraryMain.class, gate));
            }
            for (Process one : children) {
                assertThat(one.getInputStream().readNBytes("READY\n".length()))
                        .asString()
                        .isEqualTo("READY\n");
            }
            Files.createFile(gate);
            for (Process one : children) {
                Path library = loaded(ChildJvm.outcomeOf(one));
                assertThat(library.toString())
                        .as("it is not pulled away under another JVM")
                        .doesNotContain("(deleted)");
            }
            assertThat(list(cache())).hasSize(1);
        }
    }

    /** No other place of the library would help, nor any other file. */
    @Test
    void classesThatDoNotFitTheLibraryAreReportedAsSuch() throws Exception {
        Path library = loaded(child().run(LoadLibraryMain.class));
        Path classes = Files.createDirectory(directory.resolve("classes"));
        ChildJvm child = child().copiedTo(classes);
        Files.delete(classes.resolve("library/org/mapfiles/internal/NativeCalls.class"));
        for (int i = 0; i < 2; i++) { // in the jar, then by its path
            assertThat(child.run(LoadLibraryMain.class).output())
                    .contains("FAILED java.lang.NoClassDefFoundError: org/mapfiles/internal/NativeCalls")
                    .doesNotContain("UnsatisfiedLinkError");
            child.with(REMEDY + library);
        }
    }

    @Test
    void deniedNativeAccessIsNamed() throws Exception {
        assumeTrue(Runtime.version().feature() >= 24, "this JVM cannot deny native access (JDK 24+)");
        assertThat(refused(child().with("--illegal-native-access=deny").run(LoadLibraryMain.class)))
                .contains("--enable-native-access=ALL-UNNAMED");
    }
}
