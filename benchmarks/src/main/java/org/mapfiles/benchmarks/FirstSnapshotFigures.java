package org.mapfiles.benchmarks;

import org.mapfiles.ProcessMaps;

/** Measures the first snapshot in a new JVM. The time includes loading classes and the native library. */
final class FirstSnapshotFigures {
    private final Figures figures;
    private final int rounds;

    FirstSnapshotFigures(Figures figures, boolean quick) {
        this.figures = figures;
        this.rounds = quick ? 11 : 31;
    }

    void run() throws Exception {
        Rounds starts = Rounds.of(1, rounds, () -> start("mapfiles"), () -> start("plain"));
        figures.add(
                "first-snapshot",
                "self",
                starts.ratio(),
                starts.medianMeasured() / 1e6,
                starts.medianBaseline() / 1e6,
                "ms",
                "first snapshot in a new JVM / first listing in plain Java",
                Goal.measuredAtMost(10));
    }

    private static double start(String implementation) throws Exception {
        try (ChildProgram jvm = new ChildProgram(
                TargetProcess.java(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                FirstSnapshotMain.class.getName(),
                implementation)) {
            return Double.parseDouble(jvm.line());
        }
    }

    /** Prints the nanoseconds of the first snapshot, or of the first listing in plain Java. */
    static final class FirstSnapshotMain {
        private FirstSnapshotMain() {}

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
