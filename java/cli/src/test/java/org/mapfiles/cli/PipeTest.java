package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command, run as a process of its own whose output is no terminal. One that does not end fails. */
class PipeTest {
    /**
     * The arguments of a run of each command. JVM is a process, LIBRARY a file that it maps, SAVED and LOG are files.
     */
    private static final Map<String, String> RUNS = new TreeMap<>(Map.ofEntries(
            Map.entry("maps", "JVM self --rss"),
            Map.entry("resolve", "JVM libjvm.so+0x1000 libc.so.6+0x30000 --jvm"),
            Map.entry("count", "JVM --by dir"),
            Map.entry("files", "JVM"),
            Map.entry("cat", "JVM LIBRARY"),
            Map.entry("shared", "JVM self --private"),
            Map.entry("watch", "JVM --initial --duration 1"),
            Map.entry("jvm", "JVM --rss"),
            Map.entry("crash", "LOG"),
            Map.entry("stale", "JVM --verbose"),
            Map.entry("save", "JVM"),
            Map.entry("diff", "SAVED JVM"),
            Map.entry("html", "JVM --output -"),
            Map.entry("doctor", ""),
            Map.entry("generate-completion", ""),
            Map.entry("help", "")));

    @TempDir
    static Path directory;

    private static TestJvm jvm;
    private static Path library;
    private static Path saved;
    private static Path log;

    @BeforeAll
    static void start() throws Exception {
        Path below = Files.createDirectories(directory.toRealPath().resolve("a-directory-with-a-long-name/".repeat(8)));
        library = Files.write(below.resolve("mapped.so"), new byte[8192]);
        jvm = TestJvm.mapping(library);
        saved = Files.writeString(
                directory.resolve("saved"), CliResult.with("save", jvm.pid()).out());
        log = HsErrFiles.write(directory);
        Files.writeString(log, Files.readString(log).replace("frog\n", "")); // a line that cannot be used is reported
    }

    @AfterAll
    static void end() throws Exception {
        jvm.close();
    }

    static List<String> commands() {
        return new ArrayList<>(RUNS.keySet());
    }

    private static List<String> arguments(String command) {
        String run = RUNS.get(command)
                .replace("JVM", jvm.pid())
                .replace("LIBRARY", library.toString())
                .replace("SAVED", saved.toString())
                .replace("LOG", log.toString());
        return Stream.concat(Stream.of(command), Stream.of(run.split(" ")).filter(word -> !word.isEmpty()))
                .toList();
    }

    private static ProcessBuilder builder(String command, Path err) {
        return builder(arguments(command), err);
    }

    private static ProcessBuilder builder(List<String> arguments, Path err) {
        ProcessBuilder builder =
                new ProcessBuilder(TestJvm.command(List.of(), Main.class, arguments.toArray(String[]::new)));
        builder.environment().put("COLUMNS", "80"); // for a terminal, and this is none
        return builder.redirectError(err.toFile());
    }

    /** Returns the lines on stderr, without the one that {@code watch} begins with. */
    private static List<String> messages(Path err) throws Exception {
        return Files.readAllLines(err).stream()
                .filter(line -> !line.startsWith("mapfiles: watching process "))
                .toList();
    }

    private static int exitCode(Process process, String command) throws Exception {
        try {
            assertThat(process.waitFor(600, TimeUnit.SECONDS))
                    .as("%s ends", command)
                    .isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void everyCommandIsRun() {
        List<String> all = new ArrayList<>(List.of("help"));
        CommandEntry.ALL.forEach(entry -> all.add(entry.name()));
        assertThat(RUNS.keySet()).containsExactlyInAnyOrderElementsOf(all);
    }

    /**
     * Lines are whole: no colour, no ellipsis, and no ditto mark in place of a value that is that of the line before.
     */
    @ParameterizedTest
    @MethodSource("commands")
    void outputIsWholeAndPlain(String command) throws Exception {
        Path err = directory.resolve(command + ".err");
        Path file = directory.resolve(command + ".out");
        Process process = builder(command, err).redirectOutput(file.toFile()).start();
        assertThat(exitCode(process, command)).as("%s", messages(err)).isZero();
        String out = Files.readString(file);
        assertThat(out).isNotEmpty();
        if (!command.equals("html")) { // a page has texts of its own
            assertThat(out)
                    .doesNotContain("\033", "\u2026")
                    .doesNotContainPattern("(?m)(^|  )(\"|''|\u3003|-\"-)(  |$)");
        }
        if (List.of("maps", "files", "save").contains(command)) {
            assertThat(out).contains(library.toString());
        }
    }

    /** Output that cannot be written is a failure of one line. */
    @ParameterizedTest
    @MethodSource("commands")
    void aFullDeviceIsReported(String command) throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.isWritable(full), "no /dev/full");
        Path err = directory.resolve(command + ".full");
        Process process = builder(command, err).redirectOutput(full.toFile()).start();
        assertThat(exitCode(process, command)).isEqualTo(1);
        assertThat(messages(err))
                .singleElement()
                .asString()
                .startsWith("mapfiles: standard output cannot be written: ");
    }

    /** Blocks of a long input are printed while later ones are read. */
    @Test
    void aLongInputEndsWithItsOutput() throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.isWritable(full), "no /dev/full");
        Path input = Files.writeString(directory.resolve("addresses"), "libc.so.6+0x30000\n".repeat(100_000));
        Path err = directory.resolve("long");
        List<String> arguments = List.of("resolve", jvm.pid(), "-");
        Process process = builder(arguments, err)
                .redirectInput(input.toFile())
                .redirectOutput(full.toFile())
                .start();
        assertThat(exitCode(process, "resolve")).isEqualTo(1);
        assertThat(messages(err))
                .singleElement()
                .asString()
                .startsWith("mapfiles: standard output cannot be written: ");
        Process early = builder(arguments, err).redirectInput(input.toFile()).start();
        assertThat(early.inputReader().readLine()).contains("libc.so.6");
        early.getInputStream().close();
        assertThat(exitCode(early, "resolve")).as("%s", messages(err)).isZero();
        assertThat(messages(err)).isEmpty();
    }

    /** A reader such as head(1) that ends early is no failure. */
    @ParameterizedTest
    @MethodSource("commands")
    void aReaderMayEndEarly(String command) throws Exception {
        Path err = directory.resolve(command + ".early");
        Process process = builder(command, err).start();
        process.getInputStream().close();
        assertThat(exitCode(process, command)).as("%s", messages(err)).isZero();
        assertThat(messages(err)).isEmpty();
    }
}
