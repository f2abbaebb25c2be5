package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.testing.ChildJvm;

/** Places of a small code cache are used again all the time: no code of another time is the certain result. */
class CodeReuseTest {
    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseG1GC"})
    void earlierCodeInAReusedPlaceIsNotCertain(String collector) throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm()
                .with(collector, "-XX:TieredStopAtLevel=4", "-XX:ReservedCodeCacheSize=4m", "-Xmx64m")
                .run(CodeReuseMain.class, 8);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        System.out.println(collector + ": " + outcome.output().strip());
        long[] counts = outcome.output()
                .lines()
                .filter(line -> line.startsWith("RESULT "))
                .findFirst()
                .map(line -> Arrays.stream(line.split(" "))
                        .skip(1)
                        .mapToLong(Long::parseLong)
                        .toArray())
                .orElseThrow();
        assertThat(counts[1]).as("wrong now: %s", outcome.output()).isZero();
        assertThat(counts[2]).as("wrong then: %s", outcome.output()).isZero();
        assertThat(counts[3]).as("certain now").isPositive();
        assertThat(counts[4]).as("certain then").isPositive();
        assumeTrue(counts[0] > 100, "places were used again only " + counts[0] + " times");
    }
}
