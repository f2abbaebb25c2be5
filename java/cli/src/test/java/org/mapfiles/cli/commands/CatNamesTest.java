package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;

/** What {@code mapfiles cat} reports about a name that is not the name of one mapping. */
class CatNamesTest {
    @TempDir
    Path directory;

    private final List<Object> mapped = new ArrayList<>();

    /** Maps pages of a file, with a hole between two of them, so that the kernel cannot merge the mappings. */
    private Path map(String name, int pages) throws Exception {
        Path file = directory.toRealPath().resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, new byte[8192 * pages]);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int i = 0; i < pages; i++) {
                mapped.add(channel.map(FileChannel.MapMode.READ_ONLY, 8192L * i, 4096));
            }
        }
        return file;
    }

    private static CliResult cat(String name) {
        CliResult ran = CliResult.with("cat", "self", name);
        assertThat(ran.code()).as("%s", ran).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).hasLineCount(1);
        return ran;
    }

    @Test
    void anAmbiguousNameListsEachFileOnce() throws Exception {
        List<Path> files = List.of(map("one/same.bin", 4), map("two/same.bin", 3));
        assertThat(mapped).hasSize(7);
        String message = cat("same.bin").err();
        assertThat(message).startsWith("mapfiles: same.bin is the name of 2 files, give the range of one: ");
        for (Path file : files) {
            assertThat(message.split(file.toString(), -1)).as(message).hasSize(2);
        }
    }

    @Test
    void aLongListIsCut() throws Exception {
        for (int i = 0; i < 30; i++) {
            map(i + "/many.bin", 1);
        }
        assertThat(mapped).hasSize(30);
        String message = cat("many.bin").err();
        assertThat(message).contains("is the name of 30 files").endsWith(" and 10 more\n");
        assertThat(message.split("/many.bin", -1)).hasSize(21);
    }

    @Test
    void memoryWithoutANameIsGivenByItsRange() {
        assertThat(cat("[anonymous]").err())
                .contains("has no mapping [anonymous]: memory without a name is given by its range");
        assertThat(cat("").err())
                .contains("has no mapping with an empty name: memory without a name is given by its range");
    }

    @Test
    void theFileThatALinkLeadsToIsNamed() throws Exception {
        Path file = map("real/linked.bin", 1);
        Path link = Files.createSymbolicLink(directory.toRealPath().resolve("link"), file.getParent())
                .resolve("linked.bin");
        assertThat(mapped).hasSize(1);
        assertThat(cat(link.toString()).err())
                .contains("has no mapping " + link, "symbolic link to the mapped file " + file + ":");
        assertThat(cat(directory + "/nowhere").err()).doesNotContain("symbolic link");
    }

    /** As distributions link /lib to /usr/lib. */
    @Test
    void aLibraryByThePathThatAProgramNames() {
        String library = CliResult.with("maps", "self", "--files").lines().stream()
                .map(line -> line.replaceFirst(".* ", ""))
                .filter(name -> name.matches("/usr/lib/.*/libc\\.so\\.6"))
                .collect(Collectors.toSet())
                .stream()
                .findFirst()
                .orElse("");
        assumeTrue(!library.isEmpty() && Files.isSymbolicLink(Path.of("/lib")), "/lib is no link here");
        assertThat(cat(library.substring("/usr".length())).err()).contains("to the mapped file " + library + ":");
    }
}
