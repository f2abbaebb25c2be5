package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.FailingCalls;

/**
 * Each system call of each public operation fails: the exception names the cause, nothing is left open, and the next
 * call works. The system property failing.calls=all tests each call and ten errors, which takes long.
 */
class FailingCallsTest {
    @Test
    void aFailureIsReportedAndLeavesNothing(@TempDir Path directory) throws Exception {
        ChildJvm failing = FailingCalls.newJvm().with("-XX:MaxDirectMemorySize=1g");
        ChildJvm.Outcome outcome;
        Process target = new ChildJvm()
                .with("-XX:-UseDynamicNumberOfCompilerThreads") // its threads stay the same
                .start(FailingCallsMain.class);
        try {
            assertThat(target.inputReader().readLine()).isEqualTo("READY");
            Children.awaitIdle(target.pid()); // its mappings stay the same from now on
            outcome = failing.run(
                    FailingCallsMain.class,
                    target.pid(),
                    directory,
                    System.getProperty("failing.calls", "some"),
                    System.getProperty("failing.operations", ".*"));
        } finally {
            target.destroyForcibly().waitFor();
        }
        assumeTrue(!outcome.output().contains("seccomp(2): error"), outcome.output());
        outcome.output().lines().filter(line -> line.startsWith("summary:")).forEach(System.out::println);
        assertThat(outcome.output()).contains(" 0 wrong");
        if (System.getProperty("failing.calls", "some").equals("all")) { // otherwise which calls fail is chance
            assertThat(outcome.output()).contains(" 0 unclear");
        }
        assertThat(outcome.exit()).isZero();
    }
}
