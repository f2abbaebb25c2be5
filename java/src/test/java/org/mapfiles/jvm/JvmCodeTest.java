package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Finds the method at an address of the code of this JVM. */
class JvmCodeTest {
    private static final long PATIENCE = 120_000_000_000L;
    private static final JvmCode CODE = JvmCode.open();

    private final CodeInfo info = new CodeInfo();

    @SuppressWarnings("UnusedVariable") // what is written to a field is not optimised away
    private Object sink;

    /** Returns a piece of code, after a wait for its event if necessary. */
    private static long await(String what, Runnable work, Predicate<CodeInfo> wanted) {
        long deadline = System.nanoTime() + PATIENCE;
        while (System.nanoTime() - deadline < 0) {
            work.run();
            List<Long> found = new ArrayList<>();
            CODE.forEach(each -> {
                if (wanted.test(each)) {
                    found.add(each.start());
                }
            });
            if (!found.isEmpty()) {
                return found.get(0);
            }
        }
        throw new AssertionError(what + ": not within two minutes");
    }

    private static boolean isThrowaway(CodeInfo each) {
        return each.kind() == CodeInfo.Kind.METHOD && each.toString().equals("org.mapfiles.jvm.Throwaway.work(I)I");
    }

    private static void invoke(Method work, int rounds) {
        try {
            work.invoke(null, rounds);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void codeAgreesWithTheListOfTheJvm() throws Exception {
        Set<CodeList.MapsLine> lines = CodeList.read();
        Set<CodeList.MapsLine> agreed = new HashSet<>();
        Set<CodeList.MapsLine> open = new HashSet<>(lines);
        for (long deadline = System.nanoTime() + PATIENCE; !open.isEmpty() && System.nanoTime() - deadline < 0; ) {
            open.retainAll(CodeList.read()); // methods that were unloaded meanwhile
            for (CodeList.MapsLine line : open) {
                if (CODE.find(line.start(), info)
                        && isTheSame(line)
                        && CODE.find(line.end() - 1, info)
                        && isTheSame(line)) {
                    agreed.add(line);
                }
            }
            open.removeAll(agreed); // or its event is pending
        }
        assertThat(open).isEmpty();
        assertThat(agreed).hasSizeGreaterThan(100);
    }

    private boolean isTheSame(CodeList.MapsLine line) {
        return info.compileId() == line.compileId()
                && info.tier() == line.tier()
                && info.start() == line.start()
                && info.toString().equals(line.method().replaceFirst("\\.(?=[^.]*\\()", "."))
                && info.certainty() == CodeInfo.Certainty.RECORDED;
    }

    @Test
    void inlinedMethodsAreFramesOfTheCompiledMethod() {
        Method work = Throwaway.copy();
        long start = await(
                "compiled with its callee inlined",
                () -> invoke(work, 10_000),
                each -> isThrowaway(each)
                        && framesWithin(each.start(), each.end()).contains("inlined < work"));
        assertThat(CODE.find(start, info)).isTrue();
        assertThat(info.methodName(info.frames() - 1)).isEqualTo("work");
        assertThat(info.methodId(info.frames() - 1)).isNotZero();
        assertThatThrownBy(() -> info.methodName(info.frames())).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> info.bytecode(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** Returns the stacks of method names at the addresses of a piece of code, each once. */
    private Set<String> framesWithin(long start, long end) {
        Set<String> stacks = new HashSet<>();
        CodeInfo each = new CodeInfo();
        for (long address = start; address < end; address++) {
            if (CODE.find(address, each) && each.start() == start) {
                List<String> names = new ArrayList<>();
                for (int i = 0; i < each.frames(); i++) {
                    names.add(each.methodName(i));
                    assertThat(each.bytecode(i)).isBetween(-1, 65535);
                    assertThat(each.className(i)).isNotEmpty();
                }
                stacks.add(String.join(" < ", names));
            }
        }
        return stacks;
    }

    @Test
    void codeEnteredInALoopHasItsBytecodeIndex() {
        Method work = Throwaway.copy();
        await(
                "compiled in its loop",
                () -> invoke(work, 200_000_000),
                each -> isThrowaway(each) && each.entryBytecode() >= 0);
    }

    @Test
    void unloadedCodeIsFoundAtItsTime() {
        Method[] work = {Throwaway.copy()};
        await("compiled", () -> invoke(work[0], 10_000), JvmCodeTest::isThrowaway);
        Set<Long> starts = new HashSet<>();
        long[] then = new long[1];
        then[0] = System.nanoTime();
        CODE.forEach(each -> {
            if (isThrowaway(each)) {
                starts.add(each.start());
            }
        });
        work[0] = null;
        long deadline = System.nanoTime() + PATIENCE;
        long unloadedStart = 0;
        while (unloadedStart == 0 && System.nanoTime() - deadline < 0) {
            System.gc();
            for (long start : starts) {
                if (CODE.find(start, then[0], info) && info.unloaded() != 0) {
                    unloadedStart = start;
                }
            }
        }
        assertThat(unloadedStart).as("an unloaded method").isNotZero();
        assertThat(CODE.find(unloadedStart, then[0], info)).isTrue();
        assertThat(info).hasToString("org.mapfiles.jvm.Throwaway.work(I)I");
        assertThat(info.certainty()).isIn(CodeInfo.Certainty.RECORDED, CodeInfo.Certainty.UNCERTAIN);
        assertThat(info.loaded()).isLessThanOrEqualTo(then[0]);
        assertThat(info.unloaded()).isGreaterThan(then[0]);
        long unloaded = info.unloaded();
        assertThat(CODE.find(unloadedStart, unloaded - 1, info)).isTrue();
        assertThat(CODE.find(unloadedStart, unloaded, info) && info.loaded() <= unloaded)
                .as("present after it was unloaded")
                .isFalse();
        assertThat(CODE.counts().unloaded()).isPositive();
    }

    @Test
    void stubsHaveNamesAndNoFrames() {
        long start = await(
                "a stub",
                () -> {},
                each -> each.kind() == CodeInfo.Kind.STUB && each.name().contains("arraycopy"));
        assertThat(CODE.find(start, info)).isTrue();
        assertThat(info.frames()).isZero();
        assertThat(info.tier()).isEqualTo(-1);
        assertThat(info.toString()).isEqualTo(info.name()).contains("arraycopy");
        assertThatThrownBy(() -> info.methodName(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void otherMemoryIsNoCode() {
        for (long address : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 47}) {
            assertThat(CODE.find(address, info)).isFalse();
            assertThat(CODE.find(address, System.nanoTime(), info)).isFalse();
            assertThat(info.certainty()).isEqualTo(CodeInfo.Certainty.NONE);
            assertThat(info).hasToString("no code");
            assertThatIllegalStateException().isThrownBy(info::start);
            assertThatIllegalStateException().isThrownBy(info::frames);
        }
    }

    @Test
    void codeBeforeTheFirstOpenIsMarked() {
        long start = await("any method", () -> {}, each -> each.kind() == CodeInfo.Kind.METHOD && each.isBeforeStart());
        assertThat(CODE.find(start, 1, info)).isTrue();
        assertThat(info.certainty()).isEqualTo(CodeInfo.Certainty.RECORDED_LATER);
    }

    @Test
    void findAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int series = 0; series < 8; series++) {
            // each time one that is there: methods are unloaded
            long start = await("any method", () -> {}, each -> each.kind() == CodeInfo.Kind.METHOD);
            long before = threads.getCurrentThreadAllocatedBytes();
            long sum = 0;
            for (int i = 0; i < 1_000; i++) {
                if (CODE.find(start + (i & 15), info)) {
                    sum += info.frames() + info.tier() + info.bytecode(0) + info.methodId(0) + info.start();
                }
                CODE.find(start, before, info);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            assertThat(sum).isNotZero();
        }
        assertThat(least).isZero();
    }

    @Test
    void openingAgainRecordsNothingTwice() {
        long before = CODE.counts().live();
        for (int i = 0; i < 3; i++) {
            assertThat(JvmCode.open()).isSameAs(CODE);
        }
        JvmCode.stop();
        JvmCode.stop();
        JvmCode.open();
        assertThat(CODE.counts().live()).isBetween(before / 2, before * 3 / 2 + 200);
        assertThatIllegalArgumentException().isThrownBy(() -> JvmCode.open(-1));
        assertThat(CODE.counts().toString()).contains("0 lost");
    }
}
