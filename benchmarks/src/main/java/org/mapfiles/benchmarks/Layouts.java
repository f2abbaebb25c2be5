package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Makes snapshots with a given layout of mappings, and addresses in them. */
final class Layouts {
    /** The number of addresses: a power of two, and more than a branch predictor can learn. */
    static final int SAMPLES = 1 << 16;

    private static final long GAP = 1L << 34;

    private Layouts() {}

    /**
     * Returns a snapshot with a layout.
     *
     * <p>{@code uniform}: all mappings have the same size and distance. {@code jvm} and {@code sampler}: the mappings
     * of this JVM, and in their largest hole clusters like those of a large JVM.
     */
    static MapSnapshot snapshot(String layout, int mappings) throws IOException {
        StringBuilder text = new StringBuilder();
        if (layout.equals("uniform")) {
            for (int i = 0; i < mappings; i++) {
                text.append(line(0x10000L + i * 0x10000L, 0x8000)).append('\n');
            }
        } else {
            jvm(text, own(), mappings);
        }
        MapSnapshot snapshot =
                MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.ISO_8859_1), MapFilter.all());
        if (snapshot.isInconsistent()) {
            throw new IllegalStateException("mappings of the layout overlap");
        }
        return snapshot;
    }

    /** Returns a line for each mapping of this JVM. The text of the kernel may have mappings of two moments. */
    private static List<String> own() throws IOException {
        List<String> lines = new ArrayList<>();
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            while (snapshot.isInconsistent()) {
                maps.refresh(snapshot);
            }
            for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
                lines.add(line(mapping.start(), mapping.size()));
            }
        }
        return lines;
    }

    /** Appends the lines of a process and, in its largest hole, clusters up to the number of mappings. */
    static void jvm(StringBuilder text, List<String> own, int mappings) {
        List<String> more = clusters(Math.max(mappings - own.size(), 0));
        long size = more.isEmpty() ? 0 : end(more.get(more.size() - 1));
        int before = 0;
        long hole = 0;
        for (int i = 1; i < own.size(); i++) {
            long between = start(own.get(i)) - end(own.get(i - 1));
            if (start(own.get(i)) > 0 && between > hole) { // addresses of the kernel are negative
                hole = between;
                before = i;
            }
        }
        if (size + GAP > hole) {
            throw new IllegalStateException(
                    "the largest hole of this process has " + hole + " bytes, but the layout needs " + size);
        }
        long base = before == 0 ? 0 : end(own.get(before - 1));
        for (int i = 0; i < own.size(); i++) {
            if (i == before) {
                for (String line : more) {
                    text.append(line(base + start(line), end(line) - start(line)))
                            .append('\n');
                }
            }
            text.append(own.get(i)).append('\n');
        }
    }

    /** Returns lines in clusters of a thousand. A gap precedes each cluster. */
    private static List<String> clusters(int count) {
        List<String> lines = new ArrayList<>();
        Random random = new Random(1);
        long at = 0;
        for (int i = 0; i < count; i++) {
            at += i % 1000 == 0 ? GAP : random.nextInt(3) * 4096L;
            long size = 4096L << random.nextInt(i / 1000 % 2 == 0 ? 4 : 10); // sizes of stacks, sizes of index files
            lines.add(line(at, size));
            at += size;
        }
        return lines;
    }

    private static long start(String line) {
        return Long.parseUnsignedLong(line, 0, line.indexOf('-'), 16);
    }

    private static long end(String line) {
        return Long.parseUnsignedLong(line, line.indexOf('-') + 1, line.indexOf(' '), 16);
    }

    private static String line(long start, long size) {
        return String.format("%08x-%08x r--p 00000000 00:00 0 ", start, start + size);
    }

    /**
     * Returns addresses inside mappings: uniformly distributed, or for {@code sampler} mostly in a few mappings (Zipf).
     */
    static long[] samples(String layout, long[] starts, long[] sizes) {
        Random random = new Random(2);
        long[] samples = new long[SAMPLES];
        for (int i = 0; i < samples.length; i++) {
            int mapping = layout.equals("sampler") ? zipf(random, starts.length) : random.nextInt(starts.length);
            samples[i] = starts[mapping] + Math.floorMod(random.nextLong(), sizes[mapping]);
        }
        return samples;
    }

    private static int zipf(Random random, int count) {
        int rank = (int) Math.min(count, Math.floor(Math.exp(random.nextDouble() * Math.log(count + 1.0))));
        return (int) (rank * 2654435761L % count); // frequent mappings are not neighbours
    }
}
