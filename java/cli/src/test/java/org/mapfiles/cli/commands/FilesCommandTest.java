package org.mapfiles.cli.commands;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.TestJvm;
import org.mapfiles.files.MapFiles;

/** {@code mapfiles files}, and {@code mapfiles cat} and {@code shared} for files of this JVM. */
class FilesCommandTest {
    @TempDir
    Path temporary;

    private static void assumeFollowing() {
        assumeTrue(MapFiles.followDenial().isEmpty(), "this needs CAP_CHECKPOINT_RESTORE: run as root");
    }

    private Path directory() throws Exception {
        return temporary.toRealPath();
    }

    private static Map<String, Object> row(Path path) throws Exception {
        List<Map<String, Object>> all =
                CliResult.with("files", "self", "--mappings", "--json").rows();
        return all.stream()
                .filter(fields -> path.toString().equals(fields.get("path")))
                .findFirst()
                .orElseThrow(() -> new AssertionError(path + " is not among " + all.size()));
    }

    /** Returns the bytes that {@code cat} writes. */
    private static byte[] cat(String argument) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(new String[] {"cat", "self", argument}, InputStream.nullInputStream(), out, err);
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return out.toByteArray();
    }

    @Test
    void rowsHaveTheFieldsInOrder() throws Exception {
        List<Map<String, Object>> all =
                CliResult.with("files", "self", "--mappings", "--json").rows();
        assertThat(all)
                .hasSizeGreaterThan(20)
                .allSatisfy(fields -> assertThat(fields.keySet())
                        .containsExactly(
                                "version",
                                "type",
                                "pid",
                                "start",
                                "end",
                                "size",
                                "perms",
                                "offset",
                                "dev_major",
                                "dev_minor",
                                "inode",
                                "kind",
                                "path",
                                "deleted",
                                "mode",
                                "state",
                                "verified",
                                "file_type",
                                "file_dev_major",
                                "file_dev_minor",
                                "file_inode",
                                "file_nlink",
                                "file_size"));
        assertThat(all)
                .anySatisfy(
                        fields -> assertThat(fields).containsEntry("mode", "r").containsEntry("state", "ok"));
        List<String> table = CliResult.with("files", "self").lines();
        for (int attempt = 0; attempt < 20 && !table.get(table.size() - 1).startsWith(all.size() + " "); attempt++) {
            all = CliResult.with("files", "self", "--mappings", "--json")
                    .rows(); // the collector unmapped a buffer meanwhile
            table = CliResult.with("files", "self").lines();
        }
        assertThat(table.get(table.size() - 1))
                .matches(all.size() + " mappings of " + (table.size() - 2) + " files, \\S+: .*\\d+ ok.*");
    }

    @Test
    void theStateShowsWhatHappenedToAFile() throws Exception {
        assumeFollowing();
        List<MappedTestFile> mapped = new ArrayList<>(); // the collector unmaps a file that is not referenced
        for (String name : List.of("present", "deleted", "replaced", "unlinked", "true (deleted)")) {
            mapped.add(new MappedTestFile(directory().resolve(name)));
        }
        Files.delete(directory().resolve("deleted"));
        Files.write(directory().resolve("new"), new byte[1]);
        Files.move(directory().resolve("new"), directory().resolve("replaced"), StandardCopyOption.REPLACE_EXISTING);
        Files.createLink(directory().resolve("another"), directory().resolve("unlinked"));
        Files.delete(directory().resolve("unlinked"));
        assertThat(row(directory().resolve("present")))
                .containsEntry("state", "ok")
                .containsEntry("file_nlink", 1L)
                .containsEntry("file_size", 8192L)
                .containsEntry("kind", "file")
                .containsEntry("file_type", "regular");
        assertThat(row(directory().resolve("deleted")))
                .containsEntry("state", "deleted")
                .containsEntry("file_nlink", 0L);
        assertThat(row(directory().resolve("replaced"))).containsEntry("state", "replaced");
        assertThat(row(directory().resolve("unlinked")))
                .containsEntry("state", "unlinked")
                .containsEntry("file_nlink", 1L);
        assertThat(row(directory().resolve("true (deleted)"))).containsEntry("state", "ok");
        assertThat(mapped).allSatisfy(file -> assertThat(file.firstByte()).isZero());
    }

    @Test
    void aNameThatIsNotUtf8IsAlsoInBase64() throws Exception {
        Path script = Files.writeString(
                directory().resolve("map"),
                "cp \"$(command -v sleep)\" \"$(printf '\\377')\" && exec \"./$(printf '\\377')\" 1000");
        Process other = new ProcessBuilder("sh", script.toString())
                .directory(directory().toFile())
                .start();
        try {
            List<Map<String, Object>> named;
            do {
                named = CliResult.with("files", Long.toString(other.pid()), "--mappings", "--json").rows().stream()
                        .filter(fields -> fields.containsKey("path_base64"))
                        .toList();
            } while (named.isEmpty() && other.isAlive());
            assertThat(named).isNotEmpty().allSatisfy(fields -> {
                assertThat(fields.keySet()).containsSequence("kind", "path", "path_base64", "deleted");
                assertThat(new String(Base64.getDecoder().decode((String) fields.get("path_base64")), ISO_8859_1))
                        .isEqualTo(directory() + "/\u00ff");
                assertThat((String) fields.get("path")).endsWith("/\ufffd");
            });
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void aDeletedFileIsWrittenWhole() throws Exception {
        assumeFollowing();
        Path path = directory().resolve("library.so");
        byte[] content = new byte[300_000]; // more than is mapped
        new Random(1).nextBytes(content);
        Files.write(path, content);
        MappedTestFile mapped = new MappedTestFile(path);
        Files.delete(path);
        Map<String, Object> row = row(path);
        String range = ((String) row.get("start")).substring(2) + "-" + ((String) row.get("end")).substring(2);
        assertThat(cat(range)).isEqualTo(content);
        assertThat(cat("library.so")).isEqualTo(content);
        assertThat(cat(path.toString())).isEqualTo(content);
        assertThat(mapped.firstByte()).isEqualTo(content[0]);
    }

    @Test
    void aNameOfSeveralFilesIsAnErrorThatListsThem() throws Exception {
        Files.createDirectory(directory().resolve("one"));
        Files.createDirectory(directory().resolve("two"));
        MappedTestFile one = new MappedTestFile(directory().resolve("one/same"));
        MappedTestFile two = new MappedTestFile(directory().resolve("two/same"));
        CliResult result = CliResult.with("cat", "self", "same");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .hasLineCount(1)
                .contains("/one/same")
                .contains("/two/same")
                .contains("give the range of one");
        assertThat(cat(directory().resolve("two/same").toString())).hasSize(8192);
        assertThat(one.firstByte() + two.firstByte()).isZero();
    }

    /** A library was replaced and loaded again: two files have its name. */
    @Test
    void aReplacedFileAndItsSuccessorHaveOneName() throws Exception {
        assumeFollowing();
        Path path = directory().resolve("replaced.so");
        MappedTestFile old = new MappedTestFile(path);
        Files.write(directory().resolve("new"), new byte[] {'n'});
        Files.move(directory().resolve("new"), path, StandardCopyOption.REPLACE_EXISTING);
        MappedTestFile successor = new MappedTestFile(path);
        CliResult result = CliResult.with("cat", "self", "replaced.so");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .hasLineCount(1)
                .contains("give the range of one")
                .contains("replaced.so,")
                .contains("replaced.so (deleted)");
        assertThat(old.firstByte() + successor.firstByte()).isEqualTo('n');
    }

    /** A file is written whole. A part of its range names no mapping. */
    @Test
    void theRangeOfAFileMustBeExact() throws Exception {
        MappedTestFile mapped = new MappedTestFile(directory().resolve("mapped"));
        Map<String, Object> row = row(directory().resolve("mapped"));
        String start = ((String) row.get("start")).substring(2);
        String end = ((String) row.get("end")).substring(2);
        String middle = Long.toHexString(Long.parseLong(start, 16) + 4096);
        for (String other : List.of(
                "0x0x" + start + "-" + end,
                " " + start + "-" + end,
                start + "-" + end + " ",
                start + " - " + end,
                start + "--" + end,
                start + "-" + middle,
                middle + "-" + end,
                start + "-" + end + "/",
                start + "-" + end + "000",
                start)) {
            CliResult result = CliResult.with("cat", "self", other);
            assertThat(result.code()).as(other).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).hasLineCount(1).contains("has no mapping");
        }
        for (String part : List.of(start + "-" + middle, middle, "0x" + middle + "-" + end)) {
            assertThat(CliResult.with("cat", "self", part).err())
                    .as("the whole range is named")
                    .contains("'mapfiles maps'")
                    .endsWith("; the mapping there is " + start + "-" + end + " "
                            + directory().resolve("mapped") + "\n");
        }
        assertThat(cat(start + "-" + end)).hasSize(8192);
        assertThat(cat("0x" + start + "-0x" + end)).as("with 0x").hasSize(8192);
        assertThat(cat("0".repeat(20) + start + "-0" + end))
                .as("with leading zeros")
                .hasSize(8192);
        assertThat(cat(start.toUpperCase(Locale.ROOT) + "-" + end.toUpperCase(Locale.ROOT)))
                .hasSize(8192);
        assertThat(mapped.firstByte()).isZero();
    }

    /** readlink(2) does not return a path of more than 4,096 bytes. All other fields are known. */
    @Test
    void aPathThatIsTooLongLeavesTheOtherFieldsKnown() throws Exception {
        try (SpecialMappingsChild other = new SpecialMappingsChild(directory(), List.of(), "long-path")) {
            assumeTrue(other.range("long-path") != null, "this file system has no such path");
            assertThat(CliResult.with("files", other.pid(), "--mappings", "--json")
                            .rows())
                    .filteredOn(row -> ((String) row.get("path")).length() > 4096)
                    .singleElement()
                    .satisfies(row -> {
                        assertThat(row).containsEntry("mode", "rw");
                        if (MapFiles.followDenial().isEmpty()) {
                            assertThat(row).containsEntry("file_nlink", 1L).containsEntry("verified", "exact");
                        }
                    });
        }
    }

    @Test
    void aDeviceIsListedAndNotWritten() throws Exception {
        assumeFollowing();
        try (SpecialMappingsChild other = new SpecialMappingsChild(directory(), List.of(), "dev-zero")) {
            assumeTrue(other.range("dev-zero") != null, "/dev/zero cannot be mapped");
            assertThat(CliResult.with("files", other.pid(), "--mappings", "--json")
                            .rows())
                    .filteredOn(row -> "/dev/zero".equals(row.get("path")))
                    .singleElement()
                    .satisfies(row ->
                            assertThat(row).containsEntry("file_type", "device").containsEntry("state", "ok"));
            CliResult result = CliResult.with("cat", other.pid(), "/dev/zero");
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).hasLineCount(1).contains("is a device");
        }
    }

    @Test
    void aNameThatNoMappingHasIsAFailure() {
        for (String nothing : List.of("no such file", "1-2", "7fff-")) {
            CliResult result = CliResult.with("cat", "self", nothing);
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .hasLineCount(1)
                    .contains("has no mapping")
                    .contains("'mapfiles files'")
                    .doesNotContain("mapping there");
        }
    }

    @Test
    void theVdsoIsReadFromMemory() {
        assertThat(cat("[vdso]")).startsWith(0x7f, 'E', 'L', 'F');
    }

    @Test
    void sharedMemoryIsListedAndOtherMemoryIsNot() throws Exception {
        Path path = directory().resolve("common");
        MappedTestFile own = new MappedTestFile(path);
        MappedTestFile alone = new MappedTestFile(directory().resolve("alone"));
        try (TestJvm other = TestJvm.mapping(path)) {
            List<Map<String, Object>> rows =
                    CliResult.with("shared", "self", other.pid(), "--json").rows();
            List<Map<String, Object>> common = rows.stream()
                    .filter(row -> path.toString().equals(row.get("path")))
                    .toList();
            assertThat(common)
                    .extracting(row -> row.get("pid"))
                    .containsExactly(ProcessHandle.current().pid(), Long.parseLong(other.pid()));
            assertThat(common)
                    .allSatisfy(row -> assertThat(row)
                            .containsEntry("offset", "0x0")
                            .containsEntry("size", 8192L)
                            .containsEntry("perms", "rw-s")
                            .containsEntry("memory_id", common.get(0).get("memory_id"))
                            .containsEntry("copied", 0L));
            assertThat(rows)
                    .extracting(row -> String.valueOf(row.get("path")))
                    .noneMatch(name -> name.contains("alone") || name.contains("libjvm"));
            assertThat(CliResult.with("shared", "self", other.pid(), "--private", "--json")
                            .rows())
                    .anySatisfy(row -> assertThat(row)
                            .hasEntrySatisfying(
                                    "path", name -> assertThat((String) name).endsWith("/libjvm.so"))
                            .containsEntry("perms", "r-xp"));
            assertThat(CliResult.with("shared", "self", other.pid()).out()).contains("/common");
        }
        assertThat(CliResult.with("shared", "self").code()).isEqualTo(2);
        assertThat(CliResult.with("shared", "self", "self").code()).isEqualTo(2);
        assertThat(own.firstByte() + alone.firstByte()).isZero();
    }
}
