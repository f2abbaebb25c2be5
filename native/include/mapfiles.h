/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_H
#define MAPFILES_H

/**
 * @file
 * mapfiles: which file, and which byte of it, an address of a Linux process belongs to.
 *
 * Words. A *mapping* is one line of /proc/<pid>/maps (the kernel's VMA). A *range* is [start, end), end exclusive. A
 * *snapshot* is a picture of all mappings, or of those a filter lets through, at one time. It is *inconsistent* when its parts show
 * that it mixes two states of the process.
 *
 * Memory. The library allocates nothing: every result goes to memory the caller gives, and holds no pointer, so that it
 * may be moved, copied and kept as bytes.
 *
 * Errors. A function returns 0 or a positive answer, or a negative errno value, and leaves errno as it was. These mean
 * the same everywhere:
 *
 *   -ESRCH    the process has ended (also where its pid was given to another process since)
 *   -ECHILD   it is a zombie: ended, not yet waited for, its mappings are gone
 *   -ENXIO    it is a kernel thread: it has no mappings
 *   -EACCES   the kernel refuses a look at it: mf_denial_reasons() tells what is missing
 *   -EPERM    it is there, and hidden from this user by the hidepid option of the proc mount
 *   -ENODEV   no proc file system is mounted at /proc
 *   -ENOBUFS  the memory given is too small; the snapshot's header says what is needed
 *   -EBADMSG  the text is not what proc_pid_maps(5) describes; the snapshot's header names the line
 *   -ENOTTY   this kernel has no PROCMAP_QUERY (before Linux 6.11)
 *   -ENOENT   no mapping fits
 *   -ESTALE   the mapping is gone: its exact range is unmapped, split, merged, or shows another file; read anew
 *   -EFBIG    the process has more than 2 GiB of text in maps, of which no more is read
 *   -EINVAL   an argument makes no sense; functions on the file of a mapping: its device and inode were not told
 *
 * Anything else is the errno of the system call that failed, such as -EMFILE or -ENOMEM.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MF_API __attribute__((visibility("default")))

/* ---- One mapping ------------------------------------------------------------------------------------------------ */

/** Bits of mf_mapping.flags. The first five also serve as a filter: a mapping passes that has all bits asked for. */
enum mf_flag {
    MF_READABLE = 1u << 0,
    MF_WRITABLE = 1u << 1,
    MF_EXECUTABLE = 1u << 2,
    MF_SHARED = 1u << 3,      /**< MAP_SHARED: writes reach the file, or others that map the same memory */
    MF_FILE_BACKED = 1u << 4, /**< a struct file stands behind it: device or inode is not 0 */
    MF_DELETED = 1u << 5,     /**< surely no path leads to it; the kernel's " (deleted)" is taken off the name */
    MF_SUFFIXED = 1u << 6,    /**< the name ends in " (deleted)", left on: deleted or really so called: mf_deletion() */
    MF_ESCAPED = 1u << 7,     /**< the name holds a newline, which the text shows as \012; here it is raw again */
    MF_AMBIGUOUS = 1u << 8,   /**< the name holds the text \012, perhaps a newline, and the kernel could not be asked */
};

/** What a mapping is, in bits 16-23 of mf_mapping.flags: mf_mapping_kind(). Told from the name and the device. */
enum mf_kind {
    MF_KIND_ANONYMOUS = 0,   /**< private memory without a file */
    MF_KIND_FILE,            /**< a file or device node of a mounted file system, deleted or not */
    MF_KIND_HEAP,            /**< [heap]: the brk area */
    MF_KIND_STACK,           /**< [stack]: of the first thread; other stacks are anonymous to the kernel */
    MF_KIND_VDSO,            /**< [vdso]: the kernel's code in user space */
    MF_KIND_VVAR,            /**< [vvar], [vvar_vclock]: its data */
    MF_KIND_VSYSCALL,        /**< [vsyscall]: above 2^63 on x86-64; PROCMAP_QUERY does not know it */
    MF_KIND_NAMED_ANONYMOUS, /**< [anon:...]: named by prctl(PR_SET_VMA_ANON_NAME) */
    MF_KIND_SHARED_ANONYMOUS,/**< MAP_SHARED|MAP_ANONYMOUS, named /dev/zero or [anon_shmem:...] */
    MF_KIND_MEMFD,           /**< memfd_create(2) */
    MF_KIND_SYSV,            /**< shmget(2); the inode is the segment's id and may be 0 */
    MF_KIND_ANON_INODE,      /**< anon_inode:...: perf and io_uring rings, KVM, ... */
    MF_KIND_AIO,             /**< the ring of io_setup(2), by its name: a file in the root directory of a file system without a
                                  block device may be called so, too */
    MF_KIND_DMA_BUF,         /**< a buffer shared among devices, by its name as well */
    MF_KIND_HUGETLB,         /**< MAP_HUGETLB without a file */
    MF_KIND_OTHER,           /**< another special mapping of the kernel's, known by its name alone: sockets, memfd_secret(2), ... */
};

/**
 * One mapping: 64 bytes, native byte order.
 *
 *      0        8        16       24       32    36    40    44    48    52    56    60
 *      | start  | end    | offset | inode  | dev | dev |flags|name |name |file | 0   | 0   |
 *                                          |major|minor|     |off. |len. |index|
 */
struct mf_mapping {
    uint64_t start;       /**< first address; page-aligned, unsigned: [vsyscall] lies above 2^63 */
    uint64_t end;         /**< first address behind it */
    uint64_t offset;      /**< of start in the file, in bytes; 0 without a file */
    uint64_t inode;       /**< of the mapped file; 0 without one, and for some SysV segments */
    uint32_t dev_major;   /**< device of the file system, as the kernel's maps gives it: on btrfs and overlayfs */
    uint32_t dev_minor;   /**< it may not be what stat(2) says of the path */
    uint32_t flags;       /**< enum mf_flag, and the kind in bits 16-23 */
    uint32_t name_offset; /**< the name's bytes: raw, not terminated, from this byte of the snapshot's text on */
    uint32_t name_length; /**< in bytes; 0 without a name */
    int32_t file_index;   /**< 0, 1, ...: the same for mappings of one file under one name; -1 without a file */
    uint32_t reserved[2]; /**< 0 */
};

#define MF_KIND_SHIFT 16
static inline enum mf_kind mf_mapping_kind(const struct mf_mapping *mapping)
{
    return (enum mf_kind)(mapping->flags >> MF_KIND_SHIFT & 0xff);
}

/* ---- An open process -------------------------------------------------------------------------------------------- */

/**
 * A process held by descriptors: a later process with the same pid is never mistaken for it. Caller's memory, 80 bytes.
 * Its fields are the library's own. It must not move to another process by fork(2): there "self" is the parent.
 */
struct mf_process {
    int32_t proc_fd;  /* directory /proc/<pid> */
    int32_t maps_fd;  /* its maps, or a living thread's where the first thread has ended */
    int32_t pid;      /* as /proc calls it */
    uint32_t traits;
    uint32_t gate;    /* what is known of [vsyscall]; atomic */
    int32_t files_fd; /* directory map_files once it was needed, else -1; atomic */
    uint32_t reopenings_begun; /* how often maps_fd got other memory behind it; atomic, as the next */
    uint32_t reopenings_done;
    uint64_t internal_devices[5]; /* of the kernel's own shmem and hugetlb mounts */
    uint32_t text_taken; /* 1: a read of the text goes through maps_fd; atomic */
    uint32_t reserved;   /* 0 */
};

/**
 * Opens the calling process, a process by pid (1 ... in the pid namespace of /proc), by pidfd (pidfd_open(2); it stays
 * the caller's), or by a descriptor of its proc directory (duplicated; it stays the caller's). The number of a thread means its
 * process, as in /proc, and so does /proc/<tid>: the process then is held as if it had been named itself. /proc/<pid>/task/<tid>
 * is no process' directory.
 *
 * Two descriptors are taken, a third with the first look at map_files, all O_CLOEXEC. Nothing of @p out counts unless 0
 * is returned, but with -EACCES its pid, for mf_denial_reasons().
 *
 * @return 0; -ESRCH, -ECHILD, -ENXIO, -EACCES, -EPERM, -ENODEV as above; -EINVAL: pid below 1, or the descriptor is not of
 *         the sort asked for; -EBADF; -EMFILE, -ENFILE.
 *
 * Thread-safe. Async-signal-safe.
 */
MF_API int mf_process_open_self(struct mf_process *out);
MF_API int mf_process_open_pid(int32_t pid, struct mf_process *out);
MF_API int mf_process_open_pidfd(int pidfd, struct mf_process *out);
MF_API int mf_process_open_directory(int proc_fd, struct mf_process *out);

/**
 * Closes the descriptors. No other thread may be using @p process. Closing twice does nothing. Async-signal-safe.
 */
MF_API void mf_process_close(struct mf_process *process);

/** Why the kernel refused a look (ptrace(2), "Ptrace access mode checking"): bits of mf_denial_reasons(). */
enum mf_denial {
    MF_DENIED_USER = 1u << 0,         /**< its uid or gid is not ours: become that user, or have CAP_SYS_PTRACE, for
                                            map_files and memory CAP_DAC_READ_SEARCH too */
    MF_DENIED_CAPABILITIES = 1u << 1, /**< it has capabilities that we lack: have them too, or CAP_SYS_PTRACE */
    MF_DENIED_DUMPABLE = 1u << 2,     /**< it is not dumpable (set-uid program, prctl(2)): have CAP_SYS_PTRACE */
    MF_DENIED_POLICY = 1u << 3,       /**< none of these: a security module, or another user namespace */
    MF_DENIED_PTRACE_SCOPE = 1u << 4, /**< Yama keeps its memory, not its mappings, from all but its parents */
};

/**
 * What stands between us and process @p pid, from its /proc/<pid>/status: for the message after -EACCES.
 *
 * @return bits of enum mf_denial, at least one; -ESRCH and the like where it is gone.
 *
 * Thread-safe. Async-signal-safe.
 */
MF_API int mf_denial_reasons(int32_t pid);

/** What the calling thread may do: bits of mf_caller_privileges(). Capabilities are the effective ones. */
enum mf_privilege {
    MF_CALLER_IS_ROOT = 1u << 0,                /**< its effective user ID is 0 */
    MF_CALLER_HAS_PTRACE = 1u << 1,             /**< CAP_SYS_PTRACE: reads other users' processes */
    MF_CALLER_HAS_CHECKPOINT_RESTORE = 1u << 2, /**< CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN: follows entries of map_files */
    MF_CALLER_HAS_PERFMON = 1u << 3,            /**< CAP_PERFMON or CAP_SYS_ADMIN: opens perf events, unless
                                                     MF_CALLER_IN_USER_NAMESPACE */
    MF_CALLER_IN_USER_NAMESPACE = 1u << 4,      /**< not the initial one: its capabilities count in this namespace alone */
};

/**
 * What the calling thread may do, for the message after -EACCES and -EPERM: "run this as root" is no advice for root. In a
 * container root often lacks capabilities (docker run --cap-add=SYS_PTRACE).
 *
 * @return bits of enum mf_privilege. Thread-safe. Async-signal-safe.
 */
MF_API int mf_caller_privileges(void);

/* ---- A snapshot ------------------------------------------------------------------------------------------------- */

/** How to ask, beside the filter bits. Without one the cheaper way is taken: the query for executable mappings. */
enum mf_backend {
    MF_BY_TEXT = 1u << 30,  /**< read /proc/<pid>/maps: every kernel */
    MF_BY_QUERY = 1u << 27, /**< walk with PROCMAP_QUERY: Linux 6.11+, else -ENOTTY */
};

/** The bits of a options that make its filter. */
#define MF_FILTER (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE | MF_SHARED | MF_FILE_BACKED)

/**
 * Head of a snapshot: one relocatable block of caller's memory, 8-byte aligned.
 *
 *      | this head | records, sorted by start | search index | table of files | text |
 */
struct mf_snapshot {
    uint64_t magic;
    uint64_t bytes;            /**< of the whole block */
    uint32_t options;         /**< filter and backend it was asked with */
    uint32_t backend;          /**< MF_BY_TEXT or MF_BY_QUERY: how it was filled; 0: never */
    uint32_t mapping_count;
    uint32_t file_count;       /**< file_index runs from 0 to below this */
    uint32_t text_length;      /**< bytes of text in use */
    uint32_t kernel_length;    /**< of these, as the kernel wrote them */
    uint32_t inconsistent;             /**< 1: mappings changed during every one of several reads; overlaps were cut */
    uint32_t retries;          /**< reads thrown away because mappings changed during them */
    uint32_t mapping_capacity;
    uint32_t text_capacity;    /**< bytes */
    uint32_t needed_mappings;  /**< after -ENOBUFS: capacities that would have held it */
    uint32_t needed_text;
    uint32_t error_line;       /**< after -EBADMSG: number of the line, from 1 */
    uint32_t error_offset;     /**< and where it stands in the text */
    uint32_t error_length;
    uint32_t index_offset;     /**< bytes from the head to the search index, the table of files, the text */
    uint32_t files_offset;
    uint32_t text_offset;
};

/** Records of a snapshot, mapping_count of them, sorted by start, never overlapping. */
static inline const struct mf_mapping *mf_snapshot_mappings(const struct mf_snapshot *snapshot)
{
    return (const struct mf_mapping *)(snapshot + 1);
}

/** The text that names are slices of. */
static inline const char *mf_snapshot_text(const struct mf_snapshot *snapshot)
{
    return (const char *)snapshot + snapshot->text_offset;
}

/** First byte of a mapping's name: name_length bytes, raw, not terminated. */
static inline const char *mf_snapshot_name(const struct mf_snapshot *snapshot, const struct mf_mapping *mapping)
{
    return mf_snapshot_text(snapshot) + mapping->name_offset;
}

/**
 * Bytes of memory for a snapshot of at most so many mappings and so many bytes of text.
 *
 * A line of text takes 73 bytes and the name; an ordinary process has 100 a mapping.
 *
 * @return the size, a multiple of 8; 0 where it would pass 2 GiB. Async-signal-safe.
 */
MF_API size_t mf_snapshot_bytes(uint32_t mapping_capacity, uint32_t text_capacity);

/**
 * Makes an empty snapshot of caller's memory.
 *
 * @return 0; -EINVAL: not 8-byte aligned, or smaller than mf_snapshot_bytes() says. Async-signal-safe.
 */
MF_API int mf_snapshot_init(void *memory, size_t bytes, uint32_t mapping_capacity, uint32_t text_capacity);

/**
 * Fills @p out with the mappings of a process.
 *
 * The kernel promises no atomic picture: it gives whole mappings in order of address, a few at a time. A picture whose
 * parts do not fit together, or that ends with the memory of a program replaced by execve(2), is read again, at most
 * three times; then it is marked inconsistent. Not every mix shows: what moved elsewhere during the read may be missing or be there
 * twice; what stood still is there. A read that answers 0 afterwards says that two in a row were the same.
 *
 * @param options  filter bits of enum mf_flag and a backend, or 0: all mappings, the cheaper way. Where a path has
 *                  MF_NAME_MAX bytes or more the text is read whatever was asked for: out->backend says so.
 * @param previous  an earlier snapshot of the same process and options to compare with, or NULL. Only read. When
 *                  nothing has changed the cost is the read and a compare, and @p out holds no picture.
 * @param out       an initialised snapshot other than @p previous.
 * @return 1: filled; 0: nothing has changed since @p previous; -ENOBUFS: out->needed_mappings and out->needed_text say
 *         what would have been enough a moment ago: give somewhat more. The read stops where a snapshot cannot hold the rest,
 *         behind 2 GiB of text: mf_snapshot_bytes() returns 0 for such a capacity. -EBADMSG; -ESRCH, -ECHILD, -ENXIO, -EACCES;
 *         -ENOTTY: MF_BY_QUERY on an old kernel; -EMFILE, -ENFILE: no descriptor is left.
 *
 * Thread-safe for different @p out. Async-signal-safe (takes up to 12 KiB of stack). A read of the text takes a descriptor of
 * its own where another one of the same process is under way.
 */
MF_API int mf_snapshot_read(struct mf_process *process, uint32_t options, const struct mf_snapshot *previous,
                            struct mf_snapshot *out);

/**
 * Fills @p out from saved text of a /proc/<pid>/maps of a 64-bit kernel.
 *
 * Kinds are told from names alone, and MF_DELETED is never set: whose text it is cannot be asked any more. Names with
 * \012 in them stay MF_AMBIGUOUS.
 *
 * @param text  need not be terminated; each line ends in a newline; may be empty.
 * @return 1; -EBADMSG: out->error_line, error_offset and error_length name the line; -ENOBUFS. Thread-safe.
 *         Async-signal-safe.
 */
MF_API int mf_snapshot_parse(const char *text, size_t length, uint32_t options, struct mf_snapshot *out);

/* ---- Which mapping covers an address ---------------------------------------------------------------------------- */

/**
 * Index of the record that covers @p address, or -1. Any 64-bit value may be asked for.
 *
 * No system call, no lock, no allocation. Thread-safe as long as nobody fills the snapshot. Async-signal-safe.
 */
MF_API int32_t mf_find(const struct mf_snapshot *snapshot, uint64_t address);

/** mf_find() for @p count addresses, in any order: indices[i] is the answer for addresses[i]. */
MF_API void mf_find_all(const struct mf_snapshot *snapshot, const uint64_t *addresses, int32_t *indices, size_t count);

/** How to ask for one address; filter bits of enum mf_flag may be added. */
enum mf_query_option {
    MF_COVERING = 0,
    MF_COVERING_OR_NEXT = 1u << 29, /**< where no mapping covers the address, the next above it */
    MF_WITH_BUILD_ID = 1u << 28,    /**< of an ELF file; absent also where its first page is not in memory */
};

#define MF_BUILD_ID_MAX 20 /**< bytes; as the kernel (lib/buildid.c) */
#define MF_NAME_MAX 4096   /**< bytes with the closing NUL; longer names only a snapshot by text can give */

/** Answer to mf_query(). Its mapping's name begins at name[0]; file_index is 0, or -1 without a file. */
struct mf_query_result {
    struct mf_mapping mapping;
    uint32_t build_id_length; /**< 0: none, or not asked for */
    uint8_t build_id[MF_BUILD_ID_MAX];
    char name[MF_NAME_MAX];   /**< also NUL-terminated */
};

/**
 * Asks the kernel which mapping covers an address, now: one system call (PROCMAP_QUERY, Linux 6.11+).
 *
 * @param address  any 64-bit value; need not be aligned, mapped or canonical.
 * @param how      MF_COVERING or MF_COVERING_OR_NEXT, filter bits, MF_WITH_BUILD_ID.
 * @param[out] out untouched but for its name unless 0 is returned.
 * @return 0; -ENOENT; -ENOTTY: use mf_snapshot_read() and mf_find(); -ENAMETOOLONG: the path has MF_NAME_MAX bytes or
 *         more, use these too; -ESRCH, -ECHILD, -ENXIO, -EACCES.
 *
 * Thread-safe. Async-signal-safe (takes up to 8 KiB of stack); may wait while the target changes its mappings. The first
 * options about [vsyscall] reads the whole text once, as PROCMAP_QUERY does not know that page.
 */
MF_API int mf_query(struct mf_process *process, uint64_t address, uint32_t how, struct mf_query_result *out);

/* ---- Whether a record still holds --------------------------------------------------------------------------------- */

/**
 * Whether a process still has a mapping: the same range, of the same byte of a file with the same numbers, where they were told
 * (MF_EVENTS_BUILD_ID: they were not).
 *
 * A record has no more than these to know a file by. ext4 and xfs give the inode number of a deleted file to a new one, often at
 * once. A new file with the number of the old one, mapped at the same offset and range after the old one was unmapped, has the same
 * record: then this returns 1, and all functions on the file of the record answer about the new one. The kernel shows no generation
 * of a mapping, and no generation or birth time of its file. What can be compared is the birth time of the opened file (statx(2),
 * STATX_BTIME) with the time of the snapshot: a later one means a new file. Events report the new mapping (mf_events_open()).
 *
 * One system call (PROCMAP_QUERY); before Linux 6.11 the whole text is read.
 *
 * @return 1: it has; 0: the record is stale; -ESRCH, -ECHILD, -ENXIO, -EACCES. Thread-safe. Async-signal-safe.
 */
MF_API int mf_mapping_validate(struct mf_process *process, const struct mf_mapping *mapping);

/** What became of a file and of the name it was mapped under. */
enum mf_file_state {
    MF_FILE_PRESENT = 0, /**< its path leads to it */
    MF_FILE_DELETED,     /**< no path leads to it, and nothing is seen at its own; or it never had one (memfd, SysV, ...) */
    MF_FILE_REPLACED,    /**< another file stands at its path */
    MF_FILE_UNLINKED,    /**< nothing stands at its path; other paths lead to it */
    MF_FILE_PATH_REMOVED,        /**< nothing stands at its path; whether others do is not known without the capability, nor on overlayfs */
    MF_FILE_UNKNOWN,   /**< device and inode do not tell here, or the path may not be looked at */
    MF_FILE_COPIED,      /**< overlayfs: its path leads to another copy of it, made when somebody opened it for writing. The mapping
                              keeps the bytes of the lower layer, to which no path leads any more */
};

/**
 * What became of the file of a mapping: from the links it has left, through map_files (needs CAP_CHECKPOINT_RESTORE or
 * CAP_SYS_ADMIN), and from what stands at its path now; never from the text " (deleted)".
 *
 * Paths are looked up where the kernel's begin: at the root of the caller or, for a process that is not below it, of that
 * one's mount namespace; not at a root it has by chroot(2). Without the capability the device and inode of maps are
 * compared with those of the path, where that proves something: not on btrfs, not on overlayfs. If the caller may read the maps
 * of the process and not its root, paths are looked up at the caller's root, and only MF_FILE_PRESENT can be proved. A file that the
 * process executes, or has open, has its links counted without the capability too, through /proc/<pid>/exe or fd.
 *
 * On overlayfs the build ID and up to 16 pages in memory are compared with the file at the path. MF_FILE_PRESENT there means that
 * no difference was found.
 *
 * @param mapping  a record of @p process with a file, and its @p name of mapping->name_length bytes.
 * @return enum mf_file_state; -ENOENT: no file; -ESTALE; -ESRCH and the like; -EMFILE, -ENFILE, -ENOMEM. The bounds are
 *         those of mf_file_open().
 *
 * Thread-safe. Async-signal-safe (takes 24 KiB of stack).
 */
MF_API int mf_file_state(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

enum mf_deletion_state {
    MF_NOT_DELETED = 0,
    MF_IS_DELETED = 1,         /**< no path leads to the file by the name it was mapped under */
    MF_DELETION_UNKNOWN = 2,
};

/**
 * Whether the name a file was mapped under is gone, where the name alone (MF_SUFFIXED) does not tell: mf_file_state() with
 * the two names it may have.
 *
 * @return enum mf_deletion_state; -ESRCH and the like. Thread-safe. Async-signal-safe (takes 24 KiB of stack).
 */
MF_API int mf_deletion(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/* ---- Entries of map_files ---------------------------------------------------------------------------------------- */

/**
 * A file as statx(2) tells it.
 */
struct mf_file_stat {
    uint64_t inode;
    uint64_t size;       /**< bytes */
    uint64_t blocks;     /**< of 512 bytes */
    uint64_t mount_id;   /**< as in proc_pid_mountinfo(5); 0: not known (before Linux 5.8) */
    int64_t mtime_seconds; /**< since 1970 */
    int64_t ctime_seconds;
    uint32_t mtime_nanoseconds;
    uint32_t ctime_nanoseconds;
    uint32_t dev_major;  /**< as stat(2) says: on btrfs and overlayfs not what maps says */
    uint32_t dev_minor;
    uint32_t rdev_major; /**< of a device node */
    uint32_t rdev_minor;
    uint32_t mode;       /**< type and permissions */
    uint32_t nlink;      /**< 0: deleted */
    uint32_t uid;
    uint32_t gid;
};

/** What to read of an entry; the last is for all of a snapshot. */
enum mf_entry_field {
    MF_ENTRY_TARGET = 1u << 0, /**< the path that readlink(2) gives */
    MF_ENTRY_ACCESS = 1u << 1, /**< how the process opened the file, as far as the kernel tells: see mf_entry */
    MF_ENTRY_STAT = 1u << 2,   /**< needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user namespace */
    MF_ENTRY_ONE_PER_FILE = 1u << 3, /**< the first mapping of each file alone */
    /**
     * As of the snapshot, where that tells: the target of its record, and of a file with several mappings one stat(2) for all
     * (where device and inode say that it is one file: ext2/3/4, xfs, tmpfs, squashfs). What has gone since is not noticed.
     */
    MF_ENTRY_AS_READ = 1u << 4,
};

/**
 * One entry of /proc/<pid>/map_files: the link to the file of one mapping. 136 bytes.
 *
 * Of a range that another file had before, the kernel may go on to show how that one was opened, if anybody looked at its
 * entry then: a link's permissions are set once. Shared writable mappings are told right in any case.
 *
 * Each of the three parts has an error of its own: that one cannot be read does not affect the others. -ESTALE; -EPERM: the
 * caller may not read it, see mf_entries_list_access() and mf_entries_follow_access(); -ENOTSUP: this kernel has no map_files;
 * -ENAMETOOLONG: the target has MF_NAME_MAX bytes or more; -ENOBUFS: no room was left for it; -ENODATA: not asked for; or of the
 * system call that failed.
 */
struct mf_entry {
    uint64_t start;         /**< the exact range, as in the record */
    uint64_t end;
    struct mf_file_stat stat;
    int32_t mapping;        /**< index of the record in the snapshot */
    int32_t file_index;     /**< of the record */
    int32_t target_error;     /**< 0, or why the target is not known */
    int32_t stat_error;     /**< 0, or why stat is not known */
    uint32_t flags;         /**< MF_READABLE, MF_WRITABLE: how the file was opened; MF_DELETED, MF_SUFFIXED: of the target */
    uint32_t target_offset; /**< the target's bytes: raw, not terminated, from this byte of the text on */
    uint32_t target_length;
    int32_t access_error;   /**< 0, or why it is not known how the file was opened */
};

/** Head of the entries of a snapshot: one relocatable block of caller's memory, 8-byte aligned: head, entries, text. */
struct mf_entries {
    uint64_t magic;
    uint64_t bytes;           /**< of the whole block */
    uint32_t what;            /**< enum mf_entry_field it was asked with */
    uint32_t entry_count;
    uint32_t entry_capacity;
    uint32_t text_capacity;   /**< bytes */
    uint32_t text_length;
    uint32_t needed_entries;  /**< what would have held all */
    uint32_t needed_text;
    uint32_t text_offset;     /**< bytes from the head to the text */
};

/** The entries, entry_count of them, in the snapshot's order. */
static inline const struct mf_entry *mf_entries_first(const struct mf_entries *entries)
{
    return (const struct mf_entry *)(entries + 1);
}

/** First byte of an entry's target: target_length bytes, raw, not terminated. */
static inline const char *mf_entries_target(const struct mf_entries *entries, const struct mf_entry *entry)
{
    return (const char *)entries + entries->text_offset + entry->target_offset;
}

/** Bytes of memory for so many entries and bytes of targets, a multiple of 8; 0 where it would pass 2 GiB. */
MF_API size_t mf_entries_bytes(uint32_t entry_capacity, uint32_t text_capacity);

/** Makes an empty block of caller's memory. @return 0; -EINVAL: not 8-byte aligned, or too small. */
MF_API int mf_entries_init(void *memory, size_t bytes, uint32_t entry_capacity, uint32_t text_capacity);

/**
 * Whether the entries of a process may be listed and their targets read. This takes the right to ptrace
 * (PTRACE_MODE_READ_FSCREDS) and the permissions of the directory, which is its owner's alone. Reading maps may take less:
 * CAP_PERFMON since Linux 6.13.
 *
 * @return 0; -EACCES: mf_denial_reasons() says why; -ENOTSUP: this kernel has no map_files (before Linux 4.3, or built
 *         without); -ESRCH and the like. Thread-safe. Async-signal-safe.
 */
MF_API int mf_entries_list_access(struct mf_process *process);

/**
 * Whether the calling thread may follow entries, to stat and open files: it needs CAP_CHECKPOINT_RESTORE (Linux 5.9+) or
 * CAP_SYS_ADMIN in the initial user namespace. Tried on an entry of the caller's own.
 *
 * @return 0; -EPERM: not without the capability; -ENOTSUP: there is no map_files, or no entry that can be tried; -EMFILE and the like.
 *         Thread-safe. Async-signal-safe.
 */
MF_API int mf_entries_follow_access(void);

/**
 * Reads the entry of one mapping, which is found by its exact range and checked against the record: its target by the
 * kernel's word at the same moment (PROCMAP_QUERY; before Linux 6.11 by the name alone, where a new name is -ESTALE), a file
 * by its numbers or, where these never agree with the record's, by what the record and its path are a moment later.
 *
 * @param mapping  a record of @p process, and its @p name of mapping->name_length bytes.
 * @param what     bits of enum mf_entry_field.
 * @param[out] out  filled whatever is returned; its target_offset is 0, of @p target.
 * @param[out] target  MF_NAME_MAX bytes.
 * @return 0: each part has an error of its own; -ENOENT: the mapping has no file, and so no entry; -ESTALE; -EACCES: the maps
 *         may not be read any more; -ESRCH and the like.
 *
 * Thread-safe. Async-signal-safe.
 */
MF_API int mf_entry_read(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t what,
                         struct mf_entry *out, char *target);

/**
 * Reads the entries of all mappings of a snapshot that have a file.
 *
 * @return 0; -ENOBUFS: needed_entries and needed_text say what would have been enough, those that fitted are there;
 *         -EACCES: the maps may not be read any more; -ESRCH and the like. Thread-safe for different @p out.
 *         Async-signal-safe (takes 12 KiB of stack).
 */
MF_API int mf_entries_read(struct mf_process *process, const struct mf_snapshot *snapshot, uint32_t what,
                           struct mf_entries *out);

/* ---- The mapped file, opened ------------------------------------------------------------------------------------- */

/** How an opened file is known to be the one that is mapped. */
enum mf_verification {
    MF_NOT_VERIFIED = 0,   /**< it stands at the path, and nothing contradicts: no more */
    MF_EXACT = 1,          /**< opened through map_files, on a file system where that is the mapped file */
    MF_SAME_INODE = 2,     /**< opened by path: device and inode are those of the mapping, where that is proof */
    MF_SAME_BUILD_ID = 3,  /**< the build ID of the mapped image is the file's */
    MF_SAME_BYTES = 4,     /**< each page of the mapping that the process has not changed has the file's bytes, and not all are zero;
                                says nothing of parts of the file that the mapping does not show */
};

/** How to open. */
enum mf_open_option {
    MF_OPEN_WRITABLE = 1u << 0,   /**< read-write; else read-only */
    MF_OPEN_UNVERIFIED = 1u << 1, /**< also a file of which nothing proves that it is the mapped one */
    MF_OPEN_BY_PATH = 1u << 2,    /**< not through map_files, as without the capability */
    MF_OPEN_ENTRY_ONLY = 1u << 3,    /**< through map_files and MF_EXACT, or -EAGAIN: takes no name, which may be NULL then */
};

/**
 * Opens the file of a mapping, O_CLOEXEC, and says how it is known to be that file.
 *
 * Goes through map_files. Where the caller may not follow entries, or in a kernel that has none, it opens regular files by the path,
 * seen from where the kernel's paths begin, and where that leads elsewhere by /proc/<pid>/exe or fd. If the caller may read the maps
 * of the process and not its root, paths are tried from the caller's own root. The path is never proof. On ext2/3/4, xfs, tmpfs and
 * squashfs device and inode are; elsewhere the build ID (Linux 6.11+) and the bytes are compared. On overlayfs an entry is no proof
 * either: after a copy-up it opens the new upper file, with the same numbers, while the old lower one stays mapped; so these two are
 * compared there too. A descriptor of overlayfs may change to the upper file later: mf_file_verify() again after reading.
 *
 * On btrfs and overlayfs other files may show the same device and inode in maps, so the file must have the record's name too. After
 * a rename the record is stale there.
 *
 * As any open(2) this asks for a lease back that somebody has on the file (fcntl(2), F_SETLEASE).
 *
 * @param mapping  a record of @p process, and its @p name of mapping->name_length bytes.
 * @param[out] fd  the caller's, unless an error is returned.
 * @return enum mf_verification; MF_NOT_VERIFIED with MF_OPEN_UNVERIFIED only. -ENOENT: no file; -ESTALE; -EPERM: it cannot be had
 *         without following the entry, and the caller may not: mf_entries_list_access() and mf_entries_follow_access() report why;
 *         -ENOTSUP: nor in this kernel; -EIDRM: nothing, or another file, stands at
 *         its path; -EREMCHG: overlayfs made a copy of the file for writing, to which the path and the entry lead now, and
 *         nothing leads to the mapped one; -ENODATA: nothing proves that what stands there is it; -EBADF: MF_OPEN_WRITABLE where
 *         the process opened it for reading; -EACCES: the caller may not open the file, or nobody may in this way (immutable);
 *         -EUNATCH: what is mapped cannot be opened (a perf ring, a socket, a buffer of devices; no driver); -EAGAIN: somebody has
 *         a lease on it, and has been asked to give it up: try again; -ELOOP: the process has a root (chroot(2)) that is more than
 *         64 directories deep; or another errno of open(2), -EIO for those that mean something else here. With MF_OPEN_ENTRY_ONLY: -EAGAIN alone; without it there may be another answer.
 *
 * Bounds, since a file may be made to waste time: of an ELF file at most 256 program headers and 128 KiB are read for its build
 * ID, and the bytes of a mapping of more than 16 GiB are not compared. Of the descriptors of the process, the first 512 are searched
 * for the file. What is not found within them is not known.
 *
 * Thread-safe. Async-signal-safe (takes 24 KiB of stack). Comparing bytes reads the whole mapping.
 */
MF_API int mf_file_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t how,
                        int *fd);

/**
 * How a file that is open is known to be that of a mapping.
 *
 * @param fd  open for reading.
 * Where bytes are compared, the first 16 pages are each compared between two checks that the process still has the mapping. A process
 * that maps two files in turn is found out by that, unless it does so in time with all of these checks.
 *
 * @return enum mf_verification but MF_EXACT; -EIDRM: it is another file; -ENOENT: the mapping has none; -ESTALE; -ESRCH and the like.
 *
 * Thread-safe. Async-signal-safe (takes 24 KiB of stack). May read the whole mapping.
 */
MF_API int mf_file_verify(struct mf_process *process, const struct mf_mapping *mapping, int fd);

/**
 * How mf_file_open() would know the file, found out without reading the mapping and without opening devices: for lists.
 *
 * @return enum mf_verification: never MF_SAME_BYTES, and MF_NOT_VERIFIED where only the bytes would tell, or the file cannot be reached or
 *         opened; -ENOENT: no file; -ESTALE; -ESRCH and the like.
 *
 * The bounds are those of mf_file_open(). The most expensive case is a deleted file without the capability: up to 512 descriptors of
 * the process are searched, about 3 ms.
 *
 * Thread-safe. Async-signal-safe (takes 16 KiB of stack).
 */
MF_API int mf_file_quick_verify(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/**
 * Where the numbers of a mapping's file stand for one piece of memory: mappings of the same kind, device, inode and scope,
 * in whatever processes, show the same bytes of it where their offsets meet.
 *
 * Numbers alone do not say so: two SysV segments of different IPC namespaces may have the same, and so may files of btrfs
 * subvolumes, and the two layers of a file on overlayfs.
 *
 * @return a number above 0; 0: not known, on a file system whose numbers prove nothing, of a device, of a file that the caller
 *         may not look at, and of a deleted one or a SysV segment without the capability; -ESTALE; -ESRCH and the like.
 *
 * Thread-safe. Async-signal-safe.
 */
MF_API int64_t mf_file_sharing_domain(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/**
 * Reads memory of a process (/proc/<pid>/mem): images that have no file, such as [vdso].
 *
 * Waits for whatever provides a page: a file system such as FUSE or NFS, or a userfaultfd(2) handler of the process. A process can
 * make that last for ever; the waiting thread can be killed and not interrupted. The same holds where mf_file_open() compares bytes.
 *
 * @return bytes read, fewer where unreadable memory begins; -EIO: none can be read; -EACCES: takes the right to attach
 *         (ptrace(2)); -ESRCH and the like. Thread-safe. Async-signal-safe.
 */
MF_API long mf_memory_read(struct mf_process *process, uint64_t address, void *to, size_t bytes);

/* ---- Changes, pushed by the kernel --------------------------------------------------------------------------------- */

/**
 * A stream of the changes that a process makes to its mappings, written by the kernel as they happen (perf_event_open(2),
 * PERF_RECORD_MMAP2): without being asked, with their time, at under a microsecond each to the process.
 *
 * What is told, by experiment on Linux 6.18 and by its sources (calls of perf_event_mmap()):
 *
 *   told      mmap(2), shmat(2), mprotect(2), growth of the heap and of the stack, the images of execve(2); each as the
 *             *whole mapping as it is then*, also where it was merged with its neighbours: what was in its range before is gone
 *   not told  munmap(2), shmdt(2), mremap(2), a heap that shrinks, names given by prctl(2), renamed and deleted files. A
 *             later mapping over the range is told. So mappings of a stream are those that *were made*; whether they still
 *             are there, mf_mapping_validate() and a new snapshot tell.
 *   MF_EVENTS_ALL not given: only mappings that are executable at that time. That one has *lost* the permission is not told.
 *
 * The names are the kernel's at that time, as in a snapshot but for these: a heap has no name the first time; a path of
 * more than MF_NAME_MAX - 9 bytes is left out (name_length 0, MF_FILE_BACKED).
 *
 * Memory made by a process that shares it and is no thread of it (vfork(2)) is not told. At the execve(2) of a program that runs
 * set-user-ID, or may be executed and not read, the kernel takes the events away, whoever watches. mf_events_drain() then watches
 * the process anew and says incomplete, or unwatched_threads where the caller may not look at that program (before Linux 5.3: neither; the
 * stream ends with the execve and the end of the thread).
 *
 * Cost. Each thread that exists takes a descriptor a CPU; threads to come inherit them in the kernel and take none. A ring a
 * CPU of locked memory, ring_bytes + a page: without CAP_IPC_LOCK, all rings of one user share perf_event_mlock_kb a CPU, and
 * then RLIMIT_MEMLOCK.
 */

/** What mf_events_open() shall have told. */
enum mf_events_option {
    MF_EVENTS_ALL = 1u << 0,      /**< all mappings; else executable ones only */
    MF_EVENTS_BUILD_ID = 1u << 1, /**< of ELF files the build ID *in place of* device and inode; Linux 5.12+, else left out. To open
                                       such a file, ask for its mapping as it is now: mf_query() with MF_WITH_BUILD_ID */
};

/** What an event tells. */
enum mf_event_kind {
    MF_EVENT_MAPPED = 0,     /**< the mapping is there, newly or with other permissions; what was in its range is not */
    MF_EVENT_EXEC,           /**< all mappings are gone: another program begins; the name is its comm, up to 15 bytes */
    MF_EVENT_THREAD_STARTED, /**< tid: of the new thread */
    MF_EVENT_THREAD_ENDED,   /**< tid: of the thread; no more than this is told of the end of a process */
    MF_EVENT_FORKED,         /**< pid and tid: of a new child process, which is not watched */
};

/** One event: 112 bytes. */
struct mf_event {
    struct mf_mapping mapping; /**< as of a snapshot, of the events' text; 0 but for MF_EVENT_MAPPED. file_index: 0, or -1 */
    uint64_t time;             /**< ns of CLOCK_MONOTONIC in the caller's time namespace, when the kernel recorded it */
    int32_t pid;               /**< of the process */
    int32_t tid;               /**< of the thread that did it */
    uint32_t kind;             /**< enum mf_event_kind */
    uint32_t build_id_length;  /**< above 0: device and inode are 0, of a file, and were not told */
    uint8_t build_id[MF_BUILD_ID_MAX];
    uint32_t reserved;         /**< 0 */
};

/** What one mf_events_drain() found, beside the events. */
struct mf_drained {
    uint64_t lost;        /**< records that the kernel says it had to drop since it last said so */
    uint32_t count;       /**< events written */
    uint32_t text_length; /**< bytes of text written */
    uint32_t more;        /**< 1: there was no room for all; the rest is in the rings still */
    uint32_t incomplete;     /**< 1: something may be missing: a ring was so full that records may have been dropped (the kernel says
                           so with its next one), a thread was found that was made just before its maker was watched, or the
                           process has become a program with other rights, and is watched anew */
    uint32_t unwatched_threads;   /**< threads that are not watched: out of descriptors or capacity, or the process has become a program
                           that the caller may not look at, which each drain says; open anew, which says why */
    uint32_t reserved;    /**< 0 */
};

/**
 * An open stream. Caller's memory of mf_events_bytes(), 8-byte aligned, that holds descriptors and addresses of rings. The rings
 * are the kernel's memory, mapped here by mf_events_open() and unmapped by mf_events_close(). It may be moved, but not to
 * another process: a child by fork(2) has no rings.
 */
struct mf_events {
    uint64_t magic;
    uint64_t bytes;
    uint32_t thread_capacity;
    uint32_t cpu_capacity;
    uint32_t needed_threads; /**< that exist, and CPUs: after -ENOBUFS and -EMFILE */
    uint32_t needed_cpus;
    uint32_t what;           /**< enum mf_events_option, as granted: without MF_EVENTS_BUILD_ID before Linux 5.12 */
    uint32_t ring_bytes;     /**< of each ring: as asked for, or a page where that is larger */
    uint32_t wake_bytes;
    uint32_t thread_count;   /**< threads watched by their own numbers; those they make inherit that */
    uint32_t cpu_count;
    int32_t pid;
    int32_t epoll_fd;
    int32_t wake_fd;
    int32_t pid_fd;          /**< -1 before Linux 5.3 */
    uint32_t traits;
    uint64_t internal_devices[5];
    int64_t clock_offset;    /**< ns that the caller's CLOCK_MONOTONIC is ahead of the kernel's: time_namespaces(7) */
    uint32_t fd_end;         /**< descriptors from here on are left to others */
    uint32_t reserved;       /**< 0 */
};

/** Bytes of memory for a stream of a process with so many threads on so many CPUs, a multiple of 8; 0 past 2 GiB. */
MF_API size_t mf_events_bytes(uint32_t thread_capacity, uint32_t cpu_capacity);

/** Makes a closed stream of caller's memory. @return 0; -EINVAL: not 8-byte aligned, or too small. Async-signal-safe. */
MF_API int mf_events_init(void *memory, size_t bytes, uint32_t thread_capacity, uint32_t cpu_capacity);

#define MF_EVENTS_RING_MIN 16384u /**< bytes: room for the longest record, and as much again for others */

/**
 * Begins to watch a process. A snapshot read after this, and the events from then on, leave no gap: each change is in one of
 * them, or in both; or mf_events_drain() says incomplete. Threads are listed until none shows up that was not made by one that is
 * watched already. One that was being made all the while is told of to mf_events_drain(), which watches it, and says incomplete for
 * what it has done by then. What is not covered, and not said: threads that such a thread has made by then; what is done on CPUs
 * that were switched off at the open and are switched on later (CPU hotplug, a machine that is given more CPUs): open anew then.
 *
 * @param process     of the pid namespace of the caller. It may be closed afterwards.
 * @param what        bits of enum mf_events_option.
 * @param ring_bytes  a power of two, MF_EVENTS_RING_MIN to 2^30; a record takes 104 bytes and the path. 65536 is a good one.
 * @param wake_bytes  mf_events_wait() wakes after so many new bytes in a ring; 1: at once, which costs the process a wake-up
 *                    each time, several times its mmap(2) on a virtual machine; 0: half a ring.
 * @param out         a closed stream.
 * @return 0; -EACCES: the kernel refuses a look at the process, mf_denial_reasons(); -EPERM: it refuses perf_event_open(2) to
 *         the caller, mf_events_denial_reasons(); -EDQUOT: no more memory may be locked (perf_event_mlock_kb,
 *         RLIMIT_MEMLOCK); -EMFILE, -ENFILE: needed_threads * needed_cpus + 3 descriptors are needed. The highest 16th of
 *         RLIMIT_NOFILE is left to the caller's other threads. Where the limit is too low for all threads of the process, the
 *         open fails after the first of them; -ENOSYS: no perf events in this kernel, or a filter of system calls; -EXDEV:
 *         opened in a /proc of another pid namespace; -ENOTSUP: the caller is in a time namespace, and has made another one for
 *         its children (unshare(2)): the kernel then shows the offsets of that one only; -ENOBUFS: needed_threads and
 *         needed_cpus say what would have been enough a moment ago: give somewhat more; -EAGAIN: each of 1,024 listings had a
 *         thread that was not watched: threads make others and end faster than they are listed; -EINVAL; -ESRCH, -ECHILD;
 *         -ENOMEM. Unless 0 is returned, @p out stays closed. After each error but -EACCES, -EINVAL, -ESRCH and -ECHILD the
 *         process can be polled: mf_snapshot_read().
 *
 * The caller must not enter another time namespace (setns(2)) while the stream is open: times are those of the one before.
 *
 * Thread-safe for different @p out. Async-signal-safe (takes 6 KiB of stack).
 */
MF_API int mf_events_open(struct mf_process *process, uint32_t what, uint32_t ring_bytes, uint32_t wake_bytes,
                          struct mf_events *out);

/**
 * Moves what the kernel has written from the rings to caller's memory, ordered by time, also from one call to the next. Without
 * a system call, but for new threads in the first moments, for a program with other rights, and where something is lost.
 *
 * @param out            @p capacity events, at least 1.
 * @param text           @p text_capacity bytes for names, at least MF_NAME_MAX.
 * @param[out] drained   set in any case but -EINVAL. Where lost or incomplete is not 0, read a new snapshot.
 * @return number of events; -EINVAL: not open, or no room for one event. Async-signal-safe, for one thread at a time.
 */
MF_API int mf_events_drain(struct mf_events *events, struct mf_event *out, uint32_t capacity, char *text,
                           uint32_t text_capacity, struct mf_drained *drained);

/**
 * Waits until there is something to drain: see wake_bytes. Takes no time of a CPU meanwhile.
 *
 * @param timeout_ms  0: look only; -1: for ever.
 * @return 1: there is; 0: not in time, a signal, or mf_events_wake(); -ESRCH: the process has ended and all is drained (before
 *         Linux 5.3 it is not told); -EINVAL: not open. For one thread at a time, which also drains. Async-signal-safe.
 */
MF_API int mf_events_wait(struct mf_events *events, int timeout_ms);

/** Makes a wait of another thread, or else the next one, return. Thread-safe but against a close. Async-signal-safe. */
MF_API void mf_events_wake(struct mf_events *events);

/** Ends the stream: closes descriptors, unmaps rings. No other thread may be using it. Again: nothing. Async-signal-safe. */
MF_API void mf_events_close(struct mf_events *events);

/** Why perf_event_open(2) is refused to the calling thread: bits of mf_events_denial_reasons(). */
enum mf_events_denial {
    MF_EVENTS_PARANOID = 1u << 0, /**< perf_event_paranoid is above 2 (some distributions): lower it, or have CAP_PERFMON in the
                                       initial user namespace */
    MF_EVENTS_SECCOMP = 1u << 1,  /**< a filter of system calls is on (containers): allow perf_event_open in it */
    MF_EVENTS_POLICY = 1u << 2,   /**< none of these: a security module */
    MF_EVENTS_ABSENT = 1u << 3,   /**< the kernel was built without perf events */
};

/**
 * What stands between the calling thread and perf_event_open(2): for the message after -EPERM and -ENOSYS.
 *
 * @return bits of enum mf_events_denial, at least one; -EMFILE, -ENFILE, -ENOMEM. Thread-safe. Async-signal-safe.
 */
MF_API int mf_events_denial_reasons(void);

/* ---- The loader -------------------------------------------------------------------------------------------------- */

/**
 * How many libraries the dynamic loader has added to and removed from the calling process (dl_iterate_phdr(3)): if
 * neither number has moved, no library has come or gone. Says nothing of other mappings.
 *
 * @return 0; -ENOTSUP: the loader does not count. Thread-safe. Not async-signal-safe: takes the loader's lock.
 */
MF_API int mf_loader_counts(uint64_t *added, uint64_t *removed);

#ifdef __cplusplus
}
#endif

#endif
