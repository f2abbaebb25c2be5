package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.PermissionDeniedException.Reason;
import org.mapfiles.events.MapEvents;
import org.mapfiles.internal.Privileges;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.SpecialMappingsProcess;

/** A denied access throws an exception that names each missing permission. */
class PermissionDeniedTest {
    @TempDir
    Path directory;

    @RegisterExtension
    final Children children = new Children();

    private static boolean isRoot() throws Exception {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static boolean isInstalled(String program) {
        return Files.exists(Path.of("/usr/bin", program)) || Files.exists(Path.of("/bin", program));
    }

    private String asNobody(long pid) throws Exception {
        return asUser("65534", OpenProcessMain.class, pid);
    }

    private String asUser(String user, Class<?> program, Object... arguments) throws Exception {
        return ChildJvm.ofUser(user, directory).run(program, arguments).output();
    }

    @Test
    void processOfAnotherUser() throws Exception {
        String output = asNobody(ProcessHandle.current().pid());
        assertThat(output)
                .startsWith("DENIED [OTHER_USER, CAPABILITIES]")
                .contains("it runs as another user or group, and it has capabilities that this process lacks:"
                        + " run this as root (CAP_SYS_PTRACE)");
    }

    /** The default of Docker: root without capabilities, and a target of another user. */
    @Test
    void rootWithoutCapabilities() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can give up a capability, by setpriv(1)");
        Process sleeper =
                children.start("setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", "sleep", "1000");
        Children.awaitSleep(sleeper.pid());
        String output = new ChildJvm()
                .under("setpriv", "--inh-caps", "-all", "--bounding-set", "-sys_ptrace,-perfmon,-sys_admin")
                .run(OpenProcessMain.class, sleeper.pid())
                .output();
        assertThat(output)
                .startsWith("DENIED [OTHER_USER]")
                .contains(
                        "it runs as another user or group; this is root without CAP_SYS_PTRACE: docker run --cap-add=SYS_PTRACE")
                .doesNotContain("as root");
    }

    /** For any caller and any missing permission, the advice is never a state that the caller already has. */
    @Test
    void adviceIsNeverTheCurrentState() {
        for (int bits = 0; bits < 1 << 5; bits++) {
            Privileges caller = new Privileges(bits);
            for (Reason reason : EnumSet.of(
                    Reason.OTHER_USER,
                    Reason.CAPABILITIES,
                    Reason.NOT_DUMPABLE,
                    Reason.POLICY,
                    Reason.PTRACE_SCOPE,
                    Reason.HIDDEN,
                    Reason.UNKNOWN)) {
                String why = Exceptions.why(EnumSet.of(reason), caller);
                String toFollow = caller.toFollow();
                if (caller.has(Privileges.ROOT) && !caller.has(Privileges.USER_NAMESPACE)) {
                    assertThat(why).as("%s %s", bits, reason).doesNotContain("as root");
                    assertThat(toFollow).as("%s", bits).doesNotContain("as root");
                }
                if (caller.has(Privileges.PTRACE)) {
                    assertThat(why)
                            .as("%s %s", bits, reason)
                            .doesNotContain("CAP_SYS_PTRACE)")
                            .doesNotContain("cap-add=SYS_PTRACE");
                }
                if (caller.mayFollow()) {
                    assertThat(toFollow)
                            .as("%s", bits)
                            .doesNotContain("CHECKPOINT_RESTORE")
                            .doesNotContain("root");
                }
            }
        }
        assertThat(new Privileges(Privileges.ROOT).toFollow())
                .isEqualTo("this is root without CAP_CHECKPOINT_RESTORE: docker run --cap-add=CHECKPOINT_RESTORE");
        assertThat(Exceptions.why(EnumSet.of(Reason.POLICY), new Privileges(Privileges.ROOT | Privileges.PTRACE)))
                .as("which of the two is unknown")
                .startsWith("the caller has CAP_SYS_PTRACE, so")
                .contains("security module", "user namespace", "seems to");
    }

    /** By a descriptor of its directory, without a PID. */
    @Test
    void processOfAnotherUserByDescriptor() throws Exception {
        String output = ChildJvm.ofNobody(directory)
                .under(
                        "sh",
                        "-c",
                        "exec \"$@\" 9</proc/" + ProcessHandle.current().pid(),
                        "sh")
                .run(OpenProcessMain.class, "/proc/self/fd/9")
                .output();
        assertThat(output)
                .startsWith("DENIED [OTHER_USER, CAPABILITIES]")
                .contains("access to process /proc/self/fd/9")
                .contains("CAP_SYS_PTRACE");
    }

    /** In the proc file system that the reasons are read from, the PID belongs to another process or to none. */
    @Test
    void processOfAnotherPidNamespaceByDescriptor() throws Exception {
        Path proc = Files.createDirectory(directory.resolve("proc"));
        ChildJvm.Outcome outcome = ChildJvm.ofNobody(directory)
                .under(
                        "unshare",
                        "--mount",
                        "--pid",
                        "--fork",
                        "sh",
                        "-c",
                        "mount -t proc none " + proc + " || exit 9;" + " sleep 100 & exec \"$@\" 9<" + proc + "/$!",
                        "sh")
                .run(OpenProcessMain.class, "/proc/self/fd/9");
        assumeTrue(!outcome.output().contains("unshare") && !outcome.output().contains("mount:"), outcome.output());
        assertThat(outcome.output()).startsWith("DENIED [UNKNOWN]").contains("another proc file system");
    }

    @Test
    void processOfAnotherUserWithoutMoreCapabilities() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can become another user, by setpriv(1)");
        Process sleeper =
                children.start("setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", "sleep", "1000");
        Children.awaitSleep(sleeper.pid());
        assertThat(asNobody(sleeper.pid()))
                .startsWith("DENIED [OTHER_USER]")
                .contains("run this as that user, or as root");
    }

    @Test
    void processOfThisUserIsNotDenied() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can become another user, by setpriv(1)");
        Process sleeper =
                children.start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "1000");
        Children.awaitSleep(sleeper.pid());
        assertThat(asNobody(sleeper.pid())).isEqualTo("READ " + sleeper.pid() + " true\n");
    }

    @Test
    void processWithMoreCapabilities() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can give capabilities, by setpriv(1)");
        Process sleeper = children.start(
                "setpriv",
                "--reuid",
                "65534",
                "--regid",
                "65534",
                "--clear-groups",
                "--inh-caps",
                "+net_raw",
                "--ambient-caps",
                "+net_raw",
                "sleep",
                "1000");
        Children.awaitSleep(sleeper.pid());
        assertThat(asNobody(sleeper.pid())).startsWith("DENIED [CAPABILITIES]");
    }

    /** A process of the same user that is not dumpable (PR_SET_DUMPABLE). */
    @Test
    void processThatIsNotDumpable() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can become another user, by setpriv(1)");
        SpecialMappingsProcess child = SpecialMappingsProcess.undumpable();
        try {
            child.start();
            assertThat(asNobody(child.pid()))
                    .startsWith("DENIED [NOT_DUMPABLE]")
                    .contains("PR_SET_DUMPABLE");
            assertThat(child.maps().snapshot().size()).as("root is not denied").isPositive();
        } finally {
            child.stop();
        }
    }

    /** Runs with another /proc in a mount namespace. */
    private String askedBehind(String mount, Object... arguments) throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.ofNobody(directory)
                .under("unshare", "--mount", "sh", "-c", mount + " && exec \"$@\"", "sh")
                .run(OpenProcessMain.class, arguments);
        assumeTrue(!outcome.output().contains("unshare") && !outcome.output().contains("mount:"), outcome.output());
        return outcome.output();
    }

    @Test
    void hiddenProcess() throws Exception {
        assertThat(askedBehind(
                        "mount -t proc -o hidepid=2 proc /proc",
                        ProcessHandle.current().pid()))
                .startsWith("DENIED [HIDDEN]")
                .contains("hidepid: be in the group of its gid option, or run this as root");
    }

    /** The launcher of Java finds its libraries through /proc, so they are named by a variable. */
    @Test
    void missingProc() throws Exception {
        String libraries = Path.of(System.getProperty("java.home"), "lib").toString();
        assertThat(askedBehind(
                        "mount -t tmpfs none /proc && export LD_LIBRARY_PATH=" + libraries,
                        ProcessHandle.current().pid()))
                .startsWith("MISSING PROC")
                .contains("mount -t proc proc /proc");
    }

    @Test
    void eventsOfTheOwnProcessArePermitted() throws Exception {
        Assume.events();
        assertThat(asUser("65534", WatchMain.class, 0, MapEvents.RING_BYTES)).isEqualTo("WATCHED true\n");
    }

    /** The kernel limits the memory of rings per user: this test uses a user without other rings. */
    @Test
    void ringsAboveTheLimit() throws Exception {
        Assume.events();
        assertThat(asUser("60124", WatchMain.class, 0, 1 << 28))
                .startsWith("DENIED [LOCKED_MEMORY]")
                .contains("kernel.perf_event_mlock_kb")
                .contains("ulimit -l");
    }

    @Test
    void tooFewDescriptorsForEvents() throws Exception {
        Assume.events();
        String output = ChildJvm.outcomeOf(new ChildJvm()
                        .under("prlimit", "--nofile=24")
                        .with("-XX:-MaxFDLimit")
                        .start(WatchMain.class, 0, MapEvents.RING_BYTES))
                .output();
        assertThat(output)
                .startsWith("FAILED org.mapfiles.MapsException")
                .contains("file descriptors, one for each thread and CPU")
                .contains("ulimit -n");
    }

    @Test
    void processOneIsDeniedWithoutRoot() throws Exception {
        assumeTrue(!isRoot(), "root may read any process");
        assertThatExceptionOfType(PermissionDeniedException.class)
                .isThrownBy(() -> ProcessMaps.of(1))
                .satisfies(denied -> assertThat(denied.reasons()).contains(Reason.OTHER_USER));
    }

    @Test
    void reasonsAreUnmodifiable() {
        PermissionDeniedException denied = new PermissionDeniedException("no", EnumSet.of(Reason.POLICY));
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> denied.reasons().clear());
    }
}
