package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Command lines of java(1). */
class JavaCommandTest {
    /** The launcher of JDK 28 accepts the last four with a blank too. */
    @Test
    void theValueOfAnOptionIsNoMainClass() {
        for (String option : List.of(
                "-cp",
                "--module-path",
                "--enable-native-access",
                "--illegal-native-access",
                "--enable-final-field-mutation",
                "--illegal-final-field-mutation",
                "--sun-misc-unsafe-memory-access",
                "--finalization")) {
            assertThat(JavaCommand.main(List.of("java", option, "value", "-Xmx1m", "p.Main", "argument")))
                    .as(option)
                    .isEqualTo("p.Main");
            assertThat(JavaCommand.main(List.of("java", option + "=value", "-jar", "/opt/app.jar")))
                    .as(option)
                    .isEqualTo("/opt/app.jar");
        }
    }
}
