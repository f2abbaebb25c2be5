package org.mapfiles;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Objects;
import org.mapfiles.internal.AddressIndex;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * A window on one mapping of a {@link MapSnapshot} at a time: it holds a position, no data.
 *
 * <pre>{@code
 * for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
 *     total += mapping.size();
 * }
 * }</pre>
 *
 * <p>Moving and reading allocate nothing and call no native code. Any number of cursors may walk one snapshot; each belongs
 * to one thread. Once the snapshot shows a new picture, every method but {@link #reset} and {@link #toString} throws
 * {@link IllegalStateException}; a value read before that is right. Before the first {@link #next} and behind the last
 * mapping, reading throws {@link IndexOutOfBoundsException}.
 */
public final class MapCursor extends IndexedMappings implements Mapping {
    /** Positions outside the mappings, where every read throws: before the first, and behind the last. */
    private static final int BEFORE = -1;
    private static final int BEHIND = Integer.MAX_VALUE - 1;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final MapSnapshot snapshot;
    private int version;
    private SnapshotBuffer buffer;
    private long[] ranges;
    private LongBuffer words;
    private ByteBuffer records;
    private int count;
    /** Index of the mapping. */
    private int at;

    /** Of the mapping, read and confirmed at once on coming to it: what loops touch. */
    private long start;
    private long endOfRange;
    private int flags;
    /** The version of the snapshot that these are of; while the cursor is on no mapping, one that it has not. */
    private int readAt;

    MapCursor(MapSnapshot snapshot) {
        this.snapshot = snapshot;
        reset();
    }

    /** Goes before the first mapping of the picture that the snapshot shows now. */
    public void reset() {
        do {
            version = snapshot.version();
            buffer = snapshot.buffer();
            ranges = buffer.index;
            words = buffer.words;
            records = buffer.records;
            count = buffer.head(MapRecord.Head.MAPPING_COUNT);
            at = BEFORE;
            readAt = ~version;
        } while (version != snapshot.version());
    }

    /** Goes to the next mapping; false if there is none, also when asked again. */
    public boolean next() {
        int to = at + 1;
        if (to < count) {
            comeTo(to);
            return true;
        }
        validate();
        leave();
        return false;
    }

    /**
     * Goes to the mapping of an index, such as {@link MapSnapshot#find} answers.
     *
     * @throws IndexOutOfBoundsException if there is none; the cursor stays where it was
     */
    public MapCursor seek(int index) {
        validate();
        comeTo(Objects.checkIndex(index, count));
        return this;
    }

    /**
     * Goes to the mapping that covers an address in the picture that the snapshot shows now: follows where the others throw. Where
     * there is none the cursor is behind the last mapping.
     *
     * @param address any 64-bit value
     * @return whether there is one
     */
    public boolean goTo(long address) {
        for (;;) {
            if (snapshot.version() != version) {
                reset();
            }
            int found = -1;
            try {
                found = AddressIndex.find(ranges, address);
                if (found >= 0) {
                    read(found);
                } else {
                    leave();
                }
            } catch (IndexOutOfBoundsException e) {
                snapshot.rethrowIfWhole(version, e); // of a picture that is being filled again, any answer may come
            }
            VarHandle.loadLoadFence();
            if (snapshot.version() == version) {
                return found >= 0;
            }
        }
    }

    @Override
    int mappingCount() {
        return count;
    }

    @Override
    Mapping mappingAt(int index) {
        if (index != at) {
            seek(index);
        }
        return this;
    }

    private void leave() {
        at = BEHIND;
        readAt = ~version;
    }

    private void comeTo(int to) {
        read(to);
        validate();
    }

    /** Reads what loops touch; it counts once it is confirmed. */
    private void read(int to) {
        long first = AddressIndex.start(ranges, to); // an array is read in half the instructions of a buffer
        long behind = AddressIndex.end(ranges, to);
        long flagsAndMore = words.get(to * (MapRecord.SIZE / Long.BYTES) + MapRecord.FLAGS / Long.BYTES);
        at = to;
        start = first;
        endOfRange = behind;
        flags = (int) (LITTLE_ENDIAN ? flagsAndMore : flagsAndMore >>> Integer.SIZE);
        readAt = version;
    }

    /** Index of the mapping in the snapshot. */
    public int index() {
        validate();
        at();
        return at;
    }

    @Override
    public long start() {
        check();
        return start;
    }

    @Override
    public long end() {
        check();
        return endOfRange;
    }

    @Override
    public long offset() {
        return validated(records.getLong(at() + MapRecord.OFFSET));
    }

    @Override
    public long inode() {
        return validated(records.getLong(at() + MapRecord.INODE));
    }

    @Override
    public int deviceMajor() {
        return validated(records.getInt(at() + MapRecord.DEV_MAJOR));
    }

    @Override
    public int deviceMinor() {
        return validated(records.getInt(at() + MapRecord.DEV_MINOR));
    }

    @Override
    public int flags() {
        check();
        return flags;
    }

    @Override
    public int fileIndex() {
        return validated(records.getInt(at() + MapRecord.FILE_INDEX));
    }

    @Override
    public int nameLength() {
        return validated(records.getInt(at() + MapRecord.NAME_LENGTH));
    }

    @Override
    public int name(byte[] to, int toIndex) {
        Objects.requireNonNull(to, "to");
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        int length = nameLength();
        ByteSlices.copy(buffer.text, offset, length, to, toIndex);
        return validated(length);
    }

    @Override
    public int name(ByteBuffer to) {
        Objects.requireNonNull(to, "to");
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        int length = nameLength();
        ByteSlices.copy(buffer.text, offset, length, to);
        validate();
        to.position(to.position() + length);
        return length;
    }

    @Override
    public boolean nameEquals(byte[] name) {
        Objects.requireNonNull(name, "name");
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        boolean equal = ByteSlices.equal(buffer.text, offset, nameLength(), name);
        validate();
        return equal;
    }

    @Override
    public boolean nameStartsWith(byte[] prefix) {
        Objects.requireNonNull(prefix, "prefix");
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        boolean begins = ByteSlices.begins(buffer.text, offset, nameLength(), prefix);
        validate();
        return begins;
    }

    /** Whether the mapping that another cursor is on has the same name, of another picture perhaps. */
    boolean isNameOf(MapCursor other) {
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        int otherOffset = other.records.getInt(other.at() + MapRecord.NAME_OFFSET);
        int length = nameLength();
        boolean equal = length == other.nameLength()
                && ByteSlices.equal(buffer.text, offset, other.buffer.text, otherOffset, length);
        validate();
        other.validate();
        return equal;
    }

    @Override
    public String name() {
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        int length = nameLength();
        if (length == 0) {
            return null;
        }
        int file = fileIndex();
        String name = file >= 0 ? snapshot.fileNames.name(file, buffer.text, offset, length)
                : snapshot.specialNames.name(kind().ordinal() << 4 | length & 15, buffer.text, offset, length);
        validate();
        return name;
    }

    /** The mapping as a line to read; what is wrong where there is none. */
    @Override
    public String toString() {
        try {
            return MappingText.describe(this);
        } catch (IllegalStateException | IndexOutOfBoundsException e) {
            return e.getMessage();
        }
    }

    /** Where the mapping's record begins, if there is one. */
    private int at() {
        if (readAt != version) {
            throw new IndexOutOfBoundsException("the cursor is on no mapping: next() or seek() first");
        }
        return at * MapRecord.SIZE;
    }

    /** For what was read and confirmed before, a look at the version without order is enough. */
    private void check() {
        if (snapshot.versionInPassing() != readAt) {
            validate();
            at();
        }
    }

    private void validate() {
        VarHandle.loadLoadFence(); // what was read before this was read before the memory could be filled again
        if (snapshot.version() != version) {
            throw stale();
        }
    }

    private long validated(long value) {
        validate();
        return value;
    }

    private int validated(int value) {
        validate();
        return value;
    }

    private static IllegalStateException stale() {
        return new IllegalStateException("the snapshot shows a newer picture: reset() the cursor");
    }
}
