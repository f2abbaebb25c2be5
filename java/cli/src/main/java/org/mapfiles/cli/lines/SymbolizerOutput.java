package org.mapfiles.cli.lines;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the output of a symbolizer. For each address it has a line with the address, then two lines for each frame: the
 * function, and the place in the source. llvm-symbolizer also prints an empty line.
 */
final class SymbolizerOutput {
    private static final int MAX_FRAMES = 1000;
    private static final String UNKNOWN = "??";
    /** eu-addr2line prints {@code inner inlined at FILE:LINE:COLUMN in outer}. */
    private static final String INLINED_AT = " inlined at ";

    private final boolean hasColumns;
    private final long[] addresses;
    private final List<List<SourceFrame>> frames = new ArrayList<>();
    /** Each name once: many addresses are in one function or file. */
    private final Map<String, String> names = new HashMap<>();

    /** The function of the frame whose place is not read yet; null: none. */
    private String function;

    /** @param addresses in the order in which the symbolizer reads them */
    SymbolizerOutput(Symbolizer.Kind kind, long[] addresses) {
        this.hasColumns = kind != Symbolizer.Kind.BINUTILS;
        this.addresses = addresses;
    }

    /** Reads a line. Returns false if it does not fit the addresses. */
    boolean accept(String line) {
        if (function != null) {
            return addFrame(line);
        }
        if (line.isEmpty()) {
            return true;
        }
        if (frames.size() < addresses.length && isAddress(line, addresses[frames.size()])) {
            frames.add(new ArrayList<>(1));
            return true;
        }
        function = line;
        return !frames.isEmpty();
    }

    private static boolean isAddress(String line, long address) {
        if (!line.startsWith("0x") || line.length() < 3 || line.length() > 18) {
            return false;
        }
        try {
            return Long.parseUnsignedLong(line, 2, line.length(), 16) == address;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private boolean addFrame(String place) {
        int inlinedAt = function.indexOf(INLINED_AT);
        String name = inlinedAt < 0 ? function : function.substring(0, inlinedAt);
        List<SourceFrame> ofAddress = frames.get(frames.size() - 1);
        ofAddress.add(frame(name.equals(UNKNOWN) ? null : shared(name), place));
        function = null;
        return ofAddress.size() <= MAX_FRAMES;
    }

    /** Parses FILE:LINE, or FILE:LINE:COLUMN. A file name may have colons too. */
    private SourceFrame frame(String name, String place) {
        int end = place.indexOf(" (discriminator ") < 0 ? place.length() : place.indexOf(" (discriminator ");
        int lastColon = place.lastIndexOf(':', end - 1);
        if (lastColon < 0) {
            return new SourceFrame(name, null, -1, -1);
        }
        int last = number(place, lastColon + 1, end);
        int colon = place.lastIndexOf(':', lastColon - 1);
        int line = last;
        int column = -1;
        int endOfFile = lastColon;
        if (hasColumns && colon > 0 && number(place, colon + 1, lastColon) >= 0) {
            line = number(place, colon + 1, lastColon);
            column = last;
            endOfFile = colon;
        }
        String file = place.substring(0, endOfFile);
        boolean isKnown = !file.isEmpty() && !file.equals(UNKNOWN);
        return new SourceFrame(
                name,
                isKnown ? shared(file) : null,
                isKnown && line > 0 ? line : -1,
                isKnown && column > 0 ? column : -1);
    }

    private String shared(String name) {
        return names.computeIfAbsent(name, each -> each);
    }

    /** Returns a number, which may be 0 for unknown; -1: the text is none. */
    private static int number(String text, int from, int to) {
        if (from == to || to - from > 9) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return -1;
            }
            value = 10 * value + text.charAt(i) - '0';
        }
        return value;
    }

    /** Returns the number of addresses whose output has begun. */
    int begun() {
        return frames.size();
    }

    /** Returns whether the output of each address is complete. */
    boolean isComplete() {
        return frames.size() == addresses.length && function == null;
    }

    /**
     * Returns the frames at each address whose output was read, innermost first; none if no source line is known.
     * Without debug information llvm-symbolizer prints the symbol before the address, however far away it is, and the
     * file that the symbol table has for that symbol.
     */
    List<List<SourceFrame>> frames() {
        List<List<SourceFrame>> known = new ArrayList<>(frames.size());
        for (List<SourceFrame> ofAddress : frames) {
            known.add(ofAddress.stream().anyMatch(frame -> frame.line() > 0) ? List.copyOf(ofAddress) : List.of());
        }
        return known;
    }
}
