package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.testing.MapsLine;

/** Positions of a cursor, and its methods at a position without a mapping. */
class MapCursorTest {
    /** Every method that reads the mapping. */
    static final List<Consumer<Mapping>> READS = List.of(
            Mapping::start,
            Mapping::end,
            Mapping::size,
            Mapping::offset,
            Mapping::inode,
            Mapping::deviceMajor,
            Mapping::deviceMinor,
            Mapping::flags,
            Mapping::isReadable,
            Mapping::isWritable,
            Mapping::isExecutable,
            Mapping::isShared,
            Mapping::isFileBacked,
            Mapping::permissions,
            Mapping::kind,
            Mapping::deletion,
            Mapping::isNameEscaped,
            Mapping::isNameAmbiguous,
            Mapping::fileIndex,
            Mapping::nameLength,
            Mapping::name,
            m -> m.name(new byte[9], 0),
            m -> m.name(ByteBuffer.allocate(9)),
            m -> m.nameEquals(new byte[9]),
            m -> m.nameStartsWith(new byte[0]),
            m -> m.contains(0),
            m -> m.fileOffset(0));

    private final MapSnapshot snapshot;

    MapCursorTest() throws MalformedMapsException {
        snapshot = MapsLine.snapshot(
                MapsLine.anonymous(0x1000, 0x3000),
                MapsLine.file(0x3000, 0x4000, 42, "/bin/x"),
                MapsLine.anonymous(0xffffffffff600000L, 0xffffffffff601000L));
    }

    private static void refusesToRead(MapCursor cursor) {
        for (Consumer<Mapping> read : READS) {
            assertThatThrownBy(() -> read.accept(cursor))
                    .as("read %d", READS.indexOf(read))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("on no mapping");
        }
        assertThatThrownBy(cursor::index).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(cursor).as("used by debuggers").asString().contains("on no mapping");
    }

    @Test
    void positionsBeforeTheFirstAndAfterTheLastThrow() {
        MapCursor cursor = snapshot.cursor();
        refusesToRead(cursor);
        for (int i = 0; i < 3; i++) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.index()).isEqualTo(i);
        }
        for (int again = 0; again < 3; again++) {
            assertThat(cursor.next()).isFalse();
            refusesToRead(cursor);
        }
    }

    @Test
    void emptySnapshotHasNoPosition() {
        MapSnapshot empty = new MapSnapshot();
        assertThat(empty.size()).isZero();
        assertThat(empty.backend()).isEmpty();
        assertThat(empty.find(0)).isEqualTo(-1);
        assertThat(empty.fileOffset(0)).isEqualTo(-1);
        MapCursor cursor = empty.cursor();
        refusesToRead(cursor);
        assertThat(cursor.next()).isFalse();
        assertThatThrownBy(() -> cursor.seek(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void seekRejectsOtherIndices() {
        MapCursor cursor = snapshot.cursor();
        for (int wrong :
                new int[] {-1, 3, Integer.MIN_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE / MapRecord.SIZE + 1}) {
            cursor.seek(1);
            assertThatThrownBy(() -> cursor.seek(wrong)).as("%d", wrong).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(cursor.index()).as("it stays where it was").isEqualTo(1);
        }
        assertThat(cursor.seek(2).start()).isEqualTo(0xffffffffff600000L);
        assertThat(cursor.seek(0).next()).isTrue();
        assertThat(cursor.index()).as("next goes on from there").isEqualTo(1);
        cursor.reset();
        refusesToRead(cursor);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.index()).isZero();
    }

    @Test
    void cursorsOfOneSnapshotAreIndependent() {
        MapCursor one = snapshot.cursor();
        MapCursor other = snapshot.cursor();
        one.seek(2);
        assertThat(other.next()).isTrue();
        assertThat(other.start()).isEqualTo(0x1000);
        assertThat(one.index()).isEqualTo(2);
    }

    @Test
    void addressesAreUnsigned() {
        MapCursor top = snapshot.cursor().seek(2);
        assertThat(top.size()).isEqualTo(MapsLine.PAGE);
        assertThat(top.contains(0xffffffffff600fffL)).isTrue();
        assertThat(top.contains(0xffffffffff601000L)).isFalse();
        assertThat(top.contains(0x1000)).isFalse();
        assertThat(snapshot.cursor().seek(0).contains(-1)).isFalse();
    }

    @Test
    void toStringIsALine() {
        assertThat(snapshot.cursor().seek(1)).hasToString("3000-4000 r-xp 0 253:1 42 /bin/x");
        assertThat(snapshot.cursor().seek(0)).hasToString("1000-3000 rw-p 0 0:0 0");
    }
}
