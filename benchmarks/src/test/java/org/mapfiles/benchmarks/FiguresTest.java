package org.mapfiles.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FiguresTest {
    @TempDir
    Path directory;

    @Test
    void failedStepSetsTheExitCodeAndKeepsOtherFigures() throws Exception {
        Figures figures = new Figures();
        figures.attempt("first", () -> figures.add("first", 1, 1, 1, 1, "ns", "description", null));
        assertThat(figures.finish()).isZero();
        figures.attempt("failing", () -> {
            throw new IllegalStateException("thrown by the test");
        });
        figures.attempt("last", () -> figures.add("last", 1, 1, 1, 1, "ns", "description", null));
        assertThat(figures.finish()).isEqualTo(1);
        figures.writeJson(directory.resolve("figures.json"));
        assertThat(directory.resolve("figures.json")).content().contains("\"first\"", "\"last\"");
    }

    @Test
    void textFileHasTheHeadAndTheLinesOfAllFigures() throws Exception {
        Figures figures = new Figures();
        figures.add("open-file", 100, 1.5, 3, 2, "ns", "open in Java / open in C", Goal.ratioAtMost(1.1));
        figures.skip("query", "unsupported");
        Path file = directory.resolve("results").resolve("machine.txt");
        figures.writeText(file, "# cores: 2\n");
        assertThat(Files.readString(file)).isEqualTo("""
                # cores: 2

                open-file@100 1.500 3.00 2.00 ns open in Java / open in C, goal: ratio <= 1.100 MISSED
                SKIP query unsupported
                """);
    }
}
