package org.mapfiles;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.AddressIndex;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * Iterates over the mappings of a {@link MapSnapshot}. A cursor holds a position and no data.
 *
 * <pre>{@code
 * for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
 *     total += mapping.size();
 * }
 * }</pre>
 *
 * <p>Moving and reading allocate nothing and call no native code; {@link #name()} allocates the String of a file once.
 * Any number of cursors may iterate over one snapshot. Each cursor belongs to one thread. After the snapshot is
 * refreshed with changes, every method but {@link #reset}, {@link #goTo} and {@link #toString} throws
 * {@link IllegalStateException}. Values that were returned before that are correct. Before the first {@link #next} and
 * after the last mapping, reading throws {@link IndexOutOfBoundsException}.
 */
public final class MapCursor extends IndexedMappings implements Mapping {
    /** Positions outside the mappings, where every read throws: before the first, and after the last. */
    private static final int BEFORE = -1;

    private static final int AFTER = Integer.MAX_VALUE - 1;

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

    /** Fields of the mapping that loops read. They are read and validated when the cursor moves. */
    private long start;

    private long endOfRange;
    private int flags;
    /**
     * The version of the snapshot that these fields are from; while the cursor is on no mapping, a number that is not
     * the version.
     */
    private int readAt;

    MapCursor(MapSnapshot snapshot) {
        this.snapshot = snapshot;
        reset();
    }

    MapSnapshot snapshot() {
        return snapshot;
    }

    /** Moves before the first mapping of the snapshot as it is now. */
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

    /**
     * Moves to the next mapping. After the last mapping, every call returns false.
     *
     * @return whether there is a next mapping
     * @throws IllegalStateException if the snapshot was refreshed with changes
     */
    public boolean next() {
        int to = at + 1;
        if (to < count) {
            moveTo(to);
            return true;
        }
        validate();
        leave();
        return false;
    }

    /**
     * Moves to the mapping at an index, such as {@link MapSnapshot#find} returns.
     *
     * @param index from 0 to below {@link MapSnapshot#size()}
     * @return this cursor
     * @throws IndexOutOfBoundsException if there is no such mapping; the cursor does not move
     * @throws IllegalStateException if the snapshot was refreshed with changes
     */
    public MapCursor seek(int index) {
        validate();
        moveTo(Objects.checkIndex(index, count));
        return this;
    }

    /**
     * Moves to the mapping that covers an address in the snapshot as it is now, also after a refresh. If no mapping
     * covers the address, the cursor is after the last mapping.
     *
     * @param address any 64-bit value
     * @return whether a mapping covers the address
     */
    public boolean goTo(long address) {
        for (; ; ) {
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
                snapshot.rethrowIfValid(version, e); // a search over memory that is being overwritten may leave it
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
        at = AFTER;
        readAt = ~version;
    }

    private void moveTo(int to) {
        read(to);
        validate();
    }

    /** Reads the fields that loops read. They are valid only after {@link #validate}. */
    private void read(int to) {
        // reading an array takes half the instructions of reading a buffer
        long first = AddressIndex.start(ranges, to);
        long after = AddressIndex.end(ranges, to);
        long flagsAndMore = words.get(to * (MapRecord.SIZE / Long.BYTES) + MapRecord.FLAGS / Long.BYTES);
        at = to;
        start = first;
        endOfRange = after;
        flags = (int) (LITTLE_ENDIAN ? flagsAndMore : flagsAndMore >>> Integer.SIZE);
        readAt = version;
    }

    /**
     * Returns the index of the mapping in the snapshot.
     *
     * @return from 0 to below {@link MapSnapshot#size()}
     * @throws IndexOutOfBoundsException if the cursor is on no mapping
     * @throws IllegalStateException if the snapshot was refreshed with changes
     */
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

    /** Returns whether the mapping that another cursor is on has the same name. It may be of another snapshot. */
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
    public @Nullable String name() {
        int offset = records.getInt(at() + MapRecord.NAME_OFFSET);
        int length = nameLength();
        if (length == 0) {
            return null;
        }
        int file = fileIndex();
        String name = file >= 0
                ? snapshot.fileNames.name(file, buffer.text, offset, length)
                : snapshot.specialNames.name(kind().ordinal() << 4 | length & 15, buffer.text, offset, length);
        validate();
        return name;
    }

    /** Returns the mapping as a line of text, or the reason why there is none. */
    @Override
    public String toString() {
        try {
            return MappingText.describe(this);
        } catch (IllegalStateException | IndexOutOfBoundsException e) {
            return e.getMessage();
        }
    }

    /** Returns the offset of the mapping in the memory; throws if the cursor is on no mapping. */
    private int at() {
        if (readAt != version) {
            throw new IndexOutOfBoundsException("the cursor is on no mapping: find one first, or call next()");
        }
        return at * MapRecord.SIZE;
    }

    /** Checks the fields that were read and validated before. For them an unordered read of the version is enough. */
    private void check() {
        if (snapshot.unorderedVersion() != readAt) {
            validate();
            at();
        }
    }

    private void validate() {
        VarHandle.loadLoadFence(); // all reads before this happened before the memory could be overwritten
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
        return new IllegalStateException(
                "the snapshot was refreshed with changes: find the mapping again, or call reset() on the cursor");
    }
}
