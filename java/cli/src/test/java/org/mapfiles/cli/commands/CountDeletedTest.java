package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.MappedTestFile;

/**
 * {@code mapfiles count --by path} distinguishes a deleted file from a file whose name ends in " (deleted)", as maps
 * does.
 */
class CountDeletedTest {
    @TempDir
    Path directory;

    @Test
    void aDeletedFileIsAnotherGroupThanAFileThatIsSoCalled() throws Exception {
        Path path = directory.toRealPath().resolve("file");
        MappedTestFile deleted = new MappedTestFile(path);
        Files.delete(path);
        MappedTestFile present = new MappedTestFile(path);
        MappedTestFile called = new MappedTestFile(Path.of(path + " (deleted)"));
        List<String> count = CliResult.with("count", "self", "--by", "path").lines();
        List<String> maps = CliResult.with("maps", "self").lines();
        for (String name : List.of(path + " (deleted)", path.toString(), path + " (deleted) (its real name)")) {
            assertThat(maps)
                    .filteredOn(line -> line.endsWith("  " + name))
                    .as(name)
                    .hasSize(1);
            assertThat(count)
                    .filteredOn(line -> line.endsWith("  " + name))
                    .as(name)
                    .hasSize(1)
                    .allMatch(line -> line.strip().startsWith("1 "));
        }
        List<String> json =
                CliResult.with("count", "self", "--by", "path", "--json").lines();
        assertThat(json)
                .filteredOn(line -> line.contains("\"group\":\"" + path + "\""))
                .hasSize(2)
                .anyMatch(line -> line.contains("\"deleted\":true"))
                .anyMatch(line -> line.contains("\"deleted\":false"));
        assertThat(json)
                .filteredOn(line -> line.contains("\"group\":\"" + path + " (deleted)\""))
                .hasSize(1)
                .allMatch(line -> line.contains("\"deleted\":false"));
        assertThat(List.of(deleted.firstByte(), present.firstByte(), called.firstByte()))
                .hasSize(3);
    }
}
