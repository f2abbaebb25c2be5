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
import org.mapfiles.files.EntryField;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;

/** The files behind mappings, against bare system calls and against java.nio. */
final class FilesFigures {
    /** Entries, and mappings of the target that has about so many. */
    private static final Map<Integer, Integer> SIZES = Map.of(100, 190, 1_000, 1_640, 20_000, 31_800);

    private static final Set<EntryField> TARGET = EnumSet.of(EntryField.TARGET);
    private static final Set<EntryField> STAT = EnumSet.of(EntryField.STAT);
    private static final Set<EntryField> BOTH = EnumSet.of(EntryField.TARGET, EntryField.STAT);

    private final Figures figures;
    private final Path bin;
    private final boolean quick;

    FilesFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
    }

    /** Something done to one mapping. */
    private interface Work {
        void with(MapCursor mapping) throws Exception;
    }

    void run() throws Exception {
        if (MapFiles.followDenial().isPresent()) {
            figures.skip("P8", MapFiles.followDenial().get().getMessage());
            return;
        }
        for (int size : SIZES.keySet().stream().sorted().toList()) {
            try (Targets target = new Targets(SIZES.get(size), bin);
                    Harness kernel = new Harness(bin.resolve("bare_files").toString(), Long.toString(target.pid()));
                    ProcessMaps maps = ProcessMaps.of(target.pid())) {
                againstKernel(size, (int) kernel.ask("count"), kernel, maps);
                againstNio(size, target.pid(), kernel, maps);
            }
        }
    }

    private void againstKernel(int size, int count, Harness kernel, ProcessMaps maps) throws Exception {
        MapSnapshot snapshot = maps.snapshot(MapFilter.all().fileBacked());
        if (snapshot.size() != count) {
            throw new IllegalStateException(snapshot.size() + " mappings with a file, and " + count + " entries");
        }
        MapFilesEntries entries = new MapFilesEntries();
        MapFiles files = MapFiles.of(maps);
        Goal goal = Goal.ratioAtMost(1.10);
        figures.add("P8-readlink", size, rounds(size, all(entries, () -> files.readAll(snapshot, entries, TARGET)),
                () -> kernel.ask("readlink")), "targets of all entries from Java / bare readlinkat", goal);
        figures.add("P8-stat", size, rounds(size, all(entries, () -> files.readAll(snapshot, entries, STAT)),
                () -> kernel.ask("stat")), "stat through all entries from Java / bare fstatat", goal);
        figures.add("P8-stat-one", size, rounds(size, each(snapshot, at -> files.read(at, entries, STAT)),
                () -> kernel.ask("stat")), "stat through one entry from Java / bare fstatat", null);
        figures.add("P8-open", size, rounds(size, each(snapshot, at -> files.open(at).close()), () -> kernel.ask("open")),
                "file of a mapping opened, checked and closed from Java / bare openat, fstat and close", goal);
    }

    private void againstNio(int size, long pid, Harness kernel, ProcessMaps maps) throws Exception {
        Path directory = Path.of("/proc/" + pid + "/map_files");
        MapSnapshot snapshot = new MapSnapshot();
        MapFilesEntries entries = new MapFilesEntries();
        MapFiles files = MapFiles.of(maps);
        Goal goal = Goal.ratioAtLeast(2.5);
        figures.addOthers("P8-nio-readlink", size, rounds(size, list(snapshot, () -> files.list(snapshot, entries, TARGET)),
                () -> nio(directory, true, false)), "java.nio (directory stream, readSymbolicLink) / our list with targets", goal);
        figures.addOthers("P8-nio-stat", size, rounds(size, list(snapshot, () -> files.list(snapshot, entries, STAT)),
                () -> nio(directory, false, true)), "java.nio (directory stream, readAttributes) / our list with stat", goal);
        figures.addOthers("P8-nio-stat-floor", size, rounds(size, () -> kernel.ask("stat"), () -> nio(directory, false, true)),
                "java.nio (directory stream, readAttributes) / bare fstatat alone, nothing listed", null);
        figures.addOthers("P8-nio-files", size, rounds(size, list(snapshot, () -> files.list(snapshot, entries, BOTH)),
                () -> nio(directory, true, true)), "java.nio (directory stream, both) / our list with both", size == 100 ? Goal.ratioAtLeast(5) : null);
    }

    /** One by one: nanoseconds an entry. */
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

    /** All in one call: nanoseconds an entry. */
    private static Rounds.Side all(MapFilesEntries entries, Rounds.Work reading) {
        Rounds.Side once = Rounds.timed(1, reading);
        return () -> once.round() / entries.count();
    }

    /** All of it anew, as a directory stream reads its entries: nanoseconds an entry. */
    private static Rounds.Side list(MapSnapshot snapshot, Rounds.Work listing) {
        Rounds.Side once = Rounds.timed(1, listing);
        return () -> once.round() / snapshot.size();
    }

    /** As a program without this library does it: nanoseconds an entry. */
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
                    sum += (Long) Files.readAttributes(entry, "unix:ino,dev,size,nlink").get("ino");
                }
                count++;
            }
        }
        sink += sum;
        return (System.nanoTime() - begin) / (double) count;
    }

    private static long sink;

    private Rounds rounds(int size, Rounds.Side ours, Rounds.Side baseline) throws Exception {
        int count = (quick ? 1 : 3) * (size > 10_000 ? 5 : size > 500 ? 31 : 301);
        return Rounds.of(size > 10_000 ? 2 : size > 500 ? 30 : 300, count, ours, baseline);
    }
}
