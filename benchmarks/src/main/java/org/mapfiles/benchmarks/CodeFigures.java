package org.mapfiles.benchmarks;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.mapfiles.jvm.CodeAnswer;
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
            System.out.println(code.counts().bytes() / (double) (code.counts().live() + code.counts().gone()));
            List<long[]> methods = CodeBlobs.methods(code);
            System.out.println(methods.stream().mapToLong(method -> method[1] - method[0]).average().orElseThrow());
            CodeAnswer answer = new CodeAnswer();
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

    /** The same program with the agent and without: it compiles Java for a second or two, and is compiled meanwhile. */
    private void startUp() throws Exception {
        Path library;
        try (Stream<Path> files = Files.walk(Path.of("native/target/cmake/resources"))) {
            library = files.filter(file -> file.endsWith("libmapfiles.so")).findFirst().orElseThrow().toAbsolutePath();
        }
        int count = quick ? 5 : 25;
        try (OneProcessor processor = new OneProcessor()) { // so that what other threads do counts, too
            Rounds told = Rounds.of(1, count, () -> compiling("-agentpath:" + library), () -> compiling("-Dwithout=it"));
            figures.add("P11", "start", told.ratio(), told.medianOfOurs() / 1e6, told.medianOfBaseline() / 1e6, "ms",
                    "a start-up full of compiling told to the agent / not", Goal.ratioAtMost(1.02));
            if (quick) {
                return;
            }
            Rounds own = Rounds.of(1, count, () -> compiling("-agentpath:" + library),
                    () -> compiling("-agentpath:" + bin.resolve("silent_agent.so").toAbsolutePath()));
            figures.add("P11-own", "start", own.ratio(), own.medianOfOurs() / 1e6, own.medianOfBaseline() / 1e6, "ms",
                    "told to the agent / to one that ignores it", null);
        }
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
