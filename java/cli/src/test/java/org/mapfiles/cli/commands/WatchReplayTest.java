package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.JsonReplay;
import org.mapfiles.cli.Main;

/** Replaying {@code maps --json} and all lines of {@code watch --json} gives exactly the mappings. */
class WatchReplayTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Map<String, Object>> lines = new ArrayList<>();
    private final JsonReplay replay = new JsonReplay();
    private int read;
    private Process child;
    private CompletableFuture<Integer> code;

    private void start(String... command) throws Exception {
        child = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private void startOdd() throws Exception {
        start(System.getProperty("mapfiles.odd-process"), directory.toRealPath().toString(), "plain");
        BufferedReader answers = child.inputReader();
        while (!answers.readLine().equals("READY")) {
            // what it has made is of no interest
        }
    }

    private void tell(String command) throws Exception {
        child.getOutputStream().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
        child.getOutputStream().flush();
        assertThat(child.inputReader().readLine()).startsWith("OK");
    }

    /** Returns once the command has read the mappings, which are those of {@code maps --json}; the process must not change them meanwhile. */
    private void beginReplayAndWatch(String option) throws Exception {
        replay.begin(mapped());
        watch(option.isEmpty() ? new String[] {"--initial"} : new String[] {"--initial", option});
        JsonReplay initial = new JsonReplay();
        for (long end = System.nanoTime() + 60_000_000_000L; !initial.mappings().equals(replay.mappings()); Thread.sleep(5)) {
            assertThat(System.nanoTime() < end).as("--initial prints other mappings: %s%s", out, err).isTrue();
            readMore().forEach(initial::apply);
        }
    }

    private void watch(String... options) {
        List<String> arguments = new ArrayList<>(List.of("watch", Long.toString(child.pid()), "--json", "--interval", "10"));
        arguments.addAll(List.of(options));
        code = CompletableFuture.supplyAsync(() -> Main.run(arguments.toArray(String[]::new), InputStream.nullInputStream(), out, err));
    }

    private List<Map<String, Object>> mapped() throws Exception {
        return CliResult.with("maps", Long.toString(child.pid()), "--json").objects();
    }

    /** The lines that were printed since the last time. */
    private List<Map<String, Object>> readMore() throws Exception {
        byte[] all = out.toByteArray();
        int end = all.length;
        while (end > read && all[end - 1] != '\n') {
            end--;
        }
        List<Map<String, Object>> more = new CliResult(0, new String(all, read, end - read, StandardCharsets.UTF_8), "").objects();
        read = end;
        return more;
    }

    private void replay() throws Exception {
        List<Map<String, Object>> more = readMore();
        more.forEach(replay::apply);
        lines.addAll(more);
    }

    /** The process rests: after the next poll, at the latest, a replay has its mappings, and they stay. */
    private void awaitExact(String when) throws Exception {
        List<Map<String, Object>> expected = JsonReplay.comparable(mapped());
        for (long end = System.nanoTime() + 60_000_000_000L; !replay.mappings().equals(expected); Thread.sleep(5)) {
            assertThat(System.nanoTime() < end).as("the replay %s ends otherwise: %s%s", when, replay.mappings(), err).isTrue();
            replay();
        }
        Thread.sleep(40);
        replay();
        assertThat(replay.mappings()).as(when).isEqualTo(expected);
    }

    @AfterEach
    void end() throws Exception {
        child.destroyForcibly().waitFor();
        if (code != null) {
            assertThat(code.get(60, TimeUnit.SECONDS)).as("%s", err).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--look"})
    void replayIsExact(String option) throws Exception {
        startOdd();
        beginReplayAndWatch(option);
        for (int i = 0; i < 60; i++) {
            tell("random " + i + " 100");
            awaitExact("of step " + i);
        }
    }

    /** Nothing lies between the lines of the start and those of the first poll. */
    @Test
    void replayOfTheOutputAloneIsExact() throws Exception {
        startOdd();
        watch("--initial");
        for (int i = 0; i < 20; i++) {
            tell("random " + i + " 50");
        }
        awaitExact("of all steps");
        assertThat(lines.get(0)).containsEntry("event", "present");
    }

    @Test
    void replayIsExactWhenEventsAreLost() throws Exception {
        startOdd();
        beginReplayAndWatch("");
        for (int i = 0; i < 10; i++) {
            tell("random " + i + " 10000");
            awaitExact("of step " + i);
        }
        assertThat(lines).extracting(line -> line.get("event")).contains("lost");
    }

    /** The first poll after an exec has all of both programs. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--look"})
    void replayIsExactAfterAnotherProgramBegan(String option) throws Exception {
        start("sh", "-c", "echo; read a; exec cat");
        assertThat(child.getInputStream().read()).isEqualTo('\n');
        while (!Files.readString(Path.of("/proc/" + child.pid() + "/stat")).contains(") S ")) {
            Thread.sleep(5); // until the shell waits for input
        }
        beginReplayAndWatch(option);
        child.getOutputStream().write('\n');
        child.getOutputStream().flush();
        for (long end = System.nanoTime() + 60_000_000_000L; lines.stream().noneMatch(line -> "exec".equals(line.get("event"))); Thread.sleep(5)) {
            assertThat(System.nanoTime() < end).as("no exec: %s%s", lines, err).isTrue();
            replay();
        }
        child.getOutputStream().write('x');
        child.getOutputStream().flush();
        assertThat(child.getInputStream().read()).as("cat waits for more").isEqualTo('x');
        awaitExact("of exec");
    }
}
