package org.mapfiles.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.jvm.PerfMap;

/** The input is a perf map. Its ranges are sorted and do not overlap, and the search finds each of them. */
public final class PerfMapFuzz {
    private static final Path FILE = InputFile.create();

    private PerfMapFuzz() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        PerfMap map;
        try {
            map = PerfMap.read(FILE, 0);
        } catch (IOException documented) {
            return;
        }
        for (int i = 0; i < map.size(); i++) {
            if (Long.compareUnsigned(map.start(i), map.end(i)) >= 0
                    || (i > 0 && Long.compareUnsigned(map.end(i - 1), map.start(i)) > 0)) {
                throw new IllegalStateException("range " + i + " is empty or overlaps");
            }
            if (map.find(map.start(i)) != i || map.find(map.end(i) - 1) != i || map.find(map.end(i)) == i) {
                throw new IllegalStateException("range " + i + " is not found");
            }
            map.name(i);
        }
    }
}
