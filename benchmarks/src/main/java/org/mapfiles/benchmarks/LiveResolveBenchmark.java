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

/** Resolves addresses while another thread replaces the snapshot every 10 ms. Used for the allocation only. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LiveResolveBenchmark {
    private static final int SAMPLES = 1 << 12;

    private final long[] samples = new long[SAMPLES];
    private ChildProgram mapper;
    private ProcessMaps maps;
    private MapSnapshot snapshot;
    private LiveMaps live;

    /** The reader of a sampling thread. */
    @State(Scope.Thread)
    public static class Sampler {
        private LiveMaps.Reader reader;
        private int next;

        @Setup
        public void open(LiveResolveBenchmark of) {
            reader = of.live.reader();
        }
    }

    @Setup
    public void open() throws Exception {
        mapper = new ChildProgram(
                Path.of(System.getProperty("benchmarks.bin"), "mapper").toString());
        mapper.line();
        maps = ProcessMaps.of(mapper.pid());
        snapshot = maps.snapshot();
        Random random = new Random(3);
        MapCursor any = snapshot.cursor();
        for (int i = 0; i < SAMPLES; i++) {
            do { // mappings that the target keeps
                any.seek(random.nextInt(snapshot.size()));
            } while (any.isFileBacked() && String.valueOf(any.name()).endsWith("/mapper") && !any.isExecutable());
            samples[i] = any.start() + random.nextInt(4096);
        }
        live = LiveMaps.of(maps).every(Duration.ofMillis(10)).start();
    }

    @TearDown
    public void close() throws Exception {
        if (live.changeCount() == 0) {
            throw new IllegalStateException("no mapping has changed");
        }
        live.close();
        maps.close();
        mapper.close();
    }

    @Benchmark
    public long live(Sampler sampler) {
        long address = samples[sampler.next++ & SAMPLES - 1];
        for (; ; ) {
            try {
                return sampler.reader.resolve(address)
                        ? sampler.reader.mapping().start()
                        : 0;
            } catch (IllegalStateException newer) {
                continue;
            }
        }
    }
}
