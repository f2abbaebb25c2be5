package org.mapfiles.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

class LayoutsTest {
    private static List<String> at(long... starts) {
        List<String> lines = new ArrayList<>();
        for (long start : starts) {
            lines.add(String.format("%08x-%08x r--p 00000000 00:00 0 ", start, start + 0x1000));
        }
        return lines;
    }

    private static MapSnapshot with(List<String> own, int mappings) throws Exception {
        StringBuilder text = new StringBuilder();
        Layouts.jvm(text, own, mappings);
        return MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.US_ASCII), MapFilter.all());
    }

    @Test
    void clustersAreInTheLargestHole() throws Exception {
        List<List<String>> processes = List.of(
                at(0x5555_0000_0000L, 0x7fff_f000_0000L, 0xffffffffff600000L),
                at(0x10_0000L, 0x6000_4000_0000L, 0x6001_0000_0000L, 0x7fff_f000_0000L, 0xffffffffff600000L),
                at(0x400_0000_0000L, 0x800_0000_0000L, 0x1000_0000_0000L, 0x6400_0000_0000L, 0x6fff_0000_0000L),
                at(0xaaaa_0000_0000L, 0xffff_0000_0000L));
        for (List<String> own : processes) {
            for (int mappings : List.of(10, 1000, 65_000)) {
                MapSnapshot snapshot = with(own, mappings);
                assertThat(snapshot.isInconsistent()).isFalse();
                assertThat(snapshot.size()).isEqualTo(mappings);
            }
        }
    }

    @Test
    void processWithoutAHoleIsAnError() {
        assertThatThrownBy(() -> with(at(0x1000, 0x2000, 0x3000), 1000))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("hole");
    }

    @Test
    void thisProcessHasAHoleForEachLayout() throws Exception {
        for (String layout : List.of("jvm", "sampler", "uniform")) {
            assertThat(Layouts.snapshot(layout, 65_000).size()).isEqualTo(65_000);
        }
    }
}
