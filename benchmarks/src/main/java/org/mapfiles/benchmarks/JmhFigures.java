package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the JMH classes with the allocation profiler, and adds their results as figures. */
final class JmhFigures {
    private final Figures figures;
    private final Path results;
    private final boolean quick;
    private final Set<Benchmark> wanted;

    JmhFigures(Figures figures, Path results, boolean quick, Set<Benchmark> wanted) {
        this.figures = figures;
        this.results = results;
        this.quick = quick;
        this.wanted = wanted;
    }

    void run() {
        if (wanted.contains(Benchmark.RESOLVE)) {
            for (int threads : List.of(1, 2)) {
                for (String layout : quick ? List.of("jvm", "sampler") : List.of("jvm", "uniform", "sampler")) {
                    for (int size : Run.SIZES) {
                        figures.attempt("resolve-" + layout + "@" + size, () -> resolve(threads, layout, size));
                    }
                }
            }
        }
        attempt(Benchmark.ITERATE, this::iterate);
        attempt(Benchmark.JAVA_METHOD, this::javaMethod);
        attempt(
                Benchmark.LIVE_RESOLVE,
                () -> allocation(
                        "live-resolve-alloc",
                        "1thread",
                        run("LiveResolveBenchmark", 1).iterator().next(),
                        "resolve"));
        Map<Benchmark, String> reads = new EnumMap<>(Map.of(
                Benchmark.FULL_SNAPSHOT,
                "full",
                Benchmark.EXECUTABLE_SNAPSHOT,
                "executableOnly",
                Benchmark.REFRESH,
                "refresh",
                Benchmark.QUERY,
                "query"));
        reads.forEach((benchmark, method) -> attempt(
                benchmark,
                () -> allocation(
                        benchmark.label() + "-alloc",
                        "self",
                        run("ReadAllocationBenchmark." + method + "$", 1)
                                .iterator()
                                .next(),
                        benchmark.label())));
    }

    private void attempt(Benchmark benchmark, Figures.Step step) {
        if (wanted.contains(benchmark)) {
            figures.attempt(benchmark.label(), step);
        }
    }

    private void resolve(int threads, String layout, int size) throws Exception {
        Map<String, RunResult> byMethod = new TreeMap<>();
        for (RunResult result : run("ResolveBenchmark", threads, List.of("layout=" + layout, "mappings=" + size))) {
            byMethod.put(method(result), result);
        }
        double tree = score(byMethod.get("treeMap"));
        String name = "resolve-" + layout + (threads > 1 ? "-" + threads + "threads" : "");
        String end = " on " + threads + (threads == 1 ? " thread" : " threads");
        figures.add(
                name,
                size,
                tree / score(byMethod.get("find")),
                score(byMethod.get("find")),
                tree,
                "ns",
                "TreeMap.floorEntry / find" + end,
                Goal.ratioAtLeast(5));
        figures.add(
                name + "-batch",
                size,
                tree / score(byMethod.get("batch")),
                score(byMethod.get("batch")),
                tree,
                "ns",
                "TreeMap.floorEntry / find of 256 addresses per call" + end,
                null);
        allocation(name + "-alloc", Integer.toString(size), byMethod.get("find"), "find");
    }

    private void javaMethod() throws Exception {
        Map<Integer, Map<String, RunResult>> bySize = new TreeMap<>();
        for (RunResult result : run("JavaMethodBenchmark", 1, CodeBlobs.OPTIONS)) {
            bySize.computeIfAbsent(Integer.valueOf(result.getParams().getParam("blobs")), key -> new TreeMap<>())
                    .put(method(result), result);
        }
        for (Map.Entry<Integer, Map<String, RunResult>> entry : bySize.entrySet()) {
            Map<String, RunResult> byMethod = entry.getValue();
            double find = score(byMethod.get("find"));
            double map = score(byMethod.get("skipListMap"));
            figures.add(
                    "java-method",
                    entry.getKey(),
                    map / find,
                    find,
                    map,
                    "ns",
                    "ConcurrentSkipListMap.floorEntry / find",
                    null);
            double check = score(byMethod.get("findAndCheck"));
            figures.add(
                    "java-method-certainty",
                    entry.getKey(),
                    map / check,
                    check,
                    map,
                    "ns",
                    "ConcurrentSkipListMap.floorEntry / find and certainty",
                    null);
            allocation("java-method-alloc", entry.getKey().toString(), byMethod.get("find"), "find");
        }
    }

    private void iterate() throws Exception {
        Map<Integer, Map<String, RunResult>> bySize = new TreeMap<>();
        for (RunResult result : run("IterateBenchmark", 1)) {
            bySize.computeIfAbsent(Integer.valueOf(result.getParams().getParam("mappings")), key -> new TreeMap<>())
                    .put(method(result), result);
        }
        for (Map.Entry<Integer, Map<String, RunResult>> entry : bySize.entrySet()) {
            double cursor = score(entry.getValue().get("cursor")) / entry.getKey();
            double arrays = score(entry.getValue().get("arrays")) / entry.getKey();
            figures.add(
                    "iterate",
                    entry.getKey(),
                    cursor / arrays,
                    cursor,
                    arrays,
                    "ns",
                    "cursor, per mapping / loop over arrays",
                    Goal.measuredAtMost(3));
            double copy = score(entry.getValue().get("copy")) / entry.getKey();
            figures.add(
                    "iterate-copy",
                    entry.getKey(),
                    copy / arrays,
                    copy,
                    arrays,
                    "ns",
                    "copyRanges into arrays, per mapping / loop over arrays",
                    Goal.measuredAtMost(0.6));
            double blocks = score(entry.getValue().get("blocks")) / entry.getKey();
            figures.add(
                    "iterate-copy-floor",
                    entry.getKey(),
                    blocks / arrays,
                    blocks,
                    arrays,
                    "ns",
                    "System.arraycopy of as many bytes, per mapping / loop over arrays",
                    null);
            allocation(
                    "iterate-alloc", entry.getKey().toString(), entry.getValue().get("cursor"), "a whole iteration");
        }
    }

    private Collection<RunResult> run(String pattern, int threads, String... jvm) throws Exception {
        return run(pattern, threads, List.of(), jvm);
    }

    /** Runs a JMH class with parameters {@code name=value}. */
    private Collection<RunResult> run(String pattern, int threads, List<String> parameters, String... jvm)
            throws Exception {
        String[] arguments = Stream.concat(
                        Stream.of(
                                "--enable-native-access=ALL-UNNAMED",
                                "-Xms256m",
                                "-Xmx256m",
                                "-Dbenchmarks.bin=" + System.getProperty("benchmarks.bin")),
                        Arrays.stream(jvm))
                .toArray(String[]::new);
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("\\." + pattern)
                .threads(threads)
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true)
                .jvmArgsAppend(arguments)
                .resultFormat(ResultFormatType.JSON)
                .result(results.resolve(
                                (pattern + String.join("", parameters)).replaceAll("\\W", "") + "-" + threads + ".json")
                        .toString());
        for (String parameter : parameters) {
            options.param(
                    parameter.substring(0, parameter.indexOf('=')), parameter.substring(parameter.indexOf('=') + 1));
        }
        if (quick) {
            options.forks(1)
                    .warmupIterations(6)
                    .warmupTime(TimeValue.milliseconds(250))
                    .measurementIterations(3)
                    .measurementTime(TimeValue.milliseconds(200));
        } else {
            options.forks(3)
                    .warmupIterations(5)
                    .warmupTime(TimeValue.milliseconds(500))
                    .measurementIterations(5)
                    .measurementTime(TimeValue.milliseconds(500));
        }
        return new Runner(options.build()).run();
    }

    private static String method(RunResult result) {
        String name = result.getParams().getBenchmark();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** Returns the median of all iterations. */
    private static double score(RunResult result) {
        return result.getPrimaryResult().getStatistics().getPercentile(50);
    }

    /**
     * Adds an allocation. The goal is half an object, because the profiler also counts allocations of JMH per
     * iteration.
     */
    private void allocation(String name, String size, RunResult result, String operation) {
        double bytes = result.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
        figures.add(
                name,
                size,
                bytes / 16,
                bytes,
                16,
                "B/op",
                "allocation of " + operation + " / smallest object",
                Goal.ratioAtMost(0.5));
    }
}
