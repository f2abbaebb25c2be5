package org.mapfiles.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;

/** Compares reading a live process with bare system calls and with other libraries. */
final class SnapshotFigures {
    private static final String[] PEERS = {"sscanf", "libdw", "procfs"};
    private static final int QUERIES = 1000;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;
    private final Set<Benchmark> wanted;

    SnapshotFigures(Figures figures, Path bin, boolean quick, Set<Benchmark> wanted) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
        this.wanted = wanted;
    }

    void run() {
        for (int size : Run.SIZES) {
            figures.attempt("snapshots@" + size, () -> run(size));
        }
        if (wanted.contains(Benchmark.PEERS)) {
            figures.skip("peers-libproc2", "the library of procps 4 has no function for the mappings of a process");
        }
    }

    private void run(int size) throws Exception {
        try (TargetProcess target = new TargetProcess(size, bin);
                ChildProgram kernel =
                        new ChildProgram(bin.resolve("bare_kernel").toString(), Long.toString(target.pid()));
                ProcessMaps maps = ProcessMaps.of(target.pid())) {
            compareWithKernel(size, kernel, maps);
            if (size > 200) { // a C program
                attempt(Benchmark.REFRESH, size, () -> refreshChanged(size, target, kernel, maps));
            }
            attempt(Benchmark.PEERS, size, () -> compareWithPeers(size, target.pid(), maps));
        }
    }

    private void attempt(Benchmark benchmark, int size, Figures.Step step) {
        if (wanted.contains(benchmark)) {
            figures.attempt(benchmark.label() + "@" + size, step);
        }
    }

    private void compareWithKernel(int size, ChildProgram kernel, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = maps.snapshot();
        chooseBackend(maps, snapshot, MapFilter.all());
        MapSnapshot executable = new MapSnapshot();
        int times = size > 1000 ? 1 : size > 200 ? 4 : 16; // a round takes at least a millisecond
        Rounds.Side text = () -> kernel.query("text " + times);
        attempt(Benchmark.FULL_SNAPSHOT, size, () -> {
            Rounds rounds = rounds(size, Rounds.timed(times, () -> maps.read(snapshot, MapFilter.all())), text);
            figures.add(
                    "full-snapshot", size, rounds, "full snapshot in Java / read(2) loop in C", Goal.ratioAtMost(1.05));
            figures.add(
                    "full-snapshot-floor",
                    size,
                    rounds(size, () -> kernel.query("all " + times), text),
                    "PROCMAP_QUERY of all mappings in C / read(2) loop in C",
                    null);
            figures.add(
                    "full-snapshot-lines",
                    size,
                    rounds(size, () -> kernel.query("lines " + times), text),
                    "read(2) loop in C that finds each line and writes 64 bytes / read(2) loop in C",
                    null);
            figures.add(
                    "full-snapshot-numbers",
                    size,
                    rounds(size, () -> kernel.query("numbers " + times), text),
                    "the same, and parses the numbers without checks / read(2) loop in C",
                    null);
            compareBackends("full-snapshot-chosen", size, times, maps, MapFilter.all());
            compareBackends(
                    "full-snapshot-chosen-files",
                    size,
                    times,
                    maps,
                    MapFilter.all().fileBacked());
        });
        attempt(Benchmark.EXECUTABLE_SNAPSHOT, size, () -> {
            Rounds.Side measured = Rounds.timed(
                    times, () -> maps.read(executable, MapFilter.all().executable()));
            Rounds.Side calls = () -> kernel.query("exec " + times);
            figures.add(
                    "executable-snapshot",
                    size,
                    rounds(size, measured, text),
                    "snapshot of executable mappings in Java / read(2) loop in C",
                    size == 200 ? Goal.ratioAtMost(0.25) : size == 5000 ? Goal.ratioAtMost(0.05) : null);
            figures.add(
                    "executable-snapshot-calls",
                    size,
                    rounds(size, measured, calls),
                    "snapshot of executable mappings in Java / PROCMAP_QUERY of them in C",
                    Goal.ratioAtMost(1.05));
            figures.add(
                    "executable-snapshot-floor",
                    size,
                    rounds(size, calls, text),
                    "PROCMAP_QUERY of executable mappings in C / read(2) loop in C",
                    null);
        });
        attempt(Benchmark.REFRESH, size, () -> {
            maps.read(snapshot, MapFilter.all());
            Rounds rounds = rounds(size, Rounds.timed(times, () -> maps.refresh(snapshot)), text);
            figures.add(
                    "refresh",
                    size,
                    rounds,
                    "refresh of an unchanged snapshot in Java / read(2) loop in C",
                    Goal.ratioAtMost(1.03));
        });
        attempt(Benchmark.QUERY, size, () -> query(size, kernel, maps, snapshot));
    }

    /** Reads so often that the backend is chosen: the reads that measure both would distort the figures. */
    static void chooseBackend(ProcessMaps maps, MapSnapshot snapshot, MapFilter filter) throws MapsException {
        for (int i = 0; i < 16; i++) {
            maps.read(snapshot, filter);
        }
    }

    /** Compares a read whose backend is chosen by measuring with the cheaper backend. */
    private void compareBackends(String name, int size, int times, ProcessMaps maps, MapFilter filter)
            throws Exception {
        MapSnapshot snapshot = maps.snapshot(filter);
        Rounds.Side text = Rounds.timed(times, () -> maps.read(snapshot, filter.by(Backend.TEXT)));
        Rounds.Side query = Rounds.timed(times, () -> maps.read(snapshot, filter.by(Backend.QUERY)));
        chooseBackend(maps, snapshot, filter);
        try {
            query.round();
        } catch (NotSupportedException e) {
            figures.skip(name, e.getMessage());
            return;
        }
        figures.add(
                name,
                size,
                rounds(
                        size,
                        Rounds.timed(times, () -> maps.read(snapshot, filter)),
                        () -> Math.min(text.round(), query.round())),
                "snapshot by the chosen backend / by the cheaper one",
                Goal.ratioAtMost(1.05));
    }

    private void refreshChanged(int size, TargetProcess target, ChildProgram kernel, ProcessMaps maps)
            throws Exception {
        MapSnapshot snapshot = maps.snapshot();
        Rounds.Side measured = () -> {
            target.changeOne();
            long begin = System.nanoTime();
            boolean isChanged = maps.refresh(snapshot);
            long spent = System.nanoTime() - begin;
            if (!isChanged) {
                throw new IllegalStateException("the change is not in the snapshot");
            }
            return spent;
        };
        figures.add(
                "refresh-changed",
                size,
                rounds(size, measured, () -> kernel.query("text 1")),
                "refresh after one mapping changed in Java / read(2) loop in C",
                Goal.ratioAtMost(1.05));
        figures.add(
                "refresh-changed-floor",
                size,
                rounds(size, () -> kernel.query("moved 1"), () -> kernel.query("text 1")),
                "read(2) loop in C that compares, and copies 80 bytes for each mapping / read(2) loop in C",
                null);
    }

    private void query(int size, ChildProgram kernel, ProcessMaps maps, MapSnapshot snapshot) throws Exception {
        MappingQuery query = new MappingQuery();
        MapCursor middle = snapshot.cursor().seek(snapshot.size() / 2);
        while (!middle.isFileBacked() && middle.index() > 0) {
            middle.seek(middle.index() - 1);
        }
        long address = middle.start();
        try {
            maps.query(address, MapFilter.all().by(Backend.QUERY), false, query);
        } catch (NotSupportedException e) {
            figures.skip("query", e.getMessage());
            return;
        }
        String request = "query " + QUERIES + " " + Long.toHexString(address);
        Rounds rounds =
                rounds(size, Rounds.timed(QUERIES, () -> maps.query(address, query)), () -> kernel.query(request));
        figures.add(
                "query",
                size,
                rounds,
                "query of an address with the name in Java / ioctl(2) in C",
                Goal.ratioAtMost(1.10));
        try (BareQuery bare = new BareQuery(bin, maps.pid())) {
            figures.add(
                    "query-floor",
                    size,
                    rounds(size, Rounds.timed(QUERIES, () -> bare.query(address)), () -> kernel.query(request)),
                    "a native method with nothing but ioctl(2) / ioctl(2) in C",
                    null);
        }
    }

    private void compareWithPeers(int size, long pid, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        Rounds.Side measured = Rounds.timed(1, () -> maps.read(snapshot, MapFilter.all()));
        figures.addInverse(
                "peers-plain-java",
                size,
                rounds(size, measured, Rounds.timed(1, () -> PlainMaps.of(pid))),
                "plain Java (readAllLines, split) / full snapshot",
                Goal.ratioAtLeast(8));
        for (String peer : PEERS) {
            Path path = bin.resolve("peer_" + peer);
            if (!Files.isExecutable(path)) {
                figures.skip("peers-" + peer, "not built: benchmarks/run has printed the reason");
                continue;
            }
            try (ChildProgram program = new ChildProgram(path.toString())) {
                figures.addInverse(
                        "peers-" + peer,
                        size,
                        rounds(size, measured, () -> program.query(Long.toString(pid))),
                        peer + " / full snapshot",
                        Goal.ratioAtLeast(1));
            }
        }
    }

    private Rounds rounds(int size, Rounds.Side measured, Rounds.Side baseline) throws Exception {
        int count = (quick ? 1 : 3) * (size > 10_000 ? 21 : size > 2000 ? 101 : 301);
        int warmUp = size > 10_000 ? 30 : 3000; // above the thresholds of the JIT compiler
        return Rounds.of(warmUp, count, measured, baseline);
    }
}
