package org.mapfiles.files;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Opens, lists and reads a mapped file for a number of rounds, and prints whether memory or descriptors have grown. */
public final class LeakMain {
    /** Pages of 4 KiB: 20 bytes per round for 100,000 rounds. The JVM itself grows by up to 170 pages meanwhile. */
    private static final long MAX_PAGES = 500;

    private final MapFiles files;
    private final MapSnapshot snapshot;
    private final MapCursor mapping;
    private final MapFilesEntries entries = new MapFilesEntries();

    private LeakMain(ProcessMaps maps, Path path) throws IOException {
        files = MapFiles.of(maps);
        snapshot = maps.snapshot();
        mapping = snapshot.cursor();
        do {
            if (!mapping.next()) {
                throw new IOException(path + " is not mapped");
            }
        } while (!mapping.nameEquals(path.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Arguments: a path, and the number of rounds. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path path = Files.writeString(Path.of(arguments[0]), "x".repeat(8192)).toRealPath();
        int rounds = Integer.parseInt(arguments[1]);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
                ProcessMaps maps = ProcessMaps.self()) {
            MappedByteBuffer mapped = channel.map(MapMode.READ_ONLY, 0, 8192);
            LeakMain of = new LeakMain(maps, path);
            of.go(rounds / 10);
            long descriptors = descriptors();
            long pages = residentPages();
            of.go(rounds);
            pages = residentPages() - pages;
            long after = descriptors();
            for (int i = 0; i < 1_000 && after > descriptors; i++) {
                Thread.sleep(2); // the JVM opens files for a moment, such as those of its control group
                after = descriptors();
            }
            descriptors = after - descriptors;
            System.out.println((descriptors == 0 && pages < MAX_PAGES ? "flat " : "grown ") + descriptors
                    + " descriptors, " + pages + " pages" + (mapped.get(0) == 'x' ? "" : "?"));
        }
    }

    private void go(int rounds) throws IOException {
        for (int round = 0; round < rounds; round++) {
            files.read(mapping, entries);
            files.state(mapping);
            files.quickVerify(mapping);
            files.open(mapping).close();
            files.openByPath(mapping).close();
            if (round % 1000 == 0) {
                files.readAll(snapshot, entries);
                try (MappedFile file = files.open(mapping)) {
                    file.channel().size();
                    file.verify();
                }
            }
        }
        System.gc();
    }

    private static long residentPages() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.count();
        }
    }
}
