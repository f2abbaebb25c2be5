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

/**
 * Finds the mapping of an address in a snapshot. The set-up verifies that all implementations agree on every sample.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ResolveBenchmark {
    /** Addresses per call of the batch. */
    private static final int BATCH = 256;

    @Param({"200", "1000", "5000", "65000"})
    private int mappings;

    @Param({"jvm", "uniform", "sampler"})
    private String layout;

    private MapSnapshot snapshot;
    private final TreeMap<Long, Range> byStart = new TreeMap<>();
    private long[] samples;

    /** The position in the samples and the buffers of a batch, for one thread. */
    @State(Scope.Thread)
    public static class Position {
        private int next;
        private final long[] batch = new long[BATCH];
        private final int[] indices = new int[BATCH];
    }

    /** A mapping as a Java program keeps it in a TreeMap. */
    private record Range(long start, long end, int index) {}

    @Setup
    public void fill() throws Exception {
        snapshot = Layouts.snapshot(layout, mappings);
        long[] starts = new long[snapshot.size()];
        long[] sizes = new long[snapshot.size()];
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            int i = mapping.index();
            starts[i] = mapping.start();
            sizes[i] = mapping.size();
            byStart.put(signedKey(mapping.start()), new Range(mapping.start(), mapping.end(), i));
        }
        samples = Layouts.samples(layout, starts, sizes);
        int[] indices = new int[samples.length];
        snapshot.find(samples, indices);
        for (int i = 0; i < samples.length; i++) {
            int expected = inTreeMap(samples[i]);
            if (expected < 0 || snapshot.find(samples[i]) != expected || indices[i] != expected) {
                throw new IllegalStateException("the implementations differ at " + Long.toHexString(samples[i]));
            }
        }
    }

    /** Returns a key whose signed order is the unsigned order of addresses. */
    private static long signedKey(long address) {
        return address ^ Long.MIN_VALUE;
    }

    private int inTreeMap(long address) {
        Map.Entry<Long, Range> entry = byStart.floorEntry(signedKey(address));
        return entry != null
                        && address - entry.getValue().start()
                                < entry.getValue().end() - entry.getValue().start()
                ? entry.getValue().index()
                : -1;
    }

    @Benchmark
    public int treeMap(Position position) {
        return inTreeMap(samples[position.next++ & Layouts.SAMPLES - 1]);
    }

    @Benchmark
    public int find(Position position) {
        return snapshot.find(samples[position.next++ & Layouts.SAMPLES - 1]);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int[] batch(Position position) {
        System.arraycopy(samples, position.next & Layouts.SAMPLES - 1, position.batch, 0, BATCH);
        position.next += BATCH;
        snapshot.find(position.batch, position.indices);
        return position.indices;
    }
}
