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
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.SpecialMappingsChild;

/** Does {@code mapfiles count} account for every mapping, whatever they are grouped by? */
class CountCommandTest {
    @TempDir
    Path directory;

    /** A process that stays as it is while it is counted. */
    private static List<Map<String, Object>> counted(String... more) throws Exception {
        Process sleeper = new ProcessBuilder("sleep", "1000").start();
        try {
            while (!sleeper.info().command().orElse("").endsWith("sleep")) {
                Thread.onSpinWait();
            }
            Thread.sleep(50); // its loader maps for a moment longer
            String[] arguments = new String[more.length + 3];
            arguments[0] = "count";
            arguments[1] = Long.toString(sleeper.pid());
            arguments[2] = "--json";
            System.arraycopy(more, 0, arguments, 3, more.length);
            return CliResult.with(arguments).objects();
        } finally {
            sleeper.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @EnumSource(CountCommand.By.class)
    void groupsAddUpToTheTotal(CountCommand.By by) throws Exception {
        List<Map<String, Object>> lines = counted("--by", by.name());
        Map<String, Object> total = lines.get(lines.size() - 1);
        List<Map<String, Object>> groups = lines.subList(0, lines.size() - 1);
        assertThat(total).containsEntry("total", true).containsEntry("groups", (long) groups.size());
        assertThat(groups.stream().mapToLong(group -> (Long) group.get("mappings")).sum()).isEqualTo(total.get("mappings"));
        assertThat(groups.stream().mapToLong(group -> (Long) group.get("bytes")).sum()).isEqualTo(total.get("bytes"));
        assertThat((Long) total.get("max_map_count")).isGreaterThan(1000);
        assertThat(groups).isSortedAccordingTo((a, b) -> Long.compare((Long) b.get("mappings"), (Long) a.get("mappings")));
    }

    @Test
    void topKeepsTheLargestAndTheTotal() throws Exception {
        List<Map<String, Object>> lines = counted("--by", "path", "--top", "1");
        assertThat(lines).hasSize(2);
        assertThat((Long) lines.get(1).get("mappings")).isGreaterThan((Long) lines.get(0).get("mappings"));
    }

    @Test
    void versionsBehindAnExtensionDoNotCount() throws Exception {
        assertThat(counted("--by", "ext")).anySatisfy(line -> assertThat(line).containsEntry("group", ".so"));
    }

    /** The kernel lets a process have one mapping more than the limit, and does not count [vsyscall]. */
    @Test
    void moreMappingsThanTheLimitAreNoContradiction() throws Exception {
        long limit = ProcessMaps.maxMappings();
        assumeTrue(limit > 0 && limit <= 100_000, "vm.max_map_count is " + limit + ": too many to make");
        try (SpecialMappingsChild child = new SpecialMappingsChild(directory, List.of(), "plain")) {
            assertThat(child.tell("many " + 2 * limit)).startsWith("OK");
            CliResult ran = CliResult.with("count", child.pid(), "--by", "kind");
            String total = ran.lines().get(ran.lines().size() - 1);
            assertThat(Long.parseLong(total.split(" ")[0])).isBetween(limit, limit + 2);
            assertThat(total).contains("% of vm.max_map_count (" + limit + "): the limit is reached, raise it with sysctl")
                    .doesNotContain("near");
            ran = CliResult.with("maps", child.pid());
            assertThat(ran.lines().get(ran.lines().size() - 1)).matches("\\d+ mappings, .*; vm.max_map_count is " + limit);
        }
    }

    @Test
    void theTableSaysHowNearTheLimitIs() {
        CliResult ran = CliResult.with("count", "self", "--by", "kind");
        assertThat(CliResult.with("count", "self", "--top", "1").out()).contains(" (1 shown), ");
        assertThat(ran.out()).doesNotContain("shown").contains("BY KIND").contains("file").contains("% of vm.max_map_count (");
    }
}
