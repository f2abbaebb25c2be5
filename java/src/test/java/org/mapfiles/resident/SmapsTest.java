package org.mapfiles.resident;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.testing.Children;

/** The numbers of smaps are those of its text. */
class SmapsTest {
    @RegisterExtension
    final ResidentTarget target = new ResidentTarget();

    private final Smaps smaps = new Smaps();
    private final SmapsBytes sums = new SmapsBytes();

    @Test
    void sumsAreThoseOfTheText() throws Exception {
        MapSnapshot snapshot = target.maps().snapshot();
        SmapsBytes total = new SmapsBytes();
        List<String> lines = new ArrayList<>();
        Children.await(
                "no other process maps or unmaps a library meanwhile, which changes Pss and Shared_Clean", () -> {
                    lines.clear();
                    lines.addAll(text());
                    smaps.read(target.maps());
                    smaps.readTotal(target.maps(), total);
                    return text().equals(lines);
                });
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            assertThat(smaps.add(mapping, sums)).isTrue();
        }
        assertThat(smaps.size()).isEqualTo(snapshot.size());
        isTextOf(lines, sums);
        isTextOf(lines.stream().filter(line -> !line.startsWith("Pss:")).toList(), total);
        assertThat(total.pss()).isBetween(1L, total.rss()); // smaps_rollup rounds once
    }

    private List<String> text() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + target.maps().pid() + "/smaps"));
    }

    private static void isTextOf(List<String> lines, SmapsBytes sums) {
        String[] names = {"Rss:", "Shared_Clean:", "Shared_Dirty:", "Private_Clean:", "Private_Dirty:", "Swap:", "Pss:"
        };
        long[] values = {
            sums.rss(),
            sums.sharedClean(),
            sums.sharedDirty(),
            sums.privateClean(),
            sums.privateDirty(),
            sums.swap(),
            sums.pss()
        };
        for (int i = 0; i < names.length; i++) {
            String name = names[i];
            List<String> found =
                    lines.stream().filter(line -> line.startsWith(name)).toList();
            long expected = found.stream()
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum()
                    * 1024;
            if (!found.isEmpty()) {
                assertThat(values[i]).as(name).isEqualTo(expected);
            }
        }
    }

    @Test
    void aMappingWithAnotherRangeIsNotFound() throws Exception {
        ResidentTarget.Made made = target.made().get(0);
        smaps.read(target.maps());
        assertThat(smaps.add(made.start(), made.end(), sums)).isTrue();
        long rss = sums.rss();
        assertThat(rss).isPositive();
        assertThat(smaps.add(made.start(), made.end() - 1, sums)).isFalse();
        assertThat(smaps.add(made.start() + 1, made.end(), sums)).isFalse();
        assertThat(smaps.add(-1, -1, sums)).isFalse();
        assertThat(sums.rss()).as("unchanged").isEqualTo(rss);
    }
}
