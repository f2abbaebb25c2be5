package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.SpecialMappingsProcess;

/** A snapshot has the mappings that the child process has made. */
class MapSnapshotTest {
    private static final String SUFFIX = " (deleted)";

    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.full();

    @Test
    void everyMappingIsReadAsMade() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = snapshot.cursor();
        for (SpecialMappingsProcess.Made made : child.made()) {
            int index = snapshot.find(made.line().start());
            assertThat(index).as("%s", made).isNotNegative();
            MappingState seen = MappingState.of(mapping.seek(index));
            assertThat(seen.line()).as(made.label()).isEqualTo(expected(made, seen.line()));
            assertThat(seen.kind()).as("%s", made).isEqualTo(made.kind());
            assertThat(seen.fileBacked()).as("%s", made).isEqualTo(made.line().hasFile());
            assertThat(seen.escaped())
                    .as("%s", made)
                    .isEqualTo(made.line().name().contains("\n"));
            assertThat(seen.ambiguous()).as("%s", made).isFalse();
        }
        assertThat(child.made()).hasSizeGreaterThan(50);
        assertThat(snapshot.size()).isGreaterThanOrEqualTo(child.made().size());
    }

    /**
     * Files on mounts of the kernel have no suffix. Of other files it is part of the name until the name is resolved.
     * On some file systems the child cannot find the numbers that maps has for its files.
     */
    private MapsLine expected(SpecialMappingsProcess.Made made, MapsLine seen) {
        boolean isFile = made.kind() == Mapping.Kind.FILE;
        MapsLine line = made.line();
        boolean isSuffixed = made.isDeleted()
                && (isFile
                        || made.kind() == Mapping.Kind.AIO
                        || made.kind() == Mapping.Kind.OTHER); // a name that a regular file may have
        MapsLine numbers = isFile && !child.knowsNumbersOfFiles() ? seen : line;
        return new MapsLine(
                line.start(),
                line.end(),
                line.permissions(),
                line.offset(),
                numbers.major(),
                numbers.minor(),
                made.isInodeKnown() ? numbers.inode() : seen.inode(),
                isSuffixed ? line.name() + SUFFIX : line.name());
    }

    @Test
    void nameSaysThatTheFileIsDeletedOrIsAmbiguous() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        int reported = 0;
        int ambiguous = 0;
        for (SpecialMappingsProcess.Made made : child.made()) {
            MapCursor mapping = snapshot.cursor().seek(snapshot.find(made.line().start()));
            Deletion expected = made.isDeleted() ? Deletion.DELETED : Deletion.NOT_DELETED;
            if (mapping.deletion() == Deletion.UNKNOWN) {
                assertThat(mapping.name()).as("%s", made).endsWith(SUFFIX);
                ambiguous++;
            } else {
                assertThat(mapping.deletion()).as("%s", made).isEqualTo(expected);
                reported++;
            }
        }
        assertThat(reported).isPositive();
        assertThat(ambiguous).isPositive();
    }

    @Test
    void equalNumbersAndNamesAreOneFile() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        Map<List<Object>, Integer> files = new HashMap<>();
        for (MappingState seen : MappingState.all(snapshot)) {
            MapsLine line = seen.line();
            int expected = !seen.fileBacked()
                    ? -1
                    : files.computeIfAbsent(
                            List.of(line.major(), line.minor(), line.inode(), line.name()), key -> files.size());
            assertThat(seen.file()).as("%s", seen).isEqualTo(expected);
        }
        assertThat(snapshot.fileCount()).isEqualTo(files.size());
    }

    /** The ID of a segment is its inode number, on the device of memfds: equal numbers do not mean equal files. */
    @Test
    void segmentAndMemfdOfOneNumberAreTwoFiles() throws Exception {
        Map<List<Object>, List<MappingState>> byNumbers = new HashMap<>();
        for (MappingState seen : MappingState.all(child.maps().snapshot())) {
            if (seen.kind() == Mapping.Kind.SYSV || seen.kind() == Mapping.Kind.MEMFD) {
                byNumbers
                        .computeIfAbsent(
                                List.of(
                                        seen.line().major(),
                                        seen.line().minor(),
                                        seen.line().inode()),
                                key -> new ArrayList<>())
                        .add(seen);
            }
        }
        for (List<MappingState> same : byNumbers.values()) {
            for (MappingState one : same) {
                for (MappingState other : same) {
                    assertThat(one.file() == other.file())
                            .isEqualTo(one.line().name().equals(other.line().name()));
                }
            }
        }
        assertThat(byNumbers).isNotEmpty();
    }

    @Test
    void mappingsAreInOrderWithoutOverlaps() throws Exception {
        long end = 0;
        for (MappingState seen : MappingState.all(child.maps().snapshot())) {
            assertThat(Long.compareUnsigned(seen.line().start(), end))
                    .as("%s", seen)
                    .isNotNegative();
            assertThat(seen.line().end() - seen.line().start()).isPositive();
            end = seen.line().end();
        }
    }
}
