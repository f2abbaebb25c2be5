package org.mapfiles.jvm;

import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.mapfiles.ProcessMaps;

/**
 * A JVM with a small code cache whose places are used again: hidden classes are compiled and unloaded all the time.
 * Addresses are sampled with the code that is in memory at that time, and compared with the recorded code: immediately,
 * and later with the time of the sample.
 */
final class CodeReuseMain {
    private static final int ADDRESSES = 300;
    private static final int GRID = 256;
    /**
     * Maximum of samples that are kept, and their age in nanoseconds when the recorded code is searched with their
     * time.
     */
    private static final int MAX_SAMPLES = 2_000_000;

    private static final long AGE = 1_500_000_000L;
    /** A busy machine works longer, until this many samples are certain. */
    private static final int MIN_CERTAIN = 1_000;

    private static final long MAX_NANOS = 120_000_000_000L;

    private static volatile boolean isDone;
    private static final AtomicReference<Throwable> FAILURE = new AtomicReference<>();

    @SuppressWarnings("UnusedVariable") // keeps the calls alive
    private static int sink;

    private CodeReuseMain() {}

    private record Sample(long address, long time, int compileId) {}

    /** Counts of comparisons of one kind. */
    private static final class Counts {
        private int certain;
        private int uncertain;
        private int uncertainWrong;
        private int wrong;
        private int none;

        void add(boolean isFound, CodeInfo info, int compileId, String what) {
            if (!isFound || info.certainty() == CodeInfo.Certainty.RECORDED_LATER) {
                none++;
            } else if (info.certainty() == CodeInfo.Certainty.UNCERTAIN) {
                uncertain++;
                uncertainWrong += info.compileId() == compileId ? 0 : 1;
            } else if (info.compileId() == compileId) {
                certain++;
            } else if (wrong++ < 10) {
                System.out.println("WRONG " + what + ": " + info + " " + info.compileId() + " " + info.certainty()
                        + ", not " + compileId + "; loaded " + info.loaded() + " unloaded " + info.unloaded());
            }
        }

        @Override
        public String toString() {
            return certain + " certain, " + uncertain + " uncertain (" + uncertainWrong + " of other code), " + none
                    + " none, " + wrong + " wrong";
        }
    }

    /** Arguments: the seconds of work. */
    public static void main(String[] arguments) throws Exception {
        JvmCode code = JvmCode.open();
        Thread churn = new Thread(CodeReuseMain::churn, "churn");
        churn.setDaemon(true);
        churn.start();
        Counts now = new Counts();
        Counts then = new Counts();
        List<Sample> samples = new ArrayList<>();
        Map<Long, Integer> last = new HashMap<>();
        int reused = 0;
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            long begin = System.nanoTime();
            long seconds = Long.parseLong(arguments[0]);
            CodeInfo read = new CodeInfo();
            CodeInfo info = new CodeInfo();
            Set<Long> addresses = new LinkedHashSet<>();
            Iterator<Long> next = addresses.iterator();
            while (isInTime(System.nanoTime() - begin, seconds, now.certain) && samples.size() < MAX_SAMPLES) {
                if (!next.hasNext()) {
                    addAddresses(reader, addresses);
                    next = addresses.iterator();
                    continue;
                }
                long address = next.next();
                if (!reader.find(address, read) || read.kind() != CodeInfo.Kind.METHOD) {
                    continue;
                }
                int compileId = read.compileId();
                long time = System.nanoTime();
                boolean isFound = code.find(address, info);
                if (!reader.find(address, read)
                        || read.kind() != CodeInfo.Kind.METHOD
                        || read.compileId() != compileId) {
                    continue; // it changed in between
                }
                now.add(isFound, info, compileId, "now");
                samples.add(new Sample(address, time, compileId));
                Integer before = last.put(address, compileId);
                reused += before != null && before != compileId ? 1 : 0;
            }
            isDone = true;
            churn.join();
            for (Sample each : samples) {
                while (System.nanoTime() - each.time < AGE) {
                    Thread.sleep(10);
                }
                then.add(code.find(each.address, each.time, info), info, each.compileId, "then");
            }
        }
        if (FAILURE.get() != null) {
            FAILURE.get().printStackTrace(System.out);
        }
        System.out.println("REUSED " + reused + "; now: " + now + "; then: " + then + "; " + code.counts());
        System.out.println(
                "RESULT " + reused + " " + now.wrong + " " + then.wrong + " " + now.certain + " " + then.certain);
    }

    private static boolean isInTime(long nanos, long seconds, int certain) {
        return nanos < seconds * 1_000_000_000 || (certain < MIN_CERTAIN && nanos < MAX_NANOS);
    }

    /** Adds addresses in compiled methods of hidden classes, which are sampled again and again. */
    private static void addAddresses(JvmCodeReader reader, Set<Long> to) throws Exception {
        reader.forEach(each -> {
            long address = each.start() + GRID - 1 & -GRID;
            if (each.kind() == CodeInfo.Kind.METHOD
                    && address < each.end()
                    && to.size() < ADDRESSES
                    && each.toString().contains("Throwaway")) {
                to.add(address);
            }
        });
    }

    @SuppressWarnings("StaticAssignmentOfThrowable") // the main thread reports the failure of this one
    private static void churn() {
        try (InputStream in = Throwaway.class.getResourceAsStream("Throwaway.class")) {
            byte[] bytes = in.readAllBytes();
            for (int i = 0; !isDone; i++) {
                Method work = MethodHandles.lookup()
                        .defineHiddenClass(bytes, false)
                        .lookupClass()
                        .getMethod("work", int.class);
                for (int k = 0; k < 3; k++) {
                    sink += (int) work.invoke(null, 40_000);
                }
                if (i % 40 == 39) {
                    System.gc();
                }
            }
        } catch (Throwable e) {
            FAILURE.set(e);
        }
    }
}
