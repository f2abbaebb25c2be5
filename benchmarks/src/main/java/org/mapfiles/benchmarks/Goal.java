package org.mapfiles.benchmarks;

import java.util.Locale;

/** The goal of a figure: a bound of its ratio or of its measured value. */
record Goal(Of of, boolean maximum, double bound) {
    private enum Of {
        RATIO,
        MEASURED
    }

    static Goal ratioAtMost(double bound) {
        return new Goal(Of.RATIO, true, bound);
    }

    static Goal ratioAtLeast(double bound) {
        return new Goal(Of.RATIO, false, bound);
    }

    static Goal measuredAtMost(double bound) {
        return new Goal(Of.MEASURED, true, bound);
    }

    boolean isMet(double ratio, double measured) {
        double reached = of == Of.RATIO ? ratio : measured;
        return maximum ? reached <= bound : reached >= bound;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "%s %s %.4g", of.name().toLowerCase(Locale.ROOT), maximum ? "<=" : ">=", bound);
    }
}
