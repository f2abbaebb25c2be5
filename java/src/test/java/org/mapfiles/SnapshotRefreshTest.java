package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.files.MapFiles;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Queries;
import org.mapfiles.testing.SpecialMappingsProcess;

/** A refresh reports whether mappings have changed. */
class SnapshotRefreshTest {
    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.with("plain");

    private MapSnapshot snapshot(Backend backend) throws MapsException {
        if (backend == Backend.QUERY) {
            Queries.assumeSupported();
        }
        return child.maps().snapshot(MapFilter.all().by(backend));
    }

    private SpecialMappingsProcess.Made any() {
        return child.made().get(0);
    }

    @ParameterizedTest
    @EnumSource
    void unchangedSnapshotStays(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        List<MappingState> before = MappingState.all(snapshot);
        MapCursor cursor = snapshot.cursor().seek(0);
        for (int i = 0; i < 5; i++) {
            assertThat(child.maps().refresh(snapshot)).isFalse();
        }
        assertThat(cursor.start())
                .as("cursors stay where they are")
                .isEqualTo(before.get(0).line().start());
        assertThat(cursor.next()).isTrue();
        assertThat(MappingState.all(snapshot)).isEqualTo(before);
        assertThat(snapshot.backend()).hasValue(backend);
    }

    @ParameterizedTest
    @EnumSource
    void unmappedMappingIsRemoved(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        MapCursor cursor = snapshot.cursor().seek(0);
        long address = any().line().start();
        assertThat(snapshot.find(address)).isNotNegative();
        child.command("unmap " + any().label());
        assertThat(snapshot.find(address)).as("unchanged until the refresh").isNotNegative();
        assertThat(child.maps().refresh(snapshot)).isTrue();
        assertThat(snapshot.find(address)).isEqualTo(-1);
        assertThat(child.maps().refresh(snapshot)).isFalse();

        for (Consumer<Mapping> read : MapCursorTest.READS) {
            assertThatThrownBy(() -> read.accept(cursor))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("find the mapping again, or call reset()");
        }
        assertThatThrownBy(cursor::next).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(cursor::index).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> cursor.seek(0)).isInstanceOf(IllegalStateException.class);
        cursor.reset();
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.start()).isEqualTo(snapshot.cursor().seek(0).start());
    }

    @ParameterizedTest
    @EnumSource
    void readStableEndsAtTwoEqualReads(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        assertThat(child.maps().readStable(snapshot, 1)).as("nothing moves").isTrue();
        child.command("unmap " + any().label());
        assertThat(child.maps().readStable(snapshot, 1))
                .as("that one read is not like the one before")
                .isFalse();
        assertThat(snapshot.find(any().line().start())).isEqualTo(-1);
        assertThat(child.maps().readStable(snapshot, 1)).isTrue();
        assertThatThrownBy(() -> child.maps().readStable(snapshot, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource
    void anotherFileAtTheSameRangeIsAChange(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        MapsLine before = any().line();
        child.command("remap " + any().label());
        assertThat(child.maps().refresh(snapshot)).isTrue();
        MapCursor after = snapshot.cursor().seek(snapshot.find(before.start()));
        assertThat(after.start()).isEqualTo(before.start());
        assertThat(after.inode()).isNotEqualTo(before.inode());
        assertThat(after.name()).endsWith("/remapped");
        assertThat(child.maps().refresh(snapshot)).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void deletedFileIsAChange(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        int index = snapshot.find(any().line().start());
        child.command("delete " + any().label());
        assertThat(child.maps().refresh(snapshot)).isTrue();
        MapCursor mapping = snapshot.cursor().seek(index);
        assertThat(MapsLine.rawName(mapping)).isEqualTo(any().line().name() + " (deleted)");
        assertThat(mapping.deletion()).isEqualTo(Deletion.UNKNOWN);
        assertThat(MapFiles.of(child.maps()).resolveName(mapping).deletion()).isEqualTo(Deletion.DELETED);
    }

    @Test
    void fileWhosePathIsReplacedIsDeleted() throws Exception {
        child.command("replace " + any().label());
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = snapshot.cursor().seek(snapshot.find(any().line().start()));
        assertThat(MapFiles.of(child.maps()).resolveName(mapping).deletion()).isEqualTo(Deletion.DELETED);
    }

    /** A refresh uses the filter of the last read, and ignores changes that the filter hides. */
    @ParameterizedTest
    @EnumSource
    void refreshUsesTheFilterOfTheLastRead(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        int size = snapshot.size();
        MapFilter code = MapFilter.all().executable().by(backend);
        child.maps().read(snapshot, code);
        assertThat(snapshot.size()).isLessThan(size);
        List<MappingState> before = MappingState.all(snapshot);
        assertThat(child.maps().refresh(snapshot)).isFalse();
        assertThat(before).isNotEmpty().allMatch(seen -> seen.has('x'));
        assertThat(any().line().permissions()).doesNotContain("x");
        child.command("unmap " + any().label());
        child.maps().refresh(snapshot);
        assertThat(MappingState.all(snapshot)).isEqualTo(before);
    }

    @ParameterizedTest
    @EnumSource
    void snapshotGrowsWithItsProcess(Backend backend) throws Exception {
        MapSnapshot snapshot = snapshot(backend);
        MapCursor cursor = snapshot.cursor();
        int before = snapshot.size();
        int more = Integer.parseInt(child.command("many 60000"));
        assumeTrue(more > 10_000, "vm.max_map_count lets this process make only " + more + " mappings");
        assertThat(child.maps().refresh(snapshot)).isTrue();
        assertThat(snapshot.size()).isBetween(before + more - 2, before + more + 2); // heap changes
        assertThatThrownBy(cursor::next).isInstanceOf(IllegalStateException.class);
        assertThat(child.maps().refresh(snapshot)).isFalse();
        child.command("unmap " + any().label());
        assertThat(child.maps().refresh(snapshot)).isTrue();
        assertThat(snapshot.find(any().line().start())).isEqualTo(-1);
        agreesWithTheOtherWay(snapshot, backend);
    }

    private void agreesWithTheOtherWay(MapSnapshot snapshot, Backend backend) throws Exception {
        if (Queries.areSupported()) {
            MapSnapshot other = snapshot(backend == Backend.TEXT ? Backend.QUERY : Backend.TEXT);
            assertThat(MappingState.all(snapshot)).isEqualTo(MappingState.all(other));
        }
    }
}
