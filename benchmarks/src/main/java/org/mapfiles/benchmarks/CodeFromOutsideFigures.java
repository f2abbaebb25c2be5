package org.mapfiles.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.management.ObjectName;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmCodeSnapshot;

/** Measures reading the code of another JVM: all of it with names, one address, and one address in a snapshot. */
final class CodeFromOutsideFigures {
    private static final int[] SIZES = {2_000, 20_000};
    private static final int ADDRESSES = 1_000;
    private static final String AGENT = "code-from-outside-sa";
    /** Pieces of code and nanoseconds. */
    private static final String WALKED = "\\d+ \\d+";

    private final Figures figures;
    private final Path bin;
    private final int rounds;

    CodeFromOutsideFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        rounds = quick ? 11 : 51;
    }

    void run() throws Exception {
        for (int size : SIZES) {
            try (ChildProgram jvm =
                    ChildProgram.ofJava(List.of(CodeBlobs.OPTIONS), TargetMain.class, Integer.toString(size))) {
                jvm.line();
                try (ProcessMaps maps = ProcessMaps.of(jvm.pid());
                        JvmCodeReader reader = JvmCodeReader.of(maps)) {
                    compare(size, jvm, reader);
                }
            }
        }
    }

    private void compare(int size, ChildProgram jvm, JvmCodeReader reader) throws Exception {
        Rounds.Side list = () -> jvm.query("list");
        int[] pieces = new int[1];
        figures.addInverse(
                "code-from-outside",
                size,
                Rounds.of(
                        11,
                        rounds,
                        Rounds.timed(1, () -> {
                            pieces[0] = 0;
                            reader.forEach(code -> pieces[0]++);
                        }),
                        list),
                "Compiler.codelist in the JVM / read all code with names from outside",
                Goal.measuredAtMost(size == SIZES[0] ? 10e6 : 60e6));
        if (pieces[0] < size) {
            throw new IllegalStateException(pieces[0] + " pieces of code");
        }
        compareWithFloor(size, jvm, reader);
        compareWithAgent(size, jvm, reader);
        JvmCodeSnapshot snapshot = reader.snapshot();
        List<Long> methods = new ArrayList<>();
        snapshot.forEach(code -> {
            if (code.kind() == CodeInfo.Kind.METHOD) {
                methods.add((code.start() + code.end()) / 2);
            }
        });
        long[] addresses = new long[ADDRESSES];
        for (int i = 0; i < ADDRESSES; i++) {
            addresses[i] = methods.get((int) (i * 7919L % methods.size()));
        }
        CodeInfo info = new CodeInfo();
        int[] next = new int[1];
        Rounds.Side find = Rounds.timed(ADDRESSES, () -> found(reader.find(addresses[next[0]++ % ADDRESSES], info)));
        Rounds.Side again =
                Rounds.timed(100 * ADDRESSES, () -> found(snapshot.find(addresses[next[0]++ % ADDRESSES], info)));
        figures.addInverse(
                "code-from-outside-find",
                size,
                Rounds.of(21, rounds, find, list),
                "Compiler.codelist in the JVM / find the code of one address from outside",
                Goal.measuredAtMost(30_000));
        figures.addInverse(
                "code-from-outside-again",
                size,
                Rounds.of(11, rounds, again, find),
                "find the code of one address from outside / in a snapshot of the code",
                Goal.measuredAtMost(50));
    }

    /** The walk compared with one read of all memory that it reads. */
    private void compareWithFloor(int size, ChildProgram jvm, JvmCodeReader reader) throws Exception {
        try (ChildProgram kernel =
                new ChildProgram(bin.resolve("bare_code_pages").toString(), Long.toString(jvm.pid()))) {
            figures.add(
                    "code-from-outside-floor",
                    size,
                    Rounds.of(
                            11, rounds, Rounds.timed(1, () -> reader.forEach(code -> {})), () -> kernel.query("read")),
                    "read all code with names from outside / one read of the same memory in C",
                    null);
        }
    }

    /** The agent stops the JVM, so its rounds are no rounds of Compiler.codelist. */
    private void compareWithAgent(int size, ChildProgram jvm, JvmCodeReader reader) throws Exception {
        if (!AgentWalkMain.isAvailable()) {
            figures.skip(AGENT, "this JDK has no serviceability agent (jhsdb)");
            return;
        }
        String walked = AgentWalkMain.run(jvm.pid());
        if (!walked.matches(WALKED)) {
            figures.skip(AGENT, walked);
            return;
        }
        if (Integer.parseInt(walked.split(" ")[0]) < size) {
            throw new IllegalStateException("the serviceability agent: " + walked);
        }
        figures.addInverse(
                AGENT,
                size,
                Rounds.of(
                        1,
                        rounds,
                        Rounds.timed(1, () -> reader.forEach(code -> {})),
                        () -> Double.parseDouble(AgentWalkMain.run(jvm.pid()).split(" ")[1])),
                "walk of the serviceability agent, the JVM stopped / read all code with names from outside",
                null);
    }

    private static void found(boolean isFound) {
        if (!isFound) {
            throw new IllegalStateException("the code was unloaded");
        }
    }

    /** A JVM with many methods. It replies to each line with the nanoseconds of Compiler.codelist. */
    static final class TargetMain {
        private TargetMain() {}

        public static void main(String[] arguments) throws Exception {
            List<Object> kept = CodeBlobs.compile(JvmCode.open(), Integer.parseInt(arguments[0]));
            ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
            Rounds.Side list = Rounds.timed(
                    1,
                    () -> ManagementFactory.getPlatformMBeanServer()
                            .invoke(commands, "compilerCodelist", new Object[0], new String[0]));
            System.out.println("ready");
            while (true) {
                int at = System.in.read();
                if (at < 0) {
                    break;
                }
                if (at == '\n') {
                    System.out.println(list.round());
                }
            }
            Reference.reachabilityFence(kept);
        }
    }
}
