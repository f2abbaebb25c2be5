package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.ChildJvm;

/**
 * The regions of a JVM that is not dumpable (PR_SET_DUMPABLE, prctl(2)): its files in /proc are those of root. The
 * kernel makes a process so if the user may execute the program but not read it.
 */
class UndumpableJvmTest {
    private static final String REMEDY = "run this as root (CAP_SYS_PTRACE)";

    @TempDir
    private Path ofTarget;

    @TempDir
    private Path ofCaller;

    private final List<Path> links = new ArrayList<>();
    private Process target;

    /** Returns a launcher of this JDK that only root may read. */
    private Path unreadableLauncher() throws IOException {
        Path home = Path.of(System.getProperty("java.home"));
        Path copy = Files.createDirectory(ofTarget.resolve("jdk"));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(home)) {
            for (Path file : files) {
                if (!file.endsWith("bin")) {
                    links.add(Files.createSymbolicLink(copy.resolve(file.getFileName()), file));
                }
            }
        }
        Path launcher = Files.createDirectory(copy.resolve("bin")).resolve("java");
        Files.copy(home.resolve("bin/java"), launcher);
        return Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwx--x--x"));
    }

    /** Starts the JVM of the user nobody. Returns the line in which it prints its own regions. */
    private String start() throws IOException {
        target = ChildJvm.ofNobody(ofTarget)
                .inside("sh", "-c", "shift && exec " + unreadableLauncher() + " \"$@\"", "sh")
                .start(ReadRegionsMain.class);
        String ofItself = target.inputReader().readLine();
        Path pagemap = Path.of("/proc", Long.toString(target.pid()), "pagemap");
        assertThat(Files.getAttribute(pagemap, "unix:uid")).as("not dumpable").isEqualTo(0);
        return ofItself;
    }

    @AfterEach
    void stop() throws IOException {
        if (target != null) {
            target.destroyForcibly();
        }
        for (Path link : links) {
            Files.delete(link);
        }
    }

    private String readBy(ChildJvm caller) throws Exception {
        return caller.run(ReadRegionsMain.class, target.pid()).output();
    }

    /** It may read its mappings, but neither its memory through /proc nor its page tables. */
    @Test
    void itsOwnRegionsAreReadWithoutItsMemory() throws Exception {
        assertThat(start()).startsWith("READ ").contains("CLASS_SPACE", "THREAD_STACK", "LIBRARY");
    }

    @Test
    void theSameUserIsDeniedWithTheRemedy() throws Exception {
        start();
        assertThat(readBy(ChildJvm.ofNobody(ofCaller)))
                .startsWith("DENIED [NOT_DUMPABLE]")
                .contains("PR_SET_DUMPABLE", REMEDY);
    }

    @Test
    void anotherUserIsDeniedWithTheRemedy() throws Exception {
        start();
        assertThat(readBy(ChildJvm.ofUser("65533", ofCaller)))
                .startsWith("DENIED [OTHER_USER, NOT_DUMPABLE]")
                .contains("PR_SET_DUMPABLE", REMEDY);
    }

    @Test
    void rootNeedsPtrace() throws Exception {
        start();
        assertThat(readBy(new ChildJvm())).startsWith("READ ").contains("JAVA_HEAP", "CODE_HEAP", "THREAD_STACK");
        assertThat(readBy(new ChildJvm().under("setpriv", "--bounding-set", "-sys_ptrace")))
                .startsWith("DENIED [OTHER_USER, NOT_DUMPABLE]")
                .contains("docker run --cap-add=SYS_PTRACE");
    }
}
