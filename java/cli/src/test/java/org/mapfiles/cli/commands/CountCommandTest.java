package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.SpecialMappingsChild;

/** {@code mapfiles count}. */
class CountCommandTest {
    @TempDir
    Path directory;

    /** Returns the rows about a process that does not change its mappings. */
    private static List<Map<String, Object>> rows(String... more) throws Exception {
        Process sleeper = new ProcessBuilder("sleep", "1000").start();
        try {
            Await.untilItWaits(sleeper.pid()); // its loader has mapped the libraries
            String[] arguments = new String[more.length + 3];
            arguments[0] = "count";
            arguments[1] = Long.toString(sleeper.pid());
            arguments[2] = "--json";
            System.arraycopy(more, 0, arguments, 3, more.length);
            return CliResult.with(arguments).rows();
        } finally {
            sleeper.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @EnumSource(MappingGroups.By.class)
    void groupsAddUpToTheTotal(MappingGroups.By by) throws Exception {
        List<Map<String, Object>> rows = rows("--by", by.name());
        Map<String, Object> total = rows.get(rows.size() - 1);
        List<Map<String, Object>> groups = rows.subList(0, rows.size() - 1);
        assertThat(total).containsEntry("type", "total").containsEntry("groups", (long) groups.size());
        assertThat(groups.stream()
                        .mapToLong(group -> (Long) group.get("mappings"))
                        .sum())
                .isEqualTo(total.get("mappings"));
        assertThat(groups.stream().mapToLong(group -> (Long) group.get("size")).sum())
                .isEqualTo(total.get("size"));
        assertThat((Long) total.get("max_map_count")).isGreaterThan(1000);
        assertThat(groups)
                .isSortedAccordingTo((a, b) -> Long.compare((Long) b.get("mappings"), (Long) a.get("mappings")));
    }

    @Test
    void topKeepsTheLargestAndTheTotal() throws Exception {
        List<Map<String, Object>> rows = rows("--by", "path", "--top", "1");
        assertThat(rows).extracting(row -> row.get("type")).containsExactly("group", "total");
        assertThat((Long) rows.get(1).get("mappings"))
                .isGreaterThan((Long) rows.get(0).get("mappings"));
    }

    @Test
    void anExtensionHasNoVersion() throws Exception {
        assertThat(rows("--by", "ext")).anySatisfy(row -> assertThat(row).containsEntry("group", ".so"));
    }

    /** A process may have one mapping more than the limit, and [vsyscall] does not count. */
    @Test
    void aProcessMayHaveMoreMappingsThanTheLimit() throws Exception {
        long limit = ProcessMaps.maxMappings();
        assumeTrue(limit > 0 && limit <= 100_000, "vm.max_map_count is " + limit + ": too many to make");
        try (SpecialMappingsChild child = new SpecialMappingsChild(directory, List.of(), "plain")) {
            assertThat(child.command("many " + 2 * limit)).startsWith("OK");
            CliResult result = CliResult.with("count", child.pid(), "--by", "kind");
            String total = result.lines().get(result.lines().size() - 1);
            assertThat(Long.parseLong(total.split(" ")[0])).isBetween(limit, limit + 2);
            assertThat(total)
                    .contains("% of vm.max_map_count (" + limit + "): the limit is reached, raise it with sysctl")
                    .doesNotContain("near");
            result = CliResult.with("maps", child.pid());
            assertThat(result.lines().get(result.lines().size() - 1))
                    .matches("\\d+ mappings, .*; vm.max_map_count is " + limit);
        }
    }

    @Test
    void theTableShowsTheShareOfTheLimit() {
        CliResult result = CliResult.with("count", "self", "--by", "kind");
        assertThat(CliResult.with("count", "self", "--top", "1").out()).contains(" (1 shown), ");
        assertThat(result.out())
                .doesNotContain("shown")
                .contains("BY KIND")
                .contains("file")
                .contains("% of vm.max_map_count (");
    }
}
