package org.mapfiles;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.PermissionText;

/**
 * One mapping of a process: one line of /proc/PID/maps, a VMA of the kernel.
 *
 * <p>{@link MapCursor} reads the mappings of a snapshot, {@link MappingQuery} the mapping that the kernel returned for
 * an address, and {@link org.mapfiles.events.MapEvent} the mapping that an event reports. These three are views: each
 * holds the fields of one mapping at a time, for one thread. {@link ImmutableMapping} is a copy. Reading allocates
 * nothing unless a method says so.
 *
 * <p>Addresses are unsigned: compare them with {@link Long#compareUnsigned}. {@code [vsyscall]} is above
 * 2<sup>63</sup>.
 *
 * <p>Only this library implements this interface: methods may be added. A view that is on no mapping throws
 * {@link IllegalStateException} or {@link IndexOutOfBoundsException}, as its class documents.
 */
public interface Mapping {
    /**
     * Returns the first address of the mapping.
     *
     * @return a multiple of the page size; unsigned
     */
    long start();

    /**
     * Returns the first address after the mapping.
     *
     * @return a multiple of the page size, never 0; unsigned
     */
    long end();

    /**
     * Returns the size of the mapping, {@code end - start}.
     *
     * @return in bytes, above 0
     */
    default long size() {
        return end() - start();
    }

    /**
     * Returns the offset in the file of the byte at {@link #start()}.
     *
     * @return in bytes, unsigned; 0 without a file
     */
    long offset();

    /**
     * Returns whether the mapping covers an address.
     *
     * @param address any 64-bit value
     * @return whether the address is in the range
     */
    default boolean contains(long address) {
        return Long.compareUnsigned(address, start()) >= 0 && Long.compareUnsigned(address, end()) < 0;
    }

    /**
     * Returns the file offset of an address, {@code address - start + offset}.
     *
     * @param address any 64-bit value
     * @return in bytes; -1 if the mapping does not cover the address or has no file
     */
    default long fileOffset(long address) {
        return isFileBacked() && contains(address) ? address - start() + offset() : -1;
    }

    /**
     * Returns the inode number of the file.
     *
     * @return unsigned; 0 without a file, and for some System V segments
     */
    long inode();

    /**
     * Returns the major number of the device of the file system, as /proc/PID/maps shows it. On btrfs and overlayfs,
     * stat(2) may return another device for the path.
     *
     * @return 0 without a file
     */
    int deviceMajor();

    /**
     * Returns the minor number of the device of the file system, as /proc/PID/maps shows it.
     *
     * @return 0 without a file
     */
    int deviceMinor();

    /**
     * Returns permissions, properties and kind in one number, for loops that test several of them.
     *
     * @return bits of {@code enum mf_flag} in mapfiles.h; the kind in bits 16 to 23
     */
    int flags();

    /**
     * Returns whether the memory is readable (PROT_READ).
     *
     * @return whether the permission is set
     */
    default boolean isReadable() {
        return (flags() & MapRecord.READABLE) != 0;
    }

    /**
     * Returns whether the memory is writable (PROT_WRITE).
     *
     * @return whether the permission is set
     */
    default boolean isWritable() {
        return (flags() & MapRecord.WRITABLE) != 0;
    }

    /**
     * Returns whether the memory is executable (PROT_EXEC).
     *
     * @return whether the permission is set
     */
    default boolean isExecutable() {
        return (flags() & MapRecord.EXECUTABLE) != 0;
    }

    /**
     * Returns whether the mapping is shared (MAP_SHARED): writes reach the file, or processes that map the same memory.
     *
     * @return false if the mapping is private: writes make a copy of the page
     */
    default boolean isShared() {
        return (flags() & MapRecord.SHARED) != 0;
    }

    /**
     * Returns whether the mapping has a file, also a deleted one, a memfd, or shared anonymous memory.
     *
     * @return whether the device or the inode is not 0
     */
    default boolean isFileBacked() {
        return (flags() & MapRecord.FILE_BACKED) != 0;
    }

    /**
     * Returns the permissions as the kernel writes them, such as {@code r-xp}. Allocates nothing.
     *
     * @return four characters
     */
    default String permissions() {
        return PermissionText.text(flags());
    }

    /**
     * Returns what the mapping is, derived from its name and device.
     *
     * @return the kind
     */
    default Kind kind() {
        return Kind.of(flags());
    }

    /**
     * Returns whether the file is deleted, according to the name. Makes no system call:
     * {@link org.mapfiles.files.MapFiles#state} returns what happened to the file until now.
     *
     * @return {@link Deletion#UNKNOWN} if the name is ambiguous: {@link org.mapfiles.files.MapFiles#resolveName}
     *     decides
     */
    default Deletion deletion() {
        return Deletion.ofFlags(flags());
    }

    /**
     * Returns whether the name contains a newline. /proc/PID/maps shows it as {@code \012}; the name here has the
     * newline.
     *
     * @return whether a newline was restored
     */
    default boolean isNameEscaped() {
        return (flags() & MapRecord.ESCAPED) != 0;
    }

    /**
     * Returns whether the name contains the text {@code \012}, which may stand for a newline: the kernel could not be
     * queried.
     *
     * @return whether the name is ambiguous
     */
    default boolean isNameAmbiguous() {
        return (flags() & MapRecord.AMBIGUOUS) != 0;
    }

    /**
     * Returns a number that is equal for mappings of one file under one name in one snapshot. It is a key for work to
     * be done once per file.
     *
     * @return from 0 to below {@link MapSnapshot#fileCount()}; -1 without a file
     */
    int fileIndex();

    /**
     * Returns the length of the name. A {@code " (deleted)"} that the kernel added for certain is not part of the name.
     *
     * @return in bytes; 0 without a name
     */
    int nameLength();

    /**
     * Copies the raw bytes of the name to an array.
     *
     * @param to receives the bytes
     * @param at index in the array of the first byte
     * @return the number of bytes, {@link #nameLength()}
     * @throws IndexOutOfBoundsException if the bytes do not fit; nothing is copied
     */
    int name(byte[] to, int at);

    /**
     * Copies the raw bytes of the name to a buffer at its position, and advances the position.
     *
     * @param to receives the bytes
     * @return the number of bytes, {@link #nameLength()}
     * @throws java.nio.BufferOverflowException if the bytes do not fit; nothing is copied
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     */
    int name(ByteBuffer to);

    /**
     * Returns whether the name consists of these bytes. Decodes nothing.
     *
     * @param name raw bytes
     * @return whether all bytes are equal
     */
    boolean nameEquals(byte[] name);

    /**
     * Returns whether the name begins with these bytes. Decodes nothing.
     *
     * @param prefix raw bytes
     * @return whether the first bytes are equal
     */
    boolean nameStartsWith(byte[] prefix);

    /**
     * Returns the name decoded as UTF-8. Each byte that is not UTF-8 becomes U+FFFD: use the raw bytes to open a file.
     * May allocate. A snapshot keeps the String of each file until the name changes.
     *
     * @return null without a name
     */
    @Nullable
    String name();

    /**
     * Returns a copy of this mapping as it is now. Allocates it.
     *
     * @return an immutable mapping
     */
    default ImmutableMapping copy() {
        return ImmutableMapping.of(this);
    }

    /** What a mapping is, derived from its name and the device of its file. */
    enum Kind {
        /** Private memory without a file. */
        ANONYMOUS,
        /** A file or device node of a mounted file system, deleted or not. */
        FILE,
        /** {@code [heap]}: the brk area, which malloc uses. It is not the Java heap. */
        HEAP,
        /**
         * {@code [stack]}: the stack of the first thread. Other stacks are {@link #ANONYMOUS} memory for the kernel.
         */
        STACK,
        /** {@code [vdso]}: code of the kernel in user space. */
        VDSO,
        /** {@code [vvar]}, {@code [vvar_vclock]}: data of the vdso. */
        VVAR,
        /** {@code [vsyscall]}: above 2<sup>63</sup> on x86-64. */
        VSYSCALL,
        /** {@code [anon:NAME]}: private memory named by prctl(PR_SET_VMA_ANON_NAME). */
        NAMED_ANONYMOUS,
        /** MAP_SHARED|MAP_ANONYMOUS, shown as {@code /dev/zero} or {@code [anon_shmem:NAME]}. */
        SHARED_ANONYMOUS,
        /** A file of memfd_create(2). */
        MEMFD,
        /** A System V segment, shmget(2). Its inode is the identifier of the segment, which may be 0. */
        SYSV,
        /** {@code anon_inode:NAME}: rings of perf and io_uring, KVM and others. */
        ANON_INODE,
        /**
         * The ring of io_setup(2), inferred from its name. A file in the root directory of a file system without a
         * block device may have the same name.
         */
        AIO,
        /** A buffer that devices share; inferred from its name too. */
        DMA_BUF,
        /** MAP_HUGETLB without a file. */
        HUGETLB,
        /** Another mapping of a file system that is internal to the kernel: sockets, memfd_secret(2). */
        OTHER;

        private static final Kind[] BY_CODE = values(); // in the order of enum mf_kind

        /**
         * Returns whether this is private memory without a file, whatever name it has: {@link #ANONYMOUS},
         * {@link #HEAP}, {@link #STACK} or {@link #NAMED_ANONYMOUS}. Such memory can get another name: {@code [heap]}
         * is the memory below the program break, and prctl(2) sets names. When the kernel reports a new mapping by an
         * event, the memory may have no name yet.
         *
         * @return whether the kind is one of these four
         */
        public boolean isPrivateMemory() {
            return this == ANONYMOUS || this == HEAP || this == STACK || this == NAMED_ANONYMOUS;
        }

        static Kind of(int flags) {
            int code = flags >>> MapRecord.KIND_SHIFT & MapRecord.KIND_MASK;
            return code < BY_CODE.length ? BY_CODE[code] : OTHER;
        }
    }

    /**
     * Whether the file of a mapping is deleted, according to the {@code " (deleted)"} that the kernel adds to the name.
     */
    enum Deletion {
        /** The name does not end in {@code " (deleted)"}, or that is part of the file's own name. */
        NOT_DELETED,
        /**
         * The kernel added {@code " (deleted)"}, which is removed from the name: memfd, System V and shared anonymous
         * memory.
         */
        DELETED,
        /**
         * The name ends in {@code " (deleted)"}. Either the kernel added that, or it is part of the file's own name:
         * the text is the same. This is so for deleted files of all mounted file systems.
         * {@link org.mapfiles.files.MapFiles#resolveName} decides.
         */
        UNKNOWN;

        static Deletion ofFlags(int flags) {
            if ((flags & MapRecord.DELETED) != 0) {
                return DELETED;
            }
            return (flags & MapRecord.SUFFIXED) != 0 ? UNKNOWN : NOT_DELETED;
        }
    }
}
