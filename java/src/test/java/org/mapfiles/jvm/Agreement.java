package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;

/**
 * Compares {@link JvmRegions} with the heap regions that the JVM reports, for the regions that do not change meanwhile.
 */
final class Agreement {
    private Agreement() {}

    /** Returns the regions that the JVM reports, one per line. */
    interface Expected {
        List<String> lines() throws Exception;
    }

    /** Returns the same regions by {@link JvmRegions}, one per line. */
    interface Actual {
        List<String> lines(JvmRegions regions, List<String> expected);
    }

    /** Returns the regions that agree, or null if they never did; the differences are printed. */
    static JvmRegions of(Expected expected, Actual actual) throws Exception {
        for (int attempt = 0; attempt < 100; attempt++) {
            List<String> still = expected.lines();
            JvmRegions regions = JvmRegions.read();
            int count = still.size();
            still.retainAll(expected.lines()); // a report allocates regions itself
            List<String> wrong = new ArrayList<>(still);
            wrong.removeAll(actual.lines(regions, still));
            if (wrong.isEmpty() && still.size() > count * 9 / 10) {
                return regions;
            }
            System.out.println(still.size() + " of " + count + ", not so " + wrong);
        }
        return null;
    }
}
