package org.mapfiles.benchmarks;

import java.util.Locale;

/** What a figure is to reach: a bound of its ratio, or of our own side. */
record Goal(Of of, boolean most, double bound) {
    private enum Of { RATIO, OURS }

    static Goal ratioAtMost(double bound) {
        return new Goal(Of.RATIO, true, bound);
    }

    static Goal ratioAtLeast(double bound) {
        return new Goal(Of.RATIO, false, bound);
    }

    static Goal oursAtMost(double bound) {
        return new Goal(Of.OURS, true, bound);
    }

    boolean isMet(double ratio, double ours) {
        double reached = of == Of.RATIO ? ratio : ours;
        return most ? reached <= bound : reached >= bound;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s %s %.4g", of.name().toLowerCase(Locale.ROOT), most ? "<=" : ">=", bound);
    }
}
