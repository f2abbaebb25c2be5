package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Figures as they come: a line on stdout each, and a JSON array at the end. */
final class Figures {
    private final Path results;
    private final List<String> json = new ArrayList<>();
    private int goals;
    private int missed;
    private int failed;

    Figures(Path results) throws IOException {
        this.results = Files.createDirectories(results);
    }

    /** Prints {@code NAME@SIZE ratio ours baseline unit what}, the goal behind it if there is one, and whether it is missed. */
    void add(String name, Object size, double ratio, double ours, double baseline, String unit, String what, Goal goal) {
        boolean met = goal == null || goal.isMet(ratio, ours);
        goals += goal == null ? 0 : 1;
        missed += met ? 0 : 1;
        System.out.printf(Locale.ROOT, "%s@%s %.3f %.2f %.2f %s %s%s%s%n", name, size, ratio, ours, baseline, unit, what,
                goal == null ? "" : ", goal: " + goal, met ? "" : " MISSED");
        json.add(String.format(Locale.ROOT, "{\"name\":\"%s\",\"size\":\"%s\",\"ratio\":%.4f,\"ours\":%.3f,\"baseline\":%.3f,"
                + "\"unit\":\"%s\",\"what\":\"%s\",\"goal\":%s,\"met\":%s}", name, size, ratio, ours, baseline, unit, what,
                goal == null ? null : '"' + goal.toString() + '"', goal == null ? null : met));
    }

    /** A figure of nanoseconds: ours divided by the baseline. */
    void add(String name, Object size, Rounds rounds, String what, Goal goal) {
        add(name, size, rounds.ratio(), rounds.medianOfOurs(), rounds.medianOfBaseline(), "ns", what, goal);
    }

    /** A figure of nanoseconds turned round: how many times longer the others take. */
    void addOthers(String name, Object size, Rounds rounds, String what, Goal goal) {
        add(name, size, rounds.turned().ratio(), rounds.medianOfOurs(), rounds.medianOfBaseline(), "ns", what, goal);
    }

    /** Something that adds figures. */
    interface Step {
        void run() throws Exception;
    }

    /** Runs a step. If it fails, that is printed, and the other steps are run all the same. */
    void attempt(String name, Step step) {
        try {
            step.run();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted at " + name, e);
        } catch (Exception | LinkageError | AssertionError | OutOfMemoryError e) {
            failed++;
            System.out.println("FAILED " + name + " " + e);
            e.printStackTrace();
        }
    }

    void skip(String name, String why) {
        System.out.println("SKIP " + name + " " + why);
    }

    /** Writes all figures, and returns the exit code: 1 if a step failed. */
    int write() throws IOException {
        Files.writeString(results.resolve("figures.json"), "[\n" + String.join(",\n", json) + "\n]\n");
        System.err.println(missed + " of " + goals + " goals missed" + (failed == 0 ? "" : ", " + failed + " steps failed: see FAILED above"));
        return failed == 0 ? 0 : 1;
    }
}
