package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapDifference;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/** The last line of {@code mapfiles watch}, and a line for several changes. */
class ChangeSummaryTest {
    private static List<ImmutableMapping> mappings(String... lines) throws Exception {
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(line).append(" 00000000 00:00 0 \n");
        }
        return MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.US_ASCII), MapFilter.all()).stream()
                .toList();
    }

    private static ChangeSummary summary(List<ImmutableMapping> before, List<ImmutableMapping> now) {
        ChangeSummary summary = new ChangeSummary();
        MapDifference.visit(before, now, new MapDifference.Visitor() {
            private void add(MapChange.Kind kind, Mapping mapping, Mapping previous, boolean isContinued) {
                summary.add(new MapChange(
                        kind, (ImmutableMapping) mapping, (ImmutableMapping) previous, isContinued, 1, 2, false));
            }

            @Override
            public void added(Mapping mapping) {
                add(MapChange.Kind.ADDED, mapping, null, false);
            }

            @Override
            public void removed(Mapping mapping) {
                add(MapChange.Kind.REMOVED, mapping, null, false);
            }

            @Override
            public void changed(Mapping old, Mapping mapping) {
                add(MapChange.Kind.CHANGED, mapping, old, false);
            }

            @Override
            public void split(Mapping mapping) {
                add(MapChange.Kind.ADDED, mapping, null, true);
            }

            @Override
            public void merged(Mapping mapping) {
                add(MapChange.Kind.REMOVED, mapping, null, true);
            }
        });
        return summary;
    }

    /** malloc takes memory from the reserve of an arena with mprotect(2): nothing is added or removed. */
    @Test
    void anArenaThatGrowsIsAChange() throws Exception {
        ChangeSummary summary = summary(
                mappings("7f0000000000-7f0000021000 rw-p", "7f0000021000-7f0004000000 ---p"),
                mappings("7f0000000000-7f0000032000 rw-p", "7f0000032000-7f0004000000 ---p"));
        assertThat(summary.counts()).isEqualTo("3 changed +68K");
        assertThat(summary.text()).isEqualTo("3 changed +68K; largest growth: +68K [anonymous]");
    }

    /** Memory that no access is permitted to has no bytes. */
    @Test
    void aReserveHasNoBytes() throws Exception {
        List<ImmutableMapping> none = mappings("00001000-00002000 r--p");
        List<ImmutableMapping> reserved = mappings("00001000-00002000 r--p", "7f0000000000-7f0004000000 ---p");
        assertThat(summary(none, reserved).text()).isEqualTo("1 added");
        assertThat(summary(reserved, none).text()).isEqualTo("1 removed");
    }

    @Test
    void memoryThatIsAddedAndRemovedIsCounted() throws Exception {
        List<ImmutableMapping> none = mappings("00001000-00002000 r--p");
        List<ImmutableMapping> more =
                mappings("00001000-00002000 r--p", "00005000-00009000 rw-p", "00010000-00011000 r-xp");
        assertThat(summary(none, more).text()).isEqualTo("2 added 20K; largest growth: +20K [anonymous]");
        assertThat(summary(more, none).text()).isEqualTo("2 removed 20K");
        assertThat(summary(none, none).text()).isEqualTo("no change");
    }

    private static ImmutableMapping named(String name) throws Exception {
        String line = "00005000-00009000 rw-p 00000000 00:00 0" + " ".repeat(34) + name + "\n";
        return MapSnapshot.ofText(line.getBytes(StandardCharsets.US_ASCII), MapFilter.all())
                .iterator()
                .next();
    }

    /** A file that is deleted has another name, and has not grown. */
    @Test
    void aFileThatIsDeletedHasNotGrown() throws Exception {
        ChangeSummary summary = new ChangeSummary();
        summary.add(new MapChange(
                MapChange.Kind.CHANGED, named("/srv/data (deleted)"), named("/srv/data"), false, 1, 2, false));
        assertThat(summary.text()).isEqualTo("1 changed");
    }

    /** Memory without a name that gets one grows under that name. */
    @Test
    void memoryGrowsUnderItsFirstName() throws Exception {
        List<ImmutableMapping> none = mappings("00001000-00002000 r--p");
        List<ImmutableMapping> added = mappings("00001000-00002000 r--p", "00005000-00009000 rw-p");
        ChangeSummary summary = summary(none, added);
        summary.add(new MapChange(MapChange.Kind.CHANGED, named("[heap]"), added.get(1), false, 1, 2, false));
        assertThat(summary.text()).isEqualTo("1 added 16K, 1 changed; largest growth: +16K [heap]");
    }
}
