package org.mapfiles;

import org.mapfiles.internal.MapRecord;

/** What a mapping is, told from its name and the device of its file. The order is that of the native core. */
public enum MappingKind {
    /** Private memory without a file. */
    ANONYMOUS,
    /** A file or device node of a mounted file system, deleted or not. */
    FILE,
    /** The brk area, {@code [heap]}: of malloc, not of Java. */
    HEAP,
    /** The first thread's stack, {@code [stack]}; stacks of other threads are {@link #ANONYMOUS} to the kernel. */
    STACK,
    /** The kernel's code in user space, {@code [vdso]}. */
    VDSO,
    /** Data of the vDSO, {@code [vvar]}. */
    VVAR,
    /** {@code [vsyscall]} of x86-64, at an address above 2<sup>63</sup>. */
    VSYSCALL,
    /** Private memory with a name, {@code [anon:...]}, given by prctl(PR_SET_VMA_ANON_NAME). */
    NAMED_ANONYMOUS,
    /** Memory of MAP_SHARED|MAP_ANONYMOUS, which the kernel calls {@code /dev/zero}, or {@code [anon_shmem:...]}. */
    SHARED_ANONYMOUS,
    /** A memfd_create(2) file. */
    MEMFD,
    /** A System V segment; its inode is the segment's id, which may be 0. */
    SYSV,
    /** A file without a file system: rings of perf and io_uring, KVM and others. */
    ANON_INODE,
    /** The ring of io_setup(2), by its name: so may a file be called in the root directory of a file system without a block device. */
    AIO,
    /** A buffer that devices share, by its name as well. */
    DMA_BUF,
    /** Memory of MAP_HUGETLB without a file. */
    HUGETLB,
    /** Another special mapping of the kernel's, known by its name alone: a ring of a socket, memory of memfd_secret(2), ... */
    OTHER;

    private static final MappingKind[] BY_CODE = values();

    /**
     * Returns whether this is private memory without a file, whatever name it has: {@link #ANONYMOUS}, {@link #HEAP}, {@link #STACK} or
     * {@link #NAMED_ANONYMOUS}. Such memory can get another name: {@code [heap]} is what lies below the program break, and prctl(2) sets
     * names. When the kernel reports a new mapping by an event, the memory may have no name yet.
     */
    public boolean isPrivateMemory() {
        return this == ANONYMOUS || this == HEAP || this == STACK || this == NAMED_ANONYMOUS;
    }

    static MappingKind of(int flags) {
        int code = flags >>> MapRecord.KIND_SHIFT & MapRecord.KIND_MASK;
        return code < BY_CODE.length ? BY_CODE[code] : OTHER;
    }
}
