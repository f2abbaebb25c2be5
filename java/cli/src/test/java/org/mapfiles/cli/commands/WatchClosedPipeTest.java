package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.TestJvm;

/** {@code watch} of a process that changes nothing ends when the reader of its output has closed the pipe. */
class WatchClosedPipeTest {
    @TempDir
    Path directory;

    private void endsWithoutAChange(String... options) throws Exception {
        Process quiet = new ProcessBuilder("sleep", "1000").start();
        Path err = directory.resolve("err");
        Process watch = null;
        try {
            List<String> command =
                    TestJvm.command(List.of(), Main.class, "watch", Long.toString(quiet.pid()), "--initial");
            command.addAll(List.of(options));
            watch = new ProcessBuilder(command).redirectError(err.toFile()).start();
            assertThat(watch.getInputStream().read()).isPositive();
            assertThat(watch.isAlive()).isTrue();
            watch.getInputStream().close();
            assertThat(watch.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(watch.exitValue()).as(Files.readString(err)).isZero();
            assertThat(Files.readString(err).lines().filter(line -> !line.startsWith("mapfiles: watching process ")))
                    .isEmpty();
        } finally {
            quiet.destroyForcibly().waitFor();
            if (watch != null) {
                watch.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void withEvents() throws Exception {
        endsWithoutAChange();
    }

    @Test
    void byPollsAlone() throws Exception {
        endsWithoutAChange("--poll", "--json");
    }
}
