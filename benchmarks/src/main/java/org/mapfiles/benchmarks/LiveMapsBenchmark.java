package org.mapfiles.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.live.LiveMaps;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What address to mapping allocates while the picture is replaced every 10 ms by a different one. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LiveMapsBenchmark {
    private static final int SAMPLES = 1 << 12;

    private final long[] samples = new long[SAMPLES];
    private Harness mapper;
    private ProcessMaps maps;
    private MapSnapshot still;
    private LiveMaps live;

    /** What a sampling thread has. */
    @State(Scope.Thread)
    public static class Sampler {
        private LiveMaps.Reader reader;
        private int next;

        @Setup
        public void open(LiveMapsBenchmark of) {
            reader = of.live.reader();
        }
    }

    @Setup
    public void open() throws Exception {
        mapper = new Harness(Path.of(System.getProperty("benchmarks.bin"), "mapper").toString());
        mapper.line();
        maps = ProcessMaps.of(mapper.pid());
        still = maps.snapshot();
        Random random = new Random(3);
        MapCursor any = still.cursor();
        for (int i = 0; i < SAMPLES; i++) {
            do { // of what stays
                any.seek(random.nextInt(still.size()));
            } while (any.isFileBacked() && String.valueOf(any.name()).endsWith("/mapper") && !any.isExecutable());
            samples[i] = any.start() + random.nextInt(4096);
        }
        live = LiveMaps.of(maps).every(Duration.ofMillis(10)).start();
    }

    @TearDown
    public void close() throws Exception {
        if (live.changes() == 0) {
            throw new IllegalStateException("nothing has changed");
        }
        live.close();
        maps.close();
        mapper.close();
    }

    @Benchmark
    public long live(Sampler sampler) {
        long address = samples[sampler.next++ & SAMPLES - 1];
        for (;;) {
            try {
                return sampler.reader.resolve(address) ? sampler.reader.mapping().start() : 0;
            } catch (IllegalStateException newer) {
                continue;
            }
        }
    }
}
