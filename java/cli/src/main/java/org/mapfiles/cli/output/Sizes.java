package org.mapfiles.cli.output;

import java.util.Locale;

/** Sizes as text output shows them: units of powers of 1,024, at most one decimal. */
public final class Sizes {
    private static final String UNITS = "BKMGTPE";

    private Sizes() {}

    public static String human(long bytes) {
        if (bytes < 0) {
            return Long.toUnsignedString(bytes); // 2^63 or more
        }
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < UNITS.length() - 1) {
            value /= 1024;
            unit++;
        }
        boolean whole = value >= 100 || value == Math.rint(value);
        return String.format(Locale.ROOT, whole ? "%.0f%c" : "%.1f%c", value, UNITS.charAt(unit));
    }
}
