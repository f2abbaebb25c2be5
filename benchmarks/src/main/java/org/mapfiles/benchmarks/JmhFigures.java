package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
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

/** Runs the JMH classes with the allocation profiler, and turns their results into figures. */
final class JmhFigures {
    private final Figures figures;
    private final Path results;
    private final boolean quick;
    private final Set<String> wanted;

    JmhFigures(Figures figures, Path results, boolean quick, Set<String> wanted) {
        this.figures = figures;
        this.results = results;
        this.quick = quick;
        this.wanted = wanted;
    }

    void run() {
        if (wanted.contains("P5")) {
            for (int threads : List.of(1, 2)) {
                for (String layout : quick ? List.of("jvm", "sampler") : List.of("jvm", "uniform", "sampler")) {
                    for (int size : Run.SIZES) {
                        figures.attempt("P5-" + layout + "@" + size, () -> resolve(threads, layout, size));
                    }
                }
            }
        }
        if (wanted.contains("P6")) {
            figures.attempt("P6", this::iterate);
        }
        if (wanted.contains("P10")) {
            figures.attempt("P10", this::code);
        }
        if (wanted.contains("L1")) {
            figures.attempt("L1-alloc", () -> allocation("L1-alloc", "1thread", run("LiveMapsBenchmark", 1).iterator().next(), "resolve"));
        }
        for (Map.Entry<String, String> live : Map.of("P1", "full", "P3", "executableOnly", "P4", "refresh", "P7", "query").entrySet()) {
            if (wanted.contains(live.getKey())) {
                figures.attempt(live.getKey() + "-alloc", () -> allocation(live.getKey() + "-alloc", "self",
                        run("LiveBenchmark." + live.getValue() + "$", 1).iterator().next(), live.getValue()));
            }
        }
    }

    private void resolve(int threads, String layout, int size) throws Exception {
        Map<String, RunResult> of = new TreeMap<>();
        for (RunResult result : run("ResolveBenchmark", threads, List.of("layout=" + layout, "mappings=" + size))) {
            of.put(method(result), result);
        }
        double tree = score(of.get("treeMap"));
        String name = "P5-" + layout + (threads > 1 ? "-" + threads + "threads" : "");
        String end = " on " + threads + (threads == 1 ? " thread" : " threads");
        figures.add(name, size, tree / score(of.get("find")), score(of.get("find")), tree, "ns",
                "TreeMap.floorEntry / find" + end, Goal.ratioAtLeast(5));
        figures.add(name + "-batch", size, tree / score(of.get("batch")), score(of.get("batch")), tree, "ns",
                "TreeMap.floorEntry / find of 256 at once" + end, null);
        allocation(name + "-alloc", Integer.toString(size), of.get("find"), "find");
    }

    private void code() throws Exception {
        Map<Integer, Map<String, RunResult>> bySize = new TreeMap<>();
        for (RunResult result : run("CodeBenchmark", 1, CodeBlobs.OPTIONS)) {
            bySize.computeIfAbsent(Integer.valueOf(result.getParams().getParam("blobs")), key -> new TreeMap<>()).put(method(result), result);
        }
        for (Map.Entry<Integer, Map<String, RunResult>> entry : bySize.entrySet()) {
            Map<String, RunResult> of = entry.getValue();
            double find = score(of.get("find"));
            double map = score(of.get("skipListMap"));
            figures.add("P10", entry.getKey(), map / find, find, map, "ns", "ConcurrentSkipListMap.floorEntry / address to method", null);
            allocation("P10-alloc", entry.getKey().toString(), of.get("find"), "find");
        }
    }

    private void iterate() throws Exception {
        Map<Integer, Map<String, RunResult>> bySize = new TreeMap<>();
        for (RunResult result : run("IterateBenchmark", 1)) {
            bySize.computeIfAbsent(Integer.valueOf(result.getParams().getParam("mappings")), key -> new TreeMap<>())
                    .put(method(result), result);
        }
        for (Map.Entry<Integer, Map<String, RunResult>> entry : bySize.entrySet()) {
            double ours = score(entry.getValue().get("cursor")) / entry.getKey();
            double arrays = score(entry.getValue().get("arrays")) / entry.getKey();
            figures.add("P6", entry.getKey(), ours / arrays, ours, arrays, "ns",
                    "a mapping walked with a cursor / a loop over arrays", Goal.oursAtMost(3));
            allocation("P6-alloc", entry.getKey().toString(), entry.getValue().get("cursor"), "a whole walk");
        }
    }

    private Collection<RunResult> run(String pattern, int threads, String... jvm) throws Exception {
        return run(pattern, threads, List.of(), jvm);
    }

    /** @param parameters as {@code name=value} */
    private Collection<RunResult> run(String pattern, int threads, List<String> parameters, String... jvm) throws Exception {
        String[] arguments = Stream.concat(Stream.of("--enable-native-access=ALL-UNNAMED", "-Xms256m", "-Xmx256m",
                "-Dbenchmarks.bin=" + System.getProperty("benchmarks.bin")), Arrays.stream(jvm)).toArray(String[]::new);
        ChainedOptionsBuilder options = new OptionsBuilder().include("\\." + pattern).threads(threads)
                .addProfiler(GCProfiler.class).verbosity(VerboseMode.SILENT).shouldFailOnError(true)
                .jvmArgsAppend(arguments)
                .resultFormat(ResultFormatType.JSON)
                .result(results.resolve((pattern + String.join("", parameters)).replaceAll("\\W", "") + "-" + threads + ".json").toString());
        for (String parameter : parameters) {
            options.param(parameter.substring(0, parameter.indexOf('=')), parameter.substring(parameter.indexOf('=') + 1));
        }
        if (quick) {
            options.forks(1).warmupIterations(6).warmupTime(TimeValue.milliseconds(250))
                    .measurementIterations(3).measurementTime(TimeValue.milliseconds(200));
        } else {
            options.forks(3).warmupIterations(5).warmupTime(TimeValue.milliseconds(500))
                    .measurementIterations(5).measurementTime(TimeValue.milliseconds(500));
        }
        return new Runner(options.build()).run();
    }

    private static String method(RunResult result) {
        String name = result.getParams().getBenchmark();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** The median iteration. */
    private static double score(RunResult result) {
        return result.getPrimaryResult().getStatistics().getPercentile(50);
    }

    /** The profiler also counts what the harness allocates in an iteration: the bound is half an object. */
    private void allocation(String name, String size, RunResult result, String what) {
        double bytes = result.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
        figures.add(name, size, bytes / 16, bytes, 16, "B/op", "allocated by " + what + " / the smallest object", Goal.ratioAtMost(0.5));
    }
}
