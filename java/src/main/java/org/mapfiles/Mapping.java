package org.mapfiles;

import java.nio.ByteBuffer;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.PermissionText;

/**
 * One mapping of a process: a line of its /proc/pid/maps, what the kernel calls a VMA.
 *
 * <p>Three windows show mappings: {@link MapCursor} those of a snapshot, {@link MappingQuery} the one that the kernel was asked
 * for, {@link org.mapfiles.events.MapEvent} the one that it told of. None holds data of its own, and reading allocates nothing but where a method
 * says so; a {@link ImmutableMapping} is an object of its own. Addresses are unsigned:
 * compare them with {@link Long#compareUnsigned}; {@code [vsyscall]} lies above 2<sup>63</sup>.
 *
 * <p>Only this library implements it: methods may be added.
 */
public interface Mapping {
    /** First address; a multiple of the page size. Unsigned. */
    long start();

    /** First address behind the mapping. Unsigned; never 0. */
    long end();

    /** Bytes in the mapping, {@code end - start}; more than 0. */
    default long size() {
        return end() - start();
    }

    /** Of {@link #start()} in the file, in bytes; 0 without a file. */
    long offset();

    /** Whether the mapping covers an address. */
    default boolean contains(long address) {
        return Long.compareUnsigned(address, start()) >= 0 && Long.compareUnsigned(address, end()) < 0;
    }

    /**
     * Returns the byte of the file that an address shows, {@code address - start + offset}; -1 if the mapping does not cover the address or
     * has no file.
     *
     * @param address any 64-bit value
     */
    default long fileOffset(long address) {
        return isFileBacked() && contains(address) ? address - start() + offset() : -1;
    }

    /** Inode number of the file; 0 without one, and for some System V segments. Unsigned. */
    long inode();

    /**
     * Major number of the device of the file's file system, as the kernel's maps gives it. On btrfs and overlayfs, that and
     * the minor number may not be what stat(2) says of the path.
     */
    int deviceMajor();

    /** Minor number of that device. */
    int deviceMinor();

    /** Permissions and facts in one int, for loops that test several at once; the bits are those of mapfiles.h. */
    int flags();

    /** Whether it may be read. */
    default boolean isReadable() {
        return (flags() & MapRecord.READABLE) != 0;
    }

    /** Whether it may be written. */
    default boolean isWritable() {
        return (flags() & MapRecord.WRITABLE) != 0;
    }

    /** Whether it may be executed. */
    default boolean isExecutable() {
        return (flags() & MapRecord.EXECUTABLE) != 0;
    }

    /** Whether writes reach the file, or others that map the same memory (MAP_SHARED); else they stay private. */
    default boolean isShared() {
        return (flags() & MapRecord.SHARED) != 0;
    }

    /** Whether a file stands behind it, be it deleted, a memfd or shared anonymous memory. */
    default boolean isFileBacked() {
        return (flags() & MapRecord.FILE_BACKED) != 0;
    }

    /** Permissions as the kernel writes them, such as {@code r-xp}. Allocates nothing. */
    default String permissions() {
        return PermissionText.text(flags());
    }

    /** What the mapping is. */
    default MappingKind kind() {
        return MappingKind.of(flags());
    }

    /** Whether the name is gone, as far as the name and the device tell; {@link org.mapfiles.files.MapFiles#deletion} asks further. */
    default Deletion deletion() {
        return Deletion.ofFlags(flags());
    }

    /** Whether the name holds a newline, which the kernel's text shows as {@code \012}; here it is a newline again. */
    default boolean isNameEscaped() {
        return (flags() & MapRecord.ESCAPED) != 0;
    }

    /** Whether the name holds the characters {@code \012}, which may stand for a newline: the kernel could not be asked. */
    default boolean isNameAmbiguous() {
        return (flags() & MapRecord.AMBIGUOUS) != 0;
    }

    /**
     * Number of the file in the snapshot: mappings of one file under one name share it, from 0 to below
     * {@link MapSnapshot#fileCount()}; -1 without a file. A key for work to be done once a file.
     */
    int fileIndex();

    /** Bytes in the name, 0 without one. A {@code " (deleted)"} that is surely the kernel's is not part of the name. */
    int nameLength();

    /**
     * Copies the name's raw bytes.
     *
     * @return their number, {@link #nameLength()}
     * @throws IndexOutOfBoundsException if they do not fit; nothing is copied
     */
    int name(byte[] to, int at);

    /**
     * Copies the name's raw bytes to a buffer, from its position on, which moves behind them.
     *
     * @return their number, {@link #nameLength()}
     * @throws java.nio.BufferOverflowException if they do not fit; nothing is copied
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     */
    int name(ByteBuffer to);

    /** Whether the name has just these bytes. Decodes nothing. */
    boolean nameEquals(byte[] name);

    /** Whether the name begins with these bytes. Decodes nothing. */
    boolean nameStartsWith(byte[] prefix);

    /**
     * The name as UTF-8, or null without one. A byte that is not UTF-8 becomes U+FFFD: for a name to open a file with, take
     * the raw bytes. Of a cursor, the String is made once for each file of a snapshot, and kept while the file is mapped.
     */
    String name();

    /** Returns a copy of this mapping as it is now, to keep. */
    default ImmutableMapping copy() {
        return ImmutableMapping.of(this);
    }
}
