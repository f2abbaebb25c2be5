package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Terminal;

/** Steps of commands after a process has exited between two of them. */
class ExitedProcessTest {
    private Process process;
    private ProcessMaps maps;

    @BeforeEach
    void openAndExit() throws Exception {
        process = new ProcessBuilder("sleep", "1000").start();
        maps = ProcessMaps.of(process.pid());
        assertThat(Processes.label(process.pid())).startsWith(process.pid() + " ");
        process.destroyForcibly().waitFor();
    }

    @AfterEach
    void close() {
        maps.close();
    }

    @Test
    void itsLabelIsThePid() {
        assertThat(Processes.label(process.pid())).isEqualTo(Long.toString(process.pid()));
    }

    /** Its regions are not unknown: the command fails, as it does before and after they are read. */
    @Test
    void itsRegionsCannotBeRead() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err, false);
        assertThatThrownBy(() -> PageArgument.regions(maps, terminal)).isInstanceOf(ProcessExitedException.class);
        assertThat(err.size()).isZero();
    }
}
