package org.mapfiles.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Runs benchmarks for {@code benchmarks/run}, and prints one line per figure.
 *
 * <p>System properties:
 *
 * <ul>
 *   <li>{@code benchmarks.bin}: the directory of the C programs
 *   <li>{@code benchmarks.output}: the directory of figures.json and of the results of JMH
 *   <li>{@code benchmarks.record}: the directory of the file with the figures of this kind of machine; empty: none is
 *       written
 *   <li>{@code benchmarks.quick}: {@code true} for fewer rounds
 * </ul>
 */
public final class Run {
    private static final Set<Benchmark> SNAPSHOTS = EnumSet.of(
            Benchmark.FULL_SNAPSHOT,
            Benchmark.PEERS,
            Benchmark.EXECUTABLE_SNAPSHOT,
            Benchmark.REFRESH,
            Benchmark.QUERY);
    private static final Set<Benchmark> FILES =
            EnumSet.of(Benchmark.READLINK, Benchmark.STAT, Benchmark.OPEN_FILE, Benchmark.LIST_FILES);
    static final List<Integer> SIZES = List.of(200, 1000, 5000, 65000);

    private Run() {}

    /**
     * Runs the named benchmarks, or all if there is no name. If one fails, the others still run, and the exit code is
     * 1.
     *
     * @param names labels of {@link Benchmark}
     */
    public static void main(String[] names) throws Exception {
        Set<Benchmark> wanted = names.length == 0 ? EnumSet.allOf(Benchmark.class) : EnumSet.noneOf(Benchmark.class);
        Arrays.stream(names).map(Benchmark::of).forEach(wanted::add);
        Path bin = Path.of(System.getProperty("benchmarks.bin"));
        Path output = Files.createDirectories(Path.of(System.getProperty("benchmarks.output")));
        String record = System.getProperty("benchmarks.record", "");
        boolean quick = Boolean.getBoolean("benchmarks.quick");
        Machine machine = Machine.current();
        String load = Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
        Figures figures = new Figures();

        run(wanted, figures, bin, output, quick);

        figures.writeJson(output.resolve("figures.json"));
        if (!record.isEmpty()) {
            figures.writeText(
                    Path.of(record).resolve(machine.fileName()),
                    machine.head() + "# rounds: " + (quick ? "quick" : "full") + "\n# load average before the run: "
                            + load + "\n");
        }
        System.exit(figures.finish());
    }

    private static void run(Set<Benchmark> wanted, Figures figures, Path bin, Path output, boolean quick)
            throws Exception {
        try (OneProcessor processor = new OneProcessor()) {
            if (wanted.stream().anyMatch(SNAPSHOTS::contains)) {
                new SnapshotFigures(figures, bin, quick, wanted).run();
            }
            attempt(Benchmark.RESOLVE, wanted, figures, () -> new NativeResolveFigures(figures, bin, quick).run());
            if (wanted.stream().anyMatch(FILES::contains)) {
                figures.attempt("map_files", () -> new FilesFigures(figures, bin, quick, wanted).run());
            }
            attempt(Benchmark.RESIDENT, wanted, figures, () -> new ResidentFigures(figures, bin, quick).run());
        }
        new JmhFigures(figures, output, quick, wanted).run();
        ChangeFigures changes = new ChangeFigures(figures, bin, quick);
        JavaMethodFigures methods = new JavaMethodFigures(figures, bin, quick);
        attempt(Benchmark.SYMBOLS, wanted, figures, () -> new SymbolFigures(figures, bin, quick).run());
        attempt(Benchmark.LIVE_RESOLVE, wanted, figures, () -> new LiveResolveFigures(figures, bin, quick).run());
        attempt(Benchmark.CHANGE_LATENCY, wanted, figures, changes::latency);
        attempt(Benchmark.EVENTS_OVERHEAD, wanted, figures, changes::overhead);
        attempt(Benchmark.JAVA_METHOD, wanted, figures, methods::memory);
        attempt(
                Benchmark.CODE_FROM_OUTSIDE,
                wanted,
                figures,
                () -> new CodeFromOutsideFigures(figures, bin, quick).run());
        attempt(Benchmark.RECORD_CODE, wanted, figures, methods::recordCode);
        attempt(Benchmark.RETRIES, wanted, figures, () -> new RetryFigures(figures, bin, quick).run());
        attempt(Benchmark.COMMAND_LINE, wanted, figures, () -> new CommandLineFigures(figures, bin, quick).run());
        attempt(Benchmark.FIRST_SNAPSHOT, wanted, figures, () -> new FirstSnapshotFigures(figures, bin, quick).run());
    }

    private static void attempt(Benchmark benchmark, Set<Benchmark> wanted, Figures figures, Figures.Step step) {
        if (wanted.contains(benchmark)) {
            figures.attempt(benchmark.label(), step);
        }
    }
}
