package org.mapfiles.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MachineTest {
    @Test
    void fileNameIsMadeOfCoresAndProcessor() {
        assertThat(new Machine(2, "AMD EPYC 9R14 (Zen 4)", "6.1.0", "OpenJDK").fileName())
                .isEqualTo("2-cores-amd-epyc-9r14-zen-4.txt");
    }

    @Test
    void processorIsTheModelNameOrElseTheArchitecture() {
        assertThat(Machine.processor(List.of("vendor_id\t: x", "model name\t: Some CPU @ 2 GHz")))
                .isEqualTo("Some CPU @ 2 GHz");
        assertThat(Machine.processor(List.of("CPU part\t: 0xd40"))).isEqualTo(System.getProperty("os.arch"));
    }

    @Test
    void headHasNoHostName() throws Exception {
        assertThat(Machine.current().head().lines())
                .extracting(line -> line.substring(0, line.indexOf(':')))
                .containsExactly("# cores", "# processor", "# kernel", "# JDK");
    }
}
