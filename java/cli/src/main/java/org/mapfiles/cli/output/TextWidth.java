package org.mapfiles.cli.output;

import java.lang.Character.UnicodeScript;
import java.nio.charset.StandardCharsets;

/** Measures and shortens text in columns of a terminal. */
final class TextWidth {
    private static final String ELLIPSIS = "\u2026";

    private TextWidth() {}

    /** Returns the number of columns that a text takes. */
    static int of(String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == text.length()) { // ASCII, as nearly all text: this is quicker
            return bytes;
        }
        int width = 0;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            width += of(text.codePointAt(i));
        }
        return width;
    }

    /** Combining characters take no column. East Asian characters and emoji take two (Unicode, UAX #11). */
    private static int of(int c) {
        if (c < 0x300) {
            return 1;
        }
        int type = Character.getType(c);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
            return 0;
        }
        if (c >= 0xff01 && c <= 0xff60 || c >= 0x3000 && c <= 0x303e || c >= 0x1f300 && c <= 0x1faff) {
            return 2; // full-width forms, CJK punctuation, emoji
        }
        UnicodeScript script = UnicodeScript.of(c);
        boolean isWide = script == UnicodeScript.HAN
                || script == UnicodeScript.HIRAGANA
                || script == UnicodeScript.KATAKANA && c < 0xff61
                || script == UnicodeScript.HANGUL
                || script == UnicodeScript.BOPOMOFO
                || script == UnicodeScript.YI;
        return isWide ? 2 : 1;
    }

    /** Returns a text in lines of at most some columns, broken at blanks. Lines after the first are indented. */
    static String broken(String text, int columns, int indent) {
        StringBuilder lines = new StringBuilder();
        int used = 0;
        for (String word : text.split(" ", -1)) {
            int width = of(word);
            if (used > 0 && width >= columns - used) {
                lines.append('\n').append(" ".repeat(indent));
                used = 0;
            }
            lines.append(used > 0 ? " " : "").append(shortened(word, columns));
            used += (used > 0 ? 1 : 0) + Math.min(width, columns);
        }
        return lines.toString();
    }

    /**
     * Returns a text in at most some columns. The middle is left out. Of a path the last part is kept, if at least a
     * quarter of the columns is left for the beginning.
     *
     * @param columns 1 or more
     */
    static String shortened(String text, int columns) {
        if (text.length() <= columns / 2 || of(text) <= columns) {
            return text;
        }
        int kept = columns - 1;
        int slash = text.lastIndexOf('/');
        int last = slash < 0 ? 0 : of(text.substring(slash));
        int tail = Math.max(kept / 2, Math.min(last, kept - kept / 4));
        int head = kept - tail;
        int headEnd = 0;
        for (int width = 0; headEnd < text.length(); headEnd += Character.charCount(text.codePointAt(headEnd))) {
            width += of(text.codePointAt(headEnd));
            if (width > head) {
                break;
            }
        }
        int tailStart = text.length();
        for (int width = 0; tailStart > headEnd; tailStart -= Character.charCount(text.codePointBefore(tailStart))) {
            width += of(text.codePointBefore(tailStart));
            if (width > tail) {
                break;
            }
        }
        return text.substring(0, headEnd) + ELLIPSIS + text.substring(tailStart);
    }
}
