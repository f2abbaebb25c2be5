package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mapfiles.testing.ChildJvm;

/** Code is found correctly while the JVM loads and unloads code, with every collector: each unloads in another way. */
class CodeChurnTest {
    @ParameterizedTest
    @MethodSource("org.mapfiles.jvm.Collectors#options")
    void resultsAreRightWhileCodeIsLoadedAndUnloaded(String collector) throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm()
                .with(collector, "-XX:TieredStopAtLevel=4", "-Xmx256m")
                .run(CodeWorkloadMain.class, 5_000);
        String last = outcome.output().lines().reduce("", (before, line) -> line);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(last).as(outcome.output()).startsWith("RIGHT ").doesNotStartWith("RIGHT 0 ");
        assertThat(outcome.output().lines())
                .as("no other output: %s", outcome.output())
                .hasSize(1);
        System.out.println(collector + ": " + last);
    }

    /** After that frame 0 would be the compiled method in place of one that is inlined there. */
    @Test
    void framesThatWereDroppedAreNotThoseOfAnotherMethod() throws Exception {
        ChildJvm.Outcome outcome =
                new ChildJvm().with("-Xcomp", "-XX:TieredStopAtLevel=1").run(DroppedFramesMain.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output())
                .contains(
                        "EVICTED frames of the code have been dropped since it was found: ",
                        "not read before: 1 true",
                        "found again: 1 true false");
    }
}
