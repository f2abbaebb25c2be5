package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Does help say what a reader of the output stumbles over? */
class HelpTest {
    @TempDir
    Path directory;

    private static Set<String> fields(CliResult ran) throws Exception {
        Set<String> fields = new TreeSet<>();
        for (String line : ran.lines()) {
            try (JsonParser parser = new JsonFactory().createParser(line)) {
                while (parser.nextToken() != null) {
                    if (parser.currentToken() == JsonToken.FIELD_NAME) {
                        fields.add(parser.currentName());
                    }
                }
            }
        }
        return fields;
    }

    private static void assertNamesAll(String command, String output) throws Exception {
        Set<String> fields = fields(CliResult.with(output.split(" ")));
        assertThat(fields).as(output).isNotEmpty();
        String help = CliResult.with("help", command).out();
        assertThat(fields).as(command).allSatisfy(field -> assertThat(help).containsPattern("JSON:[^\\x00]*\\b" + field + "\\b"));
    }

    @Test
    void everyFieldOfJsonIsNamed() throws Exception {
        MappedTestFile common = new MappedTestFile(directory.resolve("common"));
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), MapAndWaitMain.class.getName(),
                directory.resolve("common").toString()).start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('!');
            assertNamesAll("maps", "maps self --json");
            assertNamesAll("files", "files self --json");
            assertNamesAll("resolve", "resolve self 0 --json --jvm");
            assertNamesAll("count", "count self --json");
            assertNamesAll("jvm", "jvm self --json");
            assertNamesAll("shared", "shared self " + other.pid() + " --private --json");
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(common.firstByte()).isZero();
    }

    @Test
    void theEndOfWatchingIsAnExitCode() {
        assertThat(CliResult.with("help", "watch").out()).containsPattern("until it\\s+ends;\\s+then\\s+with\\s+exit\\s+code\\s+4");
    }
}
