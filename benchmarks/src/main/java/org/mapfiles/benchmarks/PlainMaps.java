package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A mapping as a Java program reads it without a library: it splits a line of /proc/PID/maps and parses the numbers.
 */
record PlainMaps(long start, long end, String permissions, long offset, String device, long inode, String name) {
    static List<PlainMaps> of(long pid) throws IOException {
        List<PlainMaps> all = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"))) {
            String[] fields = line.split("\\s+", 6);
            int dash = fields[0].indexOf('-');
            all.add(new PlainMaps(
                    Long.parseUnsignedLong(fields[0].substring(0, dash), 16),
                    Long.parseUnsignedLong(fields[0].substring(dash + 1), 16),
                    fields[1],
                    Long.parseUnsignedLong(fields[2], 16),
                    fields[3],
                    Long.parseLong(fields[4]),
                    fields.length > 5 ? fields[5] : ""));
        }
        return all;
    }
}
