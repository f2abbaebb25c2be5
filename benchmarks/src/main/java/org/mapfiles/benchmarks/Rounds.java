package org.mapfiles.benchmarks;

import java.util.Arrays;

/** The times of both sides of a ratio. The sides take turns, so that a disturbance longer than a round affects both. */
record Rounds(double[] measured, double[] baseline) {
    private static final long MAX_NANOS = 8_000_000_000L;
    private static final long MAX_WARM_UP_NANOS = 3_000_000_000L;

    /** The minimum of rounds, even if they take longer than the maximum. */
    private static final int MIN_ROUNDS = 3;

    /** Runs one round of a side, and returns its nanoseconds per operation. */
    interface Side {
        double round() throws Exception;
    }

    /** An operation to time. */
    interface Work {
        void run() throws Exception;
    }

    /** Returns a side that does an operation several times per round. */
    static Side timed(int times, Work work) {
        return () -> {
            long begin = System.nanoTime();
            for (int i = 0; i < times; i++) {
                work.run();
            }
            return (System.nanoTime() - begin) / (double) times;
        };
    }

    /** Runs rounds of both sides, after a warm-up for the JIT compiler. Slow rounds are fewer than {@code count}. */
    static Rounds of(int warmUp, int count, Side measured, Side baseline) throws Exception {
        of(warmUp, 1, MAX_WARM_UP_NANOS, measured, baseline);
        return of(count, MIN_ROUNDS, MAX_NANOS, measured, baseline);
    }

    private static Rounds of(int count, int minimum, long maxNanos, Side measured, Side baseline) throws Exception {
        double[][] rounds = new double[2][count];
        long begin = System.nanoTime();
        int done = 0;
        while (done < count && (done < minimum || System.nanoTime() - begin < maxNanos)) {
            rounds[1][done] = baseline.round();
            rounds[0][done] = measured.round();
            done++;
        }
        return new Rounds(Arrays.copyOf(rounds[0], done), Arrays.copyOf(rounds[1], done));
    }

    /** Returns the median of the ratios of all rounds, measured / baseline. */
    double ratio() {
        double[] ratios = new double[measured.length];
        Arrays.setAll(ratios, i -> measured[i] / baseline[i]);
        return median(ratios);
    }

    /** Returns these rounds with the sides exchanged. */
    Rounds inverse() {
        return new Rounds(baseline, measured);
    }

    double medianMeasured() {
        return median(measured);
    }

    double medianBaseline() {
        return median(baseline);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
