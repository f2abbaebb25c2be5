package org.mapfiles.files;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.mapfiles.Deletion;
import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.QueryResult;
import org.mapfiles.internal.MapRecord.Entry;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * What entries of map_files say, of one mapping or of all of a snapshot: how the process opened the file, its path, and what
 * stat(2) says of it. Filled by {@link MapFiles}, again and again; a window on one entry at a time, as {@link org.mapfiles.MapCursor} is on
 * mappings.
 *
 * <pre>{@code
 * files.readEachFile(snapshot, entries, EnumSet.of(EntryField.TARGET, EntryField.STAT));
 * while (entries.next()) {
 *     if (entries.statStatus() == FieldStatus.KNOWN && entries.nlink() == 0) {
 *         System.out.println(entries.target() + " is deleted, " + entries.size() + " bytes");
 *     }
 * }
 * }</pre>
 *
 * <p>What was not asked for, or is not known, throws {@link IllegalStateException}. Where there is no present entry, before the first
 * {@link #next} and behind the last entry, reading throws {@link IndexOutOfBoundsException}.
 *
 * <p>Reading allocates nothing, {@link #target()} apart; filling does where there are more entries than ever before. Belongs
 * to one thread at a time; to be filled by two at once throws {@link IllegalStateException}.
 */
public final class MapFilesEntries {
    private static final int BEFORE = -1;
    private static final int FIRST_ENTRIES = 16;

    // Types in st_mode: inode(7).
    private static final int TYPE = 0170000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int BLOCK_DEVICE = 0060000;

    private final AtomicInteger filling = new AtomicInteger();
    private final NativeMemory question = new NativeMemory(NativeMapping.COPY_SIZE);
    private NativeMemory memory;
    private ByteBuffer bytes;
    private int entryCapacity;
    private int textCapacity;
    private int count;
    private int at = BEFORE;

    /** No entries yet. */
    public MapFilesEntries() {
        allocate(FIRST_ENTRIES, QueryResult.NAME_MAX);
    }

    private void allocate(int entries, int text) {
        long size = NativeCalls.entriesBytes(entries, text);
        if (size == 0) {
            throw new NativeMemory.TooLarge(entries + " entries with " + text + " bytes of paths");
        }
        memory = new NativeMemory((int) size);
        bytes = memory.bytes();
        entryCapacity = entries;
        textCapacity = text;
        if (NativeCalls.entriesInit(memory.address(), size, entries, text) != 0) {
            throw new IllegalStateException("the native core refuses its memory");
        }
    }

    /** Reads the entry of one mapping: 0 or a negative errno. It is the present one then. */
    int fill(FileCalls calls, Mapping mapping, int what) {
        beginFilling();
        try {
            NativeMapping.copy(mapping, question);
            int text = bytes.getInt(Entry.HEAD_TEXT_OFFSET);
            int rc = calls.readEntry(question.address(), question.address() + QueryResult.NAME, what, memory.address() + Entry.HEAD_SIZE,
                    memory.address() + text);
            count = rc == 0 ? 1 : 0;
            at = rc == 0 ? 0 : BEFORE;
            return rc;
        } finally {
            endFilling();
        }
    }

    /** Reads the entries of a snapshot's picture: 0 or a negative errno. */
    int fill(FileCalls calls, SnapshotBuffer buffer, int what) throws NotEnoughMemoryException {
        beginFilling();
        try {
            for (;;) {
                int rc = calls.readEntries(buffer.memory.address(), what, memory.address());
                buffer.memory.keepUntilHere();
                if (rc != Errno.ENOBUFS) {
                    count = rc == 0 ? bytes.getInt(Entry.HEAD_COUNT) : 0;
                    return rc;
                }
                grow(SnapshotBuffer.enlarged(entryCapacity, bytes.getInt(Entry.HEAD_NEEDED_ENTRIES)),
                        SnapshotBuffer.enlarged(textCapacity, bytes.getInt(Entry.HEAD_NEEDED_TEXT)));
            }
        } finally {
            endFilling();
        }
    }

    private void grow(int entries, int text) throws NotEnoughMemoryException {
        try {
            allocate(entries, text);
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException(entries + " entries of map_files", e);
        }
    }

    private void beginFilling() {
        if (!filling.compareAndSet(0, 1)) {
            throw new IllegalStateException("another thread is filling these entries: use one holder for each thread");
        }
        count = 0;
        at = BEFORE;
    }

    private void endFilling() {
        Reference.reachabilityFence(this);
        filling.set(0);
    }

    /** Number of entries. */
    public int count() {
        return count;
    }

    /** Goes to the next entry; false if there is none. After one mapping's entry was read, that is the present one already. */
    public boolean next() {
        if (at + 1 >= count) {
            at = count;
            return false;
        }
        at++;
        return true;
    }

    /** Goes before the first entry. */
    public void reset() {
        at = BEFORE;
    }

    /** First address of the mapping. Unsigned. */
    public long start() {
        return bytes.getLong(field(Entry.START));
    }

    /** First address behind it. Unsigned. */
    public long end() {
        return bytes.getLong(field(Entry.END));
    }

    /** Index of the mapping in the snapshot; -1 where the entry of one mapping was read. */
    public int mapping() {
        return bytes.getInt(field(Entry.MAPPING));
    }

    /** {@link Mapping#fileIndex()} of the mapping. */
    public int fileIndex() {
        return bytes.getInt(field(Entry.FILE_INDEX));
    }

    /** Whether the path is known. */
    public FieldStatus linkStatus() {
        return FieldStatus.of(bytes.getInt(field(Entry.LINK_ERROR)));
    }

    /** Whether it is known how the process opened the file. */
    public FieldStatus accessStatus() {
        return FieldStatus.of(bytes.getInt(field(Entry.ACCESS_ERROR)));
    }

    /** Whether what stat(2) says is known. */
    public FieldStatus statStatus() {
        return FieldStatus.of(bytes.getInt(field(Entry.STAT_ERROR)));
    }

    /**
     * Whether the process opened the file for reading. In a range that another file had before, the kernel may go on to tell
     * how that one was opened, if anybody looked at its entry then: it sets a link's permissions once.
     */
    public boolean isOpenForReading() {
        return (access() & MapRecord.READABLE) != 0;
    }

    /** Whether it opened the file for writing, as far as the kernel tells; of shared writable mappings it surely did. */
    public boolean isOpenForWriting() {
        return (access() & MapRecord.WRITABLE) != 0;
    }

    /** Whether the path's name is gone, as far as the entry shows: by the path, or without it by the number of links alone. */
    public Deletion deletion() {
        if (linkStatus() == FieldStatus.KNOWN || statStatus() != FieldStatus.KNOWN) {
            int flags = link(Entry.FLAGS);
            return (flags & MapRecord.DELETED) != 0 ? Deletion.DELETED
                    : (flags & MapRecord.SUFFIXED) != 0 ? Deletion.UNKNOWN : Deletion.NOT_DELETED;
        }
        return nlink() == 0 ? Deletion.DELETED : Deletion.UNKNOWN;
    }

    /** Bytes in the path. A {@code " (deleted)"} that is surely the kernel's is not part of it. */
    public int targetLength() {
        return link(Entry.TARGET_LENGTH);
    }

    /**
     * Copies the path's raw bytes.
     *
     * @return their number
     * @throws IndexOutOfBoundsException if they do not fit; nothing is copied
     */
    public int target(byte[] to, int from) {
        Objects.requireNonNull(to, "to");
        int length = targetLength();
        ByteSlices.copy(bytes, targetAt(), length, to, from);
        return length;
    }

    /** The path as UTF-8; a byte that is not UTF-8 becomes U+FFFD. */
    public String target() {
        return new String(ByteSlices.copy(bytes, targetAt(), targetLength()), StandardCharsets.UTF_8);
    }

    private int targetAt() {
        return bytes.getInt(Entry.HEAD_TEXT_OFFSET) + bytes.getInt(field(Entry.TARGET_OFFSET));
    }

    /** Inode number. Unsigned. */
    public long inode() {
        return stat64(Entry.INODE);
    }

    /** Size of the file in bytes. */
    public long size() {
        return stat64(Entry.SIZE);
    }

    /** Blocks of 512 bytes that it takes. */
    public long blocks() {
        return stat64(Entry.BLOCKS);
    }

    /** Mount as in proc_pid_mountinfo(5); 0 where the kernel does not tell (before Linux 5.8). */
    public long mountId() {
        return stat64(Entry.MOUNT_ID);
    }

    /** Last change of the content, in seconds since 1970. */
    public long modifiedSeconds() {
        return stat64(Entry.MTIME);
    }

    /** Its fraction, 0 to 999,999,999 nanoseconds. */
    public int modifiedNanos() {
        return stat32(Entry.MTIME_NANOS);
    }

    /** Last change of the inode, in seconds since 1970. */
    public long changedSeconds() {
        return stat64(Entry.CTIME);
    }

    /** Its fraction, 0 to 999,999,999 nanoseconds. */
    public int changedNanos() {
        return stat32(Entry.CTIME_NANOS);
    }

    /** Major number of the device as stat(2) says: on btrfs and overlayfs not what {@link Mapping#deviceMajor()} says. */
    public int deviceMajor() {
        return stat32(Entry.STAT_DEV_MAJOR);
    }

    /** Minor number of that device. */
    public int deviceMinor() {
        return stat32(Entry.STAT_DEV_MINOR);
    }

    /** Type and permissions, as in st_mode of stat(2). */
    public int mode() {
        return stat32(Entry.MODE);
    }

    /** Whether it is a device node, whose bytes are what its driver makes of them. */
    public boolean isDevice() {
        int type = mode() & TYPE;
        return type == CHARACTER_DEVICE || type == BLOCK_DEVICE;
    }

    /** Names that lead to the file; 0: it is deleted. Unsigned. */
    public int nlink() {
        return stat32(Entry.NLINK);
    }

    /** User that owns it. Unsigned. */
    public int uid() {
        return stat32(Entry.UID);
    }

    /** Group that owns it. Unsigned. */
    public int gid() {
        return stat32(Entry.GID);
    }

    private int field(int offset) {
        return Entry.HEAD_SIZE + Objects.checkIndex(at, count) * Entry.SIZE_OF_ENTRY + offset;
    }

    private int link(int offset) {
        if (bytes.getInt(field(Entry.LINK_ERROR)) != 0) {
            throw new IllegalStateException("the path is not known: " + linkStatus());
        }
        return bytes.getInt(field(offset));
    }

    private int access() {
        if (bytes.getInt(field(Entry.ACCESS_ERROR)) != 0) {
            throw new IllegalStateException("how the file was opened is not known: " + accessStatus());
        }
        return bytes.getInt(field(Entry.FLAGS));
    }

    private void checkStat() {
        if (bytes.getInt(field(Entry.STAT_ERROR)) != 0) {
            throw new IllegalStateException("what stat says is not known: " + statStatus());
        }
    }

    private long stat64(int offset) {
        checkStat();
        return bytes.getLong(field(offset));
    }

    private int stat32(int offset) {
        checkStat();
        return bytes.getInt(field(offset));
    }

    @Override
    public String toString() {
        return "MapFilesEntries[" + count + "]";
    }
}
