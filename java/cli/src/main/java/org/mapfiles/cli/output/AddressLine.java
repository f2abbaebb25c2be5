package org.mapfiles.cli.output;

import java.util.Arrays;
import org.mapfiles.Mapping;

/**
 * The line of an address: the address, symbol + offset (file + offset), permissions, range. On a terminal it is not
 * wider than the terminal: the middle of the file's path is left out, then the range, the permissions, and the middle
 * of the symbol.
 */
final class AddressLine {
    /** Columns of a path or of a symbol that matter more than the range. */
    private static final int MIN_NAME = 16;

    private final int width;

    /** @param width columns of the terminal; 0: unlimited */
    AddressLine(int width) {
        this.width = width;
    }

    /**
     * Returns the line.
     *
     * @param head what is before the symbol, with the address
     * @param symbol null: none is known
     * @param symbolOffset of the address from the symbol
     * @param name of the mapping; empty: it has none
     * @param permissions of the mapping
     * @param end what is last; may be empty
     */
    String of(
            String head,
            String symbol,
            long symbolOffset,
            String name,
            long address,
            Mapping mapping,
            String permissions,
            String end) {
        String file = file(name);
        String fileOffset = " + 0x" + Long.toHexString(offset(address, mapping));
        String[] facts = {"  " + permissions, "  " + Hex.range(mapping)};
        for (int shown = facts.length; ; shown--) {
            String last = (symbol == null ? "" : ")")
                    + String.join("", Arrays.asList(facts).subList(0, shown))
                    + end;
            String first = head + (symbol == null ? "" : symbol + " + 0x" + Long.toHexString(symbolOffset) + " (");
            int left = width - TextWidth.of(first) - TextWidth.of(fileOffset) - TextWidth.of(last);
            if (width == 0 || left >= Math.min(TextWidth.of(file), MIN_NAME)) {
                return first + (width == 0 ? file : TextWidth.shortened(file, left)) + fileOffset + last;
            }
            if (shown == 0) {
                int ofSymbol = symbol == null ? 0 : TextWidth.of(symbol) + left - MIN_NAME;
                return ofSymbol >= MIN_NAME
                        ? of(
                                head,
                                TextWidth.shortened(symbol, ofSymbol),
                                symbolOffset,
                                name,
                                address,
                                mapping,
                                permissions,
                                end)
                        : TextWidth.shortened(first + file + fileOffset + last, width);
            }
        }
    }

    /** Returns what is before the offset of an address: the name of its mapping. */
    static String file(String name) {
        return FileName.orAnonymous(name);
    }

    /** Returns the offset of an address in its file; without a file in the mapping. */
    static long offset(long address, Mapping mapping) {
        return address - mapping.start() + (mapping.isFileBacked() ? mapping.offset() : 0);
    }

    /** Returns a line of another kind: its middle is left out. */
    String of(String line) {
        return width == 0 ? line : TextWidth.shortened(line, width);
    }

    /** Returns a line of prose: it goes on in the next lines. */
    String prose(String line) {
        return width == 0 ? line : TextWidth.broken(line, width, 0);
    }
}
