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

/** Which method is at an address of this JVM's own code? */
class JvmCodeTest {
    private static final long PATIENCE = 20_000_000_000L;
    private static final JvmCode CODE = JvmCode.open();

    private final CodeInfo answer = new CodeInfo();
    private Object sink;

    /** A piece of code that is there, by a wait of its events if need be. */
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
        throw new AssertionError(what + ": not within 20 s");
    }

    private static boolean isThrowaway(CodeInfo each) {
        return each.kind() == CodeKind.METHOD && each.toString().equals("org.mapfiles.jvm.Throwaway.work(I)I");
    }

    private static void invoke(Method work, int rounds) {
        try {
            work.invoke(null, rounds);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void itAgreesWithTheJvmsOwnList() throws Exception {
        Set<CodeList.MapsLine> lines = CodeList.read();
        Set<CodeList.MapsLine> agreed = new HashSet<>();
        Set<CodeList.MapsLine> open = new HashSet<>(lines);
        for (long deadline = System.nanoTime() + PATIENCE; !open.isEmpty() && System.nanoTime() - deadline < 0; ) {
            open.retainAll(CodeList.read()); // it went meanwhile
            for (CodeList.MapsLine line : open) {
                if (CODE.find(line.start(), answer) && isTheSame(line) && CODE.find(line.end() - 1, answer) && isTheSame(line)) {
                    agreed.add(line);
                }
            }
            open.removeAll(agreed); // or its event is still under way
        }
        assertThat(open).isEmpty();
        assertThat(agreed).hasSizeGreaterThan(100);
    }

    private boolean isTheSame(CodeList.MapsLine line) {
        return answer.compileId() == line.compileId() && answer.tier() == line.tier() && answer.start() == line.start()
                && answer.toString().equals(line.method().replaceFirst("\\.(?=[^.]*\\()", "."))
                && answer.certainty() == CodeCertainty.RECORDED;
    }

    @Test
    void inlinedMethodsAreFramesOfTheOneCompiled() {
        Method work = Throwaway.copy();
        long start = await("compiled with its callee inlined", () -> invoke(work, 10_000),
                each -> isThrowaway(each) && framesWithin(each.start(), each.end()).contains("inlined < work"));
        assertThat(CODE.find(start, answer)).isTrue();
        assertThat(answer.methodName(answer.frames() - 1)).isEqualTo("work");
        assertThat(answer.methodId(answer.frames() - 1)).isNotZero();
        assertThatThrownBy(() -> answer.methodName(answer.frames())).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> answer.bytecode(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** The stacks of method names at the addresses of some code, each once. */
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
    void codeEnteredInALoopSaysWhere() {
        Method work = Throwaway.copy();
        await("compiled in its loop", () -> invoke(work, 200_000_000), each -> isThrowaway(each) && each.entryBytecode() >= 0);
    }

    @Test
    void whatWasUnloadedIsKnownAtItsTime() {
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
        long gone = 0;
        while (gone == 0 && System.nanoTime() - deadline < 0) {
            System.gc();
            for (long start : starts) {
                if (CODE.find(start, then[0], answer) && answer.unloaded() != 0) {
                    gone = start;
                }
            }
        }
        assertThat(gone).as("one that went").isNotZero();
        assertThat(CODE.find(gone, then[0], answer)).isTrue();
        assertThat(answer).hasToString("org.mapfiles.jvm.Throwaway.work(I)I");
        assertThat(answer.certainty()).isEqualTo(CodeCertainty.RECORDED);
        assertThat(answer.loaded()).isLessThanOrEqualTo(then[0]);
        assertThat(answer.unloaded()).isGreaterThan(then[0]);
        long unloaded = answer.unloaded();
        assertThat(CODE.find(gone, unloaded - 1, answer)).isTrue();
        assertThat(CODE.find(gone, unloaded, answer) && answer.loaded() <= unloaded).as("there after it went").isFalse();
        assertThat(CODE.counts().unloaded()).isPositive();
    }

    @Test
    void stubsHaveNamesAndNoFrames() {
        long start = await("a stub", () -> { }, each -> each.kind() == CodeKind.STUB && each.name().contains("arraycopy"));
        assertThat(CODE.find(start, answer)).isTrue();
        assertThat(answer.frames()).isZero();
        assertThat(answer.tier()).isEqualTo(-1);
        assertThat(answer.toString()).isEqualTo(answer.name()).contains("arraycopy");
        assertThatThrownBy(() -> answer.methodName(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void otherMemoryIsNoCode() {
        for (long address : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 47}) {
            assertThat(CODE.find(address, answer)).isFalse();
            assertThat(CODE.find(address, System.nanoTime(), answer)).isFalse();
            assertThat(answer.certainty()).isEqualTo(CodeCertainty.NONE);
            assertThat(answer).hasToString("no code");
            assertThatIllegalStateException().isThrownBy(answer::start);
            assertThatIllegalStateException().isThrownBy(answer::frames);
        }
    }

    @Test
    void beforeItWasAskedTheJvmHadToldNothing() {
        long start = await("any method", () -> { }, each -> each.kind() == CodeKind.METHOD && each.isBeforeStart());
        assertThat(CODE.find(start, 1, answer)).isTrue();
        assertThat(answer.certainty()).isEqualTo(CodeCertainty.RECORDED_LATER);
    }

    @Test
    void lookingUpTakesNoHeap() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long start = await("any method", () -> { }, each -> each.kind() == CodeKind.METHOD);
        long least = Long.MAX_VALUE;
        for (int series = 0; series < 8; series++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long sum = 0;
            for (int i = 0; i < 1_000; i++) {
                if (CODE.find(start + (i & 15), answer)) {
                    sum += answer.frames() + answer.tier() + answer.bytecode(0) + answer.methodId(0) + answer.start();
                }
                CODE.find(start, before, answer);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            assertThat(sum).isNotZero();
        }
        assertThat(least).isZero();
    }

    @Test
    void openingAgainTellsNothingTwice() {
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
