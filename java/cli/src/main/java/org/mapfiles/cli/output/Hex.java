package org.mapfiles.cli.output;

import org.mapfiles.Mapping;

/** Addresses as text output shows them: in hexadecimal without 0x, as in /proc/PID/maps. */
public final class Hex {
    private Hex() {}

    /** Returns the range of a mapping, as {@link #range(long, long)}. */
    public static String range(Mapping mapping) {
        return range(mapping.start(), mapping.end());
    }

    /** Returns {@code start-end}; the end is exclusive. */
    public static String range(long start, long end) {
        return Long.toHexString(start) + "-" + Long.toHexString(end);
    }
}
