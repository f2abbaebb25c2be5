package org.mapfiles.jvm;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text of another process to be searched by regular expressions, with a limit on the work. A hostile line can make a
 * regular expression take the square of its length or more. So lines are cut, and reads of characters are counted.
 */
final class BoundedText implements CharSequence {
    /** Maximum length of a line; longer lines are cut. Lines with ranges have up to 300 characters. */
    static final int MAX_LINE = 1024;

    private static final int READS_PER_CHARACTER = 16;
    private static final int READS_OF_ANY_TEXT = 1 << 20;

    private final String text;
    private long readsLeft;

    /** Thrown if searching the text takes more work than any output of a JVM. */
    static final class TooMuchWork extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooMuchWork() {
            super("a text that takes too much work to search", null, false, false);
        }
    }

    private BoundedText(String text) {
        this.text = text;
        readsLeft = READS_OF_ANY_TEXT + (long) READS_PER_CHARACTER * text.length();
    }

    /** Returns a matcher for a text. Its methods throw {@link TooMuchWork}. */
    static Matcher matcher(Pattern pattern, String text) {
        return pattern.matcher(new BoundedText(text));
    }

    /** Returns the text with its lines cut to {@link #MAX_LINE}. */
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
        if (--readsLeft < 0) {
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
