package org.mapfiles.benchmarks;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Address to mapping in a filled snapshot. The set-up first checks that all sides agree on every sample. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ResolveBenchmark {
    /** Addresses of one call of the batch. */
    private static final int BATCH = 256;

    @Param({"200", "1000", "5000", "65000"})
    private int mappings;

    @Param({"jvm", "uniform", "sampler"})
    private String layout;

    private MapSnapshot snapshot;
    private final TreeMap<Long, Range> byStart = new TreeMap<>();
    private long[] samples;

    /** A place in the samples, and room for a batch, for each thread. */
    @State(Scope.Thread)
    public static class Turn {
        private int next;
        private final long[] batch = new long[BATCH];
        private final int[] indices = new int[BATCH];
    }

    /** What a Java program keeps in a TreeMap. */
    private record Range(long start, long end, int index) {
    }

    @Setup
    public void fill() throws Exception {
        snapshot = Layouts.snapshot(layout, mappings);
        long[] starts = new long[snapshot.size()];
        long[] sizes = new long[snapshot.size()];
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            int i = mapping.index();
            starts[i] = mapping.start();
            sizes[i] = mapping.size();
            byStart.put(flipped(mapping.start()), new Range(mapping.start(), mapping.end(), i));
        }
        samples = Layouts.samples(layout, starts, sizes);
        int[] indices = new int[samples.length];
        snapshot.find(samples, indices);
        for (int i = 0; i < samples.length; i++) {
            int expected = inTreeMap(samples[i]);
            if (expected < 0 || snapshot.find(samples[i]) != expected || indices[i] != expected) {
                throw new IllegalStateException("the sides differ on " + Long.toHexString(samples[i]));
            }
        }
    }

    /** Unsigned order in signed keys. */
    private static long flipped(long address) {
        return address ^ Long.MIN_VALUE;
    }

    private int inTreeMap(long address) {
        Map.Entry<Long, Range> entry = byStart.floorEntry(flipped(address));
        return entry != null && address - entry.getValue().start() < entry.getValue().end() - entry.getValue().start()
                ? entry.getValue().index() : -1;
    }

    @Benchmark
    public int treeMap(Turn turn) {
        return inTreeMap(samples[turn.next++ & Layouts.SAMPLES - 1]);
    }

    @Benchmark
    public int find(Turn turn) {
        return snapshot.find(samples[turn.next++ & Layouts.SAMPLES - 1]);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int[] batch(Turn turn) {
        System.arraycopy(samples, turn.next & Layouts.SAMPLES - 1, turn.batch, 0, BATCH);
        turn.next += BATCH;
        snapshot.find(turn.batch, turn.indices);
        return turn.indices;
    }
}
