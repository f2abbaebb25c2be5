package org.mapfiles.benchmarks;

import java.io.IOException;
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
        double[] ours = new double[rounds];
        double[] plain = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            ours[i] = start("mapfiles");
            plain[i] = start("plain");
        }
        figures.add("P9", "self", Figures.medianRatio(ours, plain), Figures.median(ours) / 1e6, Figures.median(plain) / 1e6, "ms",
                "first snapshot in a new JVM / first plain Java listing, goal <= 10 ms");
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

        public static void main(String[] arguments) throws IOException {
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
