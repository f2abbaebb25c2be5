package org.mapfiles.cli.target;

/** A number of the command line: ASCII digits without a sign, 1 to 2<sup>31</sup> - 1. */
public final class PositiveNumber {
    private static final int MAX_DIGITS = 10;

    private PositiveNumber() {}

    /** Returns the number; -1 if the text is not one. */
    static int parse(String text) {
        long number = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || i >= MAX_DIGITS) {
                return -1;
            }
            number = 10 * number + c - '0';
        }
        return number > 0 && number <= Integer.MAX_VALUE ? (int) number : -1;
    }

    /**
     * Parses the value of an option.
     *
     * @throws UsageException if it is no such number
     */
    public static int ofOption(String text) {
        int number = parse(text);
        if (number < 0) {
            throw new UsageException(
                    "'" + Arguments.display(text) + "' is not a whole number from 1 to " + Integer.MAX_VALUE);
        }
        return number;
    }
}
