package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Compares the code of another JVM with its own list and with its JVMTI events; also reads the code of this JVM. */
class CodeFromOutsideTest {
    static List<String> options() throws Exception {
        List<String> options = new ArrayList<>();
        for (String collector : Collectors.options()) {
            options.add(collector + " -XX:TieredStopAtLevel=4");
        }
        options.add("-XX:+UseSerialGC -Xint");
        options.add("-XX:+UseSerialGC -XX:TieredStopAtLevel=1");
        options.add("-XX:+UseSerialGC -XX:TieredStopAtLevel=4 -XX:-TieredCompilation");
        options.add("-XX:+UseSerialGC -XX:TieredStopAtLevel=4 -XX:-SegmentedCodeCache -XX:+UnlockDiagnosticVMOptions"
                + " -XX:+DebugNonSafepoints");
        options.add(
                "-XX:+UseSerialGC -XX:TieredStopAtLevel=4 -XX:ReservedCodeCacheSize=5m -XX:-UseCompressedClassPointers");
        return options;
    }

    private static final class Child implements AutoCloseable {
        private final Process process;
        private final BufferedReader in;
        private String records = "";

        Child(String options) throws IOException {
            process = new ChildJvm().with(options.split(" ")).with("-Xmx256m").start(CodeFromOutsideMain.class, 3);
            in = process.inputReader();
        }

        Set<CodeList.MapsLine> list() throws IOException {
            Set<CodeList.MapsLine> list = new LinkedHashSet<>();
            StringBuilder other = new StringBuilder();
            String line;
            while ((line = in.readLine()) != null && !line.equals("READY")) {
                String[] words = line.split(" ");
                if (words[0].equals("LIST")) {
                    list.add(new CodeList.MapsLine(
                            Integer.parseInt(words[1]),
                            Integer.parseInt(words[2]),
                            words[3],
                            Long.parseUnsignedLong(words[4], 16),
                            Long.parseUnsignedLong(words[5], 16)));
                } else if (words[0].equals("RECORDS")) {
                    records = line;
                } else {
                    other.append(line).append('\n');
                }
            }
            assertThat(line).as(other.toString()).isNotNull();
            if (other.length() > 0) {
                System.out.print(other);
            }
            return list;
        }

        Set<CodeList.MapsLine> listAgain() throws IOException {
            OutputStream out = process.getOutputStream();
            out.write('\n');
            out.flush();
            return list();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private static CodeList.MapsLine line(CodeInfo location) {
        return new CodeList.MapsLine(
                location.compileId(), location.tier(), location.toString(), location.start(), location.end());
    }

    @ParameterizedTest
    @MethodSource("options")
    void codeEqualsTheListAndTheReportsOfTheJvm(String options) throws Exception {
        try (Child child = new Child(options)) {
            Set<CodeList.MapsLine> listed = child.list(); // the JVM has started by then
            try (ProcessMaps maps = ProcessMaps.of(child.process.pid());
                    JvmCodeReader reader = JvmCodeReader.of(maps)) {
                compare(child, listed, reader, options);
            }
        }
    }

    private static void compare(Child child, Set<CodeList.MapsLine> listed, JvmCodeReader reader, String options)
            throws Exception {
        Children.awaitIdle(child.process.pid()); // its compilers may have work left
        Set<CodeList.MapsLine> found = new HashSet<>();
        List<String> stubs = new ArrayList<>();
        assertThat(reader.forEach(each -> {
                    if (each.kind() == CodeInfo.Kind.METHOD) {
                        found.add(line(each));
                    } else {
                        stubs.add(each.toString());
                    }
                }))
                .isTrue();
        Set<CodeList.MapsLine> missedByFind = new LinkedHashSet<>();
        CodeInfo location = new CodeInfo();
        for (CodeList.MapsLine line : listed) {
            for (long address :
                    new long[] {line.start(), line.start() + (line.end() - line.start()) / 2, line.end() - 1}) {
                if (!reader.find(address, CodeInfo.AddressKind.RUNNING_AT, location)
                        || !line(location).equals(line)) {
                    missedByFind.add(line);
                }
            }
            if (!reader.find(line.end(), CodeInfo.AddressKind.RETURNS_TO, location)
                    || !line(location).equals(line)) {
                missedByFind.add(line);
            }
        }
        Set<CodeList.MapsLine> stable = new HashSet<>(child.listAgain());
        Set<CodeList.MapsLine> unlisted = new HashSet<>(found);
        unlisted.removeAll(listed);
        unlisted.removeAll(stable);
        Children.awaitIdle(child.process.pid());
        // Code that was made after the first list and unmade before the second is in neither. It is not found any more.
        Set<CodeList.MapsLine> foundAgain = new HashSet<>();
        assertThat(reader.forEach(each -> foundAgain.add(line(each)))).isTrue();
        unlisted.retainAll(foundAgain);
        // The list omits method handle intrinsics that serve other code.
        // It omits unloaded methods too, which have lost their names.
        unlisted.removeIf(line -> line.method().startsWith("java.lang.invoke.MethodHandle.")
                || line.method().equals("unknown method"));
        stable.retainAll(listed);
        missedByFind.retainAll(stable);
        System.out.println(options + ": " + stable.size() + " methods listed, " + found.size() + " found, "
                + stubs.size() + " stubs, " + unlisted.size() + " not listed; " + child.records);
        assertThat(found).containsAll(stable);
        assertThat(missedByFind).isEmpty();
        assertThat(unlisted).as("not listed").isEmpty();
        assertThat(stubs)
                .anyMatch(name -> name.contains("StubRoutines"))
                .anyMatch(name -> name.startsWith("Interpreter"));
        long[] records = Arrays.stream(child.records.split(" "))
                .skip(1)
                .mapToLong(Long::parseLong)
                .toArray();
        assertThat(records[2]).as("different from what JVMTI reported").isZero();
        if (!options.contains("-Xint")) {
            assertThat(records[0]).as("records").isGreaterThan(1_000);
            assertThat(records[1]).as("with inlined methods").isGreaterThan(100);
            assertThat(found.size()).as("methods").isGreaterThan(200);
        }
    }

    @Test
    void codeletsOfTheInterpreterHaveNames() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            Set<String> names = new HashSet<>();
            CodeInfo at = new CodeInfo();
            reader.forEach(each -> {
                if (each.isInterpreter()) {
                    for (long address = each.start(); address < each.end(); address += 64) {
                        try {
                            if (reader.find(address, CodeInfo.AddressKind.RUNNING_AT, at)) {
                                names.add(at.toString());
                            }
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    }
                }
            });
            assertThat(names).contains("Interpreter iload_0", "Interpreter invokevirtual");
            List<String> recorded = new ArrayList<>();
            List<String> other = new ArrayList<>();
            JvmCode code = JvmCode.open();
            code.forEach(each -> (each.isInterpreter() ? recorded : other).add(each.toString()));
            assertThat(recorded).isNotEmpty().allMatch(name -> name.startsWith("Interpreter"));
            assertThat(other).isNotEmpty().noneMatch(name -> name.startsWith("Interpreter"));
        }
    }

    @Test
    void otherMemoryIsNoCode() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            CodeInfo location = new CodeInfo();
            assertThatIllegalStateException().isThrownBy(location::start);
            for (long address : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 47}) {
                for (CodeInfo.AddressKind meaning : CodeInfo.AddressKind.values()) {
                    assertThat(reader.find(address, meaning, location)).isFalse();
                    assertThat(location.certainty()).isEqualTo(CodeInfo.Certainty.NONE);
                    assertThat(location).hasToString("no code");
                    assertThatIllegalStateException().isThrownBy(location::frames);
                }
            }
        }
    }

    @Test
    void findAllocatesNothing() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            CodeInfo location = new CodeInfo();
            long[] start = new long[1];
            long least = Long.MAX_VALUE;
            for (int series = 0; series < 8; series++) {
                // each time one that is there: methods are unloaded
                reader.forEach(each -> start[0] = each.kind() == CodeInfo.Kind.METHOD ? each.start() : start[0]);
                long before = threads.getCurrentThreadAllocatedBytes();
                long sum = 0;
                for (int i = 0; i < 1_000; i++) {
                    if (reader.find(start[0], CodeInfo.AddressKind.RUNNING_AT, location)) {
                        sum += location.frames() + location.tier() + location.bytecode(0) + location.methodAddress(0);
                    }
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                assertThat(sum).isNotZero();
            }
            assertThat(least).isZero();
        }
    }

    @Test
    void exitedJvmIsAnException() throws Exception {
        try (Child child = new Child("-XX:+UseSerialGC -Xint")) {
            child.list();
            try (ProcessMaps maps = ProcessMaps.of(child.process.pid());
                    JvmCodeReader reader = JvmCodeReader.of(maps)) {
                child.process.destroyForcibly().waitFor();
                assertThatThrownBy(() -> reader.find(1 << 20, CodeInfo.AddressKind.RUNNING_AT, new CodeInfo()))
                        .isInstanceOf(ProcessExitedException.class);
                assertThatThrownBy(() -> reader.forEach(each -> {})).isInstanceOf(ProcessExitedException.class);
            }
        }
    }

    /** The position of the walk is in the reader: a walk in a visitor would end the one that calls it. */
    @Test
    void visitorMaySearchButNotVisit() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            CodeInfo found = new CodeInfo();
            assertThat(reader.forEach(each -> assertThatCode(() -> reader.find(each.start(), found))
                            .doesNotThrowAnyException()))
                    .isTrue();
            assertThatThrownBy(() -> reader.forEach(each -> {
                        assertThatThrownBy(() -> reader.forEach(inner -> {})).isInstanceOf(IllegalStateException.class);
                        assertThatThrownBy(reader::snapshot)
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageStartingWith("a visitor of forEach() calls forEach() or snapshot()");
                        throw new UnsupportedOperationException("of the visitor");
                    }))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThat(reader.snapshot().isComplete())
                    .as("after a visitor has thrown")
                    .isTrue();
        }
    }

    @Test
    void closedReaderThrows() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            JvmCodeReader reader = JvmCodeReader.of(maps);
            reader.close();
            reader.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> reader.find(0, CodeInfo.AddressKind.RETURNS_TO, new CodeInfo()));
        }
    }

    @Test
    void cAndJavaAgreeOnTheLayout() {
        int[] layout = new int[64];
        int count = JvmCalls.codeResultLayout(layout);
        assertThat(Arrays.copyOf(layout, count)).containsExactly(ReadCode.layout());
    }

    @Test
    void classNamesAreReadable() {
        assertThat(ClassNames.ofInternal("java/lang/String")).isEqualTo("java.lang.String");
        assertThat(ClassNames.ofInternal("a/B$$Lambda+0x00007f1234567890")).isEqualTo("a.B$$Lambda/0x00007f1234567890");
        assertThat(ClassNames.ofInternal("a/B$$Lambda$20+0x80000002b")).isEqualTo("a.B$$Lambda$20/0x80000002b");
        assertThat(ClassNames.ofInternal("a/B+c")).isEqualTo("a.B+c");
        assertThat(ClassNames.ofInternal("a/B+0x")).isEqualTo("a.B+0x");
        assertThat(ClassNames.ofInternal("a/B+0x1g")).isEqualTo("a.B+0x1g");
        assertThat(ClassNames.ofInternal("+0x00007f1234567890")).isEqualTo("+0x00007f1234567890");
    }
}
