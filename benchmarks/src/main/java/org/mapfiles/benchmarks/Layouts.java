package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

/** Address spaces to search, as text, and addresses to search for. */
final class Layouts {
    /** As many as the branch predictor cannot learn by heart; a power of two. */
    static final int SAMPLES = 1 << 16;

    private Layouts() {
    }

    /**
     * A layout of so many mappings.
     *
     * <p>{@code uniform}: of like size and distance. {@code jvm} and {@code sampler}: the map of this JVM, and for more
     * mappings clusters like those of large ones between its heap and its libraries.
     */
    static MapSnapshot snapshot(String layout, int mappings) throws IOException {
        StringBuilder text = new StringBuilder();
        if (layout.equals("uniform")) {
            for (int i = 0; i < mappings; i++) {
                line(text, 0x10000L + i * 0x10000L, 0x8000);
            }
        } else {
            jvm(text, mappings);
        }
        return MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.ISO_8859_1), MapFilter.all());
    }

    private static void jvm(StringBuilder text, int mappings) throws IOException {
        List<String> own = Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1);
        int more = mappings - own.size();
        boolean filled = more <= 0;
        Random random = new Random(1);
        for (String line : own) {
            long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
            if (!filled && (start < 0 || start > 0x7000_0000_0000L)) {
                long at = 0x6000_0000_0000L;
                for (int i = 0; i < more; i++) {
                    at += i % 1000 == 0 ? 1L << 34 : random.nextInt(3) * 4096L; // clusters of a thousand
                    long size = 4096L << random.nextInt(i / 1000 % 2 == 0 ? 4 : 10); // of stacks, of index files
                    line(text, at, size);
                    at += size;
                }
                filled = true;
            }
            text.append(line).append('\n');
        }
    }

    private static void line(StringBuilder text, long start, long size) {
        text.append(String.format("%08x-%08x r--p 00000000 00:00 0 \n", start, start + size));
    }

    /** Addresses inside mappings: of all alike, or as a sampler sees them, mostly of a few (Zipf). */
    static long[] samples(String layout, long[] starts, long[] sizes) {
        Random random = new Random(2);
        long[] samples = new long[SAMPLES];
        for (int i = 0; i < samples.length; i++) {
            int which = layout.equals("sampler") ? zipf(random, starts.length) : random.nextInt(starts.length);
            samples[i] = starts[which] + Math.floorMod(random.nextLong(), sizes[which]);
        }
        return samples;
    }

    private static int zipf(Random random, int count) {
        int rank = (int) Math.min(count, Math.floor(Math.exp(random.nextDouble() * Math.log(count + 1.0))));
        return (int) (rank * 2654435761L % count); // the frequent ones are not neighbours
    }
}
