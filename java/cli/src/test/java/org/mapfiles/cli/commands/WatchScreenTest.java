package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.RunningWatch;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.TestJvm;

/** What {@code mapfiles watch} prints at the start and at the end, and for many changes together. */
class WatchScreenTest {
    @TempDir
    Path directory;

    private SpecialMappingsChild child() throws Exception {
        return new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain");
    }

    @Test
    void theFirstLineNamesProcessAndSource() throws Exception {
        try (SpecialMappingsChild child = child()) {
            RunningWatch polling = RunningWatch.initial(child.pid(), "--poll");
            assertThat(polling.messages())
                    .hasLineCount(1)
                    .matches("mapfiles: watching process " + child.pid()
                            + " special_process, \\d+ mappings: polling every"
                            + " 20 ms, without events of the kernel: --poll is given\n");
            child.end();
            polling.awaitExit();
        }
    }

    /** 500 mappings of memory without a name are one line, and the summary has their number. */
    @Test
    void manyChangesOfOneNameAreOneLine() throws Exception {
        try (SpecialMappingsChild child = child()) {
            RunningWatch watch = RunningWatch.initial(child.pid(), "--poll");
            int before = (int) watch.text().lines().count();
            assertThat(child.command("many 500")).isEqualTo("OK 500");
            watch.awaitText(" added ");
            child.end();
            watch.awaitExit();
            List<String> lines = watch.text().lines().toList();
            assertThat(lines.subList(before, lines.size()))
                    .hasSizeLessThan(20)
                    .anyMatch(line -> line.matches("\\S+\\? \\*  \\d+ added \\S+.*  \\S+"));
            assertThat(lines.get(lines.size() - 1))
                    .matches("process " + child.pid() + " has exited, [0-9.]+ s: \\d+ added \\S+.*");
        }
    }

    /** watch does not query the kernel whether a file is deleted. A file that may be deleted is selected. */
    @Test
    void filesThatMayBeDeletedAreSelected() throws Exception {
        try (SpecialMappingsChild child =
                new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain", "deleted")) {
            RunningWatch watch = RunningWatch.initial(child.pid(), "--poll", "--deleted");
            assertThat(watch.text()).contains("/deleted (deleted?)").doesNotContain("/plain");
            child.end();
            watch.awaitExit();
        }
    }

    /** With --each and in JSON each change is a line. */
    @Test
    void eachChangeIsALineByAnOption() throws Exception {
        try (SpecialMappingsChild child = child()) {
            RunningWatch watch = RunningWatch.initial(child.pid(), "--poll", "--each");
            int before = (int) watch.text().lines().count();
            assertThat(child.command("many 300")).isEqualTo("OK 300");
            watch.await("300 lines", () -> watch.text().lines().count() >= before + 300);
            child.end();
            watch.awaitExit();
            assertThat(watch.text()).doesNotContain(" *  ");
        }
    }

    @Test
    void theDurationEndsTheWatch() throws Exception {
        try (SpecialMappingsChild child = child()) {
            CliResult text = CliResult.with("watch", child.pid(), "--duration", "1", "--interval", "60000");
            assertThat(text.code()).as(text.err()).isZero();
            assertThat(text.out()).hasLineCount(1);
            assertThat(seconds(text.out(), child, ": no change\n")).isGreaterThanOrEqualTo(1);
            CliResult json = CliResult.with("watch", child.pid(), "--duration", "1", "--json");
            assertThat(json.out()).isEmpty();
            assertThat(json.err()).hasLineCount(2);
            assertThat(seconds(json.err().lines().toList().get(1), child, ": no change"))
                    .isGreaterThanOrEqualTo(1);
        }
    }

    private static double seconds(String summary, SpecialMappingsChild child, String end) {
        Matcher matcher = Pattern.compile("(?:mapfiles: )?watched process " + child.pid() + ", ([0-9.]+) s" + end)
                .matcher(summary);
        assertThat(matcher.matches()).as(summary).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void theSummaryNamesTheLargestGrowth() throws Exception {
        try (SpecialMappingsChild child = child()) {
            RunningWatch watch = RunningWatch.initial(child.pid(), "--poll", "--file", "plain");
            assertThat(child.command("shrink plain")).startsWith("OK");
            watch.awaitText("/plain  was");
            assertThat(child.command("grow plain")).startsWith("OK");
            child.end();
            watch.awaitExit();
            assertThat(watch.text()).doesNotContain("libc.so").contains("changed");
        }
    }

    /**
     * Returns the start of a command that does not ignore SIGINT, as background jobs do. Busybox has no such option.
     */
    private static List<String> withSignals() throws Exception {
        List<String> prefix = List.of("env", "--default-signal=INT");
        List<String> trial = new ArrayList<>(prefix);
        trial.add("true");
        return new ProcessBuilder(trial).start().waitFor() == 0 ? prefix : List.of();
    }

    /** Ctrl-C ends the watch with the summary. */
    @Test
    void anInterruptedWatchPrintsTheSummary() throws Exception {
        List<String> prefix = withSignals();
        for (String poll : List.of("--poll", "--each")) {
            try (SpecialMappingsChild child = child()) {
                List<String> command = new ArrayList<>(prefix);
                command.addAll(TestJvm.command(
                        List.of("-Dmapfiles.interruption-seconds=60"),
                        Main.class,
                        "watch",
                        "--initial",
                        "--interval",
                        "100",
                        poll,
                        child.pid()));
                Process watch = new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                assertThat(watch.getInputStream().read()).isPositive();
                new ProcessBuilder("kill", "-INT", Long.toString(watch.pid()))
                        .start()
                        .waitFor();
                String output = new String(watch.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(watch.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(watch.exitValue()).as("128 + SIGINT").isEqualTo(130);
                assertThat(output).containsPattern("\ninterrupted, [0-9.]+ s: .*\n$");
            }
        }
    }

    @Test
    void aTerminalShowsShortLines() throws Exception {
        try (SpecialMappingsChild child = child()) {
            CliResult result = CliResult.onTerminal(80, "watch", child.pid(), "--initial", "--duration", "1");
            assertThat(result.lines()).hasSizeGreaterThan(5).allMatch(line -> line.length() <= 80);
        }
    }
}
