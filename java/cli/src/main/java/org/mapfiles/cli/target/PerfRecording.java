package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The binary file that {@code perf record} writes, perf.data. It is no input of any command. */
final class PerfRecording {
    /** PERF_MAGIC2 of tools/perf/util/header.c, on a machine of little endian and on others. */
    private static final byte[] MAGIC = "PERFILE2".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] OTHER_MAGIC = "2ELIFREP".getBytes(StandardCharsets.US_ASCII);

    static final int MAGIC_BYTES = MAGIC.length;

    private PerfRecording() {}

    /** Throws if bytes are the beginning of such a file. */
    static void check(byte[] bytes, int from, int to) throws IOException {
        if (to - from >= MAGIC_BYTES) {
            byte[] begin = Arrays.copyOfRange(bytes, from, from + MAGIC_BYTES);
            if (Arrays.equals(begin, MAGIC) || Arrays.equals(begin, OTHER_MAGIC)) {
                throw new IOException(
                        "the input is a binary recording of perf: 'perf script' prints its samples as text,"
                                + " which 'mapfiles resolve PID -' and 'mapfiles html --samples' read");
            }
        }
    }
}
