package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Can a process be opened by a descriptor? Java opens neither sort, so a JVM is started that has one already. */
class DescriptorTest {
    /** Opens a pidfd as descriptor 9 for the command that follows. */
    private static final String PERL = "use POSIX; my $fd = syscall(434, shift() + 0, 0); $fd >= 0 or die \"pidfd_open: $!\";"
            + " POSIX::dup2($fd, 9); exec @ARGV";

    @RegisterExtension final Children children = new Children();

    @Test
    void aDirectoryOfProcStandsForItsProcess() throws Exception {
        long pid = children.sleeper().pid();
        ChildJvm.Outcome outcome = new ChildJvm().under("sh", "-c", "exec \"$@\" 9</proc/" + pid, "sh")
                .run(OpenProcessMain.class, "directory", 9);
        assertThat(outcome.output()).isEqualTo("READ " + pid + " true\n");
    }

    @Test
    void itsDirectoryInAnotherProcIsAsGood() throws Exception {
        long pid = children.sleeper().pid();
        Path proc = Files.createTempDirectory("proc");
        try {
            ChildJvm.Outcome mounted = ChildJvm.outcomeOf(children.start("mount", "-t", "proc", "proc", proc.toString()));
            assumeTrue(mounted.exit() == 0, "mount(8) is refused here: " + mounted.output());
            ChildJvm.Outcome outcome = new ChildJvm().under("sh", "-c", "exec \"$@\" 9<" + proc + "/" + pid, "sh")
                    .run(OpenProcessMain.class, "directory", 9);
            assertThat(outcome.output()).isEqualTo("READ " + pid + " true\n");
        } finally {
            children.start("umount", proc.toString()).waitFor();
            Files.delete(proc);
        }
    }

    @Test
    void otherDirectoriesAreRefused() throws Exception {
        for (String other : new String[] {"/", "/proc", "/proc/self/task", "/proc/sys", "/proc/self/fd"}) {
            ChildJvm.Outcome outcome = new ChildJvm().under("sh", "-c", "exec \"$@\" 9<" + other, "sh")
                    .run(OpenProcessMain.class, "directory", 9);
            assertThat(outcome.output()).as(other).startsWith("FAILED java.lang.IllegalArgumentException");
        }
    }

    @Test
    void aPidfdStandsForItsProcess() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/perl")), "no perl to open a pidfd with");
        long pid = children.sleeper().pid();
        ChildJvm.Outcome outcome = new ChildJvm().under("perl", "-e", PERL, "--", Long.toString(pid))
                .run(OpenProcessMain.class, "pidfd", 9);
        assumeTrue(!outcome.output().contains("Function not implemented"), "no pidfd_open(2): before Linux 5.3");
        assertThat(outcome.output()).isEqualTo("READ " + pid + " true\n");
    }

    @Test
    void aDirectoryIsNoPidfd() throws Exception {
        long pid = children.sleeper().pid();
        ChildJvm.Outcome outcome = new ChildJvm().under("sh", "-c", "exec \"$@\" 9</proc/" + pid, "sh")
                .run(OpenProcessMain.class, "pidfd", 9);
        assertThat(outcome.output()).startsWith("FAILED java.lang.IllegalArgumentException");
    }
}
