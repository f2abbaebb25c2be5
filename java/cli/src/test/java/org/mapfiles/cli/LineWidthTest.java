package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of all commands fit a terminal, and are whole in a pipe and with {@code --wide}. */
class LineWidthTest {
    private static final String LONG = "a-directory-with-a-name-that-fits-no-terminal/".repeat(4);
    /** Their output is for a program, or fits 80 columns as it is. */
    private static final Set<String> NO_SCREEN = Set.of("cat", "save", "html", "generate-completion");

    /** Lines of a profile that cannot be used, or are copied. */
    private static final String INPUT = "not an address ".repeat(20) + "\n12345\nno-library.so+0x10\n"
            + "a_program_with_a_long_name 4711 [003] 123.456789: cpu-clock:u: and-more-of-it-that-is-long\n"
            + "\t    7f0000001234 a_function_".repeat(1) + "with_a_long_name".repeat(12) + "+0x12 (/nowhere/" + LONG
            + "x.so)\n";

    @TempDir
    Path directory;

    private TestJvm jvm;
    private Path file;
    private Path log;
    private Path saved;
    private Path text;

    /** A command, its input, and its exit code. */
    private record Run(int code, String input, List<String> arguments) {
        static Run of(String... arguments) {
            return new Run(0, "", List.of(arguments));
        }

        CliResult onTerminal(int width) {
            return CliResult.onTerminal(width, input, arguments);
        }

        CliResult inPipe() {
            return CliResult.reading(input, arguments.toArray(String[]::new));
        }

        Run with(String option) {
            List<String> all = new ArrayList<>(arguments);
            all.add(option);
            return new Run(code, input, all);
        }
    }

    @BeforeEach
    void start() throws Exception {
        file = Files.createDirectories(directory.toRealPath().resolve(LONG)).resolve("wide.so");
        Files.write(file, new byte[8192]);
        jvm = TestJvm.mapping(file);
        String whole = Files.readString(HsErrFiles.write(directory));
        log = Files.writeString(
                directory.resolve("long.log"),
                whole.replace("/no/such\033[2J", LONG.substring(0, LONG.length() - 1))
                        .replace("Command Line: Main", "Command Line: " + "-Doption=value ".repeat(12) + "Main")
                        .replace("f\033[2J+0x4", "a_function_".repeat(12) + "+0x4")
                        .replace(" " + LONG, " /" + LONG));
        saved = Files.writeString(
                directory.resolve("saved"), CliResult.with("save", "self").out());
        text = Files.copy(Path.of("/proc/self/maps"), directory.resolve("text"));
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

    /** Commands whose output has the long path. */
    private List<Run> commandsWithThePath() {
        return List.of(
                Run.of("resolve", jvm.pid(), addressInFile(), "libjvm.so+0x1000", "--jvm"),
                new Run(1, INPUT, List.of("resolve", jvm.pid(), "-")),
                new Run(1, INPUT, List.of("resolve", "--from", saved.toString(), "-")),
                Run.of("crash", log.toString()),
                Run.of("diff", saved.toString(), jvm.pid()),
                Run.of("diff", text.toString(), jvm.pid()));
    }

    private List<Run> commands() {
        List<Run> commands = new ArrayList<>(commandsWithThePath());
        String pid = jvm.pid();
        commands.add(Run.of("maps", pid));
        commands.add(Run.of("maps", "self", pid, "--pss", "--file", "wide.so"));
        commands.add(Run.of("files", pid, "--pss"));
        commands.add(Run.of("files", "self", pid, "--mappings", "--rss"));
        commands.add(Run.of("count", pid, "--pss"));
        commands.add(Run.of("count", "--all", "--rss"));
        commands.add(Run.of("count", "self", pid, "--pss"));
        commands.add(Run.of("jvm", pid, "--pss"));
        commands.add(Run.of("jvm", pid, "--all-parts"));
        commands.add(Run.of("shared", "self", pid, "--private"));
        commands.add(Run.of("stale", pid, "--verbose"));
        commands.add(Run.of("diff", saved.toString(), "self", "--mappings"));
        commands.add(Run.of("watch", pid, "--initial", "--duration", "1"));
        commands.add(Run.of("watch", pid, "self", "--initial", "--duration", "1"));
        commands.add(Run.of("doctor"));
        commands.add(Run.of("help"));
        return commands;
    }

    @Test
    void everyCommandIsRun() {
        Set<String> expected = new TreeSet<>(Set.of("help"));
        CommandEntry.ALL.forEach(entry -> expected.add(entry.name()));
        expected.removeAll(NO_SCREEN);
        assertThat(commands()).extracting(run -> run.arguments().get(0)).containsAll(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 80, 132})
    void noLineIsWiderThanTheTerminal(int width) {
        for (Run run : commands()) {
            CliResult result = run.onTerminal(width);
            assertThat(result.code()).as("%s %s", run, result.err()).isEqualTo(run.code());
            assertThat(result.lines()).as("%s", run.arguments()).isNotEmpty().allMatch(line -> line.length() <= width);
        }
    }

    /** On the narrowest terminal rows may be wider, and nothing fails. */
    @Test
    void aVeryNarrowTerminalIsNoFailure() {
        for (Run run : commands()) {
            CliResult result = run.onTerminal(40);
            assertThat(result.code()).as("%s %s", run, result.err()).isEqualTo(run.code());
            assertThat(result.lines()).as("%s", run.arguments()).isNotEmpty().allMatch(line -> line.length() <= 80);
        }
    }

    @Test
    void aLineThatCannotBeUsedIsShortenedBeforeItsReason() {
        CliResult result = CliResult.onTerminal(80, INPUT, List.of("resolve", jvm.pid(), "-"));
        assertThat(result.lines().get(0))
                .matches("line 1: 'not an.*\u2026.*address'  is not an address in hexadecimal")
                .hasSize(80);
        assertThat(CliResult.reading(INPUT, "resolve", jvm.pid(), "-").lines().get(0))
                .isEqualTo("line 1: '" + "not an address ".repeat(20).strip() + "'  is not an address in hexadecimal");
    }

    /** This JVM maps the file again and again, so the summary of watch names it. */
    @ParameterizedTest
    @ValueSource(ints = {60, 80})
    void theSummaryOfWatchFitsTheTerminal(int width) throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        List<MappedByteBuffer> kept = new ArrayList<>();
        Thread mapping = new Thread(() -> {
            try (FileChannel channel = FileChannel.open(file)) {
                while (!isOver.get()) {
                    kept.add(channel.map(FileChannel.MapMode.READ_ONLY, 0, 8192));
                    Thread.sleep(20);
                }
            } catch (IOException | InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        mapping.start();
        CliResult result =
                CliResult.onTerminal(width, "watch", "self", "--poll", "--duration", "3", "--file", "wide.so");
        isOver.set(true);
        mapping.join();
        assertThat(kept).isNotEmpty();
        assertThat(result.out().replaceAll("\\s+", " "))
                .containsPattern("; largest growth: \\+\\S+ /\\S+\u2026\\S*/wide\\.so $");
        assertThat(result.lines()).allMatch(line -> line.length() <= width);
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
    void wideLinesAreThoseOfAPipe() throws Exception {
        for (Run run : commandsWithThePath()) {
            CliResult[] results = new CliResult[2];
            Await.until("the JVM changes nothing meanwhile: its compilers' threads begin and end", () -> {
                results[0] = run.inPipe();
                results[1] = run.with("--wide").onTerminal(80);
                return run.inPipe().out().equals(results[0].out());
            });
            assertThat(results[1].out())
                    .as("%s", run.arguments())
                    .doesNotContain("\u2026")
                    .hasSameSizeAs(results[0].out());
            assertThat(results[0].out()).contains(LONG.substring(0, LONG.length() - 1));
        }
    }
}
