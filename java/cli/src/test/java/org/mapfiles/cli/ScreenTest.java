package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables fit a terminal, and are whole in a pipe. */
class ScreenTest {
    private static final String LONG = "a-directory-with-a-name-that-fits-no-terminal/".repeat(4);

    @TempDir
    Path directory;

    private Path file;
    private MappedTestFile own;
    private TestJvm jvm;

    /** This JVM and another one map a file with a long path. */
    @BeforeEach
    void start() throws Exception {
        file = Files.createDirectories(directory.toRealPath().resolve(LONG)).resolve("wide.so");
        own = new MappedTestFile(file);
        jvm = TestJvm.mapping(file);
    }

    @AfterEach
    void end() throws Exception {
        jvm.close();
        assertThat(own.firstByte()).isZero();
    }

    private List<String[]> commands() {
        List<String[]> commands = new ArrayList<>();
        for (String command : List.of(
                "maps PID",
                "maps PID --rss",
                "maps PID --pss",
                "maps PID self --top 5",
                "files PID",
                "files PID --pss",
                "files PID --mappings --rss",
                "count PID",
                "count PID --pss",
                "count --all",
                "count --all --rss",
                "jvm PID",
                "jvm PID --pss",
                "jvm PID --rss --all-parts",
                "shared self PID",
                "shared self PID --private")) {
            commands.add(command.replace("PID", jvm.pid()).split(" "));
        }
        return commands;
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 120, 200})
    void noRowIsWiderThanTheTerminal(int width) {
        for (String[] command : commands()) {
            CliResult result = CliResult.onTerminal(width, command);
            assertThat(result.code()).as("%s", List.of(command)).isZero();
            List<String> rows = result.lines();
            assertThat(rows).as("%s", List.of(command)).hasSizeGreaterThan(1).allMatch(line -> line.length() <= width);
        }
    }

    @Test
    void aWiderTerminalShowsMore() {
        String narrow =
                CliResult.onTerminal(80, "maps", jvm.pid(), "--pss").lines().get(0);
        String wide =
                CliResult.onTerminal(200, "maps", jvm.pid(), "--pss").lines().get(0);
        assertThat(narrow).contains("RANGE", "SIZE", "RSS", "PSS", "NAME").doesNotContain("OFFSET");
        assertThat(wide).contains("RANGE", "SIZE", "SWAP", "DIRTY", "OFFSET", "NAME");
    }

    @Test
    void longPathsAreShortenedInTheMiddleOnATerminalOnly() {
        for (String[] command : commands()) {
            boolean hasPaths =
                    !List.of(command).contains("--all") && !List.of(command).contains("--top");
            CliResult terminal = CliResult.onTerminal(80, command);
            assertThat(terminal.out()).as("%s", List.of(command)).doesNotContain(file.toString());
            CliResult pipe = CliResult.with(command);
            assertThat(pipe.out()).as("%s", List.of(command)).doesNotContain("\u2026");
            if (hasPaths && !command[0].equals("jvm")) {
                assertThat(terminal.out()).as("%s", List.of(command)).contains("\u2026", "/wide.so");
                assertThat(pipe.lines()).as("%s", List.of(command)).anyMatch(line -> line.endsWith("  " + file));
            }
        }
        assertThat(CliResult.onTerminal(80, "maps", jvm.pid(), "--wide").out())
                .contains("DEV:INODE")
                .contains(file.toString())
                .doesNotContain("\u2026");
        assertThat(CliResult.with("maps", jvm.pid()).out()).doesNotContain("DEV:INODE");
    }

    /** The range of [vsyscall] is the longest. It does not make the column wider. */
    @Test
    void rangesHaveNoNeedlessPadding() {
        for (String line : CliResult.with("maps", jvm.pid()).lines()) {
            assertThat(line).matches(" *(RANGE +SIZE .*|[0-9a-f]+-[0-9a-f]+ .*|\\d+ mappings, .*)");
            assertThat(line.indexOf('-') > 30).as(line).isFalse();
        }
        String first =
                CliResult.with("maps", jvm.pid(), "--file", "libc.so*").lines().get(1);
        assertThat(first).startsWith("7").endsWith("/libc.so.6").hasSizeLessThan(100);
    }

    @Test
    void totalsAreTheLastLine() {
        for (String[] command : commands()) {
            List<String> lines = CliResult.with(command).lines();
            if (!command[0].equals("jvm")) {
                assertThat(lines.get(lines.size() - 1)).matches("\\d+ (mappings?|processes)\\b.*");
            } else {
                assertThat(lines).anyMatch(line -> line.endsWith("  total"));
            }
        }
    }

    /** A real terminal, its width set by stty(1). The launcher reads it. */
    @Test
    void theWidthIsThatOfTheTerminal() throws Exception {
        Path launcher = Path.of("../../mapfiles").toAbsolutePath().normalize();
        assumeTrue(new ProcessBuilder("sh", "-c", "command -v script").start().waitFor() == 0, "no script(1)");
        Path echo = Files.writeString(directory.resolve("java"), "#!/bin/sh\nprintf 'columns=%s;' \"$COLUMNS\"\n");
        String relevant = Files.readString(launcher);
        int from = relevant.indexOf("# The width of the terminal.");
        assertThat(from).isPositive();
        Path script = Files.writeString(
                directory.resolve("script"),
                "set -eu\nstty cols 123\nunset COLUMNS\n"
                        + relevant.substring(from, relevant.indexOf("\nfi\n", from) + 4)
                        + "sh " + echo + "\n");
        Process process = new ProcessBuilder("script", "-qec", "sh " + script, "/dev/null")
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(output).contains("columns=123;");
    }

    @Test
    void rowsOfSeveralProcessesHaveTheirPid() throws Exception {
        List<Map<String, Object>> rows =
                CliResult.with("maps", "self", jvm.pid(), "--json").rows();
        assertThat(rows)
                .extracting(row -> row.get("pid"))
                .contains(ProcessHandle.current().pid(), Long.parseLong(jvm.pid()));
        CliResult text = CliResult.with("maps", "self", jvm.pid());
        assertThat(text.lines()).contains(jvm.pid() + " org.mapfiles.cli.MapAndWaitMain");
    }
}
