package org.mapfiles.benchmarks;

import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.mapfiles.ProcessMaps;

/**
 * Measures the first snapshot in a new JVM. The time includes loading classes and the native library. The floor loads
 * an empty native library and reads /proc/self/maps once.
 */
final class FirstSnapshotFigures {
    private static final List<String> NO_OPTIONS = List.of();

    private final Figures figures;
    private final Path bin;
    private final int rounds;

    FirstSnapshotFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 11 : 31;
    }

    void run() throws Exception {
        Rounds.Side plain = () -> start(NO_OPTIONS, "plain");
        figures.addMillis(
                "first-snapshot",
                "self",
                Rounds.of(1, rounds, () -> start(NO_OPTIONS, "mapfiles"), plain),
                "first snapshot in a new JVM / first listing in plain Java",
                Goal.measuredAtMost(10));
        String library = bin.resolve("silent_agent.so").toAbsolutePath().toString();
        figures.addMillis(
                "first-snapshot-floor",
                "self",
                Rounds.of(1, rounds, () -> start(NO_OPTIONS, library), plain),
                "an empty native library and one read of /proc/self/maps / first listing in plain Java",
                null);
        Path directory = Files.createTempDirectory("mapfiles-archive-");
        String archive = directory.resolve("classes.jsa").toString();
        try {
            start(List.of("-XX:ArchiveClassesAtExit=" + archive, "-Xlog:disable"), "mapfiles");
            List<String> options = List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:on");
            figures.addMillis(
                    "first-snapshot-archive",
                    "self",
                    Rounds.of(1, rounds, () -> start(options, "mapfiles"), plain),
                    "first snapshot with an archive of the classes (JEP 350) / first listing in plain Java",
                    null);
        } finally {
            Files.deleteIfExists(Path.of(archive));
            Files.delete(directory);
        }
    }

    private static double start(List<String> options, String implementation) throws Exception {
        try (ChildProgram jvm = ChildProgram.ofJava(options, FirstSnapshotMain.class, implementation)) {
            return Double.parseDouble(jvm.line());
        }
    }

    /** Prints the nanoseconds of the first snapshot, of the first listing in plain Java, or of the floor. */
    static final class FirstSnapshotMain {
        private FirstSnapshotMain() {}

        public static void main(String[] arguments) throws Exception {
            long begin = System.nanoTime();
            int found;
            switch (arguments[0]) {
                case "mapfiles":
                    try (ProcessMaps maps = ProcessMaps.self()) {
                        found = maps.snapshot().size();
                    }
                    break;
                case "plain":
                    found = PlainMaps.of(ProcessHandle.current().pid()).size();
                    break;
                default:
                    System.load(arguments[0]);
                    try (FileInputStream in = new FileInputStream("/proc/self/maps")) {
                        found = in.readAllBytes().length;
                    }
                    break;
            }
            long spent = System.nanoTime() - begin;
            if (found == 0) {
                throw new IllegalStateException("no mappings");
            }
            System.out.println(spent);
        }
    }
}
