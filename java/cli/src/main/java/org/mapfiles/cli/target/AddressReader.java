package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.mapfiles.cli.output.Printable;

/** Reads addresses from a stream, one on each line, without a String for each. Blank lines are skipped. */
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
    private String invalidLine;
    private String reason;

    public AddressReader(InputStream in, Pause beforeWaiting, Pause afterWaiting) {
        this.in = in;
        this.beforeWaiting = beforeWaiting;
        this.afterWaiting = afterWaiting;
    }

    /** Reads the next address. Returns false at the end, and at a line that is not an address. */
    public boolean next() throws IOException {
        for (;;) {
            int newline = newline();
            if (newline < 0) {
                return false;
            }
            lineNumber++;
            int from = position;
            int to = newline;
            position = Math.min(newline + 1, limit);
            while (from < to && isBlank(buffer[from])) {
                from++;
            }
            while (from < to && isBlank(buffer[to - 1])) {
                to--;
            }
            if (from == to) {
                continue;
            }
            if (!HexAddress.isAddress(buffer, from, to)) {
                invalidLine = Printable.text(Arrays.copyOfRange(buffer, from, Math.min(to, from + 80)));
                reason = HexAddress.whyNot(buffer, from, to);
                return false;
            }
            address = HexAddress.parse(buffer, from, to);
            return true;
        }
    }

    public long address() {
        return address;
    }

    /** Returns the number of the last line that was read, from 1. */
    public long lineNumber() {
        return lineNumber;
    }

    /** Returns the line that is not an address, escaped; null if there is none. */
    public String invalidLine() {
        return invalidLine;
    }

    /** Returns why that line is not an address, as the end of a sentence. */
    public String reason() {
        return reason;
    }

    /** Returns the index of the end of the line at {@link #position}; -1 after the last line. */
    private int newline() throws IOException {
        for (int i = position;; ) {
            for (; i < limit; i++) {
                if (buffer[i] == '\n') {
                    return i;
                }
            }
            if (atEnd || limit - position >= MAX_LINE) {
                return position < limit ? limit : -1; // the last line, or one that is too long for an address
            }
            i -= position;
            fill();
            i += position;
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
