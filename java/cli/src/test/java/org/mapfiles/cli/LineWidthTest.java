package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of addresses fit a terminal, and are whole in a pipe and with {@code --wide}. */
class LineWidthTest {
    private static final String LONG = "a-directory-with-a-name-that-fits-no-terminal/".repeat(4);

    @TempDir
    Path directory;

    private TestJvm jvm;
    private Path file;
    private Path log;
    private Path saved;

    @BeforeEach
    void start() throws Exception {
        file = Files.createDirectories(directory.toRealPath().resolve(LONG)).resolve("wide.so");
        Files.write(file, new byte[8192]);
        jvm = TestJvm.mapping(file);
        String text = Files.readString(HsErrFiles.write(directory));
        log = Files.writeString(
                directory.resolve("long.log"),
                text.replace("/no/such\033[2J", LONG.substring(0, LONG.length() - 1))
                        .replace("Command Line: Main", "Command Line: " + "-Doption=value ".repeat(12) + "Main")
                        .replace("f\033[2J+0x4", "a_function_".repeat(12) + "+0x4")
                        .replace(" " + LONG, " /" + LONG));
        saved = Files.writeString(
                directory.resolve("saved"), CliResult.with("save", "self").out());
    }

    @AfterEach
    void end() throws Exception {
        jvm.close();
    }

    private String addressInFile() {
        return (String) CliResult.with("maps", jvm.pid(), "--json", "--file", "wide.so")
                .rows()
                .get(0)
                .get("start");
    }

    private List<List<String>> commands() {
        List<List<String>> commands = new ArrayList<>();
        commands.add(List.of("resolve", jvm.pid(), addressInFile(), "libjvm.so+0x1000", "--jvm"));
        commands.add(List.of("crash", log.toString()));
        commands.add(List.of("diff", saved.toString(), jvm.pid()));
        return commands;
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 80, 132})
    void noLineIsWiderThanTheTerminal(int width) {
        for (List<String> command : commands()) {
            CliResult result = CliResult.onTerminal(width, command.toArray(String[]::new));
            assertThat(result.code()).as("%s %s", command, result.err()).isZero();
            assertThat(result.lines()).as("%s", command).hasSizeGreaterThan(1).allMatch(line -> line.length() <= width);
        }
    }

    @Test
    void thePathIsShortenedBeforeTheRangeIsLeftOut() {
        String line = CliResult.onTerminal(80, "resolve", jvm.pid(), addressInFile())
                .lines()
                .get(0);
        assertThat(line)
                .matches("0x[0-9a-f]+  /.*\u2026.*/wide\\.so \\+ 0x0  rw-s  [0-9a-f]+-[0-9a-f]+")
                .hasSize(80);
        String narrow = CliResult.onTerminal(40, "resolve", jvm.pid(), addressInFile())
                .lines()
                .get(0);
        assertThat(narrow).startsWith("0x").contains("wide.so + 0x0").doesNotContain("rw-s");
    }

    @Test
    void wideLinesAreThoseOfAPipe() {
        for (List<String> command : commands()) {
            List<String> wide = new ArrayList<>(command);
            wide.add("--wide");
            CliResult pipe = CliResult.with(command.toArray(String[]::new));
            assertThat(CliResult.onTerminal(80, wide.toArray(String[]::new)).out())
                    .as("%s", command)
                    .doesNotContain("\u2026")
                    .hasSameSizeAs(pipe.out());
            assertThat(pipe.out()).contains(LONG.substring(0, LONG.length() - 1));
        }
    }
}
