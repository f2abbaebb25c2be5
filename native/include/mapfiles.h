/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_H
#define MAPFILES_H

/**
 * @file
 * mapfiles: finds the file, and the byte of it, that an address of a Linux process belongs to.
 *
 * This header: processes, snapshots of their mappings, which mapping covers an address, memory of a process.
 * mapfiles_files.h: the files behind mappings. mapfiles_events.h: changes that the kernel records.
 * mapfiles_resident.h: how much of the memory is present. mapfiles_symbols.h: ELF files, and the function at an address.
 * mapfiles_target.h: code of any JVM, from its memory. mapfiles_jvm.h: recorded code of the own JVM.
 *
 * **Words**
 *  - A *mapping* is one line of /proc/PID/maps: a VMA of the kernel.
 *  - A *range* is [start, end): the end is exclusive.
 *  - A *snapshot* holds the mappings of a process as read at one time. It is *inconsistent* if its lines contradict each other,
 *    because the process changed its mappings during every one of several reads.
 *  - The *target* is the process that is read. The *caller* is the thread that calls.
 *
 * **Memory.** The library allocates nothing. Each result is written to memory of the caller and holds no pointer, so it may be
 * moved, copied and kept as bytes.
 *
 * **Signals and threads.** Unless a function says otherwise it is thread-safe for different output memory, async-signal-safe,
 * takes no lock and preserves errno.
 *
 * **Errors.** A function returns 0 or a positive result, or a negative errno. mf_strerror() returns their meaning as text.
 * These mean the same in all functions:
 *
 * | error      | meaning |
 * | ---------- | ------- |
 * | -ESRCH     | the process has exited, also if its PID belongs to another process now |
 * | -ECHILD    | the process is a zombie: it has exited, its parent has not waited for it, and it has no mappings |
 * | -ENXIO     | the process is a kernel thread, which has no mappings |
 * | -EACCES    | the kernel denies access to the process: mf_denial_reasons() returns what is missing |
 * | -EPERM     | the process exists, and the hidepid option of the proc mount hides it from this user |
 * | -ENODEV    | no proc file system is mounted at /proc |
 * | -ENOBUFS   | the memory is too small; the head of the output holds the capacity that was needed |
 * | -EBADMSG   | the text is not what proc_pid_maps(5) describes; the head of the snapshot names the line |
 * | -ENOTTY    | the kernel has no PROCMAP_QUERY (before Linux 6.11) |
 * | -ENOENT    | no mapping matches |
 * | -ESTALE    | the mapping does not exist any more: its range is unmapped, split, merged or shows another file. Read a new snapshot |
 * | -EFBIG     | the process has more than 2 GiB of maps text, and no more is read |
 * | -EINVAL    | an argument is invalid; also for the file of a mapping whose device and inode were not recorded |
 * | -EMFILE, -ENFILE, -ENOMEM | descriptors or memory of the kernel are used up |
 *
 * Any other negative value is the errno of the system call that failed.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks a function that the library exports. */
#define MF_API __attribute__((visibility("default")))

/* ---- The library ------------------------------------------------------------------------------------------------- */

/** Returns the version of the library, such as "0.1.0". The text is static. */
MF_API const char *mf_version(void);

/**
 * Returns what an error of this library means, in English and without a final dot. The text is static.
 *
 * @param error  a negative value that a function returned. For any other value the text is that of an unknown error.
 */
MF_API const char *mf_strerror(int error);

/* ---- A mapping --------------------------------------------------------------------------------------------------- */

/** Bits of mf_mapping.flags. The first five are also a filter: a mapping passes if it has all bits of the filter. */
enum mf_flag {
    MF_READABLE = 1u << 0,    /**< PROT_READ */
    MF_WRITABLE = 1u << 1,    /**< PROT_WRITE */
    MF_EXECUTABLE = 1u << 2,  /**< PROT_EXEC */
    MF_SHARED = 1u << 3,      /**< MAP_SHARED: writes reach the file, or other processes that map the same memory */
    MF_FILE_BACKED = 1u << 4, /**< the mapping has a file: its device or inode is not 0 */
    MF_DELETED = 1u << 5,     /**< the file is deleted for certain; the kernel's " (deleted)" is removed from the name */
    MF_SUFFIXED = 1u << 6,    /**< the name ends in " (deleted)": the file is deleted, or this is its name. See mf_deletion() */
    MF_ESCAPED = 1u << 7,     /**< the name contains a newline, which maps shows as \012. The name here has the newline */
    MF_AMBIGUOUS = 1u << 8,   /**< the name contains the text \012, which may stand for a newline: the kernel did not report it */
};

/** What a mapping is: bits 16-23 of mf_mapping.flags, see mf_mapping_kind(). Derived from the name and the device. */
enum mf_kind {
    MF_KIND_ANONYMOUS = 0,   /**< private memory without a file */
    MF_KIND_FILE,            /**< a file or device node of a mounted file system, deleted or not */
    MF_KIND_HEAP,            /**< [heap]: the brk area */
    MF_KIND_STACK,           /**< [stack]: of the first thread. Other stacks are anonymous memory for the kernel */
    MF_KIND_VDSO,            /**< [vdso]: code of the kernel in user space */
    MF_KIND_VVAR,            /**< [vvar], [vvar_vclock]: data of the vdso */
    MF_KIND_VSYSCALL,        /**< [vsyscall]: above 2^63 on x86-64. PROCMAP_QUERY does not report it */
    MF_KIND_NAMED_ANONYMOUS, /**< [anon:NAME]: named by prctl(PR_SET_VMA_ANON_NAME) */
    MF_KIND_SHARED_ANONYMOUS,/**< MAP_SHARED|MAP_ANONYMOUS, shown as /dev/zero or [anon_shmem:NAME] */
    MF_KIND_MEMFD,           /**< memfd_create(2) */
    MF_KIND_SYSV,            /**< shmget(2); the inode is the identifier of the segment and may be 0 */
    MF_KIND_ANON_INODE,      /**< anon_inode:NAME: rings of perf and io_uring, KVM and others */
    MF_KIND_AIO,             /**< the ring of io_setup(2), inferred from its name: a file in the root directory of a file system
                                  without a block device may have the same name */
    MF_KIND_DMA_BUF,         /**< a buffer that devices share; inferred from its name too */
    MF_KIND_HUGETLB,         /**< MAP_HUGETLB without a file */
    MF_KIND_OTHER,           /**< another mapping of a file system that is internal to the kernel: sockets, memfd_secret(2) */
};

/**
 * One mapping: 64 bytes in native byte order.
 *
 *      0        8        16       24       32    36    40    44    48    52    56    60
 *      | start  | end    | offset | inode  | dev | dev |flags|name |name |file | 0   | 0   |
 *                                          |major|minor|     |off. |len. |index|
 */
struct mf_mapping {
    uint64_t start;       /**< first address, page-aligned. Unsigned: [vsyscall] is above 2^63 */
    uint64_t end;         /**< first address after the mapping */
    uint64_t offset;      /**< offset in the file, in bytes, of the byte at start; 0 without a file */
    uint64_t inode;       /**< of the mapped file; 0 without a file, and for some SysV segments */
    uint32_t dev_major;   /**< device of the file system, as maps shows it. On btrfs and overlayfs stat(2) may return another */
    uint32_t dev_minor;   /**< as dev_major */
    uint32_t flags;       /**< bits of enum mf_flag, and the kind in bits 16-23 */
    uint32_t name_offset; /**< offset in the text of the snapshot, in bytes. Names are raw bytes and not terminated */
    uint32_t name_length; /**< in bytes; 0 without a name */
    int32_t file_index;   /**< from 0; the same for mappings of one file under one name; -1 without a file */
    uint32_t reserved[2]; /**< 0 */
};

/** Position of the kind in mf_mapping.flags. */
#define MF_KIND_SHIFT 16

/** Returns what a mapping is. */
static inline enum mf_kind mf_mapping_kind(const struct mf_mapping *mapping)
{
    return (enum mf_kind)(mapping->flags >> MF_KIND_SHIFT & 0xff);
}

/* ---- A process --------------------------------------------------------------------------------------------------- */

/**
 * An open process: 80 bytes of the caller's memory, whose fields are the library's own. It holds open descriptors, so a
 * recycled PID is never mistaken for it. It must not be used in a child of fork(2): there "self" is the parent.
 */
struct mf_process {
    uint64_t opaque[10]; /**< internal */
};

/**
 * Opens a process by its PID. The number of a thread means its process, as in /proc.
 *
 * An open process takes two descriptors, and a third at the first access to map_files. All are O_CLOEXEC.
 *
 * @param pid       1 or more, in the PID namespace of /proc.
 * @param[out] out  valid only if 0 is returned. After -EACCES mf_process_pid() is valid too.
 * @retval 0        opened
 * @retval -EINVAL  the PID is below 1
 * @return -ESRCH, -ECHILD, -ENXIO, -EACCES, -EPERM, -ENODEV, -EMFILE, -ENFILE as described above.
 */
MF_API int mf_process_open_pid(int32_t pid, struct mf_process *out);

/**
 * Opens the calling process.
 *
 * @return as mf_process_open_pid().
 */
MF_API int mf_process_open_self(struct mf_process *out);

/**
 * Opens a process by a pidfd (pidfd_open(2)).
 *
 * @param pidfd     stays the caller's.
 * @retval -EINVAL  it is no pidfd
 * @retval -EBADF   it is not open
 * @return otherwise as mf_process_open_pid().
 */
MF_API int mf_process_open_pidfd(int pidfd, struct mf_process *out);

/**
 * Opens a process by a descriptor of its directory in /proc. A descriptor of /proc/TID means the process of the thread.
 *
 * @param proc_fd   stays the caller's.
 * @retval -EINVAL  it is no directory of a process. /proc/PID/task/TID is none either
 * @retval -EBADF   it is not open
 * @return otherwise as mf_process_open_pid().
 */
MF_API int mf_process_open_directory(int proc_fd, struct mf_process *out);

/** Returns the PID of a process, as the /proc that it was opened in numbers it. */
MF_API int32_t mf_process_pid(const struct mf_process *process);

/** Closes the descriptors. No other thread may be using @p process. A second close does nothing. */
MF_API void mf_process_close(struct mf_process *process);

/** Why the kernel denies access to a process: bits of mf_denial_reasons(). See ptrace(2), "Ptrace access mode checking". */
enum mf_denial {
    MF_DENIED_USER = 1u << 0,         /**< the target has another uid or gid: become its user, or have CAP_SYS_PTRACE. For map_files
                                           and memory have CAP_DAC_READ_SEARCH too */
    MF_DENIED_CAPABILITIES = 1u << 1, /**< the target has capabilities that the caller lacks: have them too, or CAP_SYS_PTRACE */
    MF_DENIED_DUMPABLE = 1u << 2,     /**< the target is not dumpable (set-uid program, prctl(2)): have CAP_SYS_PTRACE */
    MF_DENIED_POLICY = 1u << 3,       /**< none of these: a security module denies it, or the target is in another user namespace */
    MF_DENIED_PTRACE_SCOPE = 1u << 4, /**< Yama denies access to memory, not to mappings, to all but the parents of the target */
};

/**
 * Returns what the calling thread lacks to access a process, derived from /proc/PID/status. For the message after -EACCES.
 *
 * @return bits of enum mf_denial, at least one; or -ESRCH and the other errors of an exited process.
 */
MF_API int mf_denial_reasons(int32_t pid);

/** What the calling thread may do: bits of mf_caller_privileges(). Capabilities are the effective ones. */
enum mf_privilege {
    MF_CALLER_IS_ROOT = 1u << 0,                /**< its effective user ID is 0 */
    MF_CALLER_HAS_PTRACE = 1u << 1,             /**< CAP_SYS_PTRACE: may read processes of other users */
    MF_CALLER_HAS_CHECKPOINT_RESTORE = 1u << 2, /**< CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN: may follow map_files entries */
    MF_CALLER_HAS_PERFMON = 1u << 3,            /**< CAP_PERFMON or CAP_SYS_ADMIN: may open perf events, unless
                                                     MF_CALLER_IN_USER_NAMESPACE is set too */
    MF_CALLER_IN_USER_NAMESPACE = 1u << 4,      /**< it is not in the initial user namespace: its capabilities are valid only in its
                                                     own namespace */
};

/**
 * Returns what the calling thread may do: for messages after -EACCES and -EPERM. In a container root often lacks capabilities
 * (docker run --cap-add=SYS_PTRACE).
 *
 * @return bits of enum mf_privilege.
 */
MF_API int mf_caller_privileges(void);

/* ---- A snapshot -------------------------------------------------------------------------------------------------- */

/**
 * How to read a snapshot. Both backends return the same mappings. Without one of these bits the cheaper one is chosen. Executable
 * mappings are few, so they are read by PROCMAP_QUERY. Others are read by the text, unless PROCMAP_QUERY is measured to be a tenth
 * cheaper. Of 1,024 such reads of a process, the 9th to the 12th are made by both backends and measured. If PROCMAP_QUERY fails in
 * these or in later reads, the text is read. A read with another filter than the last one begins anew; reads without a filter have
 * a choice of their own.
 */
enum mf_backend {
    MF_BY_TEXT = 1u << 30,  /**< read /proc/PID/maps: any kernel */
    MF_BY_QUERY = 1u << 27, /**< one PROCMAP_QUERY per mapping: Linux 6.11+, else -ENOTTY */
};

/** The bits of the options of a snapshot that are its filter. */
#define MF_FILTER (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE | MF_SHARED | MF_FILE_BACKED)

/**
 * The head of a snapshot: a relocatable block of the caller's memory, aligned to 8 bytes.
 *
 *      | this head | mappings, sorted by start | search index | table of files | text |
 */
struct mf_snapshot {
    uint64_t magic;            /**< internal: set by mf_snapshot_init() */
    uint64_t bytes;            /**< size of the whole block */
    uint32_t options;          /**< the filter and backend it was read with */
    uint32_t backend;          /**< MF_BY_TEXT or MF_BY_QUERY: how it was read; 0: it is empty */
    uint32_t mapping_count;    /**< number of mappings */
    uint32_t file_count;       /**< file_index is from 0 to below this */
    uint32_t text_length;      /**< bytes of text in use */
    uint32_t kernel_length;    /**< the first bytes of these, as the kernel wrote them */
    uint32_t inconsistent;     /**< 1: mappings changed during every one of several reads; overlaps are cut */
    uint32_t retries;          /**< reads that were repeated because mappings changed during them */
    uint32_t mapping_capacity; /**< maximum of mappings */
    uint32_t text_capacity;    /**< in bytes */
    uint32_t needed_mappings;  /**< after -ENOBUFS: the mapping capacity that was needed */
    uint32_t needed_text;      /**< after -ENOBUFS: the text capacity that was needed, in bytes */
    uint32_t error_line;       /**< after -EBADMSG: number of the line, from 1 */
    uint32_t error_offset;     /**< after -EBADMSG: offset of the line in the text, in bytes */
    uint32_t error_length;     /**< after -EBADMSG: length of the line, in bytes */
    uint32_t index_offset;     /**< offset of the search index from the head, in bytes */
    uint32_t files_offset;     /**< offset of the table of files from the head, in bytes */
    uint32_t text_offset;      /**< offset of the text from the head, in bytes */
};

/** Returns the mappings of a snapshot: mapping_count of them, sorted by start, without overlaps. */
static inline const struct mf_mapping *mf_snapshot_mappings(const struct mf_snapshot *snapshot)
{
    return (const struct mf_mapping *)(snapshot + 1);
}

/** Returns the text that holds the names. */
static inline const char *mf_snapshot_text(const struct mf_snapshot *snapshot)
{
    return (const char *)snapshot + snapshot->text_offset;
}

/** Returns the first byte of the name of a mapping: name_length raw bytes, not terminated. */
static inline const char *mf_snapshot_name(const struct mf_snapshot *snapshot, const struct mf_mapping *mapping)
{
    return mf_snapshot_text(snapshot) + mapping->name_offset;
}

/**
 * Returns the size of the memory for a snapshot, in bytes. A line of text has 73 bytes and the name; most processes need 100
 * bytes of text per mapping.
 *
 * @return a multiple of 8; 0 if the size exceeds 2 GiB.
 */
MF_API size_t mf_snapshot_bytes(uint32_t mapping_capacity, uint32_t text_capacity);

/**
 * Makes an empty snapshot in memory of the caller.
 *
 * @retval 0        done
 * @retval -EINVAL  the memory is not aligned to 8 bytes, or smaller than mf_snapshot_bytes() returns
 */
MF_API int mf_snapshot_init(void *memory, size_t bytes, uint32_t mapping_capacity, uint32_t text_capacity);

/**
 * Reads the mappings of a process into @p out.
 *
 * The kernel does not provide an atomic list. It returns whole mappings in order of address, a few at a time. If lines
 * contradict each other, or if execve(2) replaces the memory during the read, the read is repeated up to three times. After
 * that the snapshot is marked inconsistent. Not every mix of states can be detected: a mapping that moves during the read may
 * be missing or duplicated. A mapping that does not move is there. If the next read returns 0, two reads in a row were equal.
 *
 * @param options   filter bits of enum mf_flag and a backend, or 0: all mappings, the cheaper backend. If a path has MF_NAME_MAX
 *                  bytes or more the text is read whatever the options are; out->backend reports that.
 * @param previous  an earlier snapshot of the same process with the same options to compare with, or NULL. It is only read. If
 *                  nothing has changed, the cost is the read and a comparison, and @p out holds no mappings.
 * @param out       an initialised snapshot other than @p previous.
 * @retval 1        @p out was filled
 * @retval 0        nothing has changed since @p previous
 * @retval -ENOBUFS out->needed_mappings and out->needed_text hold the capacities that were needed; add some slack and retry.
 *                  The read ends at 2 GiB of text, for which mf_snapshot_bytes() returns 0
 * @retval -ENOTTY  MF_BY_QUERY before Linux 6.11
 * @return -EBADMSG, -ESRCH, -ECHILD, -ENXIO, -EACCES, -EMFILE, -ENFILE as described above.
 *
 * Takes up to 12 KiB of stack. Takes a descriptor of its own if another read of the same process is under way.
 */
MF_API int mf_snapshot_read(struct mf_process *process, uint32_t options, const struct mf_snapshot *previous,
                            struct mf_snapshot *out);

/**
 * Parses saved text of a /proc/PID/maps of a 64-bit kernel into @p out.
 *
 * Kinds are derived from names alone. MF_DELETED is never set, and names that contain \012 stay MF_AMBIGUOUS, because the
 * process that could be queried is unknown. A name that begins with / is that of a file, also if device and inode are 0.
 *
 * @param text      need not be terminated; each line ends with a newline; may be empty.
 * @retval 1        @p out was filled
 * @retval -EBADMSG a line is none of such a text, has a NUL byte, or is not in order: out->error_line, error_offset and error_length name the line
 * @retval -ENOBUFS as mf_snapshot_read()
 * @retval -EINVAL  @p out is not initialised, or an option is not valid here
 */
MF_API int mf_snapshot_parse(const char *text, size_t length, uint32_t options, struct mf_snapshot *out);

/* ---- Which mapping covers an address ----------------------------------------------------------------------------- */

/**
 * Returns the index of the mapping that covers an address in a snapshot, or -1. No system call.
 *
 * @param address  any 64-bit value.
 *
 * No other thread may be writing to the snapshot.
 */
MF_API int32_t mf_find(const struct mf_snapshot *snapshot, uint64_t address);

/** Calls mf_find() for @p count addresses in any order: indices[i] is the result for addresses[i]. */
MF_API void mf_find_all(const struct mf_snapshot *snapshot, const uint64_t *addresses, int32_t *indices, size_t count);

/** Options of mf_query(). Filter bits of enum mf_flag may be added. */
enum mf_query_option {
    MF_COVERING = 0,                /**< the mapping that covers the address */
    MF_COVERING_OR_NEXT = 1u << 29, /**< if no mapping covers the address, the next one above it */
    MF_WITH_BUILD_ID = 1u << 28,    /**< the build ID of an ELF file; absent also if its first page is not in memory */
};

#define MF_BUILD_ID_MAX 20 /**< in bytes, as in the kernel (lib/buildid.c) */
#define MF_NAME_MAX 4096   /**< in bytes with the final NUL. Only a snapshot by text has longer names */

/** Result of mf_query(). The name of its mapping begins at name[0]; file_index is 0, or -1 without a file. */
struct mf_query_result {
    struct mf_mapping mapping; /**< the mapping that was found */
    uint32_t build_id_length;  /**< in bytes; 0: the file has none, or MF_WITH_BUILD_ID was not given */
    uint8_t build_id[MF_BUILD_ID_MAX]; /**< build_id_length bytes are valid */
    char name[MF_NAME_MAX];    /**< also terminated with a NUL */
};

/**
 * Returns the mapping that covers an address now. One system call (PROCMAP_QUERY, Linux 6.11+).
 *
 * @param address   any 64-bit value; it need not be aligned, mapped or canonical.
 * @param options   MF_COVERING or MF_COVERING_OR_NEXT, filter bits, MF_WITH_BUILD_ID.
 * @param[out] out  unchanged but for its name unless 0 is returned.
 * @retval 0              found
 * @retval -ENOENT        no mapping matches
 * @retval -ENOTTY        before Linux 6.11: use mf_snapshot_read() and mf_find()
 * @retval -ENAMETOOLONG  the path has MF_NAME_MAX bytes or more: use these two as well
 * @return -ESRCH, -ECHILD, -ENXIO, -EACCES as described above.
 *
 * Takes up to 8 KiB of stack. May block while the target changes its mappings. The first query for [vsyscall] reads the whole
 * text once, because PROCMAP_QUERY does not report that page.
 */
MF_API int mf_query(struct mf_process *process, uint64_t address, uint32_t options, struct mf_query_result *out);

/**
 * Checks whether a process still has a mapping: the same range, with the same offset of a file with the same device and inode.
 * Device and inode are not compared if they were not recorded (MF_EVENTS_BUILD_ID).
 *
 * These numbers are all that identifies the file of a mapping. ext4 and xfs give the inode number of a deleted file to a new
 * file, often immediately. If a process unmaps a deleted file and maps such a new file at the same range and offset, this
 * function returns 1, and all functions on the file of the old mapping return results about the new file. The kernel does not
 * report a generation of a mapping, nor a generation or birth time of its file. A caller can compare the birth time of the
 * opened file (statx(2), STATX_BTIME) with the time of the snapshot: a later birth time means a new file. Events report the new
 * mapping (mapfiles_events.h).
 *
 * One system call (PROCMAP_QUERY). Before Linux 6.11 it reads the whole text.
 *
 * @retval 1  the process has the mapping
 * @retval 0  it does not
 * @return -ESRCH, -ECHILD, -ENXIO, -EACCES, -EFBIG as described above.
 */
MF_API int mf_mapping_validate(struct mf_process *process, const struct mf_mapping *mapping);

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/**
 * Reads memory of a process through /proc/PID/mem: for images without a file, such as [vdso].
 *
 * Blocks until each page is provided: by a file system such as FUSE or NFS, or by a userfaultfd(2) handler of the target. A
 * target can make that last for ever. The blocked thread can be killed, but not interrupted. The same is true when
 * mf_file_open() compares bytes.
 *
 * @return the number of bytes read, which is smaller if unreadable memory follows
 * @retval -EIO     no byte can be read
 * @retval -EACCES  reading memory needs permission to attach (ptrace(2))
 * @return -ESRCH, -ECHILD as described above.
 */
MF_API long mf_memory_read(struct mf_process *process, uint64_t address, void *to, size_t bytes);

/* ---- The dynamic loader ------------------------------------------------------------------------------------------ */

/**
 * Returns how many libraries the dynamic loader has added to and removed from the calling process (dl_iterate_phdr(3)). If both
 * numbers are the same as before, no library was loaded or unloaded. Other mappings may have changed.
 *
 * @retval 0         done
 * @retval -ENOTSUP  the loader does not count
 *
 * Not async-signal-safe: takes the lock of the loader.
 */
MF_API int mf_loader_counts(uint64_t *added, uint64_t *removed);

#ifdef __cplusplus
}
#endif

#endif
