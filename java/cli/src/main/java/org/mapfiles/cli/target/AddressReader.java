package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;

/**
 * Reads addresses from a stream, one on each line, without a String for each. A line may also be an {@link InputLine}.
 * Blank lines are skipped, unless the stream is output of {@code perf script}.
 */
public final class AddressReader {
    private static final int MAX_LINE = 1 << 16;

    /** An action before or after the reader waits for input. */
    public interface Pause {
        void run() throws IOException;
    }

    private final InputStream in;
    private final Pause beforeWaiting;
    private final Pause afterWaiting;
    private final byte[] buffer = new byte[2 * MAX_LINE];
    private int position;
    private int limit;
    private boolean atEnd;
    private long lineNumber;
    private long address;
    private InputLine other;
    /** A second part of the same line; null: there is none. */
    private InputLine rest;

    private boolean isTooLong;
    private boolean hasSamples;

    public AddressReader(InputStream in, Pause beforeWaiting, Pause afterWaiting) {
        this.in = in;
        this.beforeWaiting = beforeWaiting;
        this.afterWaiting = afterWaiting;
    }

    /** Reads the next line that is not blank. Returns false at the end. */
    public boolean next() throws IOException {
        if (rest != null) {
            other = rest;
            rest = null;
            return true;
        }
        for (; ; ) {
            int newline = newline();
            if (newline < 0) {
                return false;
            }
            if (lineNumber == 0) {
                PerfRecording.check(buffer, position, limit);
            }
            lineNumber++;
            int begin = position;
            int from = begin;
            int to = newline;
            position = Math.min(newline + 1, limit);
            while (from < to && isBlank(buffer[from])) {
                from++;
            }
            while (from < to && isBlank(buffer[to - 1])) {
                to--;
            }
            if (from == to && !hasSamples) {
                continue;
            }
            if (isTooLong) {
                other = new InputLine(
                        InputLine.Kind.UNUSABLE,
                        lineNumber,
                        0,
                        "",
                        text(begin, begin + 80),
                        "is longer than " + MAX_LINE + " bytes");
            } else if (HexAddress.isAddress(buffer, from, to)) {
                other = null;
                address = HexAddress.parse(buffer, from, to);
            } else {
                String line = from == to ? "" : text(begin, newline);
                List<InputLine> parts = hasSamples && (line.isEmpty() || PerfLine.isSourceLine(line))
                        ? List.of(PerfLine.betweenFrames(line, lineNumber))
                        : InputLine.of(line, lineNumber);
                other = parts.get(0);
                rest = parts.size() > 1 ? parts.get(1) : null;
                hasSamples |= other.kind() == InputLine.Kind.SAMPLE;
            }
            return true;
        }
    }

    /** Bytes that are not UTF-8 are unpaired surrogates, as in arguments. */
    private String text(int from, int to) {
        return Arguments.string(Arrays.copyOfRange(buffer, from, to));
    }

    /** Returns the address; valid if {@link #other} is null. */
    public long address() {
        return address;
    }

    /** Returns the line that is not an address alone; null if it is. */
    public InputLine other() {
        return other;
    }

    /** Returns the index of the end of the line at {@link #position}; -1 after the last line. */
    private int newline() throws IOException {
        if (isTooLong) {
            isTooLong = false;
            skipRestOfLine();
        }
        for (int i = position; ; ) {
            for (; i < limit; i++) {
                if (buffer[i] == '\n') {
                    return i;
                }
            }
            if (atEnd) {
                return position < limit ? limit : -1;
            }
            if (limit - position >= MAX_LINE) {
                isTooLong = true;
                return position + MAX_LINE;
            }
            i -= position;
            fill();
            i += position;
        }
    }

    /** Skips the rest of a line that is too long. */
    private void skipRestOfLine() throws IOException {
        for (; ; ) {
            while (position < limit) {
                if (buffer[position++] == '\n') {
                    return;
                }
            }
            if (atEnd) {
                return;
            }
            fill();
        }
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, position, buffer, 0, limit - position);
        limit -= position;
        position = 0;
        boolean waits = in.available() == 0;
        if (waits) {
            beforeWaiting.run();
        }
        int count = in.read(buffer, limit, buffer.length - limit);
        atEnd = count < 0;
        limit += Math.max(count, 0);
        if (waits && !atEnd) {
            afterWaiting.run();
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r';
    }
}
