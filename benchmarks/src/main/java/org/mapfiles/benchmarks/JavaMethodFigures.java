package org.mapfiles.benchmarks;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;

/**
 * Measures recording compiled code: memory per piece of code, the time to find a method, and the time of a start-up.
 */
final class JavaMethodFigures {
    private static final int BLOBS = 10_000;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;

    JavaMethodFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
    }

    private static String[] java(String... more) {
        return Stream.concat(Stream.of(TargetProcess.java(), "--enable-native-access=ALL-UNNAMED"), Stream.of(more))
                .toArray(String[]::new);
    }

    /** Adds the memory per piece of code, and compares finding a method with the JVM's own list. */
    void memory() throws Exception {
        List<String> options = new ArrayList<>(List.of(CodeBlobs.OPTIONS));
        options.addAll(List.of("-cp", System.getProperty("java.class.path"), FindCodeMain.class.getName()));
        try (ChildProgram jvm = new ChildProgram(java(options.toArray(new String[0])))) {
            double kept = Double.parseDouble(jvm.line());
            double code = Double.parseDouble(jvm.line());
            double find = Double.parseDouble(jvm.line());
            double list = Double.parseDouble(jvm.line());
            figures.add(
                    "java-method-memory",
                    BLOBS,
                    kept / code,
                    kept,
                    code,
                    "B",
                    "memory per piece of code / size of the code",
                    null);
            figures.add(
                    "java-method-code-list",
                    BLOBS,
                    list / find,
                    find,
                    list,
                    "ns",
                    "Compiler.codelist of all methods / find of one address",
                    null);
        }
    }

    /**
     * Prints the bytes kept per piece of code, the mean size of code, and the nanoseconds of find and of
     * Compiler.codelist.
     */
    static final class FindCodeMain {
        private FindCodeMain() {}

        public static void main(String[] arguments) throws Exception {
            JvmCode code = JvmCode.open();
            List<Object> kept = CodeBlobs.compile(code, BLOBS);
            System.out.println(code.counts().bytes()
                    / (double) (code.counts().live() + code.counts().unloaded()));
            List<long[]> methods = CodeBlobs.methods(code);
            System.out.println(methods.stream()
                    .mapToLong(method -> method[1] - method[0])
                    .average()
                    .orElseThrow());
            CodeInfo info = new CodeInfo();
            ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
            Rounds rounds = Rounds.of(
                    11,
                    31,
                    Rounds.timed(methods.size(), new Rounds.Work() {
                        private int next;

                        @Override
                        public void run() {
                            code.find(methods.get(next++ % methods.size())[0], info);
                        }
                    }),
                    Rounds.timed(
                            1,
                            () -> ManagementFactory.getPlatformMBeanServer()
                                    .invoke(commands, "compilerCodelist", new Object[0], new String[0])));
            System.out.println(rounds.medianMeasured());
            System.out.println(rounds.medianBaseline());
            if (kept.isEmpty()) {
                throw new IllegalStateException("no method was compiled");
            }
        }
    }

    /**
     * Compares four runs of a program per round: without an agent, with an agent that ignores the events of compiled
     * code, with the agent of mapfiles, and without an agent but with a reader of the code. The program runs javac for
     * a second or two, which the JIT compiles meanwhile.
     */
    void recordCode() throws Exception {
        Path library;
        try (Stream<Path> files = Files.walk(Path.of("native/target/cmake/resources"))) {
            library = files.filter(file -> file.endsWith("libmapfiles.so"))
                    .findFirst()
                    .orElseThrow()
                    .toAbsolutePath();
        }
        String[] options = {
            "-Dagent=none",
            "-agentpath:" + bin.resolve("silent_agent.so").toAbsolutePath(),
            "-agentpath:" + library,
            CompileMain.READ_CODE
        };
        int count = quick ? 5 : 21;
        double[][] times = new double[options.length][count];
        try (OneProcessor processor = new OneProcessor()) { // the work of all threads counts
            for (int round = -1; round < count; round++) {
                for (int i = 0; i < options.length; i++) {
                    times[i][Math.max(round, 0)] = startUp(options[i]); // round -1 fills the file cache
                }
            }
        }
        figures.addMillis(
                "record-code",
                "start",
                new Rounds(times[2], times[0]),
                "start-up with the agent / without an agent",
                Goal.ratioAtMost(1.02));
        figures.addMillis(
                "record-code-jvm",
                "start",
                new Rounds(times[1], times[0]),
                "start-up with an agent that ignores events / without an agent",
                null);
        figures.addMillis(
                "record-code-own",
                "start",
                new Rounds(times[2], times[1]),
                "start-up with the agent / with an agent that ignores events",
                null);
        figures.addMillis(
                "record-code-reader",
                "start",
                new Rounds(times[3], times[0]),
                "start-up that opens a reader of its code, and reads all of it at the end / without",
                Goal.ratioAtMost(1.02));
    }

    private static double startUp(String option) throws Exception {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(
                        java(option, "-cp", System.getProperty("java.class.path"), CompileMain.class.getName()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("the program failed with " + option);
        }
        return System.nanoTime() - begin;
    }

    /** Runs javac twice. */
    static final class CompileMain {
        /** The option that makes it read the compiled code too. */
        static final String READ_CODE = "-Dreads.code=true";

        private CompileMain() {}

        public static void main(String[] arguments) throws MapsException {
            if (!Boolean.getBoolean("reads.code")) {
                compile();
                return;
            }
            try (ProcessMaps maps = ProcessMaps.self();
                    JvmCodeReader reader = JvmCodeReader.of(maps)) {
                compile();
                if (!reader.forEach(info -> {})) {
                    throw new IllegalStateException("a part of the code was not read");
                }
            }
        }

        private static void compile() {
            for (int i = 0; i < 2; i++) {
                CodeBlobs.classFile();
            }
        }
    }
}
