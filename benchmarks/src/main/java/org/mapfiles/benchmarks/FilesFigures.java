package org.mapfiles.benchmarks;

import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;

/** Compares reading and opening mapped files with bare system calls and with java.nio. */
final class FilesFigures {
    /** Numbers of entries, and the number of mappings of a target with about as many entries. */
    private static final Map<Integer, Integer> SIZES = Map.of(100, 190, 1_000, 1_640, 20_000, 31_800);

    private static final Set<MapFilesEntries.Field> TARGET = EnumSet.of(MapFilesEntries.Field.TARGET);
    private static final Set<MapFilesEntries.Field> STAT = EnumSet.of(MapFilesEntries.Field.STAT);
    private static final Set<MapFilesEntries.Field> BOTH =
            EnumSet.of(MapFilesEntries.Field.TARGET, MapFilesEntries.Field.STAT);

    private final Figures figures;
    private final Path bin;
    private final boolean quick;
    private final Set<Benchmark> wanted;

    FilesFigures(Figures figures, Path bin, boolean quick, Set<Benchmark> wanted) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
        this.wanted = wanted;
    }

    /** An operation on one mapping. */
    private interface Work {
        void with(MapCursor mapping) throws Exception;
    }

    void run() throws Exception {
        if (MapFiles.followDenial().isPresent()) {
            figures.skip("map_files", MapFiles.followDenial().get().getMessage());
            return;
        }
        for (int size : SIZES.keySet().stream().sorted().toList()) {
            try (TargetProcess target = new TargetProcess(SIZES.get(size), bin);
                    ChildProgram kernel =
                            new ChildProgram(bin.resolve("bare_files").toString(), Long.toString(target.pid()));
                    ProcessMaps maps = ProcessMaps.of(target.pid())) {
                compareWithKernel(size, (int) kernel.query("count"), kernel, maps);
                if (wanted.contains(Benchmark.LIST_FILES)) {
                    compareWithNio(size, target.pid(), kernel, maps);
                }
            }
        }
    }

    private void compareWithKernel(int size, int count, ChildProgram kernel, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = maps.snapshot(MapFilter.all().fileBacked());
        if (snapshot.size() != count) {
            throw new IllegalStateException(snapshot.size() + " mappings with a file, but " + count + " entries");
        }
        MapFilesEntries entries = new MapFilesEntries();
        MapFiles files = MapFiles.of(maps);
        Goal goal = Goal.ratioAtMost(1.10);
        if (wanted.contains(Benchmark.READLINK)) {
            figures.add(
                    "readlink",
                    size,
                    rounds(
                            size,
                            all(entries, () -> files.readAll(snapshot, entries, TARGET)),
                            () -> kernel.query("readlink")),
                    "targets of all entries in Java / readlinkat(2) in C",
                    goal);
        }
        if (wanted.contains(Benchmark.STAT)) {
            figures.add(
                    "stat",
                    size,
                    rounds(
                            size,
                            all(entries, () -> files.readAll(snapshot, entries, STAT)),
                            () -> kernel.query("stat")),
                    "status of all entries in Java / fstatat(2) in C",
                    goal);
            figures.add(
                    "stat-single",
                    size,
                    rounds(size, each(snapshot, at -> files.read(at, entries, STAT)), () -> kernel.query("stat")),
                    "status of entries, one call each, in Java / fstatat(2) in C",
                    null);
        }
        if (wanted.contains(Benchmark.OPEN_FILE)) {
            figures.add(
                    "open-file",
                    size,
                    rounds(size, each(snapshot, at -> files.open(at).close()), () -> kernel.query("open")),
                    "open, verify and close in Java / openat(2), fstat(2) and close(2) in C",
                    goal);
        }
    }

    private void compareWithNio(int size, long pid, ChildProgram kernel, ProcessMaps maps) throws Exception {
        Path directory = Path.of("/proc/" + pid + "/map_files");
        MapSnapshot snapshot = new MapSnapshot();
        MapFilesEntries entries = new MapFilesEntries();
        MapFiles files = MapFiles.of(maps);
        SnapshotFigures.chooseBackend(maps, snapshot, MapFilter.all().fileBacked());
        figures.add(
                "list-files-calls",
                size,
                rounds(size, list(snapshot, () -> files.list(snapshot, entries, STAT)), () -> kernel.query("list")),
                "list with status in Java / read(2) loop and fstatat(2) in C",
                Goal.ratioAtMost(1.08));
        Goal goal = Goal.ratioAtLeast(2.5);
        figures.addInverse(
                "list-files-targets",
                size,
                rounds(
                        size,
                        list(snapshot, () -> files.list(snapshot, entries, TARGET)),
                        () -> nio(directory, true, false)),
                "java.nio (directory stream, readSymbolicLink) / list with targets",
                goal);
        figures.addInverse(
                "list-files-status",
                size,
                rounds(
                        size,
                        list(snapshot, () -> files.list(snapshot, entries, STAT)),
                        () -> nio(directory, false, true)),
                "java.nio (directory stream, readAttributes) / list with status",
                goal);
        figures.addInverse(
                "list-files-floor",
                size,
                rounds(size, () -> kernel.query("stat"), () -> nio(directory, false, true)),
                "java.nio (directory stream, readAttributes) / fstatat(2) in C, without a listing",
                null);
        figures.addInverse(
                "list-files-all",
                size,
                rounds(
                        size,
                        list(snapshot, () -> files.list(snapshot, entries, BOTH)),
                        () -> nio(directory, true, true)),
                "java.nio (directory stream, both) / list with both",
                size == 100 ? Goal.ratioAtLeast(5) : null);
    }

    /** Returns a side with a call per entry, in nanoseconds per entry. */
    private static Rounds.Side each(MapSnapshot snapshot, Work work) {
        return () -> {
            long begin = System.nanoTime();
            MapCursor at = snapshot.cursor();
            while (at.next()) {
                work.with(at);
            }
            return (System.nanoTime() - begin) / (double) snapshot.size();
        };
    }

    /** Returns a side with one call for all entries, in nanoseconds per entry. */
    private static Rounds.Side all(MapFilesEntries entries, Rounds.Work reading) {
        Rounds.Side once = Rounds.timed(1, reading);
        return () -> once.round() / entries.count();
    }

    /**
     * Returns a side that also reads the mappings, as a directory stream reads its entries, in nanoseconds per entry.
     */
    private static Rounds.Side list(MapSnapshot snapshot, Rounds.Work listing) {
        Rounds.Side once = Rounds.timed(1, listing);
        return () -> once.round() / snapshot.size();
    }

    /** Lists entries without this library. Returns nanoseconds per entry. */
    private static double nio(Path directory, boolean links, boolean attributes) throws Exception {
        long begin = System.nanoTime();
        int count = 0;
        long sum = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (links) {
                    sum += Files.readSymbolicLink(entry).toString().length();
                }
                if (attributes) {
                    sum += (Long) Files.readAttributes(entry, "unix:ino,dev,size,nlink")
                            .get("ino");
                }
                count++;
            }
        }
        sink += sum;
        return (System.nanoTime() - begin) / (double) count;
    }

    @SuppressWarnings("UnusedVariable") // what is written to a field is not optimised away
    private static long sink;

    private Rounds rounds(int size, Rounds.Side measured, Rounds.Side baseline) throws Exception {
        int count = (quick ? 1 : 3) * (size > 10_000 ? 5 : size > 500 ? 31 : 301);
        return Rounds.of(size > 10_000 ? 2 : size > 500 ? 30 : 300, count, measured, baseline);
    }
}
