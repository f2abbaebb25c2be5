package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mapfiles.testing.ChildJvm;

/** The first lambda of a JVM takes milliseconds, most of the time that the first use of the library takes. */
class FirstUseTest {
    @Test
    void noLambdaIsLinked() throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm().with("-Xlog:class+load").run(FirstUseMain.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output())
                .contains("address true, file ")
                .contains("org.mapfiles.symbols.SymbolTable")
                .doesNotContainPattern("org\\.mapfiles\\.\\S+\\$\\$Lambda");
    }
}
