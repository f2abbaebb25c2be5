package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.JsonLines;

/** {@code mapfiles maps} of this JVM. */
class MapsCommandTest {
    @TempDir
    Path directory;

    private static Map<String, Object> row(List<Map<String, Object>> all, String nameEnd) {
        return all.stream()
                .filter(fields -> String.valueOf(fields.get("path")).endsWith(nameEnd))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void rowsHaveTheFieldsInOrder() throws Exception {
        List<Map<String, Object>> all = CliResult.with("maps", "self", "--json").rows();
        assertThat(all)
                .hasSizeGreaterThan(50)
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
                                "deleted"));
        Map<String, Object> libjvm = row(all, "/libjvm.so");
        assertThat(libjvm)
                .containsEntry("pid", ProcessHandle.current().pid())
                .containsEntry("kind", "file")
                .containsEntry("deleted", false);
        assertThat((String) libjvm.get("start")).matches("0x[0-9a-f]+");
    }

    @Test
    void mappingsWithoutANameHaveANullPath() throws Exception {
        assertThat(CliResult.with("maps", "self", "--json").rows())
                .anySatisfy(fields ->
                        assertThat(fields).containsEntry("kind", "anonymous").containsEntry("path", null));
    }

    @Test
    void filtersAreThoseOfTheLibrary() throws Exception {
        assertThat(CliResult.with("maps", "self", "--exec", "--json").rows())
                .isNotEmpty()
                .allSatisfy(fields -> assertThat((String) fields.get("perms")).contains("x"));
        assertThat(CliResult.with("maps", "self", "--files", "--json").rows())
                .isNotEmpty()
                .allSatisfy(fields -> assertThat(fields.get("path")).isNotNull());
    }

    @Test
    void aDeletedFileIsDistinguishedFromAFileWithThatName() throws Exception {
        MappedTestFile unlinked = new MappedTestFile(directory.resolve("gone"));
        MappedTestFile kept = new MappedTestFile(directory.resolve("kept (deleted)"));
        Files.delete(directory.resolve("gone"));
        List<Map<String, Object>> all = CliResult.with("maps", "self", "--json").rows();
        assertThat(row(all, "/kept (deleted)").get("deleted")).isIn(false, null);
        Map<String, Object> deleted = all.stream()
                .filter(fields -> String.valueOf(fields.get("path")).contains("/gone"))
                .findFirst()
                .orElseThrow();
        if (deleted.get("deleted") == null) { // on this file system device and inode do not identify a file
            assertThat(deleted.get("path")).isEqualTo(directory.resolve("gone") + " (deleted)");
        } else {
            assertThat(deleted)
                    .containsEntry("deleted", true)
                    .containsEntry("path", directory.resolve("gone").toString());
        }
        assertThat(unlinked.firstByte() + kept.firstByte()).isZero();
    }

    @Test
    void controlCharactersAreEscapedInTextAndKeptInJson() throws Exception {
        MappedTestFile special = new MappedTestFile(directory.resolve("a\nb\033[31m"));
        CliResult table = CliResult.with("maps", "self");
        assertThat(table.out()).contains("/a\\nb\\x1b[31m").doesNotContain("\033");
        assertThat(row(CliResult.with("maps", "self", "--json").rows(), "/a\nb\033[31m"))
                .containsEntry("kind", "file");
        assertThat(special.firstByte()).isZero();
    }

    @Test
    void theTableEndsInTotals() throws Exception {
        CliResult result = CliResult.with("maps", "self");
        assertThat(result.code()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.lines().get(0)).contains("RANGE", "SIZE", "PERMS", "OFFSET", "NAME");
        assertThat(result.lines().get(result.lines().size() - 1))
                .matches("\\d+ mappings, .*; vm.max_map_count is \\d+");
        assertThat(result.lines()).anyMatch(line -> line.contains("r-xp") && line.endsWith("/libjvm.so"));
    }

    @Test
    void aNameThatIsNotUtf8IsAlsoInBase64() throws Exception {
        byte[] raw = {'/', (byte) 0xff, 'x'};
        String text = "00400000-00401000 r--p 00000000 08:01 5 ";
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        line.writeBytes((text + " ".repeat(73 - text.length())).getBytes(StandardCharsets.UTF_8));
        line.writeBytes(raw);
        line.write('\n');
        MapCursor mapping =
                MapSnapshot.ofText(line.toByteArray(), MapFilter.all()).cursor().seek(0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        JsonLines lines = new JsonLines(out);
        try (ProcessMaps self = ProcessMaps.self()) {
            lines.beginObject().bytes("path", FileName.of(self, mapping).raw()).end();
        }
        assertThat(out.toString("UTF-8")).isEqualTo("{\"path\":\"/\ufffdx\",\"path_base64\":\"L/94\"}\n");
    }
}
