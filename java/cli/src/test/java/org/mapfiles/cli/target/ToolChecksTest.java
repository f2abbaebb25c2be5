package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A check reports a program only if a command would run it. */
class ToolChecksTest {
    @TempDir
    Path directory;

    @Test
    void programsInAbsoluteDirectoriesAreOnThePath() throws Exception {
        Files.createDirectory(directory.resolve("directory"));
        Files.createFile(directory.resolve("text"));
        Path tool = Files.createFile(directory.resolve("tool"));
        assertThat(tool.toFile().setExecutable(true)).isTrue();
        String path = "/no/such/directory:" + directory;
        assertThat(ToolChecks.isOnPath("tool", path)).isTrue();
        assertThat(ToolChecks.isOnPath("text", path)).as("not executable").isFalse();
        assertThat(ToolChecks.isOnPath("directory", path)).isFalse();
        assertThat(ToolChecks.isOnPath("tool", null)).isFalse();
        Path relative = Path.of("").toAbsolutePath().relativize(directory);
        assertThat(Files.isExecutable(relative.resolve("tool"))).isTrue();
        assertThat(ToolChecks.isOnPath("tool", relative + ":")).isFalse();
    }
}
