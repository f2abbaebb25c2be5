package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Descriptors;

/** A process is opened by its directory in a proc file system. */
class ProcDirectoryTest {
    @RegisterExtension
    final Children children = new Children();

    private static void assertOpens(Path directory, long pid) throws IOException {
        try (ProcessMaps maps = ProcessMaps.of(directory)) {
            assertThat(maps.pid()).isEqualTo((int) pid);
            assertThat(maps.snapshot().size()).isPositive();
        }
    }

    @Test
    void itsDirectoryStandsForIt() throws Exception {
        long pid = children.sleeper().pid();
        assertOpens(Path.of("/proc/" + pid), pid);
        assertOpens(Path.of("/proc/self"), ProcessHandle.current().pid());
    }

    @Test
    void itsDirectoryInAnotherProcIsAsGood(@TempDir Path directory) throws Exception {
        long pid = children.sleeper().pid();
        Path proc = Files.createDirectory(directory.resolve("proc of another mount"));
        ChildJvm.Outcome mounted = ChildJvm.outcomeOf(children.start("mount", "-t", "proc", "proc", proc.toString()));
        assumeTrue(mounted.exit() == 0, "mount(8) is denied here: " + mounted.output());
        try {
            assertOpens(proc.resolve(Long.toString(pid)), pid);
        } finally {
            children.start("umount", proc.toString()).waitFor();
        }
    }

    @Test
    void somethingElseIsAnIllegalArgument() {
        for (String other :
                new String[] {"/", "/proc", "/proc/self/task", "/proc/sys", "/proc/self/fd", "/proc/self/maps", ""}) {
            assertThatThrownBy(() -> ProcessMaps.of(Path.of(other)))
                    .as(other)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not the directory of a process");
        }
    }

    @Test
    void aDirectoryThatDoesNotExist() {
        assertThatThrownBy(() -> ProcessMaps.of(Path.of("/proc/2147483647")))
                .isInstanceOf(ProcessExitedException.class)
                .hasMessageContaining("/proc/2147483647");
    }

    @Test
    void noDescriptorStaysOpen() throws Exception {
        assertOpens(Path.of("/proc/self"), ProcessHandle.current().pid());
        Descriptors.awaitNoMoreThan(0); // the collector closes those of earlier tests
        long before = Descriptors.count();
        for (int i = 0; i < 10; i++) {
            assertOpens(Path.of("/proc/self"), ProcessHandle.current().pid());
            assertThatThrownBy(() -> ProcessMaps.of(Path.of("/proc"))).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(Descriptors.count()).isEqualTo(before);
    }
}
