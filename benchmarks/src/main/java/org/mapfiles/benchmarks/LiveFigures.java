package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.mapfiles.MapAnswer;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;

/** Reading a live process, against the bare kernel and against others. Rounds of both sides alternate. */
final class LiveFigures {
    private static final String[] PEERS = {"sscanf", "libdw", "procfs"};

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

    /** One round of a side: its nanoseconds. */
    interface Side {
        double round() throws IOException;
    }

    /** Something of ours to time. */
    interface Work {
        void run() throws IOException;
    }

    void run() throws Exception {
        for (int size : Run.SIZES) {
            try (Targets target = new Targets(size, bin);
                    Harness kernel = new Harness(bin.resolve("bare_kernel").toString(), Long.toString(target.pid()));
                    ProcessMaps maps = ProcessMaps.of(target.pid())) {
                againstKernel(size, kernel, maps);
                if (wanted.contains("P2")) {
                    againstOthers(size, target.pid(), maps);
                }
            }
        }
        if (wanted.contains("P2")) {
            figures.skip("P2-libproc2", "the library of procps 4 has no interface to a process' mappings");
        }
    }

    private void againstKernel(int size, Harness kernel, ProcessMaps maps) throws IOException {
        MapSnapshot snapshot = maps.snapshot();
        MapSnapshot code = new MapSnapshot();
        if (wanted.contains("P1")) {
            compare("P1", size, "full snapshot from Java / bare read loop in C, goal <= 1.10",
                    () -> maps.read(snapshot, MapFilter.all()), () -> kernel.ask("text"));
        }
        if (wanted.contains("P3")) {
            String goal = size == 200 ? ", goal <= 0.25" : size == 5000 ? ", goal <= 0.05" : "";
            compare("P3", size, "executable-only snapshot from Java / bare read loop in C" + goal,
                    () -> maps.read(code, MapFilter.all().executable()), () -> kernel.ask("text"));
            compareSides("P3-floor", size, "bare PROCMAP_QUERY walk over executable ones in C / bare read loop in C",
                    () -> kernel.ask("exec"), () -> kernel.ask("text"));
        }
        if (wanted.contains("P4")) {
            maps.read(snapshot, MapFilter.all());
            compare("P4", size, "unchanged refresh from Java / bare read loop in C, goal <= 1.03",
                    () -> maps.refresh(snapshot), () -> kernel.ask("text"));
        }
        if (wanted.contains("P7")) {
            queries(size, kernel, maps, snapshot);
        }
    }

    private void queries(int size, Harness kernel, ProcessMaps maps, MapSnapshot snapshot) throws IOException {
        MapAnswer answer = new MapAnswer();
        MapCursor middle = snapshot.cursor().seek(snapshot.size() / 2);
        while (!middle.isFileBacked() && middle.index() > 0) {
            middle.seek(middle.index() - 1);
        }
        long address = middle.start();
        try {
            maps.query(address, MapFilter.all().by(org.mapfiles.Backend.QUERY), false, answer);
        } catch (NotSupportedException e) {
            figures.skip("P7", e.getMessage());
            return;
        }
        compareSides("P7", size, "one query from Java / bare ioctl in C, both with the name, goal <= 1.10", () -> {
            long begin = System.nanoTime();
            for (int i = 0; i < 1000; i++) {
                maps.query(address, answer);
            }
            return (System.nanoTime() - begin) / 1000.0;
        }, () -> kernel.ask("query " + Long.toHexString(address)));
    }

    private void againstOthers(int size, long pid, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        Work ours = () -> maps.read(snapshot, MapFilter.all());
        compareOver("P2", size, "plain Java (readAllLines, split) / ours, goal >= 8", ours, timed(() -> PlainMaps.of(pid)));
        for (String peer : PEERS) {
            Path program = bin.resolve("peer_" + peer);
            if (!Files.isExecutable(program)) {
                figures.skip("P2-" + peer, "not built: see the notes above");
                continue;
            }
            try (Harness other = new Harness(program.toString())) {
                compareOver("P2-" + peer, size, peer + " / ours, goal > 1", ours, () -> other.ask(Long.toString(pid)));
            }
        }
    }

    private static Side timed(Work work) {
        return () -> {
            long begin = System.nanoTime();
            work.run();
            return System.nanoTime() - begin;
        };
    }

    private void compare(String name, int size, String what, Work ours, Side baseline) throws IOException {
        compareSides(name, size, what, timed(ours), baseline);
    }

    private void compareSides(String name, int size, String what, Side ours, Side baseline) throws IOException {
        double[][] rounds = rounds(size, ours, baseline);
        boolean one = name.equals("P7");
        figures.add(name, size, Figures.medianRatio(rounds[0], rounds[1]), Figures.median(rounds[0]) / (one ? 1 : 1000),
                Figures.median(rounds[1]) / (one ? 1 : 1000), one ? "ns" : "us", what);
    }

    /** As compare(), the ratio turned round: how many times longer the others take. */
    private void compareOver(String name, int size, String what, Work ours, Side others) throws IOException {
        double[][] rounds = rounds(size, timed(ours), others);
        figures.add(name, size, Figures.medianRatio(rounds[1], rounds[0]), Figures.median(rounds[0]) / 1000,
                Figures.median(rounds[1]) / 1000, "us", what);
    }

    private double[][] rounds(int size, Side ours, Side baseline) throws IOException {
        int count = (quick ? 1 : 3) * (size > 10_000 ? 21 : size > 2000 ? 101 : 301);
        int warmUp = size > 10_000 ? 30 : 3000; // the compiler's thresholds
        for (int i = 0; i < (quick ? warmUp / 3 : warmUp); i++) {
            ours.round();
        }
        double[][] rounds = new double[2][count];
        for (int i = 0; i < count; i++) {
            rounds[1][i] = baseline.round();
            rounds[0][i] = ours.round();
        }
        return rounds;
    }
}
