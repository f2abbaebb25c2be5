package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.AccessRefusedException.Reason;

/** What stands between this user and a process, and is it said? */
class RefusalTest {
    private static final String[] NOBODY = {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"};

    @TempDir Path directory;
    @RegisterExtension final Children children = new Children();

    private static boolean isRoot() throws Exception {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static boolean isInstalled(String program) {
        return Files.exists(Path.of("/usr/bin", program)) || Files.exists(Path.of("/bin", program));
    }

    private String asNobody(long pid) throws Exception {
        assumeTrue(isRoot(), "only root can become another user");
        assumeTrue(isInstalled("setpriv"), "no setpriv(1)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path library = Files.copy(Path.of(LoadAndTell.loaded().iterator().next()), directory.resolve("libmapfiles.so"));
        Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rw-r--r--"));
        return new ChildJvm().in(directory).under(NOBODY).copiedTo(directory).with("-Dorg.mapfiles.library.path=" + library)
                .run(Ask.class, "pid", pid).output();
    }

    @Test
    void anotherUsersProcess() throws Exception {
        String told = asNobody(ProcessHandle.current().pid());
        assertThat(told).startsWith("REFUSED [OTHER_USER, CAPABILITIES]")
                .contains("run as that one").contains("CAP_SYS_PTRACE");
    }

    @Test
    void aProcessOfThisUserIsNotRefused() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can become another user, by setpriv(1)");
        Process sleeper = children.start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "1000");
        Children.awaitSleep(sleeper.pid());
        assertThat(asNobody(sleeper.pid())).isEqualTo("READ " + sleeper.pid() + " true\n");
    }

    @Test
    void aProcessWithMoreCapabilities() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can give capabilities, by setpriv(1)");
        Process sleeper = children.start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                "--inh-caps", "+net_raw", "--ambient-caps", "+net_raw", "sleep", "1000");
        Children.awaitSleep(sleeper.pid());
        assertThat(asNobody(sleeper.pid())).startsWith("REFUSED [CAPABILITIES]");
    }

    /** It has the same user, and asked the kernel not to let it be looked at. */
    @Test
    void aProcessThatIsNotDumpable() throws Exception {
        assumeTrue(isRoot() && isInstalled("setpriv"), "only root can become another user, by setpriv(1)");
        OddProcess child = OddProcess.undumpable();
        try {
            child.start();
            assertThat(asNobody(child.pid())).startsWith("REFUSED [NOT_DUMPABLE]").contains("PR_SET_DUMPABLE");
            assertThat(child.maps().snapshot().size()).as("root may look all the same").isPositive();
        } finally {
            child.stop();
        }
    }

    @Test
    void whoIsNotRootMayNotLookAtTheFirstProcess() throws Exception {
        assumeTrue(!isRoot(), "root may look at any process");
        assertThatExceptionOfType(AccessRefusedException.class).isThrownBy(() -> ProcessMaps.of(1))
                .satisfies(refused -> assertThat(refused.reasons()).contains(Reason.OTHER_USER));
    }

    @Test
    void theReasonsCannotBeChanged() {
        AccessRefusedException refused = new AccessRefusedException("no", EnumSet.of(Reason.POLICY));
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> refused.reasons().clear());
    }
}
