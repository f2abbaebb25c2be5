package org.mapfiles;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.NameCache;
import org.mapfiles.internal.NativeMemory;

/**
 * Holds the result of {@link ProcessMaps#query}: the mapping that covers an address. Reusable: each query replaces the
 * result before.
 *
 * <p>Reading allocates nothing, except {@link #name()} and {@link #buildId()}. Before the first query, and after a
 * query that found no mapping or threw an exception, every method but {@link #toString} throws
 * {@link IllegalStateException}. An object belongs to one thread at a time. A query with it during a query of another
 * thread throws {@link IllegalStateException}.
 */
public final class MappingQuery implements Mapping {
    private static final int EMPTY = 0;
    private static final int FILLED = 1;
    private static final int QUERYING = 2;

    private final NativeMemory memory = new NativeMemory(QueryResult.SIZE);
    private final ByteBuffer bytes = memory.bytes();
    private final boolean withBuildId;
    private final NameCache lastName = new NameCache();
    private final ByteBuffer kernelName = memory.slice(QueryResult.NAME, QueryResult.NAME_MAX);
    private ByteBuffer name = kernelName;
    private final AtomicInteger state = new AtomicInteger(EMPTY);

    /**
     * Makes an empty result.
     *
     * @throws OutOfMemoryError if this JVM has too little direct memory (about 4 KiB)
     */
    public MappingQuery() {
        this(false);
    }

    private MappingQuery(boolean withBuildId) {
        this.withBuildId = withBuildId;
    }

    /**
     * Returns an empty result whose queries also read the build ID of the mapped file. The kernel then parses the first
     * page of the file.
     *
     * @return a new object
     * @throws OutOfMemoryError if this JVM has too little direct memory (about 4 KiB)
     */
    public static MappingQuery withBuildId() {
        return new MappingQuery(true);
    }

    int bits() {
        return withBuildId ? MapRecord.WITH_BUILD_ID : 0;
    }

    /** Begins a query; returns the address of the memory that the native core writes to until {@link #endQuery}. */
    long beginQuery() {
        if (state.getAndSet(QUERYING) == QUERYING) {
            throw new IllegalStateException(
                    "another thread is querying with this MappingQuery: use one for each thread");
        }
        name = kernelName;
        return memory.address();
    }

    void endQuery(boolean isFound) {
        state.setRelease(isFound ? FILLED : EMPTY);
    }

    /** Copies a mapping of a snapshot: for addresses and kernels that PROCMAP_QUERY does not support. */
    void copyFrom(MapCursor from) {
        Access.copy(from, bytes);
        bytes.putInt(MapRecord.NAME_LENGTH, from.nameLength())
                .putInt(MapRecord.FILE_INDEX, from.isFileBacked() ? 0 : -1)
                .putInt(QueryResult.BUILD_ID_LENGTH, 0);
        if (from.nameLength() > name.capacity()) { // only the text has names of more than a page
            name = ByteBuffer.allocate(from.nameLength());
        }
        from.name(name.clear());
    }

    @Override
    public long start() {
        return field64(MapRecord.START);
    }

    @Override
    public long end() {
        return field64(MapRecord.END);
    }

    @Override
    public long offset() {
        return field64(MapRecord.OFFSET);
    }

    @Override
    public long inode() {
        return field64(MapRecord.INODE);
    }

    @Override
    public int deviceMajor() {
        return field32(MapRecord.DEV_MAJOR);
    }

    @Override
    public int deviceMinor() {
        return field32(MapRecord.DEV_MINOR);
    }

    @Override
    public int flags() {
        return field32(MapRecord.FLAGS);
    }

    /** Returns 0, or -1 without a file: the mapping belongs to no snapshot. */
    @Override
    public int fileIndex() {
        return field32(MapRecord.FILE_INDEX);
    }

    @Override
    public int nameLength() {
        return field32(MapRecord.NAME_LENGTH);
    }

    @Override
    public int name(byte[] to, int at) {
        Objects.requireNonNull(to, "to");
        int length = nameLength();
        ByteSlices.copy(name, 0, length, to, at);
        return length;
    }

    @Override
    public int name(ByteBuffer to) {
        Objects.requireNonNull(to, "to");
        int length = nameLength();
        ByteSlices.copy(name, 0, length, to);
        to.position(to.position() + length);
        return length;
    }

    @Override
    public boolean nameEquals(byte[] expected) {
        Objects.requireNonNull(expected, "expected");
        return ByteSlices.equal(name, 0, nameLength(), expected);
    }

    @Override
    public boolean nameStartsWith(byte[] prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return ByteSlices.begins(name, 0, nameLength(), prefix);
    }

    @Override
    public @Nullable String name() {
        int length = nameLength();
        return length == 0 ? null : lastName.name(0, name, 0, length);
    }

    /**
     * Copies the build ID of the mapped file to an array.
     *
     * @param to receives the bytes; 20 are enough
     * @param at index in the array of the first byte
     * @return the length in bytes; 0 without {@link #withBuildId()}, if the file has none, or if its first page is not
     *     in memory
     * @throws IndexOutOfBoundsException if the build ID does not fit; nothing is copied
     * @throws IllegalStateException if there is no result
     */
    public int buildId(byte[] to, int at) {
        Objects.requireNonNull(to, "to");
        int length = field32(QueryResult.BUILD_ID_LENGTH);
        ByteSlices.copy(bytes, QueryResult.BUILD_ID, length, to, at);
        return length;
    }

    /**
     * Returns the build ID of the mapped file in lower-case hexadecimal digits. Allocates it.
     *
     * @return empty if {@link #buildId(byte[], int)} returns 0
     * @throws IllegalStateException if there is no result
     */
    public Optional<String> buildId() {
        int length = field32(QueryResult.BUILD_ID_LENGTH);
        return length == 0 ? Optional.empty() : Optional.of(ByteSlices.hex(bytes, QueryResult.BUILD_ID, length));
    }

    @Override
    public String toString() {
        return state.get() == FILLED ? MappingText.describe(this) : "no result";
    }

    private long field64(int field) {
        check();
        return bytes.getLong(field);
    }

    private int field32(int field) {
        check();
        return bytes.getInt(field);
    }

    private void check() {
        if (state.get() != FILLED) {
            throw new IllegalStateException(
                    "there is no result: call ProcessMaps.query() and read the mapping only if it returns true");
        }
    }
}
