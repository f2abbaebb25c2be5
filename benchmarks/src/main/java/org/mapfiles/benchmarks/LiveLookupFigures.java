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

/** Look-ups while the picture is replaced every 10 ms by a different one, and in one that stays, turn by turn. */
final class LiveLookupFigures {
    private static final int SAMPLES = 1 << 12;
    private static final int LOOK_UPS = 200_000;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;
    private final long[] samples = new long[SAMPLES];

    LiveLookupFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
    }

    void run() throws Exception {
        try (Harness mapper = new Harness(bin.resolve("mapper").toString())) {
            mapper.line();
            try (ProcessMaps maps = ProcessMaps.of(mapper.pid());
                    LiveMaps live = LiveMaps.of(maps).every(Duration.ofMillis(10)).start()) {
                MapSnapshot still = maps.snapshot();
                sample(still);
                for (int threads : new int[] {1, 2}) {
                    compare(threads, live, still);
                }
                if (live.changes() == 0) {
                    throw new IllegalStateException("nothing has changed");
                }
            }
        }
    }

    /** Addresses of what stays. */
    private void sample(MapSnapshot still) {
        Random random = new Random(3);
        MapCursor any = still.cursor();
        for (int i = 0; i < SAMPLES; i++) {
            do {
                any.seek(random.nextInt(still.size()));
            } while (any.isFileBacked() && String.valueOf(any.name()).endsWith("/mapper") && !any.isExecutable());
            samples[i] = any.start() + random.nextInt(4096);
        }
    }

    private void compare(int threads, LiveMaps live, MapSnapshot still) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            Rounds rounds = Rounds.of(20, quick ? 101 : 401, () -> each(pool, threads, () -> inLive(live.reader())),
                    () -> each(pool, threads, () -> inStill(still, still.cursor())));
            figures.add("L1", threads + (threads == 1 ? "thread" : "threads"), rounds.turned().ratio(), rounds.medianOfOurs(),
                    rounds.medianOfBaseline(), "ns", "look-ups a thread in a picture that stays / while it changes every 10 ms",
                    Goal.ratioAtLeast(0.9));
        } finally {
            pool.shutdown();
        }
    }

    /** Nanoseconds of a look-up, on average of all threads. */
    private static double each(ExecutorService pool, int threads, Supplier<Double> work) throws Exception {
        List<Callable<Double>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            all.add(work::get);
        }
        double sum = 0;
        for (Future<Double> one : pool.invokeAll(all)) {
            sum += one.get();
        }
        return sum / threads;
    }

    private double inLive(LiveMaps.Reader reader) {
        long begin = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < LOOK_UPS; i++) {
            sum += start(reader, samples[i & SAMPLES - 1]);
        }
        return spent(begin, sum);
    }

    private static long start(LiveMaps.Reader reader, long address) {
        for (;;) {
            try {
                return reader.resolve(address) ? reader.mapping().start() : 0;
            } catch (IllegalStateException newer) {
                continue;
            }
        }
    }

    private double inStill(MapSnapshot still, MapCursor cursor) {
        long begin = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < LOOK_UPS; i++) {
            int found = still.find(samples[i & SAMPLES - 1]);
            sum += found >= 0 ? cursor.seek(found).start() : 0;
        }
        return spent(begin, sum);
    }

    private static double spent(long begin, long sum) {
        if (sum == 0) {
            throw new IllegalStateException("nothing was found");
        }
        return (System.nanoTime() - begin) / (double) LOOK_UPS;
    }
}
