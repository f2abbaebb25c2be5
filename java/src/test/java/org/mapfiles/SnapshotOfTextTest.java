package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.testing.Filters;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.MapsTexts;

/** Generated mappings are written as the kernel writes them, and are read back. */
class SnapshotOfTextTest {
    @Provide
    Arbitrary<List<MapsLine>> layouts() {
        return MapsTexts.lines(60);
    }

    @Property(tries = 300)
    void textOfTheKernelIsReadBack(@ForAll("layouts") List<MapsLine> lines) throws MapsException {
        MapSnapshot snapshot = MapsLine.snapshot(lines);
        assertThat(MappingState.all(snapshot)).extracting(MappingState::line).isEqualTo(lines);
        assertThat(snapshot.size()).isEqualTo(lines.size());
        assertThat(snapshot.backend()).hasValue(Backend.TEXT);
        assertThat(snapshot.isInconsistent()).isFalse();
    }

    @Property(tries = 50)
    void filterKeepsMappingsWithEveryNamedProperty(@ForAll("layouts") List<MapsLine> lines) throws MapsException {
        byte[] text = MapsLine.text(lines);
        for (MapFilter filter : Filters.all()) {
            List<MapsLine> expected =
                    lines.stream().filter(line -> Filters.passes(filter, line)).collect(Collectors.toList());
            assertThat(MappingState.all(MapSnapshot.ofText(text, filter)))
                    .as(filter.toString())
                    .extracting(MappingState::line)
                    .isEqualTo(expected);
        }
    }

    @Property(tries = 200)
    void filesAreNumberedInOrderOfAppearance(@ForAll("layouts") List<MapsLine> lines) throws MapsException {
        Map<List<Object>, Integer> files = new HashMap<>();
        MapSnapshot snapshot = MapsLine.snapshot(lines);
        for (MappingState seen : MappingState.all(snapshot)) {
            MapsLine line = seen.line();
            int expected = !line.hasFile()
                    ? -1
                    : files.computeIfAbsent(
                            List.of(line.major(), line.minor(), line.inode(), line.name()), key -> files.size());
            assertThat(seen.file()).as(seen.toString()).isEqualTo(expected);
            assertThat(seen.fileBacked()).as(seen.toString()).isEqualTo(line.hasFile());
        }
        assertThat(snapshot.fileCount()).isEqualTo(files.size());
    }

    /** Saved text has no kernel to query, so a deletion is never reported as certain. */
    @Property(tries = 200)
    void deletionOfSavedTextIsUncertain(@ForAll("layouts") List<MapsLine> lines) throws MapsException {
        for (MappingState seen : MappingState.all(MapsLine.snapshot(lines))) {
            boolean suffixed = seen.fileBacked() && seen.line().name().endsWith(" (deleted)");
            assertThat(seen.deletion())
                    .as(seen.toString())
                    .isEqualTo(suffixed ? Deletion.UNKNOWN : Deletion.NOT_DELETED);
            assertThat(seen.escaped()).as(seen.toString()).isFalse();
            assertThat(seen.ambiguous())
                    .as(seen.toString())
                    .isEqualTo(seen.fileBacked() && seen.line().name().contains("\\012"));
        }
    }

    @Example
    void emptyTextHasNoMapping() throws MapsException {
        MapSnapshot snapshot = MapSnapshot.ofText(new byte[0], MapFilter.all());
        assertThat(snapshot.size()).isZero();
        assertThat(snapshot.fileCount()).isZero();
        assertThat(snapshot.cursor().next()).isFalse();
        assertThat(snapshot.find(0)).isEqualTo(-1);
    }

    @Example
    void hundredThousandMappingsAndALongNameFit() throws MapsException {
        List<MapsLine> lines = java.util.stream.LongStream.range(1, 100_000)
                .mapToObj(i -> MapsLine.file(i << 13, (i << 13) + MapsLine.PAGE, i, "/" + i))
                .collect(Collectors.toList());
        lines.add(MapsLine.file(1L << 40, 1L << 41, 7, "/" + "x".repeat(5_000_000)));
        MapSnapshot snapshot = MapsLine.snapshot(lines);
        assertThat(snapshot.fileCount()).isEqualTo(100_000);
        assertThat(MappingState.all(snapshot)).extracting(MappingState::line).isEqualTo(lines);
    }

    @Example
    void savedTextCannotBeQueried() {
        assertThatThrownBy(() -> MapSnapshot.ofText(new byte[0], MapFilter.all().by(Backend.QUERY)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("QUERY");
    }
}
