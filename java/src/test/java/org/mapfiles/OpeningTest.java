package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which processes can be opened, by which of their names; and what is said of the others? */
class OpeningTest {
    @RegisterExtension final Children children = new Children();

    @Test
    void selfIsThisProcess() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            assertThat(maps.pid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(maps).hasToString("ProcessMaps[" + maps.pid() + "]");
            assertThat(Seen.all(maps.snapshot())).anyMatch(seen -> seen.line().name().endsWith("/libjvm.so"));
        }
    }

    @Test
    void aPidAndAHandleMeanTheSame() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps byPid = ProcessMaps.of(sleeper.pid()); ProcessMaps byHandle = ProcessMaps.of(sleeper.toHandle())) {
            assertThat(byPid.pid()).isEqualTo(byHandle.pid()).isEqualTo((int) sleeper.pid());
            assertThat(Seen.all(byPid.snapshot())).isNotEmpty().isEqualTo(Seen.all(byHandle.snapshot()));
        }
    }

    @Test
    void whatIsNoPidIsAnIllegalArgument() {
        for (long wrong : new long[] {0, -1, Integer.MIN_VALUE, 1L << 31, (1L << 32) + 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> ProcessMaps.of(wrong)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Long.toString(wrong));
        }
    }

    @Test
    void aPidWithoutAProcessIsGone() {
        assertThatThrownBy(() -> ProcessMaps.of(Integer.MAX_VALUE)).isInstanceOf(ProcessGoneException.class)
                .hasMessageContaining("2147483647");
    }

    @Test
    void anEndedProcessIsGone() throws Exception {
        Process sleeper = children.sleeper();
        ProcessHandle handle = sleeper.toHandle();
        Children.killAndWait(sleeper);
        assertThatThrownBy(() -> ProcessMaps.of(sleeper.pid())).isInstanceOf(ProcessGoneException.class);
        assertThatThrownBy(() -> ProcessMaps.of(handle)).isInstanceOf(ProcessGoneException.class);
    }

    @Test
    void aZombieIsGone() throws Exception {
        Process parent = children.start("sh", "-c", "sleep 1000 & echo $!; exec sleep 1000");
        long child = Long.parseLong(parent.inputReader().readLine());
        Children.awaitSleep(parent.pid());
        Children.kill(child);
        Children.await("the child is a zombie", () -> Children.state(child) == 'Z');
        assertThatThrownBy(() -> ProcessMaps.of(child)).isInstanceOf(ProcessGoneException.class).hasMessageContaining("zombie");
    }

    @Test
    void aKernelThreadHasNoMappings() throws Exception {
        Path name = Path.of("/proc/2/comm");
        assumeTrue(Files.exists(name) && Files.readString(name).strip().equals("kthreadd"), "pid 2 is not the kernel's here");
        assertThatThrownBy(() -> ProcessMaps.of(2)).isInstanceOfSatisfying(NotSupportedException.class,
                e -> assertThat(e.missing()).isEqualTo(NotSupportedException.Missing.KERNEL_THREAD))
                .hasMessageContaining("kernel thread");
    }

    @Test
    void aDescriptorMustBeOfTheSortAskedFor() {
        for (int wrong : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 987654, 0}) {
            assertThatThrownBy(() -> ProcessMaps.ofPidfd(wrong)).as("%d", wrong)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> ProcessMaps.ofDirectory(wrong)).as("%d", wrong)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
