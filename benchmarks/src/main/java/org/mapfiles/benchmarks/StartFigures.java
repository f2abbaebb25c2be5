package org.mapfiles.benchmarks;

import org.mapfiles.ProcessMaps;

/** From the first use in a new JVM to the first snapshot: loading classes and the library included. */
final class StartFigures {
    private final Figures figures;
    private final int rounds;

    StartFigures(Figures figures, boolean quick) {
        this.figures = figures;
        this.rounds = quick ? 11 : 31;
    }

    void run() throws Exception {
        Rounds starts = Rounds.of(1, rounds, () -> start("mapfiles"), () -> start("plain"));
        figures.add("P9", "self", starts.ratio(), starts.medianOfOurs() / 1e6, starts.medianOfBaseline() / 1e6, "ms",
                "first snapshot in a new JVM / first plain Java listing", Goal.oursAtMost(10));
    }

    private static double start(String which) throws Exception {
        try (Harness jvm = new Harness(Targets.java(), "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), First.class.getName(), which)) {
            return Double.parseDouble(jvm.line());
        }
    }

    /** What is timed, in a JVM of its own. */
    static final class First {
        private First() {
        }

        public static void main(String[] arguments) throws Exception {
            long begin = System.nanoTime();
            int found;
            if (arguments[0].equals("mapfiles")) {
                try (ProcessMaps maps = ProcessMaps.self()) {
                    found = maps.snapshot().size();
                }
            } else {
                found = PlainMaps.of(ProcessHandle.current().pid()).size();
            }
            long spent = System.nanoTime() - begin;
            if (found == 0) {
                throw new IllegalStateException("no mappings");
            }
            System.out.println(spent);
        }
    }
}
