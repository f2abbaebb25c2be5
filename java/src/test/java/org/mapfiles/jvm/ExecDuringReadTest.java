package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.testing.SpecialMappingsProcess;

/**
 * A process that calls execve(2) while it is read: the program that was read does not run any more, but the process
 * does.
 */
class ExecDuringReadTest {
    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.full();

    @Test
    void theProcessIsNotReportedAsExited() throws Exception {
        byte[] magic = new byte[4];
        MapCursor mapping = child.maps().snapshot().cursor();
        while (mapping.next() && !mapping.isExecutable()) {
            assertThat(mapping.size()).isPositive();
        }
        long address = mapping.start();
        try (TargetMemory memory = TargetMemory.of(child.maps())) {
            assertThat(memory.read(address, magic, 0, 4)).isEqualTo(4);
            child.exec();
            assertThatThrownBy(() -> memory.read(address, magic, 0, 4))
                    .isInstanceOf(ProcessExitedException.class)
                    .hasMessage("process " + child.pid() + " called execve(2) during the read: read it again");
            ProcessHandle process = ProcessHandle.of(child.pid()).orElseThrow();
            process.destroyForcibly();
            process.onExit().join();
            assertThatThrownBy(() -> memory.read(address, magic, 0, 4))
                    .isInstanceOf(ProcessExitedException.class)
                    .hasMessageEndingWith(" has exited");
        }
    }
}
