package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** {@code mapfiles watch}, running in a thread of this JVM. Waits fail after 60 seconds. */
public final class RunningWatch {
    private static final long WAIT = TimeUnit.SECONDS.toNanos(60);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Map<String, Object>> rows = new ArrayList<>();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();
    private final Thread thread;
    private int parsed;

    /** Starts to watch. */
    public RunningWatch(String pid, String... options) {
        List<String> arguments = new ArrayList<>(List.of("watch", pid));
        arguments.addAll(List.of(options));
        thread = new Thread(
                () -> code.complete(
                        Main.run(arguments.toArray(String[]::new), InputStream.nullInputStream(), out, err)),
                "watch");
        thread.start();
    }

    /** Starts to watch with the mappings of the start. Returns after these are printed. */
    public static RunningWatch initial(String pid, String... options) throws InterruptedException {
        List<String> all = new ArrayList<>(List.of("--initial", "--interval", "20"));
        all.addAll(List.of(options));
        RunningWatch watch = new RunningWatch(pid, all.toArray(String[]::new));
        watch.await("output", () -> watch.out.size() > 0);
        return watch;
    }

    /** Returns what is printed on stderr. */
    public String messages() {
        return err.toString(StandardCharsets.UTF_8);
    }

    public String text() {
        return out.toString(StandardCharsets.UTF_8);
    }

    /** Returns all rows that are printed so far. */
    public List<Map<String, Object>> rows() {
        byte[] all = out.toByteArray();
        int end = all.length;
        while (end > parsed && all[end - 1] != '\n') {
            end--;
        }
        rows.addAll(CliResult.rows(new String(all, parsed, end - parsed, StandardCharsets.UTF_8)));
        parsed = end;
        return Collections.unmodifiableList(rows);
    }

    /** Waits until a row is printed. */
    public void awaitRow(String what, Predicate<Map<String, Object>> condition) throws InterruptedException {
        int[] checked = {0};
        await(what, () -> {
            List<Map<String, Object>> all = rows();
            boolean found = all.subList(checked[0], all.size()).stream().anyMatch(condition);
            checked[0] = all.size();
            return found;
        });
    }

    /** Waits until the output contains a text. */
    public void awaitText(String text) throws InterruptedException {
        await(text, () -> text().contains(text));
    }

    public void await(String what, BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start < WAIT)
                    .as("%s is not printed: %s%s", what, err, out)
                    .isTrue();
            Thread.sleep(5);
        }
    }

    /** Waits until the command ends, because the process has exited. */
    public void awaitExit() throws Exception {
        assertThat(code.get(60, TimeUnit.SECONDS)).as("%s%s", err, out).isZero();
    }

    /** Ends the watch of a process that runs on. */
    public void interrupt() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
