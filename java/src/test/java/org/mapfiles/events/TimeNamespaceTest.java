package org.mapfiles.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;

/** In a time namespace, whose CLOCK_MONOTONIC has an offset, times of events compare with System.nanoTime(). */
class TimeNamespaceTest {
    private static void checkTimes(long offset) throws Exception {
        Assume.events();
        String[] unshare = {"unshare", "-T", "--monotonic", Long.toString(offset), "--fork"};
        assumeMayUnshare(unshare);
        ChildJvm.Outcome outcome = new ChildJvm().under(unshare).run(TimeNamespaceMain.class);
        assertThat(outcome.output().lines())
                .contains("TIME right", "LISTENS null", "FOUND true", "TIMELINE before: false after: true", "BYTE 0");
        assertThat(outcome.exit()).isZero();
    }

    private static void assumeMayUnshare(String... unshare) throws InterruptedException {
        String[] command = Arrays.copyOf(unshare, unshare.length + 1);
        command[unshare.length] = "true";
        try {
            ChildJvm.Outcome outcome = ChildJvm.outcomeOf(
                    new ProcessBuilder(command).redirectErrorStream(true).start());
            assumeTrue(outcome.exit() == 0, "no time namespaces here: " + outcome.output());
        } catch (IOException missing) {
            assumeTrue(false, "no unshare(1): " + missing.getMessage());
        }
    }

    /** The kernel rejects an offset that makes the clock negative. */
    @Test
    void negativeOffsetOfTheClock() throws Exception {
        checkTimes(-System.nanoTime() / 1_000_000_000 / 2);
    }

    @Test
    void positiveOffsetOfTheClock() throws Exception {
        checkTimes(100_000);
    }
}
