package org.mapfiles.jvm;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text of another process to be searched, with a bound on the work. A regular expression can take the square of a line's length, or
 * more, on a line that was made for that. Lines are cut, and characters that are looked at are counted.
 */
final class BoundedText implements CharSequence {
    /** Longer lines are cut: those with ranges have up to 300 characters. */
    static final int MAX_LINE = 1024;

    private static final int LOOKS_PER_CHARACTER = 16;
    private static final int LOOKS_OF_ANY_TEXT = 1 << 20;

    private final String text;
    private long looksLeft;

    /** The text took more work than any that a JVM prints. */
    static final class TooMuchWork extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooMuchWork() {
            super("a text that takes too much work to search", null, false, false);
        }
    }

    private BoundedText(String text) {
        this.text = text;
        looksLeft = LOOKS_OF_ANY_TEXT + (long) LOOKS_PER_CHARACTER * text.length();
    }

    /** A matcher of a text, whose methods throw {@link TooMuchWork}. */
    static Matcher matcher(Pattern pattern, String text) {
        return pattern.matcher(new BoundedText(text));
    }

    /** The same text with its lines cut. */
    static String withShortLines(String text) {
        StringBuilder cut = new StringBuilder(text.length());
        for (int at = 0; at < text.length(); ) {
            int newline = text.indexOf('\n', at);
            int end = newline < 0 ? text.length() : newline + 1;
            boolean isLong = end - at > MAX_LINE;
            cut.append(text, at, isLong ? at + MAX_LINE : end);
            if (isLong && newline >= 0) {
                cut.append('\n');
            }
            at = end;
        }
        return cut.toString();
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        if (--looksLeft < 0) {
            throw new TooMuchWork();
        }
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.substring(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}
