package org.mapfiles.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A figure that fails does not lose the others. */
class FiguresTest {
    @TempDir
    Path results;

    @Test
    void aFailureIsTheExitCodeAndTheOtherFiguresAreWritten() throws Exception {
        Figures figures = new Figures(results);
        figures.attempt("before", () -> figures.add("before", 1, 1, 1, 1, "ns", "what", null));
        assertThat(figures.write()).isZero();
        figures.attempt("fails", () -> {
            throw new IllegalStateException("as it is meant to");
        });
        figures.attempt("after", () -> figures.add("after", 1, 1, 1, 1, "ns", "what", null));
        assertThat(figures.write()).isEqualTo(1);
        assertThat(Files.readString(results.resolve("figures.json"))).contains("\"before\"", "\"after\"");
    }
}
