package org.mapfiles.benchmarks;

import java.util.concurrent.TimeUnit;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappingQuery;
import org.mapfiles.ProcessMaps;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Reads the mappings of this JVM. Used for the allocation on the Java heap; {@link SnapshotFigures} measures times. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ReadAllocationBenchmark {
    private final MapFilter code = MapFilter.all().executable();
    private final MapSnapshot all = new MapSnapshot();
    private final MapSnapshot executable = new MapSnapshot();
    private final MappingQuery query = new MappingQuery();
    private ProcessMaps maps;
    private long address;

    @Setup
    public void open() throws Exception {
        maps = ProcessMaps.self();
        maps.read(all, MapFilter.all());
        maps.read(executable, code);
        address = all.cursor().seek(all.size() / 2).start();
    }

    @TearDown
    public void close() {
        maps.close();
    }

    @Benchmark
    public MapSnapshot full() throws Exception {
        maps.read(all, MapFilter.all());
        return all;
    }

    @Benchmark
    public MapSnapshot executableOnly() throws Exception {
        maps.read(executable, code);
        return executable;
    }

    @Benchmark
    public boolean refresh() throws Exception {
        return maps.refresh(all);
    }

    @Benchmark
    public boolean query() throws Exception {
        return maps.query(address, query);
    }
}
