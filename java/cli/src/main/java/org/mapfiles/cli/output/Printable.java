package org.mapfiles.cli.output;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Escapes characters that a terminal obeys or does not show. Every text from outside passes through this class: names
 * of files, classes and threads, arguments, messages of exceptions.
 *
 * <p>It escapes control characters (C0, DEL, C1), format characters (bidirectional controls, zero-width characters,
 * tags), line and paragraph separators, other characters without a glyph, unpaired surrogates, and bytes that are not
 * UTF-8. Text output shows {@code \xNN} for each byte of such a character in UTF-8. JSON shows {@code \}{@code uXXXX}
 * for each of its UTF-16 units.
 */
public final class Printable {
    private static final char[] DIGITS = "0123456789abcdef".toCharArray();

    private Printable() {}

    /** Returns a name for text output. Newline, tab and backslash are {@code \n}, {@code \t} and {@code \\}. */
    public static String text(String name) {
        if (isPlain(name)) {
            return name;
        }
        StringBuilder out = new StringBuilder(name.length());
        appendText(out, name);
        return out.toString();
    }

    /** As {@link #text(String)}, from bytes. Each byte that is not UTF-8 is escaped. */
    public static String text(byte[] name) {
        if (isPlain(name)) {
            return new String(name, StandardCharsets.ISO_8859_1);
        }
        StringBuilder out = new StringBuilder(name.length);
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // stops at bytes that are not UTF-8
        ByteBuffer in = ByteBuffer.wrap(name);
        CharBuffer decoded = CharBuffer.allocate(name.length);
        for (; ; ) {
            CoderResult result = decoder.decode(in, decoded, true);
            appendText(out, decoded.flip().toString());
            decoded.clear();
            if (!result.isError()) {
                return out.toString();
            }
            for (int i = 0; i < result.length(); i++) {
                appendByte(out, in.get());
            }
            decoder.reset();
        }
    }

    /**
     * Returns whether nothing is escaped, as in nearly all names: a short run interprets its code, so this has to be
     * short.
     */
    private static boolean isPlain(byte[] name) {
        for (byte b : name) {
            if (b < ' ' || b == '\\' || b == 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** As for bytes. Those of an unpaired surrogate are a question mark. */
    private static boolean isPlain(String name) {
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            if (b < ' ' || b == '\\' || b == '?' || b == 0x7f) {
                return false;
            }
        }
        return true;
    }

    private static void appendText(StringBuilder out, String name) {
        for (int i = 0; i < name.length(); i += Character.charCount(name.codePointAt(i))) {
            int c = name.codePointAt(i);
            if (c == '\n') {
                out.append("\\n");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (c == '\\') {
                out.append("\\\\");
            } else {
                append(out, c);
            }
        }
    }

    /**
     * Returns a message on one line: newlines become blanks. Backslashes stay, since names in a message are escaped
     * already.
     */
    public static String message(String message) {
        StringBuilder out = new StringBuilder(message.length());
        for (int i = 0; i < message.length(); i += Character.charCount(message.codePointAt(i))) {
            int c = message.codePointAt(i);
            append(out, c == '\n' ? ' ' : c);
        }
        return out.toString();
    }

    /** Returns a constant of JSON, such as a state, as text shows it: {@code replaced_same} as "replaced same". */
    public static String words(String constant) {
        return constant.replace('_', ' ');
    }

    /** Returns a JSON string with its quotes. */
    public static String json(String value) {
        StringBuilder out = new StringBuilder(value.length() + 2).append('"');
        for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
            int c = value.codePointAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (isHidden(c)) {
                for (char unit : Character.toChars(c)) {
                    out.append("\\u")
                            .append(DIGITS[unit >> 12])
                            .append(DIGITS[unit >> 8 & 15])
                            .append(DIGITS[unit >> 4 & 15])
                            .append(DIGITS[unit & 15]);
                }
            } else {
                out.appendCodePoint(c);
            }
        }
        return out.append('"').toString();
    }

    private static void append(StringBuilder out, int c) {
        if (!isHidden(c)) {
            out.appendCodePoint(c);
        } else if (c >= Character.MIN_SURROGATE
                && c <= Character.MAX_SURROGATE) { // unpaired: escaped as if UTF-8 could encode it
            appendByte(out, 0xe0 | c >> 12);
            appendByte(out, 0x80 | c >> 6 & 0x3f);
            appendByte(out, 0x80 | c & 0x3f);
        } else {
            for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                appendByte(out, b);
            }
        }
    }

    private static void appendByte(StringBuilder out, int b) {
        out.append("\\x").append(DIGITS[b >> 4 & 15]).append(DIGITS[b & 15]);
    }

    /**
     * Returns whether a terminal obeys a character, or shows nothing for it. The categories are Unicode's. The numbers
     * are the characters that Default_Ignorable_Code_Point (DerivedCoreProperties.txt) adds to these categories; Java
     * does not have this property.
     */
    private static boolean isHidden(int c) {
        if (c < 0x7f) {
            return c < ' ';
        }
        switch (Character.getType(c)) {
            case Character.CONTROL:
            case Character.FORMAT:
            case Character.LINE_SEPARATOR:
            case Character.PARAGRAPH_SEPARATOR:
            case Character.SURROGATE:
                return true;
            default:
                return c == 0x34f
                        || c == 0x115f
                        || c == 0x1160
                        || c == 0x17b4
                        || c == 0x17b5
                        || c >= 0x180b && c <= 0x180f
                        || c == 0x2065
                        || c == 0x3164
                        || c >= 0xfe00 && c <= 0xfe0f
                        || c == 0xffa0
                        || c >= 0xfff0 && c <= 0xfff8
                        || c >= 0xe0000 && c <= 0xe0fff;
        }
    }
}
