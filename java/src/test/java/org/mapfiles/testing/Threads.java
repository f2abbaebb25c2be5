package org.mapfiles.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Threads that repeat work concurrently until they are stopped or one of them fails. */
public final class Threads {
    /** A round of a thread's work. */
    public interface Round {
        void run() throws Exception;
    }

    private final AtomicBoolean over = new AtomicBoolean();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();

    /** Starts a thread per piece of work; the supplier makes the state of each. */
    public Threads start(int count, Callable<Round> work) {
        for (int i = 0; i < count; i++) {
            Thread thread = new Thread(() -> repeat(work), "worker");
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        return this;
    }

    private void repeat(Callable<Round> work) {
        try {
            Round round = work.call();
            while (!over.get()) {
                round.run();
            }
        } catch (Throwable failure) {
            failures.add(failure);
            over.set(true);
        }
    }

    /** Runs the threads for a while, and throws the exception of a failed thread. */
    public void stopAfter(int millis) throws Exception {
        stopAfter(millis, () -> true);
    }

    /** As {@link #stopAfter(int)}, but longer, a minute at most, until a condition holds. */
    public void stopAfter(int millis, BooleanSupplier isEnough) throws Exception {
        long start = System.nanoTime();
        long end = start + millis * 1_000_000L;
        long limit = start + 60_000_000_000L;
        while (!over.get() && (System.nanoTime() < end || !isEnough.getAsBoolean() && System.nanoTime() < limit)) {
            Thread.sleep(5);
        }
        over.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("in a worker", failures.peek());
        }
    }

    /** Runs an operation that throws IllegalStateException if another thread was faster. */
    public static boolean tolerated(Round round) throws Exception {
        try {
            round.run();
            return true;
        } catch (IllegalStateException expected) {
            return false;
        }
    }
}
