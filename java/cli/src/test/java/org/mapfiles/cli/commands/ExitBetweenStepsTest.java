package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.files.MapFiles;
import picocli.CommandLine;

/** Commands whose process exits between two of their steps. */
class ExitBetweenStepsTest {
    /** With --all such a process is left out, without a message. */
    @Test
    void anExitIsNoDenialOfEntries() throws Exception {
        Process process = new ProcessBuilder("sleep", "1000").start();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err, false);
        try (ProcessMaps maps = ProcessMaps.of(process.pid())) {
            process.destroyForcibly().waitFor();
            assertThatThrownBy(() -> new FilesCommand(terminal).reportDenial(MapFiles.of(maps)))
                    .isInstanceOf(ProcessExitedException.class);
            assertThat(err.size()).isZero();
        }
    }

    /** Its rows are on the output already, so it is not left out without a message. */
    @Test
    void anExitBetweenTwoRowsIsReportedWithAll() throws Exception {
        long own = ProcessHandle.current().pid();
        for (boolean isPrinted : new boolean[] {false, true}) {
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            Terminal terminal =
                    new Terminal(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err, false);
            TargetOptions targets = CommandLine.populateCommand(new TargetOptions(), "--all");
            int code = targets.forEach(terminal, maps -> {
                if (maps.pid() == own) {
                    if (isPrinted) {
                        targets.notePrinted(maps);
                    }
                    throw new ProcessExitedException("process " + own + " called execve(2) during the read");
                }
            });
            String message = "the list of process " + own + " is incomplete: process " + own
                    + " called execve(2) during the read";
            assertThat(err.toString(StandardCharsets.UTF_8).contains(message)).isEqualTo(isPrinted);
            assertThat(code).isEqualTo(ExitCode.OK);
        }
    }

    @Test
    void theExitCodeOfStaleIsThatOfTheFirstFailure() throws Exception {
        Path kernelThread = Path.of("/proc/2/comm");
        assumeTrue(
                Files.isReadable(kernelThread) && Files.readString(kernelThread).equals("kthreadd\n"),
                "no kernel thread is visible here");
        Process exited = new ProcessBuilder("true").start();
        exited.waitFor();
        String pid = Long.toString(exited.pid());
        assertThat(CliResult.with("stale", pid, "2").code()).isEqualTo(ExitCode.EXITED);
        assertThat(CliResult.with("stale", "2", pid).code()).isEqualTo(ExitCode.NOT_RESOLVED);
    }
}
