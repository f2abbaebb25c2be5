package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.TestJvm;

/** A process with 60,000 mappings, and commands with little memory. */
class ManyMappingsTest {
    private static final int MANY = 60_000;

    @TempDir
    Path directory;

    private SpecialMappingsChild many;
    private String pid;

    @BeforeEach
    void start() throws Exception {
        many = new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain");
        pid = many.pid();
        int made = Integer.parseInt(many.command("many " + MANY).substring("OK ".length()));
        assumeTrue(made == MANY, "vm.max_map_count is too low: " + made + " mappings could be made");
    }

    @AfterEach
    void end() throws Exception {
        many.process().destroyForcibly().waitFor();
    }

    private static ProcessBuilder child(String option, String... arguments) {
        List<String> command = TestJvm.command(List.of("-XX:+UseSerialGC", "-Xmx16m", option), Main.class, arguments);
        return new ProcessBuilder(command);
    }

    private CliResult run(String option, String... arguments) throws Exception {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        int code = child(option, arguments)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        return new CliResult(code, Files.readString(out), Files.readString(err));
    }

    @Test
    void mapsAndCountTakeLittleDirectMemory() throws Exception {
        int lines = Files.readAllLines(Path.of("/proc/" + pid + "/maps"), StandardCharsets.ISO_8859_1)
                .size();
        CliResult table = run("-XX:MaxDirectMemorySize=4m", "maps", pid);
        assertThat(table.err()).isEmpty();
        assertThat(table.lines()).hasSize(lines + 2);
        assertThat(table.lines().get(lines + 1))
                .startsWith(lines + " mappings, ")
                .doesNotContain("changed");
        assertThat(table.lines().subList(1, lines + 1))
                .as("columns line up")
                .allMatch(line -> line.endsWith("[vsyscall]") || line.charAt(24) != ' ' && line.charAt(25) == ' ');
        CliResult json = run("-XX:MaxDirectMemorySize=4m", "maps", pid, "--json");
        assertThat(json.err()).isEmpty();
        assertThat(json.lines()).hasSize(lines).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        CliResult count = run("-XX:MaxDirectMemorySize=4m", "count", pid, "--by", "kind");
        assertThat(count.err()).isEmpty();
        assertThat(count.out()).contains(lines + " mappings in ");
    }

    /** The list is read in chunks. A file with mappings in several chunks is one file. */
    @Test
    void filesTakesLittleDirectMemory() throws Exception {
        CliResult json = run("-XX:MaxDirectMemorySize=4m", "files", pid, "--mappings", "--json");
        assertThat(json.err()).isEmpty();
        assertThat(json.lines())
                .hasSizeGreaterThanOrEqualTo(MANY)
                .allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        Map<String, String> states = new HashMap<>();
        for (String line : json.lines()) {
            String file = line.replaceFirst(".*?(\"dev_major\".*\"path\":\"[^\"]*\").*", "$1");
            states.put(file, line.replaceFirst(".*\"state\":\"(\\w+)\".*", "$1"));
        }
        Map<String, Long> sums = states.values().stream()
                .collect(Collectors.groupingBy(state -> state, TreeMap::new, Collectors.counting()));
        String expected = sums.entrySet().stream()
                .map(sum -> sum.getValue() + " " + sum.getKey().replace('_', ' '))
                .collect(Collectors.joining(", "));
        CliResult table = run("-XX:MaxDirectMemorySize=4m", "files", pid);
        assertThat(table.err()).isEmpty();
        List<String> rows = table.lines().subList(1, table.lines().size() - 1);
        assertThat(rows.stream()
                        .mapToInt(row -> Integer.parseInt(row.strip().split(" ")[0]))
                        .sum())
                .isEqualTo(json.lines().size());
        assertThat(table.lines().get(rows.size() + 1))
                .startsWith(json.lines().size() + " mappings of " + states.size() + " files, ")
                .endsWith(": " + expected);
    }

    @Test
    void tooLittleMemoryIsOneLineWithARemedy() throws Exception {
        for (String[] arguments :
                new String[][] {{"resolve", pid, "0"}, {"shared", pid, "self"}, {"cat", pid, "nothing"}}) {
            CliResult result = run("-XX:MaxDirectMemorySize=4m", arguments);
            assertThat(result.code()).as("%s", result).isEqualTo(1);
            assertThat(result.err())
                    .startsWith("mapfiles: ")
                    .hasLineCount(1)
                    .contains("not enough memory")
                    .contains("MAPFILES_JAVA_OPTIONS=");
        }
        CliResult heap = run("-Xmx6m", "shared", pid, "self", "--private");
        assertThat(heap.code()).as("%s", heap).isEqualTo(1);
        assertThat(heap.err())
                .startsWith("mapfiles: ")
                .hasLineCount(1)
                .contains("not enough memory")
                .contains("MAPFILES_JAVA_OPTIONS=");
    }

    /** The output has about 6 MB, and a pipe holds 64 KiB. So the process exits before all of its mappings are read. */
    @Test
    void theFirstRowsAreWrittenBeforeTheRestIsRead() throws Exception {
        Process listing = child("-XX:MaxDirectMemorySize=4m", "maps", pid).start();
        try (InputStream out = listing.getInputStream()) {
            assertThat(new String(out.readNBytes(40), StandardCharsets.US_ASCII))
                    .contains("RANGE");
            end();
            out.transferTo(OutputStream.nullOutputStream());
        }
        assertThat(new String(listing.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .hasLineCount(1)
                .contains(pid);
        assertThat(listing.waitFor()).isEqualTo(4);
    }

    @Test
    void aReaderThatStopsIsNoFailure() throws Exception {
        Process listing = child("-XX:MaxDirectMemorySize=4m", "maps", pid).start();
        try (InputStream out = listing.getInputStream()) {
            assertThat(out.readNBytes(40)).hasSize(40);
        }
        assertThat(listing.waitFor()).isZero();
    }
}
