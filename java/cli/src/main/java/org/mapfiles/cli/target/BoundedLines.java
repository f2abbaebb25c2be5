package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Splits a stream into lines of a maximum length, so that memory use has a maximum. */
final class BoundedLines {
    /** Maximum length of a line in bytes. JSON escapes a byte of a path in at most six bytes. */
    static final int MAX_LINE = 1 << 17;

    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int limit;
    private byte[] line = new byte[1024];
    private int length;
    private long number;
    private boolean isTooLong;
    private boolean isComplete;

    BoundedLines(InputStream in) {
        this.in = in;
    }

    /** Reads the next line. Returns false at the end of the stream. */
    boolean next() throws IOException {
        length = 0;
        isTooLong = false;
        isComplete = false;
        boolean any = false;
        while (!isComplete && fill()) {
            any = true;
            int end = position;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            append(end - position);
            isComplete = end < limit;
            position = isComplete ? end + 1 : end;
        }
        number += any ? 1 : 0;
        return any;
    }

    private boolean fill() throws IOException {
        if (position == limit) {
            position = 0;
            limit = Math.max(in.read(buffer, 0, buffer.length), 0);
        }
        return position < limit;
    }

    private void append(int count) {
        int fits = Math.min(count, MAX_LINE - length);
        isTooLong |= fits < count;
        if (length + fits > line.length) {
            line = Arrays.copyOf(line, Math.min(MAX_LINE, Math.max(2 * line.length, length + fits)));
        }
        System.arraycopy(buffer, position, line, length, fits);
        length += fits;
    }

    /** Returns the memory of the line, which the next line overwrites. */
    byte[] bytes() {
        return line;
    }

    int length() {
        return length;
    }

    /** Returns the number of the line, from 1. */
    long number() {
        return number;
    }

    boolean isTooLong() {
        return isTooLong;
    }

    /** Returns whether a newline ends the line. */
    boolean isComplete() {
        return isComplete;
    }
}
