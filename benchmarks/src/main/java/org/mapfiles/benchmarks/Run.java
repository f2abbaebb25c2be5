package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Runs the benchmarks that {@code benchmarks/run} names, and prints one line a figure.
 *
 * <p>System properties: {@code benchmarks.bin}, where the C programs are; {@code benchmarks.results}, where results go;
 * {@code benchmarks.quick}, less rounds.
 */
public final class Run {
    private static final Set<String> LIVE = Set.of("P1", "P2", "P3", "P4", "P7");
    static final List<Integer> SIZES = List.of(200, 1000, 5000, 65000);

    private Run() {
    }

    /** The names to run, such as {@code P1}; none: all. The exit code is 1 if one of them failed; the others are run all the same. */
    public static void main(String[] names) throws Exception {
        Set<String> wanted = new TreeSet<>(names.length == 0 ? List.of("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9",
                "P10", "L1", "L2", "L4")
                : List.of(names));
        Path bin = Path.of(System.getProperty("benchmarks.bin"));
        Path results = Path.of(System.getProperty("benchmarks.results"));
        boolean quick = Boolean.getBoolean("benchmarks.quick");
        Figures figures = new Figures(results);
        try (OneProcessor processor = new OneProcessor()) {
            if (wanted.stream().anyMatch(LIVE::contains)) {
                new LiveFigures(figures, bin, quick, wanted).run();
            }
            attempt("P5", wanted, figures, () -> new NativeLookupFigures(figures, bin, quick).run());
            attempt("P8", wanted, figures, () -> new FilesFigures(figures, bin, quick).run());
        }
        new JmhFigures(figures, results, quick, wanted).run();
        attempt("L1", wanted, figures, () -> new LiveLookupFigures(figures, bin, quick).run());
        attempt("L2", wanted, figures, () -> new ChangeFigures(figures, bin, quick).run());
        attempt("P10", wanted, figures, () -> new CodeFigures(figures, bin, quick).run());
        attempt("L4", wanted, figures, () -> new TornFigures(figures, bin, quick).run());
        attempt("P9", wanted, figures, () -> new StartFigures(figures, quick).run());
        System.exit(figures.write());
    }

    private static void attempt(String name, Set<String> wanted, Figures figures, Figures.Step step) {
        if (wanted.contains(name)) {
            figures.attempt(name, step);
        }
    }
}
