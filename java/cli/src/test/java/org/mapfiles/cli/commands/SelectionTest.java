package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.target.NamePattern;
import org.mapfiles.cli.target.PermissionPattern;

/** Options that select and order rows. They have the same meaning in all commands. */
class SelectionTest {
    @TempDir
    Path directory;

    private SpecialMappingsChild child;
    private List<Map<String, Object>> all;

    @BeforeEach
    void start() throws Exception {
        child = new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain", "deleted", "memfd");
        all = rows("maps");
    }

    @AfterEach
    void end() throws Exception {
        child.close();
    }

    private List<Map<String, Object>> rows(String command, String... options) throws Exception {
        String[] arguments = new String[options.length + 3];
        arguments[0] = command;
        arguments[1] = child.pid();
        arguments[2] = "--json";
        System.arraycopy(options, 0, arguments, 3, options.length);
        CliResult result = CliResult.with(arguments);
        assertThat(result.code()).as(result.err()).isZero();
        return result.rows();
    }

    @Test
    void mappingsAreSelectedByKindNamePermissionsAndDeletion() throws Exception {
        assertThat(rows("maps", "--kind", "stack,vdso"))
                .extracting(row -> row.get("kind"))
                .containsOnly("stack", "vdso");
        assertThat(rows("maps", "--file", "pla*"))
                .isNotEmpty()
                .allSatisfy(row -> assertThat((String) row.get("path")).endsWith("/plain"));
        assertThat(rows("maps", "--perms", "rw"))
                .isNotEmpty()
                .allSatisfy(row -> assertThat((String) row.get("perms")).startsWith("rw"));
        assertThat(rows("maps", "--perms", "r-x?"))
                .isEqualTo(all.stream()
                        .filter(row -> ((String) row.get("perms")).startsWith("r-x"))
                        .toList());
        assertThat(rows("maps", "--deleted"))
                .allSatisfy(row -> assertThat(row).containsEntry("deleted", true))
                .hasSameSizeAs(all.stream()
                        .filter(row -> Boolean.TRUE.equals(row.get("deleted")))
                        .toList());
        assertThat(rows("maps", "--kind", "file", "--exec", "--file", "libc.so.*"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"maps", "files", "count"})
    void eachCommandSelectsTheSame(String command) throws Exception {
        assertThat(rows(command, "--file", "/**/plain").toString())
                .contains("/plain")
                .doesNotContain("libc.so");
        CliResult wrong = CliResult.with(command, child.pid(), "--kind", "frog");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("'frog' is none of anonymous, file, ");
        assertThat(CliResult.with(command, child.pid(), "--perms", "q").code()).isEqualTo(2);
        assertThat(CliResult.with(command, child.pid(), "--sort", "frog").code())
                .isEqualTo(2);
    }

    @Test
    void rowsAreOrderedAndLimited() throws Exception {
        List<Map<String, Object>> bySize = rows("maps", "--sort", "size");
        assertThat(bySize)
                .hasSameSizeAs(all)
                .isSortedAccordingTo((a, b) -> Long.compare((Long) b.get("size"), (Long) a.get("size")));
        assertThat(rows("maps", "--top", "3")).isEqualTo(bySize.subList(0, 3));
        assertThat(rows("maps", "--sort", "address")).isEqualTo(all);
        assertThat(rows("maps", "--sort", "rss", "--top", "5"))
                .hasSize(5)
                .isSortedAccordingTo((a, b) -> Long.compare((Long) b.get("rss"), (Long) a.get("rss")));
        assertThat(rows("files", "--sort", "path", "--kind", "file", "--file", "/usr/**"))
                .extracting(row -> (String) row.get("path"))
                .isSorted();
        assertThat(rows("files", "--mappings", "--top", "2")).hasSize(2);
        CliResult address = CliResult.with("count", child.pid(), "--sort", "address");
        assertThat(address.code()).isEqualTo(2);
        assertThat(address.err()).contains("groups have no address");
    }

    /** The last line is about all rows that are selected, also about those that are not shown. */
    @Test
    void totalsAreOfAllRows() {
        for (String[] command :
                new String[][] {{"maps"}, {"maps", "--files"}, {"files"}, {"files", "--mappings"}, {"count"}}) {
            String whole = lastLine(command);
            String limited = lastLine(command, "--top", "2");
            String ordered = lastLine(command, "--sort", "size");
            assertThat(whole).as("%s", List.of(command)).doesNotContain("shown");
            assertThat(ordered).as("%s", List.of(command)).isEqualTo(whole);
            assertThat(limited).contains(" (2 shown), ");
            assertThat(limited.replace(" (2 shown)", "")).isEqualTo(whole);
        }
    }

    private String lastLine(String[] command, String... options) {
        List<String> all = new ArrayList<>(List.of(command));
        all.add(child.pid());
        all.addAll(List.of(options));
        List<String> lines = CliResult.with(all.toArray(String[]::new)).lines();
        return lines.get(lines.size() - 1);
    }

    /** The rows of a file add up to those of its mappings. */
    @Test
    void aFileHasTheSumsOfItsMappings() throws Exception {
        List<Map<String, Object>> mappings = rows("files", "--mappings", "--rss");
        List<Map<String, Object>> files = rows("files", "--rss");
        assertThat(files).extracting(row -> row.get("type")).containsOnly("file");
        assertThat(files).hasSizeLessThan(mappings.size());
        for (String field : Set.of("size", "rss")) {
            assertThat(files.stream().mapToLong(row -> (Long) row.get(field)).sum())
                    .isEqualTo(mappings.stream()
                            .mapToLong(row -> (Long) row.get(field))
                            .sum());
        }
        assertThat(files.stream().mapToLong(row -> (Long) row.get("mappings")).sum())
                .isEqualTo(mappings.size());
    }

    @Test
    void orderingKeepsAtMostItsMaximum() {
        TopRows<Integer> rows = new TopRows<>(Integer::compare, 3);
        for (int i = 0; i < 1000; i++) {
            rows.add(i * 7919 % 1000);
        }
        assertThat(rows.sorted()).containsExactly(0, 1, 2);
        assertThat(rows.leftOut()).isEqualTo(997);
    }

    @ParameterizedTest
    @CsvSource({
        "*.so, /usr/lib/libfoo.so, true",
        "*.so, /usr/lib/libfoo.so.1, false",
        "*.so*, /usr/lib/libfoo.so.1, true",
        "lib?oo.so, /x/libfoo.so, true",
        "/usr/*, /usr/lib/x, false",
        "/usr/**, /usr/lib/x, true",
        "/usr/*/x, /usr/lib/x, true",
        "[lv]ib, /a/vib, true",
        "[!l]ib, /a/lib, false",
        "'[[]heap]', [heap], true",
        "'\\[heap]', [heap], true",
        "a+b, a+b, true",
        "a+b, aab, false"
    })
    void namesMatchAsInAShell(String glob, String name, boolean matches) {
        assertThat(NamePattern.parse(glob).matches(name.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource({"rw, rw-p, true", "x, rw-p, false", "r??p, r-xp, true", "r-xp, r-xs, false", "wr, rw-s, true"})
    void permissionsAreLettersOrAPattern(String pattern, String permissions, boolean matches) {
        assertThat(PermissionPattern.parse(pattern).matches(permissions)).isEqualTo(matches);
        assertThat(Files.exists(directory)).isTrue();
    }
}
