package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A line of JSON that is not complete. Commas are written as they are needed. Fields that many lines have are made once
 * and copied.
 *
 * <p>It is not the streaming generator of Jackson, because a row of {@code resolve} mostly consists of such fields. The
 * generator copies them as characters and encodes them again; here they are bytes.
 */
final class JsonBuffer {
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes = new byte[1024];
    private int length;
    private int depth;

    /** Drops what was not written. */
    void clear() {
        length = 0;
        depth = 0;
    }

    int length() {
        return length;
    }

    /** Returns what was appended from a length on. */
    byte[] from(int start) {
        return Arrays.copyOfRange(bytes, start, length);
    }

    /** Begins a line, of which {@link #from} has returned the beginning: an object that is not ended. */
    void begin(byte[] beginning) {
        clear();
        append(beginning);
        depth = 1;
    }

    /** Appends fields that {@link #from} has returned. */
    void append(byte[] fields) {
        ensure(fields.length);
        System.arraycopy(fields, 0, bytes, length, fields.length);
        length += fields.length;
    }

    /** Begins an object or a list. */
    void begin(char bracket) {
        comma();
        put(bracket);
        depth++;
    }

    /** Ends an object or a list. Returns whether it was the outermost. */
    boolean end(char bracket) {
        put(bracket);
        depth--;
        return depth == 0;
    }

    /** Writes the line to a stream. */
    void writeTo(OutputStream out) throws IOException {
        put('\n');
        out.write(bytes, 0, length);
        clear();
    }

    /** Appends the name of a field, which has no character to escape. */
    void field(String name) {
        comma();
        ensure(name.length() + 3);
        bytes[length++] = '"';
        ascii(name);
        bytes[length++] = '"';
        bytes[length++] = ':';
    }

    /** Appends a value that consists of ASCII characters, such as a number. */
    void value(String text) {
        comma();
        ascii(text);
    }

    void number(long value) {
        if (value < 0) {
            value(Long.toString(value));
            return;
        }
        comma();
        int digits = 1;
        for (long rest = value / 10; rest > 0; rest /= 10) {
            digits++;
        }
        ensure(digits);
        long rest = value;
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = DIGITS[(int) (rest % 10)];
            rest /= 10;
        }
        length += digits;
    }

    /** Appends {@code "0x..."}. */
    void hex(long value) {
        comma();
        int digits = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(value) + 3) / 4);
        ensure(digits + 4);
        bytes[length++] = '"';
        bytes[length++] = '0';
        bytes[length++] = 'x';
        long rest = value;
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = DIGITS[(int) rest & 15];
            rest >>>= 4;
        }
        length += digits;
        bytes[length++] = '"';
    }

    /** Appends a text with its quotes. */
    void text(String value) {
        comma();
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        if (utf8.length != value.length() || !isPlain(utf8)) {
            append(Printable.json(value).getBytes(StandardCharsets.UTF_8));
            return;
        }
        ensure(utf8.length + 2);
        bytes[length++] = '"';
        append(utf8);
        bytes[length++] = '"';
    }

    /** Returns whether no character is escaped. A question mark may be an unpaired surrogate, which UTF-8 lacks. */
    private static boolean isPlain(byte[] ascii) {
        for (byte b : ascii) {
            if (b < ' ' || b == 0x7f || b == '"' || b == '\\' || b == '?') {
                return false;
            }
        }
        return true;
    }

    @SuppressWarnings("deprecation") // it copies the low byte of each character, and all are ASCII
    private void ascii(String text) {
        int size = text.length();
        ensure(size);
        text.getBytes(0, size, bytes, length);
        length += size;
    }

    /** No value ends in one of these characters. */
    private void comma() {
        byte last = length == 0 ? (byte) '{' : bytes[length - 1];
        if (last != '{' && last != '[' && last != ':') {
            put(',');
        }
    }

    private void put(char c) {
        ensure(1);
        bytes[length++] = (byte) c;
    }

    private void ensure(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }
}
