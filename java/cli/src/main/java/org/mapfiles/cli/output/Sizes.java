package org.mapfiles.cli.output;

/** Sizes as text output shows them: units of powers of 1,024, at most one decimal, which is not 0. */
public final class Sizes {
    private static final String UNITS = "BKMGTPE";
    /** From here on a decimal is left out: no size has more than four digits and the unit. */
    private static final double WHOLE_FROM = 99.95;

    private Sizes() {}

    /** Returns a size, such as 4K, 1.5M or 0. A number of 2<sup>63</sup> or more is printed in bytes. */
    public static String human(long bytes) {
        if (bytes <= 0) {
            return Long.toUnsignedString(bytes);
        }
        double value = bytes;
        for (int unit = 0; ; unit++) {
            long tenths = value >= WHOLE_FROM ? 10 * Math.round(Math.min(value, 1024)) : Math.round(10 * value);
            if (tenths < 10 * 1024) { // the largest long has 8 of the last unit
                String decimal = tenths % 10 == 0 ? "" : "." + tenths % 10;
                return tenths / 10 + decimal + UNITS.charAt(unit);
            }
            value /= 1024;
        }
    }
}
