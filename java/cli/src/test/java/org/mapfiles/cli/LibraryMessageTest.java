package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The message of the command line if there is no directory for its native library. */
class LibraryMessageTest {
    @Test
    void theRemedyIsTheVariableOfTheLauncher() throws Exception {
        List<String> command =
                TestJvm.command(List.of("-Duser.home=/proc", "-Djava.io.tmpdir=/proc"), Main.class, "maps", "self");
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(err).isEqualTo(1);
        assertThat(err)
                .hasLineCount(1)
                .startsWith("mapfiles: ")
                .endsWith("or name a library with MAPFILES_JAVA_OPTIONS=-Dorg.mapfiles.library.path=FILE\n");
        assertThat(err.split("/proc/\\.cache", -1))
                .as("the path is there once: %s", err)
                .hasSizeLessThanOrEqualTo(2);
    }
}
