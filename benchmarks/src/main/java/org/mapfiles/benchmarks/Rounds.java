package org.mapfiles.benchmarks;

import java.util.Arrays;

/** Two sides of a ratio, turn by turn in one run: what disturbs the machine for longer than a round disturbs both. */
record Rounds(double[] ours, double[] baseline) {
    /** Nanoseconds that rounds go on for at the longest, if there are a few by then. */
    private static final long LONGEST = 8_000_000_000L;
    private static final long LONGEST_WARM_UP = 3_000_000_000L;
    private static final int FEWEST = 3;

    /** One round of a side: the nanoseconds of what is compared. */
    interface Side {
        double round() throws Exception;
    }

    /** Something of ours to time. */
    interface Work {
        void run() throws Exception;
    }

    /** Work as a side, done some times a round. */
    static Side timed(int times, Work work) {
        return () -> {
            long begin = System.nanoTime();
            for (int i = 0; i < times; i++) {
                work.run();
            }
            return (System.nanoTime() - begin) / (double) times;
        };
    }

    /** Rounds of both sides, after as many for the compiler; fewer where they take long. */
    static Rounds of(int warmUp, int count, Side ours, Side baseline) throws Exception {
        of(warmUp, 1, LONGEST_WARM_UP, ours, baseline);
        return of(count, FEWEST, LONGEST, ours, baseline);
    }

    private static Rounds of(int count, int fewest, long longest, Side ours, Side baseline) throws Exception {
        double[][] rounds = new double[2][count];
        long begin = System.nanoTime();
        int done = 0;
        while (done < count && (done < fewest || System.nanoTime() - begin < longest)) {
            rounds[1][done] = baseline.round();
            rounds[0][done] = ours.round();
            done++;
        }
        return new Rounds(Arrays.copyOf(rounds[0], done), Arrays.copyOf(rounds[1], done));
    }

    /** The median of the ratios of all rounds, ours divided by the baseline. */
    double ratio() {
        double[] ratios = new double[ours.length];
        Arrays.setAll(ratios, i -> ours[i] / baseline[i]);
        return median(ratios);
    }

    /** The same, with the sides exchanged. */
    Rounds turned() {
        return new Rounds(baseline, ours);
    }

    double medianOfOurs() {
        return median(ours);
    }

    double medianOfBaseline() {
        return median(baseline);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
