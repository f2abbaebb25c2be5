package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.ElfCopies;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.StaleTarget;

/** {@code mapfiles save} and {@code mapfiles diff} of real processes, and of files that were damaged. */
class DiffCommandTest {
    @TempDir
    Path temporary;

    private Path directory;

    @BeforeEach
    void prepare() throws Exception {
        directory = temporary.toRealPath();
    }

    private Path save(String pid, String name) throws Exception {
        CliResult result = CliResult.with("save", pid);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).isEmpty();
        return Files.writeString(directory.resolve(name), result.out());
    }

    private SpecialMappingsChild child() throws Exception {
        return new SpecialMappingsChild(
                Files.createDirectory(directory.resolve("child")),
                List.of(),
                "plain",
                "deleted",
                "newline",
                "not-utf8");
    }

    private static Map<String, Object> only(List<Map<String, Object>> rows, String type) {
        List<Map<String, Object>> found =
                rows.stream().filter(row -> row.get("type").equals(type)).toList();
        assertThat(found).as(type).hasSize(1);
        return found.get(0);
    }

    @Test
    void twoStatesWithoutAChangeAreEqual() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path first = save(child.pid(), "first");
            Path second = save(child.pid(), "second");
            for (String other : List.of(second.toString(), child.pid())) {
                CliResult diff = CliResult.with("diff", first.toString(), other, "--mappings");
                assertThat(diff.code()).as(diff.err()).isZero();
                assertThat(diff.out()).startsWith("no difference: ").hasLineCount(1);
            }
        }
    }

    @Test
    void theStateHasTheMappingsOfMaps() throws Exception {
        try (SpecialMappingsChild child = child()) {
            List<Map<String, Object>> maps =
                    CliResult.with("maps", child.pid(), "--rss", "--json").rows();
            List<Map<String, Object>> saved =
                    CliResult.with("save", child.pid()).rows();
            assertThat(saved).hasSize(maps.size() + 2);
            assertThat(saved.get(saved.size() - 1))
                    .containsEntry("type", "saved_end")
                    .containsEntry("mappings", (long) maps.size());
            for (int i = 0; i < maps.size(); i++) {
                Map<String, Object> expected = maps.get(i);
                expected.remove("type");
                assertThat(saved.get(i + 1)).containsAllEntriesOf(expected);
            }
        }
    }

    @Test
    void whatWasUnmappedAndWhatGrewIsReported() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path before = save(child.pid(), "before");
            child.command("unmap plain");
            List<Map<String, Object>> rows = CliResult.with(
                            "diff", before.toString(), child.pid(), "--mappings", "--json")
                    .rows();
            assertThat(only(rows, "mapping_change"))
                    .containsEntry("change", "removed")
                    .containsEntry("was_start", null)
                    .hasEntrySatisfying(
                            "path", path -> assertThat(path.toString()).endsWith("/plain"));
            assertThat(only(rows, "total_change"))
                    .satisfies(row ->
                            assertThat((long) row.get("mappings")).isEqualTo((long) row.get("was_mappings") - 1));
            CliResult text = CliResult.with("diff", before.toString(), child.pid());
            assertThat(text.lines()).anyMatch(line -> line.startsWith("- ") && line.endsWith("/plain"));
            CliResult reverse = CliResult.with("diff", child.pid(), before.toString());
            assertThat(reverse.lines()).anyMatch(line -> line.startsWith("+ ") && line.endsWith("/plain"));
        }
    }

    @Test
    void aFileWithAnotherBuildIdIsAnotherFile() throws Exception {
        Path program = directory.resolve("sleep");
        ElfCopies.install(program, ElfCopies.sleep());
        Path before;
        try (StaleTarget target = StaleTarget.program(program, null)) {
            before = save(target.pid(), "before");
        }
        ElfCopies.install(program, ElfCopies.anotherVersion(ElfCopies.sleep()));
        try (StaleTarget target = StaleTarget.program(program, null)) {
            CliResult diff = CliResult.with("diff", before.toString(), target.pid(), "--json", "--mappings");
            assertThat(diff.err()).contains("not known to be of one process").hasLineCount(1);
            List<Map<String, Object>> ofProgram = diff.rows().stream()
                    .filter(row -> program.toString().equals(row.get("path")))
                    .toList();
            assertThat(ofProgram)
                    .hasSize(2)
                    .allSatisfy(row -> assertThat(row).containsEntry("type", "group_change"))
                    .extracting(row -> row.get("change"))
                    .containsExactlyInAnyOrder("added", "removed");
            assertThat(ofProgram.get(0).get("build_id"))
                    .isNotNull()
                    .isNotEqualTo(ofProgram.get(1).get("build_id"));
        }
    }

    @Test
    void textOfMapsIsAStateWithUnknownSizesInMemory() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path maps = Files.write(
                    directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/" + child.pid() + "/maps")));
            CliResult diff = CliResult.with("diff", maps.toString(), maps.toString());
            assertThat(diff.code()).as(diff.err()).isZero();
            assertThat(diff.out())
                    .startsWith("no difference")
                    .endsWith("; RSS is not compared; build IDs are not compared\n")
                    .hasLineCount(1);
            assertThat(only(
                            CliResult.with("diff", maps.toString(), maps.toString(), "--json")
                                    .rows(),
                            "total_change"))
                    .containsEntry("rss", null)
                    .containsEntry("was_swap", null);
        }
    }

    @Test
    void filesAreComparedByPathIfAStateHasNoBuildIds() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path maps = Files.write(
                    directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/" + child.pid() + "/maps")));
            assertThat(CliResult.with("diff", maps.toString(), child.pid(), "--json")
                            .rows())
                    .as("neither added nor removed")
                    .noneMatch(row -> String.valueOf(row.get("path")).endsWith("/special_process"));
        }
    }

    /** What a state does not record is no change, and has no column. */
    @Test
    void whatIsUnknownInOneStateIsNoChange() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain")) {
            Path maps = Files.write(
                    directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/" + child.pid() + "/maps")));
            CliResult same = CliResult.with("diff", maps.toString(), child.pid());
            assertThat(same.out())
                    .startsWith("no difference")
                    .endsWith("; RSS is not compared; build IDs are not compared\n")
                    .hasLineCount(1);
            child.command("unmap plain");
            CliResult changed = CliResult.with("diff", maps.toString(), child.pid());
            assertThat(changed.lines().get(0)).matches(" +MAPPINGS +SIZE +FILE OR KIND");
            assertThat(changed.lines().subList(1, changed.lines().size() - 1))
                    .singleElement()
                    .asString()
                    .matches("- +-1 +-\\S+  .*/plain");
        }
    }

    /** maps --elf has the build ID of the vdso, and save has not. */
    @Test
    void aBuildIdThatOneStateLacksIsNoChange() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain")) {
            Path elf = Files.writeString(
                    directory.resolve("elf"),
                    CliResult.with("maps", child.pid(), "--json", "--elf").out());
            assumeTrue(
                    CliResult.rows(Files.readString(elf)).stream()
                            .anyMatch(row -> "vdso".equals(row.get("kind")) && row.get("build_id") != null),
                    "no vdso with a build ID");
            assertThat(CliResult.with("diff", elf.toString(), child.pid()).out())
                    .matches("no difference: .*; RSS is not compared\n");
        }
    }

    /** Text of maps has the kernel's mark in the name. */
    @Test
    void aDeletedFileInTextOfMapsIsTheSame() throws Exception {
        try (SpecialMappingsChild child = child()) {
            byte[] text = Files.readAllBytes(Path.of("/proc/" + child.pid() + "/maps"));
            assertThat(new String(text, StandardCharsets.ISO_8859_1)).contains("/deleted (deleted)\n");
            Path maps = Files.write(directory.resolve("maps"), text);
            Path saved = save(child.pid(), "saved");
            for (String[] states : new String[][] {
                {maps.toString(), child.pid()}, {child.pid(), maps.toString()}, {maps.toString(), saved.toString()}
            }) {
                List<Map<String, Object>> rows =
                        CliResult.with("diff", states[0], states[1], "--json").rows();
                assertThat(rows)
                        .filteredOn(row -> String.valueOf(row.get("path")).contains("/deleted"))
                        .as("neither added nor removed; bytes in memory are unknown in the text")
                        .isEmpty();
            }
        }
    }

    /** A name may end as the kernel's mark does. */
    @Test
    void aNameThatEndsInDeletedIsANameOfItsOwn() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(
                Files.createDirectory(directory.resolve("child")), List.of(), "deleted-true-name", "deleted")) {
            Path maps = Files.write(
                    directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/" + child.pid() + "/maps")));
            assertThat(CliResult.with("diff", maps.toString(), child.pid(), "--json")
                            .rows())
                    .allSatisfy(
                            row -> assertThat(row.get("mappings")).as("%s", row).isEqualTo(row.get("was_mappings")));
        }
    }

    @Test
    void aChangedRangeReportsWhatWasDifferent() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path now = save(child.pid(), "now");
            StringBuilder before = new StringBuilder();
            for (String line : Files.readAllLines(now)) {
                before.append(
                                line.contains("/plain\"")
                                        ? line.replaceFirst("\"perms\":\"....\"", "\"perms\":\"rw-p\"")
                                        : line.contains("/deleted\"")
                                                ? line.replace("\"deleted\":true", "\"deleted\":false")
                                                : line)
                        .append('\n');
            }
            Path changed = Files.writeString(directory.resolve("before"), before);
            CliResult diff = CliResult.with("diff", changed.toString(), now.toString(), "--mappings");
            assertThat(diff.code()).as(diff.err()).isZero();
            assertThat(diff.lines()).first().asString().matches(" *RANGE +SIZE +PERMS +WAS +NAME");
            assertThat(diff.lines()).anyMatch(line -> line.matches("~ .* rw-p +/.*/plain"));
            assertThat(diff.lines()).anyMatch(line -> line.matches("~ .* not deleted +/.*/deleted \\(deleted\\)"));
            CliResult sums = CliResult.with("diff", changed.toString(), now.toString());
            long count =
                    diff.lines().stream().filter(line -> line.startsWith("~ ")).count();
            assertThat(sums.out())
                    .startsWith("no size differs: ")
                    .endsWith("; --mappings lists " + count + " ranges that differ\n")
                    .hasLineCount(1);
            CliResult narrow = CliResult.onTerminal(80, "diff", changed.toString(), now.toString(), "--mappings");
            assertThat(narrow.lines()).allMatch(line -> line.length() <= 80);
        }
    }

    @Test
    void resolveReadsASavedState() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path saved = save(child.pid(), "saved");
            Map<String, Object> mapping = CliResult.with("maps", child.pid(), "--json").rows().stream()
                    .filter(row -> String.valueOf(row.get("path")).endsWith("/plain"))
                    .findFirst()
                    .orElseThrow();
            String address = (String) mapping.get("start");
            CliResult result = CliResult.with("resolve", "--from", saved.toString(), address, "--json");
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.rows().get(0)).containsEntry("path", mapping.get("path"));
        }
    }

    /** Cuts a saved state at each of many places. */
    @Test
    void aFileThatWasCutIsReportedAndItsLinesAreUsed() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path whole = save(child.pid(), "whole");
            byte[] bytes = Files.readAllBytes(whole);
            for (int length = 1; length < bytes.length; length += 509) {
                Path cut =
                        Files.write(directory.resolve("cut"), Arrays.copyOf(bytes, Math.min(length, bytes.length - 1)));
                CliResult diff = CliResult.with("diff", cut.toString(), whole.toString());
                assertThat(diff.code()).as("%d: %s", length, diff).isEqualTo(1);
                assertThat(diff.err()).contains("line ");
            }
        }
    }

    private String diffError(String... lines) throws Exception {
        Path file = Files.writeString(directory.resolve("hostile"), String.join("\n", lines) + "\n");
        CliResult diff = CliResult.with("diff", file.toString(), file.toString());
        assertThat(diff.code()).as("%s", diff).isEqualTo(1);
        return diff.err();
    }

    @Test
    void aLineThatCannotBeUsedIsNamed() throws Exception {
        List<String> good;
        try (SpecialMappingsChild child = child()) {
            good = CliResult.with("save", child.pid()).lines();
        }
        String head = good.get(0);
        String first = good.get(1);
        String second = good.get(2);
        String end = "{\"version\":1,\"type\":\"saved_end\",\"pid\":1,\"mappings\":1,\"size\":1}";
        assertThat(diffError(head, first, end, first)).contains("line 4 is after the end of the state");
        assertThat(diffError(head, second, first, end)).contains("line 3 overlaps a mapping before it");
        assertThat(diffError(head, first, "junk", end)).contains("line 3 is no JSON object");
        assertThat(diffError(head, first, "[1]", end)).contains("line 3 is no JSON object");
        assertThat(diffError(head, first, first + "{}", end)).contains("line 3 is no JSON object");
        assertThat(diffError(head, first, second, end)).contains("line 4 counts 1 mappings, and 2 were read");
        assertThat(diffError(head, first, head, end)).contains("line 3 is the head of a second state");
        assertThat(diffError(head, first)).contains("the end is missing after line 2");
        assertThat(diffError(head, first.replaceFirst("\"perms\":\"....\"", "\"perms\":\"abcd\""), end))
                .contains("line 2 has a field perms that is wrong");
        assertThat(diffError(head, first.replaceFirst("\"start\":\"0x", "\"start\":\"0xfffffffffffff"), end))
                .contains("line 2 has a field start that is wrong");
        assertThat(diffError(head, first.replaceFirst("\"start\":\"[^\"]*\",", ""), end))
                .contains("line 2 has no field start");
        assertThat(diffError(head, first.replaceFirst("\"version\":1", "\"version\":2"), end))
                .contains("line 2 has another version");
        assertThat(diffError(head, first.replaceFirst("\"path\":[^,]*,", "\"path\":\"a\\\\u0000b\","), end))
                .contains("line 2 has a path with a NUL");
        assertThat(diffError(head, "{\"version\":1,\"a\":\"" + "x".repeat(1 << 18) + "\"}", end))
                .contains("line 2 is longer than 131072 bytes");
        assertThat(diffError("{\"a\":" + "[".repeat(50_000), end)).contains("line 1 is no JSON object");
        assertThat(diffError("{}")).contains(": no line is a row of 'mapfiles save'");
        assertThat(diffError("junk"))
                .contains(
                        ": the file is none of these: output of 'mapfiles save'", "maps text, hs_err file, core file");
        List<String> many = new ArrayList<>(List.of(head));
        for (int i = 0; i < 100; i++) {
            many.add("{");
        }
        assertThat(diffError(many.toArray(String[]::new))).hasLineCount(22).contains("91 more parts");
    }

    @Test
    void namesAreKeptByteForByte() throws Exception {
        try (SpecialMappingsChild child = child()) {
            Path saved = save(child.pid(), "saved");
            String text = Files.readString(saved, StandardCharsets.UTF_8);
            assertThat(text).contains("\\n");
            child.command("unmap newline");
            CliResult diff = CliResult.with("diff", saved.toString(), child.pid(), "--mappings");
            assertThat(diff.out()).contains("\\n");
            assertThat(diff.lines()).allMatch(line -> line.chars().noneMatch(c -> c < ' '));
        }
    }

    @Test
    void wrongFilesAreNamed() throws Exception {
        CliResult none = CliResult.with("diff", directory + "/none", "self");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("/none' is neither a PID", "no file is at this path");
        CliResult folder = CliResult.with("diff", directory.toString(), "self");
        assertThat(folder.code()).isNotZero();
        assertThat(folder.err()).contains(directory.toString()).hasLineCount(1);
        Path empty = Files.createFile(directory.resolve("empty"));
        assertThat(CliResult.with("diff", empty.toString(), "self").code()).isEqualTo(1);
    }
}
