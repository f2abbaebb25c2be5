package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.Mapping;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.jvm.JvmRegions;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Completion in bash. */
class BashCompletionTest {
    @TempDir
    Path directory;

    /** The names of an option's values; empty if it has no fixed values. */
    private static List<String> values(OptionSpec option) {
        List<String> values = new ArrayList<>();
        if (option.completionCandidates() != null) {
            option.completionCandidates().forEach(values::add);
        }
        return values;
    }

    /** Options whose values are constants: an enum, or some constants between commas. */
    private static boolean hasFixedValues(OptionSpec option) {
        String type = option.userObject() instanceof java.lang.reflect.Field field
                ? field.getGenericType().getTypeName()
                : "";
        return option.type().isEnum() || type.contains("ConstantSet<");
    }

    @Test
    void optionsOfAllCommandsOfferTheirValues() throws Exception {
        Path script = completion();
        CommandLine root = RootCommand.commandLine(new Terminal(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                OutputStream.nullOutputStream(),
                false));
        List<String> checked = new ArrayList<>();
        for (Map.Entry<String, CommandLine> command : root.getSubcommands().entrySet()) {
            for (OptionSpec option : command.getValue().getCommandSpec().options()) {
                if (hasFixedValues(option)) {
                    String name = option.longestName();
                    assertThat(values(option)).as(command.getKey() + " " + name).hasSizeGreaterThan(2);
                    assertThat(complete(script, command.getKey(), name, ""))
                            .as(command.getKey() + " " + name)
                            .containsExactlyInAnyOrderElementsOf(values(option));
                    checked.add(name);
                }
            }
        }
        assertThat(checked).contains("--kind", "--region", "--sort", "--by");
    }

    @Test
    void theLastOfSeveralValuesIsCompleted() throws Exception {
        Path script = completion();
        assertThat(complete(script, "maps", "--kind", "he")).containsExactly("heap");
        assertThat(complete(script, "maps", "--kind", "heap,sta")).containsExactly("heap,stack");
        assertThat(complete(script, "maps", "--kind", "heap,")).hasSameSizeAs(Mapping.Kind.values());
        assertThat(complete(script, "jvm", "--region", "gc,")).hasSameSizeAs(JvmRegions.Kind.values());
        assertThat(complete(script, "jvm", "--region", "gc,code_h")).containsExactly("gc,code_heap");
    }

    private Path completion() throws Exception {
        assumeTrue(isThere("bash"), "no bash");
        return Files.writeString(
                directory.resolve("completion"),
                CliResult.with("generate-completion").out());
    }

    /** Bash completes a PID, and shows the names of several. */
    @Test
    void completionOffersProcessesWithTheirNames() throws Exception {
        Path script = completion();
        try (TestJvm jvm = TestJvm.waiting()) {
            assertThat(complete(script, "maps", ""))
                    .anyMatch(line -> line.equals(jvm.pid() + "  " + TestJvm.WaitMain.class.getName()));
            assertThat(complete(script, "maps", jvm.pid())).containsExactly(jvm.pid());
            assertThat(complete(script, "cat", jvm.pid(), "")).isEmpty();
            assertThat(complete(script, "maps", "--ex")).anyMatch(line -> line.startsWith("--exec"));
            assertThat(complete(script, "ma")).anyMatch(line -> line.startsWith("maps"));
            Path file = Files.createFile(directory.toRealPath().resolve("hs_err.log"));
            assertThat(complete(script, "crash", directory.toRealPath() + "/hs"))
                    .containsExactly(file.toString());
            for (String command : List.of("diff", "html")) {
                assertThat(complete(script, command, directory.toRealPath() + "/hs"))
                        .containsExactly(file.toString());
                assertThat(complete(script, command, jvm.pid())).containsExactly(jvm.pid());
            }
            assertThat(complete(script, "html", "self", "-o", directory.toRealPath() + "/hs"))
                    .containsExactly(file.toString());
            assertThat(complete(script, "maps", directory.toRealPath() + "/hs"))
                    .as("no files")
                    .isEmpty();
        }
    }

    /** Readline inserts all candidates of a menu. Other users choose the names of processes and of files in /tmp. */
    @Test
    void completionInsertsNoCommands() throws Exception {
        Path script = completion();
        for (String type : List.of("37", "42")) { // menu-complete, insert-completions
            assertThat(complete(script, Map.of("COMP_TYPE", type), "maps", ""))
                    .isNotEmpty()
                    .allMatch(line -> line.matches("[0-9]+"));
        }
        String hostile = directory.toRealPath() + "/x;touch y";
        Files.createFile(Path.of(hostile));
        for (String command : List.of("crash", "diff", "html")) {
            assertThat(complete(script, command, directory.toRealPath() + "/x"))
                    .containsExactly(hostile.replace(";", "\\;").replace(" ", "\\ "));
        }
    }

    private static boolean isThere(String program) throws Exception {
        return new ProcessBuilder("sh", "-c", "command -v " + program).start().waitFor() == 0;
    }

    /** Returns what bash offers for the last word. */
    private static List<String> complete(Path script, String... words) throws IOException {
        return complete(script, Map.of(), words);
    }

    private static List<String> complete(Path script, Map<String, String> variables, String... words)
            throws IOException {
        String line = "source '" + script + "'; COMP_WORDS=(mapfiles \"$@\"); COMP_CWORD=$#;"
                + " COMP_LINE=\"${COMP_WORDS[*]}\"; COMP_POINT=${#COMP_LINE};"
                + " _mapfiles_with_processes mapfiles; for each in \"${COMPREPLY[@]}\"; do echo \"$each\"; done";
        List<String> command = new ArrayList<>(List.of("bash", "-c", line, "bash"));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD); // compopt: not in a completion
        builder.environment().putAll(variables);
        Process bash = builder.start();
        return new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }
}
