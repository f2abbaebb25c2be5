package org.mapfiles.files;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.mapfiles.Mapping;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.ByteSlices;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Entry;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * A reusable holder of map_files entries: of one mapping, or of all mappings of a snapshot that have a file. An entry
 * has the path of the file, how the process opened it, and its stat(2). {@link MapFiles} fills the holder. Its methods
 * return the fields of the current entry, as those of {@link org.mapfiles.MapCursor} do for mappings.
 *
 * <pre>{@code
 * files.readEachFile(snapshot, entries, EnumSet.of(MapFilesEntries.Field.TARGET, MapFilesEntries.Field.STAT));
 * while (entries.next()) {
 *     if (entries.statStatus() == FieldStatus.KNOWN && entries.nlink() == 0) {
 *         System.out.println(entries.target() + " is deleted, " + entries.fileSize() + " bytes");
 *     }
 * }
 * }</pre>
 *
 * <p>A field that was not requested or is unknown throws {@link IllegalStateException}. Before the first {@link #next}
 * and after the last entry there is no current entry, and its fields throw {@link IndexOutOfBoundsException}.
 *
 * <p>Only {@link #target()} allocates. Filling allocates if the entries need more memory than those before.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time. If two threads fill it at the same time, one of them
 * gets an {@link IllegalStateException}.
 */
public final class MapFilesEntries {
    /**
     * Fields of a map_files entry, each with the approximate cost of reading it. Constants have the order of
     * {@code enum mf_entry_field}.
     */
    public enum Field {
        /** The path. One PROCMAP_QUERY, about 1 us; readlink(2) before Linux 6.11. */
        TARGET,
        /** How the process opened the file. One lstat(2), about 2 us. */
        ACCESS,
        /**
         * The result of stat(2), about 3 us. Needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user
         * namespace.
         */
        STAT;

        private static final Field[] VALUES = values();

        static int bits(Set<Field> fields) {
            int bits = 0;
            for (Field field : VALUES) {
                bits |= fields.contains(field) ? 1 << field.ordinal() : 0;
            }
            if (bits == 0) {
                throw new IllegalArgumentException("the set of fields is empty: pass at least one field");
            }
            return bits;
        }
    }

    /** Whether a field of a map_files entry could be read, and if not, why. */
    public enum FieldStatus {
        /** The field was read. */
        KNOWN,
        /** The field was not requested. */
        NOT_REQUESTED,
        /** The mapping does not exist any more, or its range maps another file. */
        STALE,
        /**
         * The caller lacks the permission to read the field. {@link MapFiles#listDenial} and
         * {@link MapFiles#followDenial} return the missing permission. Following entries needs CAP_CHECKPOINT_RESTORE
         * or CAP_SYS_ADMIN in the initial user namespace.
         */
        DENIED,
        /** The target has 4,096 bytes or more. readlink(2) does not return it. */
        NAME_TOO_LONG,
        /** The kernel has no map_files. */
        NOT_SUPPORTED,
        /** A system call failed with another error, for example one of the file system. */
        FAILED;

        static FieldStatus of(int error) {
            switch (error) {
                case 0:
                    return KNOWN;
                case Errno.ENODATA:
                    return NOT_REQUESTED;
                case Errno.ESTALE:
                    return STALE;
                case Errno.EPERM:
                    return DENIED;
                case Errno.ENAMETOOLONG:
                    return NAME_TOO_LONG;
                case Errno.ENOTSUP:
                    return NOT_SUPPORTED;
                default:
                    return FAILED;
            }
        }
    }

    private static final int BEFORE = -1;

    // inode(7)
    private static final int TYPE = 0170000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int BLOCK_DEVICE = 0060000;

    private final AtomicInteger filling = new AtomicInteger();
    private final EntriesMemory memory = new EntriesMemory();
    private ByteBuffer bytes = memory.bytes();
    private int count;
    private int at = BEFORE;

    /** Makes a holder without entries. */
    public MapFilesEntries() {}

    /** Reads the entry of one mapping, which becomes the current entry. Returns 0 or a negative errno. */
    int fill(FileCalls calls, Mapping mapping, int fields) {
        beginFilling();
        try {
            int rc = memory.read(calls, mapping, fields);
            count = rc == 0 ? 1 : 0;
            at = rc == 0 ? 0 : BEFORE;
            return rc;
        } finally {
            endFilling();
        }
    }

    /** Reads the entries of a snapshot. Returns 0 or a negative errno. */
    int fill(FileCalls calls, SnapshotBuffer snapshot, int fields) throws NotEnoughMemoryException {
        beginFilling();
        try {
            int rc = memory.readAll(calls, snapshot, fields);
            bytes = memory.bytes();
            count = rc == 0 ? bytes.getInt(Entry.HEAD_COUNT) : 0;
            return rc;
        } finally {
            endFilling();
        }
    }

    private void beginFilling() {
        if (!filling.compareAndSet(0, 1)) {
            throw new IllegalStateException("another thread fills these entries: use one holder for each thread");
        }
        count = 0;
        at = BEFORE;
    }

    private void endFilling() {
        Reference.reachabilityFence(this);
        filling.set(0);
    }

    /** {@return the number of entries} */
    public int count() {
        return count;
    }

    /**
     * Moves to the next entry. After {@link MapFiles#read(Mapping, MapFilesEntries)} the only entry is already the
     * current one.
     *
     * @return false if there is no next entry
     */
    public boolean next() {
        if (at + 1 >= count) {
            at = count;
            return false;
        }
        at++;
        return true;
    }

    /** Moves before the first entry. */
    public void reset() {
        at = BEFORE;
    }

    /** {@return the first address of the mapping, unsigned} */
    public long start() {
        return bytes.getLong(field(Entry.START));
    }

    /** {@return the end of the mapping (exclusive), unsigned} */
    public long end() {
        return bytes.getLong(field(Entry.END));
    }

    /** {@return the index of the mapping in the snapshot; -1 if the entry of one mapping was read} */
    public int mappingIndex() {
        return bytes.getInt(field(Entry.MAPPING));
    }

    /** {@return the {@link Mapping#fileIndex()} of the mapping} */
    public int fileIndex() {
        return bytes.getInt(field(Entry.FILE_INDEX));
    }

    /** {@return whether the target is known, and if not, why} */
    public FieldStatus targetStatus() {
        return FieldStatus.of(bytes.getInt(field(Entry.TARGET_ERROR)));
    }

    /** {@return whether it is known how the process opened the file, and if not, why} */
    public FieldStatus accessStatus() {
        return FieldStatus.of(bytes.getInt(field(Entry.ACCESS_ERROR)));
    }

    /** {@return whether the fields of stat(2) are known, and if not, why} */
    public FieldStatus statStatus() {
        return FieldStatus.of(bytes.getInt(field(Entry.STAT_ERROR)));
    }

    /**
     * {@return whether the process opened the file for reading}
     *
     * <p>The kernel sets the permissions of an entry once. If another file had the range before, and a program read its
     * entry then, the kernel may still report how that file was opened.
     *
     * @throws IllegalStateException if {@link #accessStatus()} is not {@link FieldStatus#KNOWN}
     * @throws IndexOutOfBoundsException if there is no current entry
     */
    public boolean isOpenForReading() {
        return (access() & MapRecord.READABLE) != 0;
    }

    /**
     * {@return whether the process opened the file for writing} The limit of {@link #isOpenForReading()} holds, except
     * for shared writable mappings, which are always reported right.
     *
     * @throws IllegalStateException if {@link #accessStatus()} is not {@link FieldStatus#KNOWN}
     * @throws IndexOutOfBoundsException if there is no current entry
     */
    public boolean isOpenForWriting() {
        return (access() & MapRecord.WRITABLE) != 0;
    }

    /**
     * {@return the length of the target, in bytes} A {@code " (deleted)"} that the kernel added for certain is not part
     * of it: for a file that never had a path, and for a file without links, if the stat was read. Otherwise it may be
     * part of the name, and {@link MapFiles#resolveName} decides.
     *
     * @throws IllegalStateException if {@link #targetStatus()} is not {@link FieldStatus#KNOWN}
     * @throws IndexOutOfBoundsException if there is no current entry
     */
    public int targetLength() {
        return target(Entry.TARGET_LENGTH);
    }

    /**
     * Copies the raw bytes of the target.
     *
     * @param to receives the bytes
     * @param from index of the first byte in {@code to}
     * @return the number of bytes
     * @throws IllegalStateException if {@link #targetStatus()} is not {@link FieldStatus#KNOWN}
     * @throws IndexOutOfBoundsException if they do not fit (nothing is copied then), or there is no current entry
     */
    public int target(byte[] to, int from) {
        Objects.requireNonNull(to, "to");
        int length = targetLength();
        ByteSlices.copy(bytes, targetAt(), length, to, from);
        return length;
    }

    /**
     * {@return the target, decoded as UTF-8} A byte that is not UTF-8 becomes U+FFFD. Allocates.
     *
     * @throws IllegalStateException if {@link #targetStatus()} is not {@link FieldStatus#KNOWN}
     * @throws IndexOutOfBoundsException if there is no current entry
     */
    public String target() {
        return new String(ByteSlices.copy(bytes, targetAt(), targetLength()), StandardCharsets.UTF_8);
    }

    private int targetAt() {
        return bytes.getInt(Entry.HEAD_TEXT_OFFSET) + bytes.getInt(field(Entry.TARGET_OFFSET));
    }

    /** {@return the inode number, unsigned} */
    public long inode() {
        return stat64(Entry.INODE);
    }

    /** {@return the size of the file, in bytes} */
    public long fileSize() {
        return stat64(Entry.SIZE);
    }

    /** {@return the number of allocated blocks of 512 bytes} */
    public long blocks() {
        return stat64(Entry.BLOCKS);
    }

    /** {@return the mount ID as in proc_pid_mountinfo(5); 0: unknown (before Linux 5.8)} */
    public long mountId() {
        return stat64(Entry.MOUNT_ID);
    }

    /** {@return the time of the last modification, in seconds since 1970 (st_mtime)} */
    public long modifiedSeconds() {
        return stat64(Entry.MTIME);
    }

    /** {@return the fraction of the time of the last modification, 0 to 999,999,999 ns} */
    public int modifiedNanos() {
        return stat32(Entry.MTIME_NANOS);
    }

    /** {@return the time of the last change of status, in seconds since 1970 (st_ctime)} */
    public long changedSeconds() {
        return stat64(Entry.CTIME);
    }

    /** {@return the fraction of the time of the last change of status, 0 to 999,999,999 ns} */
    public int changedNanos() {
        return stat32(Entry.CTIME_NANOS);
    }

    /**
     * {@return the major device number of stat(2)} On btrfs and overlayfs it differs from
     * {@link Mapping#deviceMajor()}.
     */
    public int deviceMajor() {
        return stat32(Entry.STAT_DEV_MAJOR);
    }

    /**
     * {@return the minor device number of stat(2)} On btrfs and overlayfs it differs from
     * {@link Mapping#deviceMinor()}.
     */
    public int deviceMinor() {
        return stat32(Entry.STAT_DEV_MINOR);
    }

    /** {@return the type and permissions, as st_mode of stat(2)} */
    public int mode() {
        return stat32(Entry.MODE);
    }

    /** {@return whether the file is a device node} Its driver decides which bytes a mapping and a read return. */
    public boolean isDevice() {
        int type = mode() & TYPE;
        return type == CHARACTER_DEVICE || type == BLOCK_DEVICE;
    }

    /** {@return the number of hard links, unsigned; 0: the file is deleted} */
    public int nlink() {
        return stat32(Entry.NLINK);
    }

    /** {@return the user ID of the owner, unsigned} */
    public int uid() {
        return stat32(Entry.UID);
    }

    /** {@return the group ID of the group, unsigned} */
    public int gid() {
        return stat32(Entry.GID);
    }

    private int field(int offset) {
        if (at < 0 || at >= count) {
            throw new IndexOutOfBoundsException("there is no current entry: fill this, then call next()");
        }
        return Entry.HEAD_SIZE + at * Entry.SIZE_OF_ENTRY + offset;
    }

    private int target(int offset) {
        if (bytes.getInt(field(Entry.TARGET_ERROR)) != 0) {
            throw new IllegalStateException(
                    "the target is unknown (" + targetStatus() + "): check targetStatus() first");
        }
        return bytes.getInt(field(offset));
    }

    private int access() {
        if (bytes.getInt(field(Entry.ACCESS_ERROR)) != 0) {
            throw new IllegalStateException(
                    "how the file was opened is unknown (" + accessStatus() + "): check accessStatus() first");
        }
        return bytes.getInt(field(Entry.FLAGS));
    }

    private void checkStat() {
        if (bytes.getInt(field(Entry.STAT_ERROR)) != 0) {
            throw new IllegalStateException(
                    "the result of stat(2) is unknown (" + statStatus() + "): check statStatus() first");
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
