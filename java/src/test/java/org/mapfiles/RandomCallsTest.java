package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.testing.ChildJvm;

/** Random calls of the public API by four threads: no JVM crashes, and no exception that a contract does not have. */
class RandomCallsTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void noCallCrashesTheJvm(long seed) throws Exception {
        ChildJvm.Outcome outcome =
                new ChildJvm().with("-Xmx256m").run(RandomCallsMain.class, seed, Long.getLong("random.calls", 10_000));
        assertThat(outcome.output()).contains(" 0 findings");
        assertThat(outcome.exit()).isZero();
    }
}
