package org.mapfiles.benchmarks;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;
import org.mapfiles.resident.Smaps;

/** Measures how long it takes to read the resident memory of a JVM with 400 MB of touched heap. */
final class ResidentFigures {
    private static final String SIZE = "400MB";
    private static final int BUFFER = 64 * 1024;

    private final Figures figures;
    private final Path bin;
    private final int rounds;
    private final byte[] buffer = new byte[BUFFER];

    ResidentFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 21 : 201;
    }

    void run() throws Exception {
        try (ChildProgram jvm = new ChildProgram(
                TargetProcess.java(),
                "-Xms400m",
                "-Xmx400m",
                "-XX:+AlwaysPreTouch",
                "-cp",
                System.getProperty("java.class.path"),
                TargetProcess.Sleeper.class.getName())) {
            jvm.line();
            String pid = Long.toString(jvm.pid());
            try (ProcessMaps maps = ProcessMaps.of(jvm.pid());
                    ChildProgram kernel =
                            new ChildProgram(bin.resolve("bare_kernel").toString(), pid)) {
                compare(maps, "/proc/" + pid + "/", kernel);
            }
        }
    }

    private void compare(ProcessMaps maps, String directory, ChildProgram kernel) throws Exception {
        MapSnapshot snapshot = maps.snapshot();
        ResidentPages pages = ResidentPages.withoutCopies();
        ResidentPages copies = new ResidentPages();
        ResidentBytes sums = new ResidentBytes();
        Smaps smaps = new Smaps();
        MapCursor mapping = snapshot.cursor();
        Rounds.Side resident = Rounds.timed(1, () -> sumEach(maps, snapshot, mapping, pages, sums));
        Rounds.Side withCopies = Rounds.timed(1, () -> sumEach(maps, snapshot, mapping, copies, sums));
        Rounds.Side plainSmaps = Rounds.timed(1, () -> readAll(directory + "smaps"));
        figures.addInverse(
                "resident",
                SIZE,
                Rounds.of(3, rounds, resident, plainSmaps),
                "read(2) loop over smaps / mappings, pages and sums of each mapping",
                Goal.ratioAtLeast(5));
        try {
            figures.addInverse(
                    "resident-floor",
                    SIZE,
                    Rounds.of(3, rounds, () -> kernel.query("pages 1"), plainSmaps),
                    "read(2) loop over smaps / PAGEMAP_SCAN in C",
                    null);
        } catch (IOException e) {
            figures.skip("resident-floor", "this kernel has no PAGEMAP_SCAN (Linux 6.7)");
        }
        figures.addInverse(
                "resident-copies",
                SIZE,
                Rounds.of(3, rounds, withCopies, plainSmaps),
                "the same, with private copies distinguished from pages of files",
                null);
        Rounds.Side rollup = Rounds.timed(1, () -> readAll(directory + "smaps_rollup"));
        figures.addInverse(
                "resident-rollup",
                SIZE,
                Rounds.of(3, rounds, resident, rollup),
                "read(2) of smaps_rollup / mappings, pages and sums of each mapping",
                null);
        figures.add(
                "resident-smaps",
                SIZE,
                Rounds.of(3, rounds, Rounds.timed(1, () -> smaps.read(maps)), plainSmaps),
                "Smaps.read / read(2) loop over smaps",
                Goal.ratioAtMost(1.1));
        pages.read(maps, snapshot);
        sums.clear();
        pages.add(0, -1, sums);
        if (sums.rss() < 400L << 20) {
            throw new IllegalStateException("the heap is not in memory: " + sums);
        }
    }

    private static void sumEach(
            ProcessMaps maps, MapSnapshot snapshot, MapCursor mapping, ResidentPages pages, ResidentBytes sums)
            throws IOException {
        maps.refresh(snapshot);
        pages.read(maps, snapshot);
        for (mapping.reset(); mapping.next(); ) {
            sums.clear();
            pages.add(mapping, sums);
        }
    }

    private void readAll(String path) throws IOException {
        try (InputStream in = new FileInputStream(path)) {
            while (in.read(buffer) > 0) {
                continue;
            }
        }
    }
}
