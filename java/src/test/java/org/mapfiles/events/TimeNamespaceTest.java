package org.mapfiles.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;

/** Times of events in a time namespace, whose CLOCK_MONOTONIC is not the kernel's: they compare with System.nanoTime() there. */
class TimeNamespaceTest {
    private static void checkTimes(long offset) throws Exception {
        Assume.events();
        String[] unshare = {"unshare", "-T", "--monotonic", Long.toString(offset), "--fork"};
        assumeMayUnshare(unshare);
        ChildJvm.Outcome outcome = new ChildJvm().under(unshare).run(TimeNamespaceMain.class);
        assertThat(outcome.output().lines()).contains("TIME right", "LISTENS null", "FOUND true", "TIMELINE before: false after: true", "BYTE 0");
        assertThat(outcome.exit()).isZero();
    }

    private static void assumeMayUnshare(String... unshare) throws InterruptedException {
        String[] command = Arrays.copyOf(unshare, unshare.length + 1);
        command[unshare.length] = "true";
        try {
            ChildJvm.Outcome outcome = ChildJvm.outcomeOf(new ProcessBuilder(command).redirectErrorStream(true).start());
            assumeTrue(outcome.exit() == 0, "no time namespaces here: " + outcome.output());
        } catch (IOException missing) {
            assumeTrue(false, "no unshare(1): " + missing.getMessage());
        }
    }

    /** The kernel refuses a clock below 0. */
    @Test
    void aClockBehindTheKernels() throws Exception {
        checkTimes(-System.nanoTime() / 1_000_000_000 / 2);
    }

    @Test
    void aClockAheadOfTheKernels() throws Exception {
        checkTimes(100_000);
    }
}
