package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine;

/** The help of each command. */
class HelpTest {
    private static CommandLine root() {
        return RootCommand.commandLine(new Terminal(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                OutputStream.nullOutputStream(),
                false));
    }

    /** The commands of mapfiles itself, and mapfiles. */
    static List<String> commands() {
        List<String> names = new ArrayList<>(root().getSubcommands().keySet());
        names.remove("help");
        names.add("");
        return names;
    }

    private static CliResult help(String command) {
        CliResult result =
                command.isEmpty() ? CliResult.onTerminal(80, "--help") : CliResult.onTerminal(80, command, "--help");
        assertThat(result.code()).isZero();
        return result;
    }

    /** Help is as long as a large window: 40 lines of 80 columns. */
    @ParameterizedTest
    @MethodSource("commands")
    void helpFitsAWindow(String command) {
        CliResult help = help(command);
        assertThat(help.lines()).hasSizeLessThanOrEqualTo(40).allMatch(line -> line.length() <= 80);
        assertThat(CliResult.with(command.isEmpty() ? new String[] {"help"} : new String[] {"help", command})
                        .out())
                .as("in a pipe")
                .isEqualTo(help.out());
        assertThat(CliResult.onTerminal(200, "help").lines())
                .as("on a wide terminal")
                .allMatch(line -> line.length() <= 80);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theExampleComesBeforeTheOptions(String command) {
        String help = help(command).out();
        assertThat(help.indexOf("Example")).as(help).isPositive().isLessThan(help.indexOf("-h, --help"));
        assertThat(help.lines().filter(line -> line.startsWith("Example"))).hasSize(1);
    }

    /** Each line from the first option to the last begins with an option. */
    @ParameterizedTest
    @MethodSource("commands")
    void noOptionIsBrokenOverTwoLines(String command) {
        List<String> lines = help(command).lines();
        int first = 0;
        while (!lines.get(first).startsWith("  -") && !lines.get(first).startsWith("      --")) {
            first++;
        }
        int end = first;
        while (end < lines.size()
                && lines.get(end).startsWith("  ")
                && lines.get(end).contains("-")) {
            assertThat(lines.get(end)).matches("  (-\\w, |    )--[a-z-]+.*\\.|  +\\[?--\\]?.*");
            end++;
        }
        assertThat(String.join("\n", lines.subList(end, lines.size())))
                .as("options after a line that is none")
                .doesNotContainPattern("(?m)^ +(-\\w, )?--[a-z]+[ =]");
    }

    /** Help names the types of the rows. Their fields are on a page. */
    @Test
    void helpNamesTheTypesOfJsonRows() {
        RowSchema.rows().forEach((type, row) -> {
            String command = row.get("description").asString().split("[ :]")[0];
            String json = help(command).out().replaceAll("\\s+", " ").split(" JSON: ", 2)[1];
            assertThat(json).as(command).containsPattern("\\b" + type + "\\b");
        });
    }

    @Test
    void helpListsTheExitCodes() {
        assertThat(CliResult.with("--help").out())
                .contains("Exit codes:")
                .containsPattern("3 +a permission is missing")
                .containsPattern("4 +the process has exited");
        assertThat(help("watch").out().replaceAll("\\s+", " ")).contains("It ends when the processes exit");
    }

    @Test
    void withoutACommandTheCommandsAreListed() {
        CliResult bare = CliResult.with();
        assertThat(bare.code()).isZero();
        assertThat(bare.err()).isEmpty();
        assertThat(bare.out()).isEqualTo(CliResult.with("--help").out());
        Set<String> listed = new TreeSet<>();
        bare.lines().forEach(line -> listed.add(line.strip().split(" ")[0]));
        assertThat(listed).containsAll(root().getSubcommands().keySet());
        int commands = bare.lines().indexOf("Commands:");
        assertThat(bare.lines().subList(commands + 1, bare.lines().indexOf("Exit codes:") - 1))
                .as("one line each")
                .hasSameSizeAs(root().getSubcommands().keySet());
    }

    /** An option has the same names in all commands. */
    @Test
    void anOptionIsSpelledOnce() {
        Map<String, Set<String>> spellings = new TreeMap<>();
        for (CommandLine command : root().getSubcommands().values()) {
            command.getCommandSpec().options().forEach(option -> {
                for (String name : option.names()) {
                    spellings
                            .computeIfAbsent(name, key -> new TreeSet<>())
                            .add(String.join(", ", option.names()) + " " + option.paramLabel());
                }
            });
        }
        assertThat(spellings).containsKeys("-o", "--output", "--force");
        spellings.forEach((name, all) -> assertThat(all).as(name).hasSize(1));
    }

    /** The same option has the same meaning: its description is the same in all commands. */
    @Test
    void anOptionIsDescribedOnce() {
        for (String option : List.of(
                "--sort", "--top", "--kind", "--deleted", "--file", "--perms", "--wide", "--rss", "--json", "--all")) {
            Set<String> descriptions = new TreeSet<>();
            for (CommandLine command : root().getSubcommands().values()) {
                if (command.getCommandSpec().findOption(option) != null) {
                    descriptions.add(String.join(
                            " ", command.getCommandSpec().findOption(option).description()));
                }
            }
            assertThat(descriptions).as(option).hasSize(1);
        }
    }
}
