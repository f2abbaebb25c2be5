package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Children;

/** The C library keeps the stacks of ended threads. They have no name, above all not that of a living thread. */
class EndedThreadsTest {
    private static final int THREADS = 12;

    /** The stack of a thread: an address in its middle, and what names it. */
    private record Stack(long address, String thread) {}

    private static List<Stack> stacks(JvmRegions regions, String prefix) {
        List<Stack> stacks = new ArrayList<>();
        for (int i = 0; i < regions.size(); i++) {
            if (regions.region(i) == JvmRegions.Kind.THREAD_STACK
                    && regions.detail(i).matches("\\d+ " + prefix + "-\\d+")) {
                stacks.add(new Stack(regions.start(i) + (regions.end(i) - regions.start(i)) / 2, regions.detail(i)));
            }
        }
        return stacks;
    }

    /** Starts threads, and waits until they wait. */
    private static List<Thread> start(String prefix, CountDownLatch until) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            until.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    prefix + "-" + i);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            Children.await("it waits", () -> thread.getState() == Thread.State.WAITING);
        }
        return threads;
    }

    /** Waits for the end of threads, of Java and of the kernel. */
    private static void join(List<Thread> threads, List<Stack> stacks) throws Exception {
        for (Thread thread : threads) {
            thread.join();
        }
        for (Stack stack : stacks) {
            Path task = Path.of("/proc/self/task", stack.thread().split(" ")[0]);
            while (Files.exists(task)) {
                Thread.sleep(1);
            }
        }
    }

    private static String label(JvmRegions regions, int index) {
        return regions.region(index) + " " + regions.detail(index) + (regions.isInferred(index) ? "?" : "");
    }

    private static void check(JvmRegions regions, List<Stack> ended, List<Stack> living) {
        Map<String, Long> known = new HashMap<>();
        living.forEach(each -> known.put(each.thread(), each.address()));
        ended.forEach(each -> known.put(each.thread(), 0L)); // nothing may have their names
        int kept = 0;
        int recognized = 0;
        for (Stack stack : ended) {
            int index = regions.find(stack.address());
            if (index < 0) {
                continue; // the C library has unmapped it
            }
            kept++;
            assertThat(known).as("%s", stack).doesNotContainKey(regions.detail(index));
            if (regions.region(index) == JvmRegions.Kind.THREAD_STACK
                    && regions.detail(index).equals(UnknownStacks.DETAIL)) {
                assertThat(regions.isInferred(index)).isTrue();
                recognized++;
            }
        }
        assumeTrue(kept > 0, "this C library keeps no stacks of ended threads");
        // another thread may have taken one of them meanwhile
        assertThat(recognized).as("of %s", kept).isGreaterThan(kept / 2);
        for (Stack stack : living) {
            assertThat(label(regions, regions.find(stack.address()))).contains(stack.thread());
        }
    }

    @Test
    void theirStacksAreInferredAndHaveNoName() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch endOfAll = new CountDownLatch(1);
        List<Thread> ending = start("ended", end);
        List<Thread> staying = start("stays", endOfAll);
        try (ProcessMaps maps = ProcessMaps.self()) {
            JvmRegions before = JvmRegions.read();
            List<Stack> ended = stacks(before, "ended");
            List<Stack> living = stacks(before, "stays");
            assertThat(ended).hasSize(THREADS);
            assertThat(living).hasSize(THREADS);
            end.countDown();
            join(ending, ended);
            check(JvmRegions.read(), ended, living);
            check(JvmRegions.read(maps), ended, living);
        } finally {
            end.countDown();
            endOfAll.countDown();
            join(staying, List.of());
        }
    }
}
