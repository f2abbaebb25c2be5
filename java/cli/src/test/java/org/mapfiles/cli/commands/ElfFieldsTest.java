package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Programs;

/** {@code --elf} of {@code mapfiles maps} and {@code mapfiles files}. */
class ElfFieldsTest {
    @TempDir
    Path directory;

    @Test
    void eachMappingOfAnElfFileHasItsIdentity() throws Exception {
        Programs programs = new Programs(directory);
        Path file = programs.compile("program");
        String buildId = programs.sh("readelf -n program").replaceAll("(?s).*Build ID: (\\w+).*", "$1");
        try (Programs.Running program = programs.start("program")) {
            Files.delete(file);
            for (String command : List.of("maps", "files --mappings", "maps --sort size")) {
                List<Map<String, Object>> rows = CliResult.with(
                                (command + " " + program.pid() + " --json --elf").split(" "))
                        .rows();
                assertThat(rows)
                        .allSatisfy(row ->
                                assertThat(row).containsKeys("elf_address", "build_id", "go_build_id", "htlhash"));
                List<Map<String, Object>> ofProgram = rows.stream()
                        .filter(row -> file.toString().equals(row.get("path")))
                        .toList();
                assertThat(ofProgram)
                        .as("also of the deleted file")
                        .hasSizeGreaterThan(2)
                        .extracting(row -> row.get("build_id"))
                        .containsOnly(buildId);
                assertThat(ofProgram)
                        .extracting(row -> row.get("htlhash"))
                        .doesNotContainNull()
                        .hasSameElementsAs(List.of(ofProgram.get(0).get("htlhash")));
                Map<String, Object> code = ofProgram.stream()
                        .filter(row -> "r-xp".equals(row.get("perms")))
                        .findFirst()
                        .orElseThrow();
                Map<String, Object> resolved = CliResult.with(
                                "resolve", program.pid(), String.valueOf(code.get("start")), "--json")
                        .rows()
                        .get(0);
                for (String field : List.of("elf_address", "build_id", "htlhash")) {
                    assertThat(code).containsEntry(field, resolved.get(field));
                }
                assertThat(rows.stream().filter(row -> "anonymous".equals(row.get("kind"))))
                        .allMatch(row -> row.get("build_id") == null && row.get("elf_address") == null);
            }
            assertThat(CliResult.with("maps", program.pid(), "--json", "--elf").rows().stream()
                            .filter(row -> "vdso".equals(row.get("kind"))))
                    .as("the vdso is an ELF file in memory")
                    .allMatch(row -> row.get("htlhash") != null);
        }
    }

    /** Go writes a build ID of its own kind, which "go tool buildid" prints. */
    @Test
    void aGoProgramHasItsOwnBuildId() throws Exception {
        Programs programs = new Programs(directory);
        Files.writeString(
                programs.path("main.go"),
                "package main\nimport (\"fmt\"; \"os\")\n"
                        + "func main() { fmt.Printf(\"0x%x\\n\", 1); os.Stdin.Read(make([]byte, 1)) }\n");
        programs.sh("command -v go");
        programs.sh("GO111MODULE=off GOCACHE=$PWD/cache go build -o program main.go");
        String expected = programs.sh("go tool buildid program").strip();
        assertThat(expected).contains("/");
        try (Programs.Running program = programs.start("program")) {
            List<Map<String, Object>> code = CliResult.with("maps", program.pid(), "--json", "--elf", "--exec")
                    .rows();
            assertThat(code)
                    .filteredOn(row -> programs.path("program").toString().equals(row.get("path")))
                    .isNotEmpty()
                    .allSatisfy(row -> assertThat(row).containsEntry("go_build_id", expected));
            Map<String, Object> resolved = CliResult.with(
                            "resolve", program.pid(), String.valueOf(code.get(0).get("start")), "--json")
                    .rows()
                    .get(0);
            assertThat(resolved).containsEntry("go_build_id", expected);
        }
    }

    @Test
    void textAndJsonWithoutTheOptionHaveNoIdentity() {
        assertThat(CliResult.with("maps", "self", "--json").rows().get(0)).doesNotContainKey("htlhash");
        for (String command : List.of("maps", "files")) {
            CliResult result = CliResult.with(command, "self", "--elf");
            assertThat(result.code()).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("--elf needs --json");
        }
        assertThat(CliResult.with("files", "self", "--elf", "--json").err()).contains("--elf needs --mappings");
    }
}
