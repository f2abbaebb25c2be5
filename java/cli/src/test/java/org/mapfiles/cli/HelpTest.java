package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The help of each command. */
class HelpTest {
    private static final String OF_MAPS = "those of 'mapfiles maps --json'";

    private static String help(String command) {
        CliResult result = CliResult.with("help", command);
        assertThat(result.code()).isZero();
        return result.out().replaceAll("\\s+", " ");
    }

    /** The fields of the rows of a command, by the schema. */
    private static Set<String> fields(String command) {
        Set<String> fields = new TreeSet<>();
        for (JsonNode row : RowSchema.rows().values()) {
            if (row.get("description").asString().split("[ :]")[0].equals(command)) {
                fields.addAll(row.get("properties").propertyNames());
            }
        }
        return fields;
    }

    @ParameterizedTest
    @ValueSource(strings = {"maps", "resolve", "files", "shared", "watch", "jvm", "count", "crash"})
    void helpNamesEachFieldOfJson(String command) {
        String json = help(command).split(" JSON: ", 2)[1];
        Set<String> fields = fields(command);
        assertThat(fields).isNotEmpty();
        if (!command.equals("maps") && fields.containsAll(RowSchema.ofMapping())) {
            assertThat(json.replace("the fields of 'mapfiles", "those of 'mapfiles"))
                    .contains(OF_MAPS);
            fields.removeAll(RowSchema.ofMapping());
        }
        assertThat(fields).allSatisfy(field -> assertThat(json).containsPattern("\\b" + field + "\\b"));
    }

    @Test
    void helpListsTheExitCodes() {
        assertThat(CliResult.with("--help").out())
                .contains("Exit codes:")
                .containsPattern("3 +a permission is missing")
                .containsPattern("4 +the process has exited");
        assertThat(help("watch")).contains("until the process exits. The exit code is then 4.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stale", "save", "diff", "doctor"})
    void helpBeginsWithAnExampleAndFitsAScreen(String command) {
        List<String> lines = CliResult.with("help", command).lines();
        assertThat(lines).hasSizeLessThanOrEqualTo(40).allMatch(line -> line.length() <= 80);
        int example = lines.indexOf(lines.stream()
                .filter(line -> line.startsWith("Example: mapfiles " + command))
                .findFirst()
                .orElseThrow());
        int options = lines.indexOf(lines.stream()
                .filter(line -> line.contains("-h, --help"))
                .findFirst()
                .orElseThrow());
        assertThat(example).isLessThan(options);
    }

    @Test
    void noLineIsWiderThanATerminal() {
        for (String command : List.of("maps", "resolve", "files", "cat", "shared", "watch", "jvm", "count", "crash")) {
            assertThat(CliResult.with("help", command).lines()).as(command).allMatch(line -> line.length() <= 80);
        }
    }
}
