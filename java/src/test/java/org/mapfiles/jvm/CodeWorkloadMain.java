package org.mapfiles.jvm;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Loads, compiles, deoptimizes and unloads classes, and starts and ends threads, while four threads resolve addresses
 * of present and former code. The memory is small, so that the oldest code is evicted again and again.
 */
final class CodeWorkloadMain {
    private static final String WORK = "org.mapfiles.jvm.Throwaway.work(I)I";

    private CodeWorkloadMain() {}

    /** Argument: milliseconds. Prints the numbers of results, or the first wrong result. */
    public static void main(String[] arguments) throws Exception {
        JvmCode code = JvmCode.open(1 << 20);
        AtomicBoolean done = new AtomicBoolean();
        AtomicLong right = new AtomicLong();
        List<Thread> resolvers = new ArrayList<>();
        List<Throwable> wrong = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread resolver = new Thread(() -> {
                try {
                    resolve(code, done, right);
                } catch (Throwable e) {
                    synchronized (wrong) {
                        wrong.add(e);
                    }
                }
            });
            resolver.start();
            resolvers.add(resolver);
        }
        long end = System.nanoTime() + Long.parseLong(arguments[0]) * 1_000_000;
        for (int round = 0; System.nanoTime() - end < 0; round++) {
            churn(round);
        }
        done.set(true);
        for (Thread resolver : resolvers) {
            resolver.join();
        }
        for (Throwable e : wrong) {
            e.printStackTrace();
        }
        JvmCode.Counts counts = code.counts();
        System.out.println((wrong.isEmpty() ? "RIGHT " : "WRONG ") + right.get() + " answers; " + counts + ", "
                + counts.compactions() + " compactions");
    }

    private static void churn(int round) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Method work = Throwaway.copy();
            Thread thread = new Thread(() -> {
                try {
                    for (int k = 0; k < 300; k++) {
                        work.invoke(null, 200);
                    }
                } catch (ReflectiveOperationException e) {
                    throw new AssertionError(e);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (round % 8 == 7) {
            System.gc();
        }
        if (round % 8 == 3) {
            JvmCode.stop();
            JvmCode.open();
        }
    }

    private static void resolve(JvmCode code, AtomicBoolean done, AtomicLong right) {
        CodeInfo info = new CodeInfo();
        CodeInfo again = new CodeInfo();
        while (!done.get()) {
            code.forEach(each -> {
                long start = each.start();
                if (each.end() - start <= 0 || Long.compareUnsigned(start, each.end()) >= 0) {
                    throw new AssertionError("no range: " + each);
                }
            });
            List<long[]> samples = new ArrayList<>();
            code.forEach(each -> {
                if (each.kind() == CodeInfo.Kind.METHOD) {
                    samples.add(new long[] {each.start(), each.end(), each.loaded(), each.methodId(each.frames() - 1)});
                }
            });
            List<CodeInfo> live = findLive(code, samples);
            for (long[] sample : samples) {
                long address = sample[0] + (sample[1] - sample[0]) / 2;
                if (!code.find(address, sample[2], info)) {
                    if (info.certainty() != CodeInfo.Certainty.EVICTED) {
                        throw new AssertionError("lost: " + Long.toHexString(address) + " " + info.certainty());
                    }
                    continue;
                }
                try {
                    check(code, info, again, sample);
                    right.incrementAndGet();
                } catch (IllegalStateException evicted) {
                    if (info.certainty() != CodeInfo.Certainty.EVICTED) {
                        throw evicted;
                    }
                }
            }
            live.forEach(CodeWorkloadMain::checkTimeOfSearch);
        }
    }

    private static List<CodeInfo> findLive(JvmCode code, List<long[]> samples) {
        List<CodeInfo> live = new ArrayList<>();
        for (int i = 0; i < samples.size() && live.size() < 200; i += 7) {
            CodeInfo each = new CodeInfo();
            if (code.find(samples.get(i)[0], each)) {
                live.add(each);
            }
        }
        return live;
    }

    /** Code that was live at the search is reported so later, also if its record was moved since. */
    private static void checkTimeOfSearch(CodeInfo info) {
        try {
            if (info.frames() < 0 || info.name().isEmpty()) {
                throw new AssertionError("no method: " + info);
            }
        } catch (IllegalStateException evicted) {
            return;
        }
        if (info.unloaded() != 0) {
            throw new AssertionError("it was live at the search: " + info + " " + info.unloaded());
        }
    }

    private static void check(JvmCode code, CodeInfo info, CodeInfo again, long[] sample) {
        int last = info.frames() - 1;
        if (info.start() != sample[0] || info.end() != sample[1] || info.methodId(last) != sample[3]) {
            throw new AssertionError("another one: " + info + " " + info.certainty());
        }
        String text = info.toString();
        for (int i = 0; i <= last; i++) {
            if (info.bytecode(i) < -1
                    || info.methodName(i).isEmpty()
                    || info.className(i).isEmpty()) {
                throw new AssertionError("frame " + i + " of " + text);
            }
        }
        if (text.startsWith("org.mapfiles.jvm.Throwaway.work") && !text.equals(WORK)) {
            throw new AssertionError(text);
        }
        if (code.find(sample[0], sample[2], again) && !again.toString().equals(text)) {
            throw new AssertionError(text + " and " + again);
        }
    }
}
