package org.mapfiles;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Answer;
import org.mapfiles.internal.NameCache;
import org.mapfiles.internal.NativeMemory;

/**
 * The mapping that the kernel named when it was asked for one address, {@link ProcessMaps#query}. Reusable: each question
 * replaces the answer before.
 *
 * <p>Reading allocates nothing, {@link #name()} and {@link #buildId()} apart. Until a question was answered, and after one
 * that was answered with "no such mapping" or an error, every method throws {@link IllegalStateException}. An answer belongs
 * to one thread at a time; a question asked with it while another thread asks one throws {@link IllegalStateException} too.
 */
public final class MappingQuery implements Mapping {
    private static final int EMPTY = 0;
    private static final int FILLED = 1;
    private static final int ASKING = 2;

    private final NativeMemory memory = new NativeMemory(Answer.SIZE);
    private final ByteBuffer bytes = memory.bytes();
    private final boolean withBuildId;
    private final NameCache lastName = new NameCache();
    private final ByteBuffer kernelsName = memory.slice(Answer.NAME, Answer.NAME_MAX);
    private ByteBuffer name = kernelsName;
    private final AtomicInteger state = new AtomicInteger(EMPTY);

    /** An empty answer. */
    public MappingQuery() {
        this(false);
    }

    private MappingQuery(boolean withBuildId) {
        this.withBuildId = withBuildId;
    }

    /** An empty answer that also asks for the build ID of the mapped file, which costs the kernel a look into it. */
    public static MappingQuery withBuildId() {
        return new MappingQuery(true);
    }

    int bits() {
        return withBuildId ? MapRecord.WITH_BUILD_ID : 0;
    }

    /** Address of the memory that the native core fills, until {@link #asked}. */
    long ask() {
        if (state.getAndSet(ASKING) == ASKING) {
            throw new IllegalStateException("another thread is asking with this answer: use one for each thread");
        }
        name = kernelsName;
        return memory.address();
    }

    void asked(boolean answered) {
        state.setRelease(answered ? FILLED : EMPTY);
    }

    /** Takes over a mapping of a snapshot: the way to an answer where PROCMAP_QUERY has none. */
    void take(MapCursor from) {
        bytes.putLong(MapRecord.START, from.start()).putLong(MapRecord.END, from.end())
                .putLong(MapRecord.OFFSET, from.offset()).putLong(MapRecord.INODE, from.inode())
                .putInt(MapRecord.DEV_MAJOR, from.deviceMajor()).putInt(MapRecord.DEV_MINOR, from.deviceMinor())
                .putInt(MapRecord.FLAGS, from.flags()).putInt(MapRecord.NAME_LENGTH, from.nameLength())
                .putInt(MapRecord.FILE_INDEX, from.isFileBacked() ? 0 : -1).putInt(Answer.BUILD_ID_LENGTH, 0);
        if (from.nameLength() > name.capacity()) { // only the text gives names of more than a page
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

    /** 0, or -1 without a file: an answer is about one file. */
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
    public String name() {
        int length = nameLength();
        return length == 0 ? null : lastName.name(0, name, 0, length);
    }

    /**
     * Copies the build ID of the mapped file.
     *
     * @return its length in bytes; 0 if it was not asked for, the file has none, or its first page is not in memory
     * @throws IndexOutOfBoundsException if it does not fit; 20 bytes are enough
     */
    public int buildId(byte[] to, int at) {
        Objects.requireNonNull(to, "to");
        int length = field32(Answer.BUILD_ID_LENGTH);
        ByteSlices.copy(bytes, Answer.BUILD_ID, length, to, at);
        return length;
    }

    /** The build ID in lower-case hexadecimal digits, or null where {@link #buildId(byte[], int)} answers 0. */
    public String buildId() {
        int length = field32(Answer.BUILD_ID_LENGTH);
        return length == 0 ? null : HexFormat.of().formatHex(ByteSlices.copy(bytes, Answer.BUILD_ID, length));
    }

    @Override
    public String toString() {
        return state.get() == FILLED ? MappingText.describe(this) : "no answer";
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
            throw new IllegalStateException("there is no answer: the last question found no mapping, or none was asked");
        }
    }
}
