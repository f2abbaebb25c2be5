package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.live.LiveMaps;

/** Compares resolving while another thread replaces the snapshot every 10 ms with resolving in one snapshot. */
final class LiveResolveFigures {
    private static final int SAMPLES = 1 << 12;
    private static final int RESOLVES = 200_000;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;
    private final long[] samples = new long[SAMPLES];

    LiveResolveFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
    }

    void run() throws Exception {
        try (ChildProgram mapper = new ChildProgram(bin.resolve("mapper").toString())) {
            mapper.line();
            try (ProcessMaps maps = ProcessMaps.of(mapper.pid());
                    LiveMaps live =
                            LiveMaps.of(maps).every(Duration.ofMillis(10)).start()) {
                MapSnapshot snapshot = maps.snapshot();
                sample(snapshot);
                for (int threads : new int[] {1, 2}) {
                    compare(threads, live, snapshot);
                }
                if (live.changeCount() == 0) {
                    throw new IllegalStateException("no mapping has changed");
                }
            }
        }
    }

    /** Fills the samples with addresses of mappings that the target keeps. */
    private void sample(MapSnapshot snapshot) {
        Random random = new Random(3);
        MapCursor any = snapshot.cursor();
        for (int i = 0; i < SAMPLES; i++) {
            do {
                any.seek(random.nextInt(snapshot.size()));
            } while (any.isFileBacked() && String.valueOf(any.name()).endsWith("/mapper") && !any.isExecutable());
            samples[i] = any.start() + random.nextInt(4096);
        }
    }

    private void compare(int threads, LiveMaps live, MapSnapshot snapshot) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            Rounds rounds = Rounds.of(
                    20,
                    quick ? 101 : 401,
                    () -> each(pool, threads, () -> inLive(live.reader())),
                    () -> each(pool, threads, () -> inSnapshot(snapshot, snapshot.cursor())));
            figures.add(
                    "live-resolve",
                    threads + (threads == 1 ? "thread" : "threads"),
                    rounds.inverse().ratio(),
                    rounds.medianMeasured(),
                    rounds.medianBaseline(),
                    "ns",
                    "resolve in one snapshot / while the snapshot changes every 10 ms",
                    Goal.ratioAtLeast(0.9));
        } finally {
            pool.shutdown();
        }
    }

    /** Returns the mean nanoseconds per address of all threads. */
    private static double each(ExecutorService pool, int threads, Supplier<Double> work) throws Exception {
        List<Callable<Double>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            all.add(work::get);
        }
        double sum = 0;
        for (Future<Double> nanos : pool.invokeAll(all)) {
            sum += nanos.get();
        }
        return sum / threads;
    }

    private double inLive(LiveMaps.Reader reader) {
        long begin = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < RESOLVES; i++) {
            sum += start(reader, samples[i & SAMPLES - 1]);
        }
        return spent(begin, sum);
    }

    private static long start(LiveMaps.Reader reader, long address) {
        for (; ; ) {
            try {
                return reader.resolve(address) ? reader.mapping().start() : 0;
            } catch (IllegalStateException newer) {
                continue;
            }
        }
    }

    private double inSnapshot(MapSnapshot snapshot, MapCursor cursor) {
        long begin = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < RESOLVES; i++) {
            int found = snapshot.find(samples[i & SAMPLES - 1]);
            sum += found >= 0 ? cursor.seek(found).start() : 0;
        }
        return spent(begin, sum);
    }

    private static double spent(long begin, long sum) {
        if (sum == 0) {
            throw new IllegalStateException("no mapping was found");
        }
        return (System.nanoTime() - begin) / (double) RESOLVES;
    }
}
