package org.mapfiles.testing;

import java.util.concurrent.Callable;

/** Waits for a condition. Child JVMs use it too: their class path has no JUnit. */
public final class Await {
    private static final long PATIENCE = 60_000_000_000L;

    private Await() {}

    /** Waits until a condition holds, without a limit on the time that matters to the test. */
    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE;
        while (!condition.call()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("a minute was not enough until " + what);
            }
            Thread.sleep(2);
        }
    }
}
