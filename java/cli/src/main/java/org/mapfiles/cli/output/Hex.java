package org.mapfiles.cli.output;

import org.mapfiles.Mapping;

/** Ranges of addresses as commands print them: {@code start-end} in hexadecimal, the end exclusive. */
public final class Hex {
    private Hex() {
    }

    public static String range(Mapping mapping) {
        return range(mapping.start(), mapping.end());
    }

    public static String range(long start, long end) {
        return Long.toHexString(start) + "-" + Long.toHexString(end);
    }
}
