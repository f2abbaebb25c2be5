package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Collects figures. Prints each as a line on stdout, and writes all at the end. */
final class Figures {
    private final List<String> lines = new ArrayList<>();
    private final List<String> json = new ArrayList<>();
    private int goals;
    private int missed;
    private int failed;

    /**
     * Adds {@code NAME@SIZE ratio measured baseline unit description}, then the goal if there is one, and MISSED if it
     * is missed.
     */
    void add(
            String name,
            Object size,
            double ratio,
            double measured,
            double baseline,
            String unit,
            String description,
            Goal goal) {
        boolean met = goal == null || goal.isMet(ratio, measured);
        goals += goal == null ? 0 : 1;
        missed += met ? 0 : 1;
        print(String.format(
                Locale.ROOT,
                "%s@%s %.3f %.2f %.2f %s %s%s%s",
                name,
                size,
                ratio,
                measured,
                baseline,
                unit,
                description,
                goal == null ? "" : ", goal: " + goal,
                met ? "" : " MISSED"));
        json.add(String.format(
                Locale.ROOT,
                "{\"name\":\"%s\",\"size\":\"%s\",\"ratio\":%.4f,\"measured\":%.3f,\"baseline\":%.3f,"
                        + "\"unit\":\"%s\",\"description\":\"%s\",\"goal\":%s,\"met\":%s}",
                name,
                size,
                ratio,
                measured,
                baseline,
                unit,
                description,
                goal == null ? null : '"' + goal.toString() + '"',
                goal == null ? null : met));
    }

    /** Adds a figure in nanoseconds. Its ratio is measured / baseline. */
    void add(String name, Object size, Rounds rounds, String description, Goal goal) {
        add(name, size, rounds.ratio(), rounds.medianMeasured(), rounds.medianBaseline(), "ns", description, goal);
    }

    /** Adds a figure in milliseconds of rounds in nanoseconds. Its ratio is measured / baseline. */
    void addMillis(String name, Object size, Rounds rounds, String description, Goal goal) {
        add(
                name,
                size,
                rounds.ratio(),
                rounds.medianMeasured() / 1e6,
                rounds.medianBaseline() / 1e6,
                "ms",
                description,
                goal);
    }

    /** Adds a figure in nanoseconds. Its ratio is baseline / measured. */
    void addInverse(String name, Object size, Rounds rounds, String description, Goal goal) {
        add(
                name,
                size,
                rounds.inverse().ratio(),
                rounds.medianMeasured(),
                rounds.medianBaseline(),
                "ns",
                description,
                goal);
    }

    /** Adds figures. */
    interface Step {
        void run() throws Exception;
    }

    /** Runs a step. If it fails, prints the failure; the caller continues with the next step. */
    void attempt(String name, Step step) {
        try {
            step.run();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted at " + name, e);
        } catch (Exception | LinkageError | AssertionError | OutOfMemoryError e) {
            failed++;
            print("FAILED " + name + " " + e);
            e.printStackTrace();
        }
    }

    /** Prints that this machine cannot run a benchmark, and the reason. */
    void skip(String name, String reason) {
        print("SKIP " + name + " " + reason);
    }

    private void print(String line) {
        System.out.println(line);
        lines.add(line);
    }

    /** Writes all figures as a JSON array to a file. */
    void writeJson(Path file) throws IOException {
        write(file, "[\n" + String.join(",\n", json) + "\n]\n");
    }

    /** Writes the lines of all figures below a head to a file. It replaces the file. */
    void writeText(Path file, String head) throws IOException {
        write(file, head + "\n" + String.join("\n", lines) + "\n");
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** Prints how many goals are missed, and returns the exit code: 1 if a step failed. */
    int finish() {
        System.err.println(missed + " of " + goals + " goals missed"
                + (failed == 0 ? "" : ", " + failed + " steps failed: see FAILED above"));
        return failed == 0 ? 0 : 1;
    }
}
