package org.mapfiles;

import org.mapfiles.internal.MapRecord;

/** What a mapping is, derived from its name and the device of its file. */
public enum MappingKind {
    /** Private memory without a file. */
    ANONYMOUS,
    /** A file or device node of a mounted file system, deleted or not. */
    FILE,
    /** {@code [heap]}: the brk area, which malloc uses. It is not the Java heap. */
    HEAP,
    /** {@code [stack]}: the stack of the first thread. Other stacks are {@link #ANONYMOUS} memory for the kernel. */
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
     * The ring of io_setup(2), inferred from its name. A file in the root directory of a file system without a block device may have the
     * same name.
     */
    AIO,
    /** A buffer that devices share; inferred from its name too. */
    DMA_BUF,
    /** MAP_HUGETLB without a file. */
    HUGETLB,
    /** Another mapping of a file system that is internal to the kernel: sockets, memfd_secret(2). */
    OTHER;

    private static final MappingKind[] BY_CODE = values(); // in the order of enum mf_kind

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
