package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.files.MapFiles;

/** The table of {@code mapfiles files} has one line for each file. */
class FilesTableTest {
    @TempDir
    Path directory;

    @Test
    void theMappingsOfAFileAreOneLine() throws Exception {
        Path file = Files.write(directory.resolve("parts"), new byte[5 * 8192]);
        List<Object> mapped = new ArrayList<>();
        try (FileChannel reading = FileChannel.open(file, StandardOpenOption.READ);
                FileChannel both = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int i = 0; i < 5; i++) { // with holes in the file, so that the kernel cannot merge the mappings
                mapped.add(
                        i % 2 == 0
                                ? reading.map(FileChannel.MapMode.READ_ONLY, i * 8192L, 4096)
                                : both.map(FileChannel.MapMode.READ_WRITE, i * 8192L, 4096));
            }
        }
        List<String> table = CliResult.with("files", "self").lines();
        assertThat(table)
                .filteredOn(line -> line.endsWith("/parts"))
                .singleElement()
                .satisfies(line -> assertThat(line.strip()).matches("5 +20K  (r,rw|\\?) .* ok .*/parts"));
        assertThat(CliResult.with("files", "self", "--mappings", "--json").lines())
                .filteredOn(line -> line.contains("/parts\""))
                .hasSize(mapped.size());
        int files = table.size() - 2;
        assertThat(table.get(table.size() - 1)).matches("\\d+ mappings of " + files + " files, .*: .*");
    }

    /** Live memory without a path is not deleted. */
    @Test
    void memoryThatNeverHadAPathIsNotDeleted() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(
                directory, List.of(), "shared-anonymous", "sysv", "memfd", "plain", "deleted")) {
            List<String> table = CliResult.with("files", child.pid()).lines();
            assertThat(child.range("shared-anonymous")).isNotNull();
            boolean isFollowed = MapFiles.followDenial().isEmpty();
            assertThat(table)
                    .filteredOn(line -> line.matches(".* /(dev/zero|memfd:|SYSV).*"))
                    .isNotEmpty()
                    .allMatch(line -> line.contains("  no path  "));
            assertThat(table)
                    .filteredOn(line -> line.endsWith("/deleted (deleted)"))
                    .singleElement()
                    .satisfies(line -> assertThat(line).contains(isFollowed ? "  deleted  " : "  unknown  "));
            assertThat(table.get(table.size() - 1))
                    .containsPattern("[1-9]\\d* no path")
                    .containsPattern(isFollowed ? "[1-9]\\d* deleted" : "ok");
            assertThat(CliResult.with("files", child.pid(), "--json").rows())
                    .filteredOn(row -> "shared_anonymous".equals(row.get("kind")))
                    .isNotEmpty()
                    .allSatisfy(row -> assertThat(row).containsEntry("state", "no_path"));
        }
    }
}
