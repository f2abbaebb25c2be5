package org.mapfiles.jvm;

import java.time.Duration;

/** A point in time at which an operation ends. Limits of more than one day count as one day. */
final class Deadline {
    private final Duration limit;
    private final long end;

    private Deadline(Duration limit) {
        this.limit = limit;
        long nanos = limit.compareTo(Duration.ofDays(1)) < 0
                ? limit.toNanos()
                : Duration.ofDays(1).toNanos();
        end = System.nanoTime() + nanos;
    }

    static Deadline in(Duration limit) {
        return new Deadline(limit);
    }

    boolean isOver() {
        return end - System.nanoTime() <= 0;
    }

    /** Returns the milliseconds until the deadline, from 1 to {@code max}. */
    int millis(int max) {
        return (int) Math.min(max, Math.max(1, (end - System.nanoTime()) / 1_000_000));
    }

    /** Waits, at most until the deadline. An interrupt ends the wait and stays pending. */
    void sleep(int millis) {
        try {
            Thread.sleep(millis(millis));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns a text such as {@code within 10 s}. */
    @Override
    public String toString() {
        return "within " + (limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms");
    }
}
