package org.mapfiles.saved;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Splits a stream into lines. Of a line that is too long the rest is skipped, so memory use has a maximum. */
final class LineReader {
    /**
     * Maximum length of a line in bytes. A path of the kernel has at most 4,096 bytes, but the kernel escapes newlines
     * in it.
     */
    static final int MAX_LINE = 1 << 17;

    /** Maximum of bytes that are read, as of the text of a live process. */
    private static final long MAX_BYTES = 1L << 31;

    private final InputStream in;
    private long bytesRead;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int limit;
    private byte[] line = new byte[256];
    private int length;
    private boolean tooLong;
    private boolean complete;
    private boolean withoutCr;
    private long number;

    LineReader(InputStream in) {
        this.in = in;
    }

    /** Removes a carriage return at the end of each line from now on. */
    void removeCarriageReturns() {
        withoutCr = true;
    }

    /** Reads the next line. Returns false at the end of the stream. */
    boolean next() throws IOException {
        length = 0;
        tooLong = false;
        complete = false;
        boolean any = false;
        while (!complete && fill()) {
            any = true;
            int end = position;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            append(end - position);
            complete = end < limit;
            position = complete ? end + 1 : end;
        }
        number += any ? 1 : 0;
        if (withoutCr && length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return any;
    }

    private boolean fill() throws IOException {
        if (position == limit) {
            position = 0;
            limit = bytesRead < MAX_BYTES ? Math.max(in.read(buffer, 0, buffer.length), 0) : 0;
            bytesRead += limit;
        }
        return position < limit;
    }

    private void append(int count) {
        int fits = Math.min(count, MAX_LINE - length);
        tooLong |= fits < count;
        if (length + fits > line.length) {
            line = Arrays.copyOf(line, Math.min(MAX_LINE, Math.max(2 * line.length, length + fits)));
        }
        System.arraycopy(buffer, position, line, length, fits);
        length += fits;
    }

    /** Returns whether the maximum of bytes was read, so that the rest is missing. */
    boolean isAtMaximum() {
        return bytesRead >= MAX_BYTES;
    }

    /** Returns the number of the line, from 1. */
    long number() {
        return number;
    }

    /** Returns the memory of the line, which the next line overwrites. */
    byte[] bytes() {
        return line;
    }

    int length() {
        return length;
    }

    boolean isTooLong() {
        return tooLong;
    }

    /** Returns whether a newline ends the line. */
    boolean isComplete() {
        return complete;
    }

    boolean isBlank() {
        for (int i = 0; i < length; i++) {
            if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    /** Returns whether the line begins with a text in ASCII. */
    boolean startsWith(String text) {
        if (length < text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (line[i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the line; U+FFFD replaces bytes that are not UTF-8. */
    String text() {
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }
}
