package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.AttachException.Reason;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Diagnostic commands in JVMs of every kind. They start HotSpot's listener and have no other effect. */
class AttachClientTest {
    /** The time limit of commands that reach it. Others have one that they do not reach. */
    private static final Duration SHORT = Duration.ofSeconds(2);

    private static void checkRefused(AttachedJvmProcess jvm, Reason reason, String... parts) {
        Duration limit = reason == Reason.TIMEOUT ? SHORT : AttachedJvmProcess.PATIENCE;
        Throwable failure = catchThrowable(() -> jvm.run("VM.version", limit));
        assertThat(failure).isInstanceOf(AttachException.class).hasMessageContaining(Long.toString(jvm.pid()));
        assertThat(((AttachException) failure).reason())
                .as(failure.getMessage())
                .isEqualTo(reason);
        for (String part : parts) {
            assertThat(failure).hasMessageContaining(part);
        }
    }

    private static List<String> namesInTmp(long pid) throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("/tmp"))) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("\\.(java|attach)_pid" + pid + "(\\D.*)?"))
                    .forEach(names::add);
        }
        return names;
    }

    private static List<String> mapped(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/maps")).stream()
                .map(line -> line.replaceFirst("^(\\S+ +){5}", ""))
                .filter(name -> name.endsWith(".so") || name.endsWith(".jar"))
                .distinct()
                .sorted()
                .toList();
    }

    @Test
    void commandsAreExecutedAndNothingIsLoaded() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with("-XX:NativeMemoryTracking=detail")) {
            List<String> before = mapped(jvm.pid());
            try (ProcessMaps maps = ProcessMaps.of(jvm.pid());
                    JvmProcess process = JvmProcess.of(maps)) {
                assertThat(process.execute("VM.version", AttachedJvmProcess.PATIENCE))
                        .contains(Runtime.version().toString());
                assertThat(process.execute("VM.info", AttachedJvmProcess.PATIENCE))
                        .contains("Dynamic libraries:");
                assertThat(process.execute("VM.native_memory detail scale=KB", AttachedJvmProcess.PATIENCE))
                        .contains("Native Memory Tracking:");
                assertThatThrownBy(() -> process.execute("No.such_command", AttachedJvmProcess.PATIENCE))
                        .isInstanceOfSatisfying(
                                AttachException.class,
                                e -> assertThat(e.reason()).isEqualTo(Reason.COMMAND_FAILED))
                        .hasMessageContaining("reports: \"")
                        .hasMessageContaining("Unknown");
                for (String wrong : new String[] {"", " ", "x\0y", "x".repeat(1025)}) {
                    assertThatThrownBy(() -> process.execute(wrong, AttachedJvmProcess.PATIENCE))
                            .isInstanceOf(IllegalArgumentException.class);
                }
                assertThat(namesInTmp(jvm.pid()))
                        .as("the trigger file is removed")
                        .containsExactly(".java_pid" + jvm.pid());
            }
            assertThat(jvm.run("VM.version")).as("by its listener, which runs").isNotEmpty();
            assertThat(mapped(jvm.pid())).as("libraries and jars").isEqualTo(before);
            assertThat(jvm.end()).as("no thread dump, no warning").isEmpty();
        }
    }

    /** The client creates and deletes nothing: the target of the link exists afterwards if it existed before. */
    @Test
    void linksAtTheTriggersNameAreNotFollowed(@TempDir Path directory) throws Exception {
        Path victim = Files.createFile(directory.resolve("victim"));
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(new ChildJvm().in(directory))) {
            for (Path where : List.of(directory, Path.of("/tmp"))) {
                for (Path to : List.of(victim, directory.resolve("nothing"))) {
                    Path link = Files.createSymbolicLink(where.resolve(".attach_pid" + jvm.pid()), to);
                    checkRefused(jvm, Reason.NOT_TRUSTED, ".attach_pid" + jvm.pid());
                    Files.delete(link);
                    assertThat(directory).isDirectoryNotContaining(file -> !file.equals(victim));
                }
            }
            assertThat(jvm.end()).as("not signalled").isEmpty();
        }
    }

    /**
     * A JVM of another user with the links of {@link #linksAtTheTriggersNameAreNotFollowed}, which lead to a file of
     * root.
     */
    @Test
    void jvmOfAnotherUserIsAttached(@TempDir Path directory, @TempDir Path secret) throws Exception {
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwx------"));
        Path victim = Files.createFile(secret.resolve("victim"));
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(ChildJvm.ofNobody(directory))) {
            for (Path where : List.of(directory, Path.of("/tmp"))) {
                Path link = Files.createSymbolicLink(where.resolve(".attach_pid" + jvm.pid()), victim);
                checkRefused(jvm, Reason.NOT_TRUSTED, ".attach_pid" + jvm.pid());
                assertThat(victim).exists();
                Files.delete(link);
            }
            Path socket = Path.of("/tmp/.java_pid" + jvm.pid());
            ServerSocketChannel root =
                    ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            checkRefused(
                    jvm, Reason.NOT_TRUSTED, "no command is sent: an earlier process with this PID or another user");
            root.close();
            checkRefused(jvm, Reason.NOT_TRUSTED, "remove it if no process uses it");
            Files.delete(socket);
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
            assertThat(namesInTmp(jvm.pid())).containsExactly(".java_pid" + jvm.pid());
            assertThat(Files.getAttribute(Path.of("/tmp/.java_pid" + jvm.pid()), "unix:uid"))
                    .isEqualTo(65534);
            assertThat(jvm.end()).as("no thread dump").isEmpty();
        }
    }

    /**
     * The name of the process looks like a line of its status with the user ID of root: carriage returns are not
     * escaped.
     */
    @Test
    void nameThatLooksLikeAnotherUser(@TempDir Path directory) throws Exception {
        String script =
                "name=$(printf 'x\\rUid:\\t0\\t0') && ln -s \"$1\" \"$0/$name\" && shift && exec \"$0/$name\" \"$@\"";
        ChildJvm child = ChildJvm.ofNobody(directory)
                .inside(
                        "sh",
                        "-c",
                        script,
                        Files.createDirectory(directory.resolve("bin")).toString());
        Files.setPosixFilePermissions(directory.resolve("bin"), PosixFilePermissions.fromString("rwxrwxrwx"));
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(child)) {
            assertThat(Files.readString(Path.of("/proc/" + jvm.pid() + "/comm")))
                    .isEqualTo("x\rUid:\t0\t0\n");
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
            assertThat(Files.getAttribute(Path.of("/tmp/.java_pid" + jvm.pid()), "unix:uid"))
                    .isEqualTo(65534);
        } finally {
            Files.deleteIfExists(directory.resolve("bin/x\rUid:\t0\t0"));
        }
    }

    /** In a user namespace the user is root, as in a rootless container; root outside has no access there. */
    @Test
    void jvmInAUserNamespace(@TempDir Path directory) throws Exception {
        ChildJvm child = ChildJvm.ofNobody(directory);
        // setpriv runs first, then unshare
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(child.inside("unshare", "--user", "--map-root-user"))) {
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
        } catch (IOException denied) {
            assumeTrue(false, "this user cannot make a user namespace: " + denied.getMessage());
        }
    }

    @Test
    void userWithoutRights(@TempDir Path directory) throws Exception {
        ChildJvm nobody = ChildJvm.ofNobody(directory);
        try (AttachedJvmProcess own = AttachedJvmProcess.start(nobody);
                AttachedJvmProcess ofRoot = AttachedJvmProcess.with()) {
            assertThat(nobody.run(AttachMain.class, own.pid()).output())
                    .contains(Runtime.version().toString());
            assertThat(nobody.run(AttachMain.class, ofRoot.pid()).output()).contains("PermissionDeniedException");
            assertThat(namesInTmp(ofRoot.pid())).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"maps", "loads"})
    void processWithTheLibraryAloneIsNoJvm(String mode) throws Exception {
        try (AttachedJvmProcess process = AttachedJvmProcess.ofC("attach_target", mode)) {
            assertThatThrownBy(() -> process.run("VM.version"))
                    .isInstanceOfSatisfying(
                            NotSupportedException.class,
                            e -> assertThat(e.missing()).isEqualTo(NotSupportedException.Missing.JVM))
                    .hasMessageContaining("no JVM in process " + process.pid());
            assertThat(process.isAlive()).as("SIGQUIT would have ended it").isTrue();
            assertThat(process.end()).isEmpty();
        }
    }

    @Test
    void flagsThatForbidItAreNamed() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with("-XX:+DisableAttachMechanism", "-XX:-UsePerfData")) {
            checkRefused(jvm, Reason.DISABLED, "-XX:+DisableAttachMechanism");
            assertThat(jvm.end()).as("no thread dump").isEmpty();
        }
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with("-Xrs", "-XX:+DisableAttachMechanism")) {
            checkRefused(jvm, Reason.DISABLED, "-XX:+DisableAttachMechanism");
        }
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with("-Xrs")) {
            Files.delete(Path.of("/tmp/.java_pid" + jvm.pid()));
            checkRefused(jvm, Reason.SIGNALS_REDUCED, "-Xrs");
            assertThat(jvm.isAlive()).as("SIGQUIT would have ended it").isTrue();
        }
    }

    /** With either option HotSpot starts its listener with the JVM (AttachListener::init_at_startup()). */
    @ParameterizedTest
    @ValueSource(strings = {"-Xrs", "-XX:+StartAttachListener"})
    void listenerFromTheStartNeedsNoSignal(String option) throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with(option)) {
            assertThat(namesInTmp(jvm.pid())).containsExactly(".java_pid" + jvm.pid());
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
        }
    }

    /** HotSpot replaces a socket that an earlier process left, and makes a deleted socket again. */
    @Test
    void socketThatIsStaleOrDeleted() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with()) {
            Path socket = Path.of("/tmp/.java_pid" + jvm.pid());
            ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                    .bind(UnixDomainSocketAddress.of(socket))
                    .close();
            assertThat(jvm.run("VM.version")).isNotEmpty();
            Files.delete(socket);
            assertThat(jvm.run("VM.version")).isNotEmpty();
            assertThat(jvm.end()).as("no thread dump").isEmpty();
        }
    }

    @Test
    void stoppedJvm() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with()) {
            Children.stop(jvm.pid());
            checkRefused(jvm, Reason.STOPPED, "kill -CONT " + jvm.pid());
            new ProcessBuilder("kill", "-CONT", Long.toString(jvm.pid()))
                    .start()
                    .waitFor();
            assertThat(jvm.end()).as("no thread dump").isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/sys/fs/cgroup/freezer freezer.state FROZEN THAWED",
                "/sys/fs/cgroup/unified cgroup.freeze 1 0",
                "/sys/fs/cgroup cgroup.freeze 1 0"
            })
    void frozenJvm(String hierarchy) throws Exception {
        String[] words = hierarchy.split(" ");
        Path group = Path.of(
                words[0], "mapfiles-attach-test-" + ProcessHandle.current().pid());
        try {
            Files.createDirectory(group);
        } catch (IOException e) {
            assumeTrue(false, "no control group can be made below " + words[0] + ": " + e);
        }
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with()) {
            assumeTrue(Files.exists(group.resolve(words[1])), "no " + words[1] + " below " + words[0]);
            Files.writeString(group.resolve("cgroup.procs"), Long.toString(jvm.pid()));
            Files.writeString(group.resolve(words[1]), words[2]);
            try {
                // the kernel freezes one thread after the other
                Children.await("the group is frozen", () -> isFrozen(group));
                checkRefused(jvm, Reason.FROZEN, "frozen");
            } finally {
                Files.writeString(group.resolve(words[1]), words[3]);
            }
            assertThat(jvm.end()).as("no thread dump").isEmpty();
        } finally {
            for (int i = 0; i < 1000 && Files.exists(group); i++) { // the kernel removes the exited process later
                try {
                    Files.delete(group);
                } catch (IOException busy) {
                    Thread.sleep(10);
                }
            }
        }
    }

    private static boolean isFrozen(Path group) throws IOException {
        Path events = group.resolve("cgroup.events");
        return Files.exists(events)
                ? Files.readString(events).contains("frozen 1")
                : Files.readString(group.resolve("freezer.state")).startsWith("FROZEN");
    }

    /** A launcher whose main function calls pthread_exit(3). */
    @Test
    void jvmWhoseFirstThreadHasEnded() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.ofC("orphan_jvm")) {
            assertThatThrownBy(() -> Files.readSymbolicLink(Path.of("/proc/" + jvm.pid() + "/root")))
                    .isInstanceOf(NoSuchFileException.class);
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
        }
    }

    @Test
    void jvmThatDoesNotReact() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.ofC("attach_target", "deaf")) {
            checkRefused(jvm, Reason.TIMEOUT, "within 2 s", "thread dump");
            assertThat(namesInTmp(jvm.pid())).as("the trigger file is removed").isEmpty();
        }
    }

    @Test
    void triggerIsRemovedIfTheProgramIsEndedMeanwhile() throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.ofC("attach_target", "deaf")) {
            Process client = new ChildJvm().start(AttachMain.class, jvm.pid());
            while (namesInTmp(jvm.pid()).isEmpty()) {
                assertThat(client.isAlive()).isTrue();
                Thread.sleep(5);
            }
            client.destroy(); // SIGTERM
            client.waitFor();
            assertThat(namesInTmp(jvm.pid())).isEmpty();
        }
    }

    @Test
    void jvmInAContainer() throws Exception {
        ChildJvm child = new ChildJvm()
                .under(
                        "unshare",
                        "--mount",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "sh",
                        "-c",
                        "mount -t tmpfs none /tmp && mount -t proc none /proc && exec \"$@\"",
                        "sh");
        try (AttachedJvmProcess container = AttachedJvmProcess.start(child)) {
            AttachedJvmProcess jvm = container.child();
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
            assertThat(namesInTmp(1)).as("in the /tmp of the container").isEmpty();
            assertThat(Path.of("/proc/" + jvm.pid() + "/root/tmp/.java_pid1")).exists();
        } catch (IOException denied) {
            assumeTrue(false, "this user cannot make namespaces: " + denied.getMessage());
        }
    }

    @Test
    void jvmWithoutWorkingDirectory(@TempDir Path directory) throws Exception {
        Path deleted = Files.createDirectory(directory.resolve("gone"));
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(new ChildJvm().in(deleted))) {
            Files.delete(deleted);
            assertThat(jvm.run("VM.version")).contains(Runtime.version().toString());
        }
    }

    @Test
    void jvmWithASystemClassLoaderOfItsOwn() throws Exception {
        String loader = AttachableMain.PlainLoader.class.getName();
        try (AttachedJvmProcess jvm = AttachedJvmProcess.with("-Xshare:off", "-Djava.system.class.loader=" + loader)) {
            assertThat(jvm.run("VM.info")).contains("Dynamic libraries:");
        }
    }

    /** The target has no java.instrument, java.management or jdk.jfr; this side does not use jdk.attach. */
    @Test
    void jvmOfTheBaseModuleAlone(@TempDir Path directory) throws Exception {
        Path home = Path.of(System.getProperty("java.home"));
        assumeTrue(
                Files.isExecutable(home.resolve("bin/jlink")) && Files.isDirectory(home.resolve("jmods")),
                "no jlink or no jmods in " + home);
        Path image = directory.resolve("image");
        Process jlink = new ProcessBuilder(
                        home.resolve("bin/jlink").toString(),
                        "--add-modules",
                        "java.base",
                        "--output",
                        image.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(ChildJvm.outcomeOf(jlink).exit()).isZero();
        Process java = new ProcessBuilder(
                        image.resolve("bin/java").toString(),
                        "-cp",
                        ChildJvm.homeOf(AttachableMain.class).toString(),
                        AttachableMain.class.getName())
                .redirectErrorStream(true)
                .start();
        try (AttachedJvmProcess jvm = AttachedJvmProcess.of(java)) {
            assertThat(jvm.run("VM.info")).contains("Dynamic libraries:");
            Process client = new ProcessBuilder(
                            image.resolve("bin/java").toString(),
                            "-cp",
                            ChildJvm.homeOf(ProcessMaps.class) + ":" + ChildJvm.homeOf(AttachMain.class),
                            AttachMain.class.getName(),
                            Long.toString(jvm.pid()))
                    .redirectErrorStream(true)
                    .start();
            assertThat(ChildJvm.outcomeOf(client).output())
                    .contains(Runtime.version().toString());
            assertThat(jvm.end()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"never", "endlessly", "slowly"})
    void hostileRepliesEnd(String how) throws Exception {
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(new ChildJvm(), how)) {
            checkRefused(
                    jvm,
                    how.equals("endlessly") ? Reason.INVALID_RESPONSE : Reason.TIMEOUT,
                    how.equals("endlessly") ? "more than " + AttachClient.MAX_RESPONSE : "within 2 s");
        }
    }

    /** Ranges of a report are limited to the mappings of the JVM. A report that takes too long to parse is an error. */
    @Test
    void hostileReports() throws Exception {
        String header = "0\n---\nCommand Line: x\n\n---------------  P R O C E S S  ---------------\n\n";
        String slow = ("a" + " ".repeat(600) + "total " + "[0x1, ".repeat(60) + "\n").repeat(1 << 12);
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(
                        new ChildJvm(), header + "Polling page: 0xffffffffffffffff\n\nDynamic libraries:\n");
                ProcessMaps maps = ProcessMaps.of(jvm.pid())) {
            JvmRegions regions = JvmRegions.readAttached(maps);
            assertThat(regions.find(-1)).isEqualTo(-1);
            assertThat(regions.size()).isPositive();
        }
        Path answer = Files.writeString(Files.createTempFile("answer", ""), header + slow + "\nDynamic libraries:\n");
        try (AttachedJvmProcess jvm = AttachedJvmProcess.start(new ChildJvm(), "@" + answer);
                ProcessMaps maps = ProcessMaps.of(jvm.pid())) {
            assertThatThrownBy(() -> JvmRegions.readAttached(maps))
                    .isInstanceOf(AttachException.class)
                    .hasMessageContaining("too much work");
        } finally {
            Files.delete(answer);
        }
    }

    @Test
    void repliesOutsideTheProtocolAreErrors() throws Exception {
        for (String answer : new String[] {"nothing", "hello", "0", "\n", "1 1\nx", "\033[2J\nx", "99999999999\nx"}) {
            try (AttachedJvmProcess jvm = AttachedJvmProcess.start(new ChildJvm(), answer)) {
                checkRefused(jvm, Reason.INVALID_RESPONSE);
            }
        }
        try (AttachedJvmProcess jvm =
                AttachedJvmProcess.start(new ChildJvm(), "101\n\033[2J\u009b\u202e" + "x".repeat(1000))) {
            Throwable failure = catchThrowable(() -> jvm.run("VM.version"));
            assertThat(failure)
                    .hasMessageContaining("it reports: \"\\u001b[2J\\u009b\\u202exxx")
                    .hasMessageEndingWith("x...\"");
        }
    }

    @Test
    void exitedProcessIsAnExitedException() throws Exception {
        AttachedJvmProcess jvm = AttachedJvmProcess.with();
        try (ProcessMaps maps = ProcessMaps.of(jvm.pid());
                JvmProcess process = JvmProcess.of(maps)) {
            jvm.close();
            assertThatThrownBy(() -> process.execute("VM.version", AttachedJvmProcess.PATIENCE))
                    .isInstanceOf(ProcessExitedException.class);
            assertThatThrownBy(() -> JvmProcess.of(maps)).isInstanceOf(ProcessExitedException.class);
        }
    }

    @Test
    void timeLimitsMustBePositive() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmProcess process = JvmProcess.of(maps)) {
            for (Duration none : new Duration[] {Duration.ZERO, Duration.ofSeconds(-1)}) {
                assertThatThrownBy(() -> process.execute("VM.version", none))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }
}
