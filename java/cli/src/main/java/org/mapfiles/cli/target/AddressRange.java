package org.mapfiles.cli.target;

import java.nio.charset.StandardCharsets;
import org.mapfiles.Mapping;
import org.mapfiles.cli.output.Hex;

/**
 * A range of addresses.
 *
 * @param start first address, unsigned
 * @param end exclusive, unsigned
 */
public record AddressRange(long start, long end) {
    /**
     * Returns the range of {@code start-end} in hexadecimal, each with or without 0x and leading zeros; null if the
     * text is no range.
     */
    public static AddressRange parse(String text) {
        int dash = text.indexOf('-');
        byte[] start = dash < 0 ? new byte[0] : text.substring(0, dash).getBytes(StandardCharsets.UTF_8);
        byte[] end = text.substring(dash + 1).getBytes(StandardCharsets.UTF_8);
        return HexAddress.isAddress(start, 0, start.length) && HexAddress.isAddress(end, 0, end.length)
                ? new AddressRange(HexAddress.parse(start, 0, start.length), HexAddress.parse(end, 0, end.length))
                : null;
    }

    public static AddressRange of(Mapping mapping) {
        return new AddressRange(mapping.start(), mapping.end());
    }

    /** Returns whether another range is within this one and is not empty. */
    public boolean contains(AddressRange other) {
        return Long.compareUnsigned(start, other.start) <= 0
                && Long.compareUnsigned(other.start, other.end) < 0
                && Long.compareUnsigned(other.end, end) <= 0;
    }

    /** Returns the range as {@code mapfiles maps} prints it. */
    @Override
    public String toString() {
        return Hex.range(start, end);
    }
}
