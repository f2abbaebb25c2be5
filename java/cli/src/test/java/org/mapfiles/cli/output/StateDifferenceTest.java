package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.Mapping.Deletion;

/** Build IDs that some mappings of a file lack. */
class StateDifferenceTest {
    /** Returns a state with a mapping of one file for each build ID; "-": none. */
    private static List<StateEntry> state(String... buildIds) {
        List<StateEntry> entries = new ArrayList<>();
        entries.add(entry("/lib/same.so", "cc"));
        for (String buildId : buildIds) {
            entries.add(entry("/lib/it.so", buildId.equals("-") ? null : buildId));
        }
        return entries;
    }

    private static StateEntry entry(String path, String buildId) {
        byte[] name = path.getBytes(StandardCharsets.US_ASCII);
        return new StateEntry(0x1000, 0x2000, "r-xp", 0, 8, 1, 7, "file", name, Deletion.NOT_DELETED, buildId, 0, 0);
    }

    private static List<String> changes(List<StateEntry> before, List<StateEntry> now) {
        return StateDifference.of(before, now).changed().stream()
                .map(group -> group.change() + " " + group.before.mappings + " " + group.now.mappings)
                .toList();
    }

    @Test
    void aBuildIdThatIsMissingIsNoDifference() {
        assertThat(changes(state("aa", "aa"), state("aa", "-"))).isEmpty();
        assertThat(changes(state("-", "-"), state("aa", "aa"))).isEmpty();
        assertThat(changes(state("aa", "bb"), state("-", "-"))).isEmpty();
        assertThat(changes(state("aa", "bb", "-"), state("bb", "-", "aa"))).isEmpty();
        assertThat(changes(state("aa", "-"), state("aa", "bb"))).isEmpty();
        assertThat(changes(state("aa", "-"), state("aa"))).containsExactly("changed 2 1");
    }

    @Test
    void knownBuildIdsThatDifferAreADifference() {
        assertThat(changes(state("aa", "aa"), state("bb", "bb"))).containsExactlyInAnyOrder("removed 2 0", "added 0 2");
        assertThat(changes(state("aa", "aa"), state("bb", "-")))
                .containsExactlyInAnyOrder("removed 2 0", "added 0 1", "added 0 1");
        assertThat(changes(state("aa", "aa", "-"), state("bb", "bb", "-")))
                .containsExactlyInAnyOrder("removed 2 0", "added 0 2");
    }
}
