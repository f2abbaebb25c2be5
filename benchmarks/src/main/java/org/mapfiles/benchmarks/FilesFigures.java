package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.mapfiles.EntryPart;
import org.mapfiles.FileEntries;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFiles;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappedFile;
import org.mapfiles.ProcessMaps;

/** The files behind mappings, against bare system calls and against java.nio. Rounds of both sides alternate. */
final class FilesFigures {
    /** Entries, and mappings of the target that has about so many. */
    private static final Map<Integer, Integer> SIZES = Map.of(100, 190, 1_000, 1_640, 20_000, 31_800);

    private static final Set<EntryPart> TARGET = EnumSet.of(EntryPart.TARGET);
    private static final Set<EntryPart> STAT = EnumSet.of(EntryPart.STAT);
    private static final Set<EntryPart> BOTH = EnumSet.of(EntryPart.TARGET, EntryPart.STAT);

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
        void with(MapCursor mapping) throws IOException;
    }

    /** A pass over everything: nanoseconds an entry. */
    private interface Pass {
        double run() throws IOException;
    }

    void run() throws Exception {
        if (MapFiles.refusalToFollow().isPresent()) {
            figures.skip("P8", MapFiles.refusalToFollow().get().getMessage());
            return;
        }
        for (int size : SIZES.keySet().stream().sorted().toList()) {
            try (Targets target = new Targets(SIZES.get(size), bin);
                    Harness kernel = new Harness(bin.resolve("bare_files").toString(), Long.toString(target.pid()));
                    ProcessMaps maps = ProcessMaps.of(target.pid())) {
                againstKernel(size, (int) kernel.ask("count"), kernel, maps);
                againstNio(size, target.pid(), maps);
            }
        }
    }

    private void againstKernel(int size, int entries, Harness kernel, ProcessMaps maps) throws IOException {
        MapSnapshot snapshot = maps.snapshot(MapFilter.all().fileBacked());
        if (snapshot.size() != entries) {
            throw new IllegalStateException(snapshot.size() + " mappings with a file, and " + entries + " entries");
        }
        FileEntries entry = new FileEntries();
        MapFiles files = maps.files();
        compare("P8-readlink", size, "target of an entry from Java / bare readlinkat", over(snapshot, at -> files.read(at, entry, TARGET)),
                () -> kernel.ask("readlink"));
        compare("P8-stat", size, "stat through an entry from Java / bare fstatat", over(snapshot, at -> files.read(at, entry, STAT)),
                () -> kernel.ask("stat"));
        compare("P8-open", size, "file of a mapping opened, checked and closed from Java / bare openat, fstat and close",
                over(snapshot, at -> {
                    MappedFile file = files.open(at);
                    file.close();
                }), () -> kernel.ask("open"));
    }

    private static Pass over(MapSnapshot snapshot, Work work) {
        return () -> {
            long begin = System.nanoTime();
            MapCursor at = snapshot.cursor();
            while (at.next()) {
                work.with(at);
            }
            return (System.nanoTime() - begin) / (double) snapshot.size();
        };
    }

    private void compare(String name, int size, String what, Pass ours, Pass bare) throws IOException {
        double[][] rounds = rounds(size, ours, bare);
        figures.add(name, size, Figures.medianRatio(rounds[0], rounds[1]), Figures.median(rounds[0]), Figures.median(rounds[1]), "ns",
                what + ", goal <= 1.10");
    }

    private void againstNio(int size, long pid, ProcessMaps maps) throws IOException {
        Path directory = Path.of("/proc/" + pid + "/map_files");
        MapSnapshot snapshot = new MapSnapshot();
        FileEntries entries = new FileEntries();
        MapFiles files = maps.files();
        compareOver("P8-nio-readlink", size, "java.nio (directory stream, readSymbolicLink) / ours with the mappings read, goal >= 2.5",
                read(maps, snapshot, () -> files.readAll(snapshot, entries, TARGET)), () -> nio(directory, true, false));
        compareOver("P8-nio-stat", size, "java.nio (directory stream, readAttributes) / ours with the mappings read, goal >= 2.5",
                read(maps, snapshot, () -> files.readAll(snapshot, entries, STAT)), () -> nio(directory, false, true));
        compareOver("P8-nio-files", size, "java.nio (directory stream, both) / ours once a file, goal >= 5 for a JVM",
                read(maps, snapshot, () -> files.readEachFile(snapshot, entries, BOTH)), () -> nio(directory, true, true));
    }

    private void compareOver(String name, int size, String what, Pass ours, Pass others) throws IOException {
        double[][] rounds = rounds(size, ours, others);
        figures.add(name, size, Figures.medianRatio(rounds[1], rounds[0]), Figures.median(rounds[0]), Figures.median(rounds[1]), "ns",
                what);
    }

    private interface Reading {
        void run() throws IOException;
    }

    private static Pass read(ProcessMaps maps, MapSnapshot snapshot, Reading reading) {
        return () -> {
            long begin = System.nanoTime();
            maps.read(snapshot, MapFilter.all().fileBacked());
            reading.run();
            return (System.nanoTime() - begin) / (double) snapshot.size();
        };
    }

    /** As a program without this library does it: nanoseconds an entry. */
    private static double nio(Path directory, boolean links, boolean attributes) throws IOException {
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

    private double[][] rounds(int size, Pass ours, Pass baseline) throws IOException {
        int count = (quick ? 1 : 3) * (size > 10_000 ? 5 : size > 500 ? 31 : 101);
        for (int i = 0; i < (size > 10_000 ? 2 : size > 500 ? 20 : 150); i++) {
            ours.run();
            baseline.run();
        }
        double[][] rounds = new double[2][count];
        for (int i = 0; i < count; i++) {
            rounds[1][i] = baseline.run();
            rounds[0][i] = ours.run();
        }
        return rounds;
    }
}
