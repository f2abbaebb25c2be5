package org.mapfiles.benchmarks;

import java.util.concurrent.TimeUnit;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Iterates over a snapshot and reads start, end and flags. The baseline is a loop over arrays on the Java heap. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class IterateBenchmark {
    @Param({"200", "1000", "5000", "65000"})
    private int mappings;

    private MapSnapshot snapshot;
    private MapCursor cursor;
    private long[] starts;
    private long[] ends;
    private int[] flags;
    private long[] ranges;
    private long[] rangesCopy;
    private int[] flagsCopy;

    @Setup
    public void fill() throws Exception {
        snapshot = Layouts.snapshot("uniform", mappings);
        cursor = snapshot.cursor();
        starts = new long[mappings];
        ends = new long[mappings];
        flags = new int[mappings];
        ranges = new long[2 * mappings];
        rangesCopy = new long[2 * mappings];
        flagsCopy = new int[mappings];
        for (int i = 0; i < mappings; i++) {
            cursor.seek(i);
            starts[i] = cursor.start();
            ends[i] = cursor.end();
            flags[i] = cursor.flags();
        }
    }

    @Benchmark
    public long cursor() {
        long sum = 0;
        cursor.reset();
        while (cursor.next()) {
            sum += cursor.end() - cursor.start() + cursor.flags();
        }
        return sum;
    }

    @Benchmark
    public int copy() {
        return snapshot.copyRanges(starts, ends, flags);
    }

    /** As many bytes as {@link #copy}, in blocks: nothing copies them faster. */
    @Benchmark
    public long[] blocks() {
        System.arraycopy(ranges, 0, rangesCopy, 0, ranges.length);
        System.arraycopy(flags, 0, flagsCopy, 0, flags.length);
        return rangesCopy;
    }

    @Benchmark
    public long arrays() {
        long sum = 0;
        for (int i = 0; i < starts.length; i++) {
            sum += ends[i] - starts[i] + flags[i];
        }
        return sum;
    }
}
