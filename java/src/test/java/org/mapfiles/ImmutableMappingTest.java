package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;

/** Copies of mappings, and the ways to them. */
class ImmutableMappingTest {
    private static MapSnapshot snapshot() throws MalformedMapsException {
        return MapsLine.snapshot(
                MapsLine.file(0x1000, 0x2000, 7, "/bin/x (deleted)"),
                MapsLine.anonymous(0x2000, 0x3000),
                MapsLine.file(0x4000, 0x6000, 8, "/bin/y"));
    }

    @Test
    void aCopyStaysWhenTheCursorMoves() throws Exception {
        MapCursor cursor = snapshot().cursor().seek(0);
        MappingState state = MappingState.of(cursor);
        ImmutableMapping copy = cursor.copy();
        cursor.next();
        assertThat(MappingState.of(copy)).isEqualTo(state);
        assertThat(copy.copy()).isSameAs(copy);
        assertThat(copy).hasToString("1000-2000 r-xp 0 253:1 7 /bin/x (deleted)");
    }

    @Test
    void equalMappingsAreEqual() throws Exception {
        MapCursor cursor = snapshot().cursor();
        ImmutableMapping copy = cursor.seek(0).copy();
        assertThat(copy).isEqualTo(cursor.copy()).hasSameHashCodeAs(cursor.copy());
        assertThat(copy)
                .isNotEqualTo(cursor.seek(1).copy())
                .isNotEqualTo(cursor)
                .isNotEqualTo(null);
        MapsLine first = MapsLine.file(0x1000, 0x2000, 7, "/bin/x");
        for (MapsLine other : new MapsLine[] {
            MapsLine.file(0x1000, 0x3000, 7, "/bin/x"),
            MapsLine.file(0x1000, 0x2000, 8, "/bin/x"),
            MapsLine.file(0x1000, 0x2000, 7, "/bin/y")
        }) {
            assertThat(MapsLine.snapshot(other).at(0x1000))
                    .isPresent()
                    .isNotEqualTo(MapsLine.snapshot(first).at(0x1000));
        }
    }

    @Test
    void aSnapshotIsIteratedInOrder() throws Exception {
        MapSnapshot snapshot = snapshot();
        List<ImmutableMapping> iterated = new ArrayList<>();
        for (ImmutableMapping mapping : snapshot) {
            iterated.add(mapping);
        }
        assertThat(iterated).hasSize(3).isEqualTo(snapshot.stream().collect(Collectors.toList()));
        assertThat(iterated)
                .extracting(mapping -> MappingState.of(mapping).line())
                .containsExactlyElementsOf(MappingState.all(snapshot).stream()
                        .map(MappingState::line)
                        .collect(Collectors.toList()));
        assertThat(snapshot.stream()
                        .filter(Mapping::isFileBacked)
                        .mapToLong(Mapping::size)
                        .sum())
                .isEqualTo(0x3000);
        assertThat(new MapSnapshot()).isEmpty();
        Iterator<ImmutableMapping> end = new MapSnapshot().iterator();
        assertThatThrownBy(end::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void theMappingAtAnAddress() throws Exception {
        MapSnapshot snapshot = snapshot();
        assertThat(snapshot.at(0x1fff).orElseThrow().start()).isEqualTo(0x1000);
        assertThat(snapshot.at(0x2000).orElseThrow().isFileBacked()).isFalse();
        assertThat(snapshot.at(0x3000)).isEmpty();
        assertThat(snapshot.at(-1)).isEmpty();
        assertThat(new MapSnapshot().at(0)).isEmpty();
    }

    @Test
    void anIteratorEndsWithTheMappingsItIsOf() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            Iterator<ImmutableMapping> before = snapshot.iterator();
            ImmutableMapping first = before.next();
            maps.read(snapshot, MapFilter.all());
            assertThatThrownBy(before::next).isInstanceOf(IllegalStateException.class);
            assertThat(first.size()).as("a copy stays").isPositive();
            assertThat(snapshot.at(first.start())).isPresent();
        }
    }

    @Test
    void copiesAreCompared() throws Exception {
        List<ImmutableMapping> before = snapshot().stream().collect(Collectors.toList());
        List<ImmutableMapping> now = before.subList(0, 2);
        List<String> reported = new ArrayList<>();
        MapDifference.visit(before, now, new MapDifference.Visitor() {
            @Override
            public void added(Mapping mapping) {
                reported.add("+ " + mapping);
            }

            @Override
            public void removed(Mapping mapping) {
                reported.add("- " + mapping);
            }

            @Override
            public void changed(Mapping old, Mapping mapping) {
                reported.add("~ " + mapping);
            }
        });
        assertThat(reported).containsExactly("- 4000-6000 r-xp 0 253:1 8 /bin/y");
    }
}
