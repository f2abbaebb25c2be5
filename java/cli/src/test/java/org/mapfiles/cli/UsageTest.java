package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A wrong command line is exit code 2 and one line that names the cause and the remedy. */
class UsageTest {
    private static String failure(String... arguments) {
        CliResult ran = CliResult.with(arguments);
        assertThat(ran.code()).as("%s", ran).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("mapfiles: ").hasLineCount(1).endsWith(" --help\n");
        return ran.err();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "help maps junk",
                "help --json",
                "help --bogus",
                "help maps --bogus",
                "generate-completion junk",
                "generate-completion --bogus",
                "--version --bogus",
                "--help junk",
                "save --help 1 junk",
                "maps --version 1 --bogus",
                "maps 1 junk"
            })
    void argumentsThatNothingTakesAreWrongBesideHelpToo(String line) {
        failure(line.split(" "));
    }

    @ParameterizedTest
    @CsvSource({"map 1, maps", "help map, maps", "cuont self, count", "resolv 1 0, resolve", "file self, files"})
    void aSimilarCommandIsNamed(String line, String similar) {
        String name = line.replaceFirst("^help ", "").split(" ")[0];
        assertThat(failure(line.split(" ")))
                .startsWith("mapfiles: unknown command '" + name + "', did you mean " + similar + ":");
    }

    @ParameterizedTest
    @ValueSource(strings = {"frobnicate", "help frobnicate", "7", "x"})
    void noCommandIsNamedThatIsNotSimilar(String line) {
        assertThat(failure(line.split(" "))).contains("unknown command '").doesNotContain("did you mean");
    }

    @ParameterizedTest
    @CsvSource({
        "maps self --jsno, --json",
        "resolve self 0 --line, --lines",
        "count --al, --all",
        "watch self --intervall=5, --interval",
        "jvm self --regions gc, --region"
    })
    void aSimilarOptionIsNamed(String line, String similar) {
        assertThat(failure(line.split(" "))).contains("unknown option '--", "', did you mean " + similar + ":");
    }

    @ParameterizedTest
    @ValueSource(strings = {"resolve self 0 -j", "save self --all", "save self --json", "maps self --x"})
    void noOptionIsNamedThatIsNotSimilar(String line) {
        assertThat(CliResult.with(line.split(" ")).err()).doesNotContain("did you mean");
    }

    @ParameterizedTest
    @CsvSource({
        "shared, at least 2 arguments PID|self are needed",
        "shared self, at least 2 arguments PID|self are needed",
        "maps, PID|self or --all is missing",
        "watch, PID|self is missing",
        "stale, PID|self or --all is missing",
        "cat self, RANGE|NAME is missing",
        "html self, --output FILE is missing",
        "cat self -dash, put -- before a name that begins with -",
        "cat -dash, put -- before a name that begins with -",
        "maps self --bogus, unknown option '--bogus'",
        "cat self a b, one argument too many: 'b'",
        "html self self self -o -, one argument too many: 'self'",
        "html self -o - self self, one argument too many: 'self'",
        "shared frobnicate self, mapfiles: 'frobnicate' is neither a PID nor self",
        "shared self frobnicate, mapfiles: 'frobnicate' is neither a PID nor self",
        "resolve 0x7f00, PID|self is missing",
        "resolve 4711, ADDR|- is missing",
        "stale frobnicate, 'frobnicate' is neither a PID nor self",
        "stale --all self, --all cannot be combined with a process",
        "maps self --sort=foo, --sort: 'foo' is none of size",
        "count self --by=foo, --by: 'foo' is none of path"
    })
    void theMessageNamesTheRemedy(String line, String message) {
        assertThat(failure(line.split(" "))).contains(message).doesNotContain("positional parameter");
    }

    @Test
    void theSynopsisOfHtmlHasOneOrTwoStates() {
        assertThat(CliResult.with("html", "--help").out())
                .startsWith("Usage: mapfiles html [OPTIONS] PID|FILE [PID|FILE]\n");
    }

    @Test
    void aNameThatBeginsWithADashComesAfterTwoDashes() {
        CliResult ran = CliResult.with("cat", "self", "--", "-dash");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("has no mapping -dash");
    }

    /** The last two are digits of other scripts: Arabic-Indic and fullwidth. */
    @ParameterizedTest
    @ValueSource(
            strings = {"+5", "-5", "0", "0x1", "1e3", " 1", "1 ", "", "2147483648", "4294967297", "\u0665", "\uff11"})
    void aNumberIsAsciiDigitsWithoutASign(String number) {
        for (String command : new String[] {"maps", "files", "count", "watch", "jvm"}) {
            if (!number.startsWith("-")) {
                assertThat(failure(command, number))
                        .contains("is neither a PID nor self")
                        .doesNotContain("Invalid value");
            }
        }
        failure("count", "self", "--top=" + number);
        failure("watch", "self", "--interval=" + number);
    }

    @Test
    void anArgumentWithAnAtSignIsNoFileOfArguments(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("arguments"), "self\n--secret\n");
        assertThat(failure("maps", "@" + file))
                .contains("'@" + file + "' is neither a PID nor self")
                .doesNotContain("--secret");
        assertThat(failure("maps", "self", "@" + file))
                .contains("'@" + file + "' is neither a PID nor self")
                .doesNotContain("--secret");
        CliResult cat = CliResult.with("cat", "self", "@" + file);
        assertThat(cat.code()).isEqualTo(1);
        assertThat(cat.err()).contains("has no mapping @" + file);
    }
}
