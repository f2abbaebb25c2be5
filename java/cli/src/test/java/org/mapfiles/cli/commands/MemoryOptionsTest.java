package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.TestJvm;
import org.mapfiles.resident.Smaps;
import org.mapfiles.resident.SmapsBytes;

/** {@code --rss} and {@code --pss} of maps, files, count and jvm, for another JVM that does nothing. */
class MemoryOptionsTest {
    private static TestJvm jvm;
    private static String pid;
    private static final SmapsBytes TOTAL = new SmapsBytes();

    @BeforeAll
    static void start() throws Exception {
        jvm = TestJvm.waiting("-Xms32m", "-Xmx256m", "-XX:TieredStopAtLevel=1");
        pid = jvm.pid();
    }

    private static void readTotal(SmapsBytes total) throws IOException {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(pid))) {
            total.clear();
            new Smaps().readTotal(maps, total);
        }
    }

    /**
     * Returns the rows of a command, and sets the total to that of smaps. Threads of the JVM run on, and another
     * process that maps or unmaps a library changes PSS: the command is run until the total is the same before and
     * after it.
     */
    private static List<Map<String, Object>> rows(String... arguments) throws Exception {
        SmapsBytes before = new SmapsBytes();
        List<Map<String, Object>> rows = new ArrayList<>();
        Await.until("the memory stays the same", () -> {
            readTotal(before);
            rows.clear();
            rows.addAll(CliResult.with(arguments).rows());
            readTotal(TOTAL);
            return isSame(before.rss(), TOTAL.rss()) && isSame(before.pss(), TOTAL.pss());
        });
        return rows;
    }

    private static boolean isSame(long before, long after) {
        return Math.abs(after - before) < before / 200;
    }

    @AfterAll
    static void end() throws Exception {
        jvm.close();
    }

    private static long number(Map<String, Object> row, String field) {
        return (Long) row.get(field);
    }

    private static long sum(List<Map<String, Object>> rows, String field) {
        return rows.stream()
                .filter(row -> row.get(field) != null)
                .mapToLong(row -> number(row, field))
                .sum();
    }

    private static void isNear(long actual, long expected) {
        assertThat((double) actual).isCloseTo((double) expected, within(0.02 * expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"maps", "files", "count", "jvm"})
    void fieldsAreOnlyThoseOfTheOptions(String command) {
        Set<String> plain = new TreeSet<>(
                CliResult.with(command, pid, "--json").rows().get(0).keySet());
        Set<String> rss = new TreeSet<>(
                CliResult.with(command, pid, "--json", "--rss").rows().get(0).keySet());
        Set<String> pss = new TreeSet<>(
                CliResult.with(command, pid, "--json", "--pss").rows().get(0).keySet());
        pss.removeAll(rss);
        rss.removeAll(plain);
        rss.remove("committed");
        assertThat(rss).containsExactly("rss", "swap");
        assertThat(pss).containsExactly("private_clean", "private_dirty", "pss", "shared_clean", "shared_dirty");
    }

    @Test
    void mappingsHaveTheMemoryOfSmaps() throws Exception {
        List<Map<String, Object>> rows = rows("maps", pid, "--json", "--pss");
        assertThat(rows)
                .allSatisfy(row ->
                        assertThat(number(row, "rss") + number(row, "swap")).isBetween(0L, number(row, "size")));
        isNear(sum(rows, "rss"), TOTAL.rss());
        isNear(sum(rows, "pss"), TOTAL.pss());
        isNear(
                sum(rows, "shared_clean")
                        + sum(rows, "shared_dirty")
                        + sum(rows, "private_clean")
                        + sum(rows, "private_dirty"),
                TOTAL.rss());
        assertThat(rows)
                .anySatisfy(row -> assertThat(number(row, "rss")).isPositive().isLessThan(number(row, "size")));
    }

    @Test
    void groupsAddUpToTheTotal() throws Exception {
        List<Map<String, Object>> rows = rows("count", pid, "--json", "--pss", "--by", "kind");
        Map<String, Object> total = rows.get(rows.size() - 1);
        List<Map<String, Object>> groups = rows.subList(0, rows.size() - 1);
        isNear(number(total, "rss"), TOTAL.rss());
        assertThat(sum(groups, "rss")).isEqualTo(number(total, "rss"));
        assertThat(groups)
                .filteredOn(row -> row.get("pss") == null)
                .as("changed mappings")
                .hasSizeLessThan(2);
    }

    @Test
    void filesHaveTheirMappingsOnly() throws Exception {
        List<Map<String, Object>> files = rows("files", pid, "--json", "--rss");
        List<Map<String, Object>> maps = rows("maps", pid, "--json", "--rss", "--files");
        isNear(sum(files, "rss"), sum(maps, "rss"));
        assertThat(sum(files, "rss")).isPositive().isLessThan(TOTAL.rss());
    }

    @Test
    void partsOfAJvmAreReservedCommittedAndResident() throws Exception {
        List<Map<String, Object>> rows = rows("jvm", pid, "--json", "--pss");
        isNear(sum(rows, "rss"), TOTAL.rss());
        assertThat(rows).allSatisfy(row -> {
            assertThat(number(row, "committed")).isBetween(0L, number(row, "size"));
            assertThat(number(row, "rss") + number(row, "swap")).isBetween(0L, number(row, "size"));
        });
        List<Map<String, Object>> heap = rows.stream()
                .filter(row -> row.get("region").equals("java_heap"))
                .toList();
        assertThat(sum(heap, "size")).isGreaterThanOrEqualTo(256 << 20);
        assertThat(sum(heap, "committed")).isLessThan(sum(heap, "size")).isGreaterThan(sum(heap, "rss"));
        assertThat(sum(heap, "rss")).isPositive();
    }

    @Test
    void tablesHaveTheColumns() {
        assertThat(CliResult.with("maps", pid, "--rss").lines().get(0)).matches(" *RANGE +SIZE +RSS +SWAP +PERMS.*");
        CliResult maps = CliResult.with("maps", pid, "--pss");
        assertThat(maps.lines().get(0)).matches(" *RANGE +SIZE +RSS +SWAP +PSS +SHARED +PRIVATE +DIRTY +PERMS.*");
        assertThat(maps.out()).containsPattern("\\d+ mappings, .*, RSS .*, PSS .*; vm.max_map_count is");
        assertThat(CliResult.with("files", pid, "--rss").lines().get(0))
                .matches("MAPPINGS +SIZE +RSS +SWAP +MODE +STATE.*");
        assertThat(CliResult.with("count", pid, "--rss").out())
                .matches("(?s)MAPPINGS +SIZE +RSS +SWAP +BY PATH.*, RSS .*");
        assertThat(CliResult.with("jvm", pid, "--rss").out())
                .matches(
                        "(?s) *PARTS +RESERVED +COMMITTED +RSS +SWAP +REGION.*\\n *RANGE +RESERVED +COMMITTED +RSS +SWAP +REGION +WHAT.*");
        assertThat(CliResult.with("jvm", pid).out()).matches("(?s) *PARTS +SIZE +REGION.*");
    }
}
