package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;

/** Whether {@link JvmRegions} say of a heap's regions what the JVM tells of them, by those that stay the same meanwhile. */
final class Agreement {
    private Agreement() {
    }

    /** What the JVM tells, a line for each region. */
    interface Told {
        List<String> lines() throws Exception;
    }

    /** What is said of the same regions, as such lines. */
    interface Said {
        List<String> lines(JvmRegions regions, List<String> told);
    }

    /** The regions that agree; null: they never did, and what was not so has been printed. */
    static JvmRegions of(Told told, Said said) throws Exception {
        for (int attempt = 0; attempt < 100; attempt++) {
            List<String> still = told.lines();
            JvmRegions regions = JvmRegions.read();
            int count = still.size();
            still.retainAll(told.lines()); // asking takes new regions itself
            List<String> wrong = new ArrayList<>(still);
            wrong.removeAll(said.lines(regions, still));
            if (wrong.isEmpty() && still.size() > count * 9 / 10) {
                return regions;
            }
            System.out.println(still.size() + " of " + count + ", not so " + wrong);
        }
        return null;
    }
}
