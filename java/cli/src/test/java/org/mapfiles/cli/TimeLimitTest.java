package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A target that never provides a page of its memory does not block a command without end. */
class TimeLimitTest {
    /** A program with the exported names of a JVM: native/test/jvm/fake_jvm.c. */
    private static final String PROGRAM = "fake_jvm";

    @TempDir
    Path directory;

    @Test
    void blockedReadEnds() throws Exception {
        Path program = Path.of(System.getProperty("mapfiles.special-process")).resolveSibling(PROGRAM);
        Process target = new ProcessBuilder(program.toString(), "blocking").start();
        try (BufferedReader output = target.inputReader()) {
            String line = output.readLine();
            assumeTrue(!line.startsWith("SKIPPED"), () -> "no userfaultfd(2) here: " + line);
            Path err = directory.resolve("err");
            Process command = new ProcessBuilder(TestJvm.command(
                            List.of("-Dmapfiles.time-limit=2"),
                            Main.class,
                            "jvm",
                            Long.toString(target.pid()),
                            "--attach"))
                    .redirectError(err.toFile())
                    .redirectOutput(directory.resolve("out").toFile())
                    .start();
            try {
                assertThat(command.waitFor(120, TimeUnit.SECONDS)).as("it ends").isTrue();
                assertThat(command.exitValue()).isEqualTo(1);
                assertThat(Files.readString(err)).hasLineCount(1).contains("has not provided a page for 2 seconds");
            } finally {
                command.destroyForcibly().waitFor();
            }
        } finally {
            target.destroyForcibly().waitFor();
        }
    }
}
