package org.mapfiles.cli;

import java.nio.charset.StandardCharsets;
import org.mapfiles.Mapping;

/**
 * A range of addresses as somebody writes it: {@code start-end} in hexadecimal, each with or without 0x and leading zeros.
 *
 * @param start first address, unsigned
 * @param end exclusive, unsigned
 */
record AddressRange(long start, long end) {
    /** Null if the text is not a range. */
    static AddressRange parse(String text) {
        int dash = text.indexOf('-');
        byte[] start = dash < 0 ? new byte[0] : text.substring(0, dash).getBytes(StandardCharsets.UTF_8);
        byte[] end = text.substring(dash + 1).getBytes(StandardCharsets.UTF_8);
        return HexLines.isAddress(start, 0, start.length) && HexLines.isAddress(end, 0, end.length)
                ? new AddressRange(HexLines.address(start, 0, start.length), HexLines.address(end, 0, end.length)) : null;
    }

    static AddressRange of(Mapping mapping) {
        return new AddressRange(mapping.start(), mapping.end());
    }

    /** Whether all of another range lies in this one, and is not empty. */
    boolean contains(AddressRange other) {
        return Long.compareUnsigned(start, other.start) <= 0 && Long.compareUnsigned(other.start, other.end) < 0
                && Long.compareUnsigned(other.end, end) <= 0;
    }

    /** As {@code mapfiles maps} prints it. */
    @Override
    public String toString() {
        return Long.toHexString(start) + "-" + Long.toHexString(end);
    }
}
