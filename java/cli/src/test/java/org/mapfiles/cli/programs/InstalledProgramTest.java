package org.mapfiles.cli.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program is installed only if a command would run it. */
class InstalledProgramTest {
    @TempDir
    Path directory;

    @Test
    void programsInAbsoluteDirectoriesAreFound() throws Exception {
        Files.createDirectory(directory.resolve("directory"));
        Files.createFile(directory.resolve("text"));
        Path tool = Files.createFile(directory.resolve("tool"));
        assertThat(tool.toFile().setExecutable(true)).isTrue();
        String path = "/no/such/directory:/a\ud800b:" + directory;
        assertThat(InstalledProgram.find("tool", path)).contains(tool);
        assertThat(InstalledProgram.find("text", path)).as("not executable").isEmpty();
        assertThat(InstalledProgram.find("directory", path)).isEmpty();
        assertThat(InstalledProgram.find("tool", null)).isEmpty();
        Path relative = Path.of("").toAbsolutePath().relativize(directory);
        assertThat(Files.isExecutable(relative.resolve("tool"))).isTrue();
        assertThat(InstalledProgram.find("tool", relative + ":")).isEmpty();
    }
}
