package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.JsonReplay;
import org.mapfiles.cli.RunningWatch;
import org.mapfiles.cli.SpecialMappingsChild;

/**
 * The rows of {@code maps --json}, and all rows of {@code watch --json} applied to them, are exactly the mappings of
 * the process.
 */
class WatchReplayTest {
    @TempDir
    Path directory;

    private final JsonReplay replay = new JsonReplay();
    private Process process;
    private SpecialMappingsChild child;
    private RunningWatch watch;
    private int replayed;

    private void startChild() throws Exception {
        child = new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain");
        process = child.process();
    }

    private void change(String command) throws Exception {
        assertThat(child.command(command)).startsWith("OK");
    }

    private String pid() {
        return Long.toString(process.pid());
    }

    /**
     * Begins the replay with {@code maps --json}. Returns after watch has printed the same; the process changes nothing
     * meanwhile.
     */
    private void beginReplayAndWatch(String option) throws Exception {
        replay.begin(mappings());
        startWatch(option.isEmpty() ? new String[] {"--initial"} : new String[] {"--initial", option});
        JsonReplay initial = new JsonReplay();
        watch.await("the mappings of maps", () -> {
            newRows().forEach(initial::apply);
            return initial.mappings().equals(replay.mappings());
        });
    }

    private void startWatch(String... options) {
        String[] all = new String[options.length + 3];
        System.arraycopy(new String[] {"--json", "--interval", "10"}, 0, all, 0, 3);
        System.arraycopy(options, 0, all, 3, options.length);
        watch = new RunningWatch(pid(), all);
    }

    private List<Map<String, Object>> mappings() {
        return CliResult.with("maps", pid(), "--json").rows();
    }

    private List<Map<String, Object>> newRows() {
        List<Map<String, Object>> all = watch.rows();
        List<Map<String, Object>> more = List.copyOf(all.subList(replayed, all.size()));
        replayed = all.size();
        return more;
    }

    /** The process does nothing now. So the replay gets its mappings with the next poll, and they stay. */
    private void awaitExact(String step) throws Exception {
        List<Map<String, Object>> expected = JsonReplay.comparable(mappings());
        watch.await("the mappings after " + step, () -> {
            newRows().forEach(replay::apply);
            return replay.mappings().equals(expected);
        });
        Thread.sleep(40);
        newRows().forEach(replay::apply);
        assertThat(replay.mappings()).as(step).isEqualTo(expected);
    }

    @AfterEach
    void end() throws Exception {
        process.destroyForcibly().waitFor();
        if (watch != null) {
            watch.awaitExit();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--poll"})
    void replayIsExact(String option) throws Exception {
        startChild();
        beginReplayAndWatch(option);
        for (int i = 0; i < 60; i++) {
            change("random " + i + " 100");
            awaitExact("step " + i);
        }
    }

    /** No change is missing between the mappings of the start and the first poll. */
    @Test
    void replayOfTheOutputAloneIsExact() throws Exception {
        startChild();
        startWatch("--initial");
        for (int i = 0; i < 20; i++) {
            change("random " + i + " 50");
        }
        awaitExact("all steps");
        assertThat(watch.rows().get(0)).containsEntry("type", "present");
    }

    @Test
    void replayIsExactAfterLostEvents() throws Exception {
        startChild();
        beginReplayAndWatch("");
        int i = 0;
        // on a busy machine the events of all changes may be read in time, as the process changes its mappings slowly
        for (; i < 10 || i < 100 && !isLost(); i++) {
            change("random " + i + " 10000");
            awaitExact("step " + i);
        }
        assertThat(isLost()).as("events are lost in %d steps", i).isTrue();
    }

    private boolean isLost() {
        return watch.rows().stream().anyMatch(row -> row.get("type").equals("lost"));
    }

    /** The first poll after an execve compares the mappings of two programs. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--poll"})
    void replayIsExactAfterExec(String option) throws Exception {
        process = new ProcessBuilder("sh", "-c", "echo; read a; exec cat")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.getInputStream().read()).isEqualTo('\n');
        Await.untilItWaits(process.pid());
        beginReplayAndWatch(option);
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        watch.awaitRow("exec", row -> row.get("type").equals("exec"));
        process.getOutputStream().write('x');
        process.getOutputStream().flush();
        assertThat(process.getInputStream().read()).as("cat waits for more").isEqualTo('x');
        awaitExact("exec");
    }
}
