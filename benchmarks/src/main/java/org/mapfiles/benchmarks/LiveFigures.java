package org.mapfiles.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.mapfiles.Backend;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappingQuery;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;

/** Reading a live process, against the bare kernel and against others. */
final class LiveFigures {
    private static final String[] PEERS = {"sscanf", "libdw", "procfs"};
    private static final int QUERIES = 1000;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;
    private final Set<String> wanted;

    LiveFigures(Figures figures, Path bin, boolean quick, Set<String> wanted) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
        this.wanted = wanted;
    }

    void run() {
        for (int size : Run.SIZES) {
            figures.attempt("P1 to P7@" + size, () -> run(size));
        }
        if (wanted.contains("P2")) {
            figures.skip("P2-libproc2", "the library of procps 4 has no interface to a process' mappings");
        }
    }

    private void run(int size) throws Exception {
        try (Targets target = new Targets(size, bin);
                Harness kernel = new Harness(bin.resolve("bare_kernel").toString(), Long.toString(target.pid()));
                ProcessMaps maps = ProcessMaps.of(target.pid())) {
            againstKernel(size, kernel, maps);
            attempt("P2", size, () -> againstOthers(size, target.pid(), maps));
        }
    }

    private void attempt(String name, int size, Figures.Step step) {
        if (wanted.contains(name)) {
            figures.attempt(name + "@" + size, step);
        }
    }

    private void againstKernel(int size, Harness kernel, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = maps.snapshot();
        MapSnapshot code = new MapSnapshot();
        int times = size > 1000 ? 1 : size > 200 ? 4 : 16; // rounds of a millisecond or more
        Rounds.Side text = () -> kernel.ask("text " + times);
        attempt("P1", size, () -> {
            Rounds rounds = rounds(size, Rounds.timed(times, () -> maps.read(snapshot, MapFilter.all())), text);
            figures.add("P1", size, rounds, "full snapshot from Java / bare read loop in C", Goal.ratioAtMost(1.10));
        });
        attempt("P3", size, () -> {
            Rounds rounds = rounds(size, Rounds.timed(times, () -> maps.read(code, MapFilter.all().executable())), text);
            figures.add("P3", size, rounds, "executable-only snapshot from Java / bare read loop in C",
                    size == 200 ? Goal.ratioAtMost(0.25) : size == 5000 ? Goal.ratioAtMost(0.05) : null);
            figures.add("P3-floor", size, rounds(size, () -> kernel.ask("exec " + times), text),
                    "bare PROCMAP_QUERY walk over executable ones in C / bare read loop in C", null);
        });
        attempt("P4", size, () -> {
            maps.read(snapshot, MapFilter.all());
            Rounds rounds = rounds(size, Rounds.timed(times, () -> maps.refresh(snapshot)), text);
            figures.add("P4", size, rounds, "unchanged refresh from Java / bare read loop in C", Goal.ratioAtMost(1.03));
        });
        attempt("P7", size, () -> queries(size, kernel, maps, snapshot));
    }

    private void queries(int size, Harness kernel, ProcessMaps maps, MapSnapshot snapshot) throws Exception {
        MappingQuery answer = new MappingQuery();
        MapCursor middle = snapshot.cursor().seek(snapshot.size() / 2);
        while (!middle.isFileBacked() && middle.index() > 0) {
            middle.seek(middle.index() - 1);
        }
        long address = middle.start();
        try {
            maps.query(address, MapFilter.all().by(Backend.QUERY), false, answer);
        } catch (NotSupportedException e) {
            figures.skip("P7", e.getMessage());
            return;
        }
        String question = "query " + QUERIES + " " + Long.toHexString(address);
        Rounds rounds = rounds(size, Rounds.timed(QUERIES, () -> maps.query(address, answer)), () -> kernel.ask(question));
        figures.add("P7", size, rounds, "one query from Java / bare ioctl in C, both with the name", Goal.ratioAtMost(1.10));
    }

    private void againstOthers(int size, long pid, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        Rounds.Side ours = Rounds.timed(1, () -> maps.read(snapshot, MapFilter.all()));
        figures.addOthers("P2", size, rounds(size, ours, Rounds.timed(1, () -> PlainMaps.of(pid))),
                "plain Java (readAllLines, split) / ours", Goal.ratioAtLeast(8));
        for (String peer : PEERS) {
            Path program = bin.resolve("peer_" + peer);
            if (!Files.isExecutable(program)) {
                figures.skip("P2-" + peer, "not built: see the notes above");
                continue;
            }
            try (Harness other = new Harness(program.toString())) {
                figures.addOthers("P2-" + peer, size, rounds(size, ours, () -> other.ask(Long.toString(pid))), peer + " / ours",
                        Goal.ratioAtLeast(1));
            }
        }
    }

    private Rounds rounds(int size, Rounds.Side ours, Rounds.Side baseline) throws Exception {
        int count = (quick ? 1 : 3) * (size > 10_000 ? 21 : size > 2000 ? 101 : 301);
        int warmUp = size > 10_000 ? 30 : 3000; // the compiler's thresholds
        return Rounds.of(warmUp, count, ours, baseline);
    }
}
