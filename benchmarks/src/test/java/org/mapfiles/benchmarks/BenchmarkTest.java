package org.mapfiles.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class BenchmarkTest {
    private static final List<String> LABELS =
            Arrays.stream(Benchmark.values()).map(Benchmark::label).toList();

    @Test
    void labelsIdentifyBenchmarks() {
        assertThat(Benchmark.of("open-file")).isEqualTo(Benchmark.OPEN_FILE);
        assertThatThrownBy(() -> Benchmark.of("OPEN_FILE")).hasMessageContaining("no benchmark OPEN_FILE");
    }

    @Test
    void scriptListsAllBenchmarks() throws Exception {
        Process script =
                new ProcessBuilder("./run", "--list").redirectErrorStream(true).start();
        String output = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(script.waitFor()).as(output).isZero();
        assertThat(output.lines().map(line -> line.split(" ")[0])).containsExactlyElementsOf(LABELS);
    }

    @Test
    void scriptRejectsOtherNames() throws Exception {
        Process script = new ProcessBuilder("./run", "no-such-benchmark")
                .redirectErrorStream(true)
                .start();
        String output = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(script.waitFor()).isEqualTo(2);
        assertThat(output).contains("no-such-benchmark", "--list");
    }

    @Test
    void readmeDescribesAllBenchmarks() throws Exception {
        assertThat(Pattern.compile("^\\| `([a-z-]+)` \\|", Pattern.MULTILINE)
                        .matcher(Files.readString(Path.of("README.md")))
                        .results()
                        .map(row -> row.group(1)))
                .containsExactlyElementsOf(LABELS);
    }
}
