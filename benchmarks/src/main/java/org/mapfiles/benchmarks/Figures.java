package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Figures as they come: a line on stdout each, and a JSON array at the end. */
final class Figures {
    private final Path results;
    private final List<String> json = new ArrayList<>();

    Figures(Path results) throws IOException {
        this.results = Files.createDirectories(results);
    }

    /** Prints {@code NAME@SIZE ratio ours baseline unit what}; the goal, if there is one, belongs to the last. */
    void add(String name, Object size, double ratio, double ours, double baseline, String unit, String what) {
        System.out.printf(Locale.ROOT, "%s@%s %.3f %.2f %.2f %s %s%n", name, size, ratio, ours, baseline, unit, what);
        json.add(String.format(Locale.ROOT, "{\"name\":\"%s\",\"size\":\"%s\",\"ratio\":%.4f,\"ours\":%.3f,\"baseline\":%.3f,"
                + "\"unit\":\"%s\",\"what\":\"%s\"}", name, size, ratio, ours, baseline, unit, what));
    }

    void skip(String name, String why) {
        System.out.println("SKIP " + name + " " + why);
    }

    void write() throws IOException {
        Files.writeString(results.resolve("figures.json"), "[\n" + String.join(",\n", json) + "\n]\n");
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Median of the ratios of rounds that ran side by side: what disturbs the machine disturbs both of a round. */
    static double medianRatio(double[] over, double[] under) {
        double[] ratios = new double[over.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = over[i] / under[i];
        }
        return median(ratios);
    }
}
