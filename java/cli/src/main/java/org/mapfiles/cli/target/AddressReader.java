package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.mapfiles.cli.output.Printable;

/** Addresses from a stream, one a line, without a String for each. Blank lines are passed over. */
public final class AddressReader {
    private static final int MAX_LINE = 1 << 16;

    /** What to do at a pause of the input. */
    public interface Pause {
        void run() throws IOException;
    }

    private final InputStream in;
    private final Pause beforeWaiting;
    private final Pause afterWaiting;
    private final byte[] buffer = new byte[2 * MAX_LINE];
    private int at;
    private int end;
    private boolean ended;
    private long number;
    private long address;
    private String bad;
    private String why;

    public AddressReader(InputStream in, Pause beforeWaiting, Pause afterWaiting) {
        this.in = in;
        this.beforeWaiting = beforeWaiting;
        this.afterWaiting = afterWaiting;
    }

    /** Goes to the next address; false at the end, and at a line that is none. */
    public boolean next() throws IOException {
        for (;;) {
            int newline = newline();
            if (newline < 0) {
                return false;
            }
            number++;
            int from = at;
            int to = newline;
            at = Math.min(newline + 1, end);
            while (from < to && isBlank(buffer[from])) {
                from++;
            }
            while (from < to && isBlank(buffer[to - 1])) {
                to--;
            }
            if (from == to) {
                continue;
            }
            if (!isAddress(buffer, from, to)) {
                bad = Printable.text(Arrays.copyOfRange(buffer, from, Math.min(to, from + 80)));
                why = whyNoAddress(buffer, from, to);
                return false;
            }
            address = address(buffer, from, to);
            return true;
        }
    }

    public long address() {
        return address;
    }

    /** Number of the line, from 1. */
    public long number() {
        return number;
    }

    /** The line that was no address, escaped, or null. */
    public String bad() {
        return bad;
    }

    /** What is wrong with it: goes on a sentence. */
    public String why() {
        return why;
    }

    /** Where the line that begins at {@code at} ends, or -1 behind the last one. */
    private int newline() throws IOException {
        for (int i = at;; ) {
            for (; i < end; i++) {
                if (buffer[i] == '\n') {
                    return i;
                }
            }
            if (ended || end - at >= MAX_LINE) {
                return at < end ? end : -1; // the last line, or one too long for any address
            }
            i -= at;
            fill();
            i += at;
        }
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, at, buffer, 0, end - at);
        end -= at;
        at = 0;
        boolean pauses = in.available() == 0;
        if (pauses) {
            beforeWaiting.run();
        }
        int count = in.read(buffer, end, buffer.length - end);
        ended = count < 0;
        end += Math.max(count, 0);
        if (pauses && !ended) {
            afterWaiting.run();
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r';
    }

    private static int digitsFrom(byte[] text, int from, int to) {
        return to - from > 2 && text[from] == '0' && (text[from + 1] | 0x20) == 'x' ? from + 2 : from;
    }

    /** Hexadecimal digits, at most sixteen of them behind leading zeros, with or without 0x. */
    public static boolean isAddress(byte[] text, int from, int to) {
        int first = firstDigit(text, from, to);
        return to - first <= 16 && isHexadecimal(text, first, to);
    }

    /** What is wrong with what is no address: goes on a sentence. */
    public static String whyNoAddress(byte[] text, int from, int to) {
        return isHexadecimal(text, firstDigit(text, from, to), to) ? "is too large for an address: those have 64 bits"
                : "is no address in hexadecimal";
    }

    /** Behind 0x and zeros that say nothing. */
    private static int firstDigit(byte[] text, int from, int to) {
        int first = digitsFrom(text, from, to);
        while (to - first > 16 && text[first] == '0') {
            first++;
        }
        return first;
    }

    private static boolean isHexadecimal(byte[] text, int from, int to) {
        boolean digits = to > from;
        for (int i = from; digits && i < to; i++) {
            digits = Character.digit(text[i], 16) >= 0;
        }
        return digits;
    }

    public static long address(byte[] text, int from, int to) {
        long value = 0;
        for (int i = digitsFrom(text, from, to); i < to; i++) {
            value = value << 4 | Character.digit(text[i], 16);
        }
        return value;
    }
}
