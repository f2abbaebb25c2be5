package org.mapfiles.benchmarks;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;

/** What it takes to be told of code: memory a piece, against asking each time, and the time of a start-up full of compiling. */
final class CodeFigures {
    private static final int BLOBS = 10_000;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;

    CodeFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
    }

    private static String[] java(String... more) {
        return Stream.concat(Stream.of(Targets.java(), "--enable-native-access=ALL-UNNAMED"), Stream.of(more)).toArray(String[]::new);
    }

    void run() throws Exception {
        memory();
        startUp();
    }

    private void memory() throws Exception {
        List<String> options = new ArrayList<>(List.of(CodeBlobs.OPTIONS));
        options.addAll(List.of("-cp", System.getProperty("java.class.path"), Told.class.getName()));
        try (Harness jvm = new Harness(java(options.toArray(new String[0])))) {
            double kept = Double.parseDouble(jvm.line());
            double code = Double.parseDouble(jvm.line());
            double find = Double.parseDouble(jvm.line());
            double list = Double.parseDouble(jvm.line());
            figures.add("P10-memory", BLOBS, kept / code, kept, code, "B", "kept of a piece of code / of code itself", null);
            figures.add("P10-jvm", BLOBS, list / find, find, list, "ns", "Compiler.codelist, for all at once / address to method", null);
        }
    }

    /** In a JVM of its own: prints the bytes kept of a piece, those of its code, and the nanoseconds of both ways to ask. */
    static final class Told {
        private Told() {
        }

        public static void main(String[] arguments) throws Exception {
            JvmCode code = JvmCode.open();
            List<Object> kept = CodeBlobs.compile(code, BLOBS);
            System.out.println(code.counts().bytes() / (double) (code.counts().live() + code.counts().unloaded()));
            List<long[]> methods = CodeBlobs.methods(code);
            System.out.println(methods.stream().mapToLong(method -> method[1] - method[0]).average().orElseThrow());
            CodeInfo answer = new CodeInfo();
            ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
            Rounds rounds = Rounds.of(11, 31, Rounds.timed(methods.size(), new Rounds.Work() {
                private int next;

                @Override
                public void run() {
                    code.find(methods.get(next++ % methods.size())[0], answer);
                }
            }), Rounds.timed(1, () -> ManagementFactory.getPlatformMBeanServer().invoke(commands, "compilerCodelist", new Object[0],
                    new String[0])));
            System.out.println(rounds.medianOfOurs());
            System.out.println(rounds.medianOfBaseline());
            if (kept.isEmpty()) {
                throw new IllegalStateException("nothing was compiled");
            }
        }
    }

    /**
     * The same program three times a round: not told, told to an agent that ignores it, told to ours. It compiles Java for a
     * second or two, and is compiled meanwhile.
     */
    private void startUp() throws Exception {
        Path library;
        try (Stream<Path> files = Files.walk(Path.of("native/target/cmake/resources"))) {
            library = files.filter(file -> file.endsWith("libmapfiles.so")).findFirst().orElseThrow().toAbsolutePath();
        }
        String[] options = {"-Dwithout=it", "-agentpath:" + bin.resolve("silent_agent.so").toAbsolutePath(), "-agentpath:" + library};
        int count = quick ? 5 : 21;
        double[][] times = new double[options.length][count];
        try (OneProcessor processor = new OneProcessor()) { // so that what other threads do counts, too
            for (int round = -1; round < count; round++) {
                for (int i = 0; i < options.length; i++) {
                    times[i][Math.max(round, 0)] = compiling(options[i]); // the first is for the file cache
                }
            }
        }
        addStart("P11", new Rounds(times[2], times[0]), "a start-up full of compiling told to the agent / not", Goal.ratioAtMost(1.02));
        addStart("P11-jvm", new Rounds(times[1], times[0]), "told to an agent that ignores it / not: the JVM's own part", null);
        addStart("P11-own", new Rounds(times[2], times[1]), "told to the agent / to one that ignores it", null);
    }

    private void addStart(String name, Rounds rounds, String what, Goal goal) {
        figures.add(name, "start", rounds.ratio(), rounds.medianOfOurs() / 1e6, rounds.medianOfBaseline() / 1e6, "ms", what, goal);
    }

    private static double compiling(String option) throws Exception {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(java(option, "-cp", System.getProperty("java.class.path"), Compiling.class.getName()))
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("it failed with " + option);
        }
        return System.nanoTime() - begin;
    }

    /** javac, some times. */
    static final class Compiling {
        private Compiling() {
        }

        public static void main(String[] arguments) {
            for (int i = 0; i < 2; i++) {
                CodeBlobs.classFile();
            }
        }
    }
}
