/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_FILES_H
#define MAPFILES_FILES_H

/**
 * @file
 * mapfiles: the files behind mappings. The entries of /proc/PID/map_files, whether a file is deleted or replaced, and how
 * to open the mapped file and verify that it is the mapped one.
 *
 * The functions take a mapping of the process and its name: mapping->name_length bytes, as in the snapshot. Errors, signals and
 * threads are as mapfiles.h describes them.
 *
 * Following a map_files entry needs CAP_CHECKPOINT_RESTORE (Linux 5.9+) or CAP_SYS_ADMIN in the initial user namespace. Below,
 * *the capability* means one of these two.
 */

#include "mapfiles.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Whether a file still has its path --------------------------------------------------------------------------- */

/** State of a mapped file and of the path that it was mapped under. */
enum mf_file_state {
    MF_FILE_PRESENT = 0,  /**< the path leads to the file */
    MF_FILE_DELETED,      /**< no path leads to the file; or it never had one (memfd, SysV) */
    MF_FILE_REPLACED,     /**< another file is at the path */
    MF_FILE_UNLINKED,     /**< nothing is at the path; other paths lead to the file */
    MF_FILE_PATH_REMOVED, /**< nothing is at the path. Whether other paths lead to the file is unknown: the capability is missing, or
                               the file system is overlayfs */
    MF_FILE_UNKNOWN,      /**< device and inode do not identify a file here, or access to the path is denied */
    MF_FILE_COPIED,       /**< overlayfs: the path leads to a copy of the file, made when a process opened it for writing. The mapping
                               keeps the bytes of the lower layer, to which no path leads any more */
};

/**
 * Returns the state of the file of a mapping. It is derived from the link count of the file, read through map_files (needs the
 * capability), and from what is at its path now; never from the text " (deleted)".
 *
 * Paths start where the kernel's do: at the root of the caller, or of the mount namespace of the target if the caller's root
 * does not lead there. A root that the target has by chroot(2) does not count. Without the capability the device and inode in
 * maps are compared with those at the path if they identify a file: not on btrfs and overlayfs. If the caller may read the maps
 * of the target but not its root, paths start at the caller's root, and only MF_FILE_PRESENT can be verified. The links of a
 * file that the target executes or has open are counted without the capability too, through /proc/PID/exe or fd.
 *
 * On overlayfs the build ID and up to 16 pages in memory are compared with the file at the path. There MF_FILE_PRESENT means
 * that no difference was found.
 *
 * @return a value of enum mf_file_state
 * @retval -ENOENT  the mapping has no file
 * @return -ESTALE, -ESRCH, -ECHILD, -EMFILE, -ENFILE, -ENOMEM as mapfiles.h describes.
 *
 * The limits are those of mf_file_open(). Takes 24 KiB of stack.
 */
MF_API int mf_file_state(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/** Whether the file of a mapping is deleted. */
enum mf_deletion_state {
    MF_NOT_DELETED = 0,        /**< the path that the file was mapped under leads to it */
    MF_IS_DELETED = 1,         /**< the path does not lead to it any more */
    MF_DELETION_UNKNOWN = 2,   /**< unknown, for the reasons of MF_FILE_UNKNOWN */
};

/**
 * Returns whether the path that a file was mapped under still leads to it. For names whose " (deleted)" may be part of the name
 * (MF_SUFFIXED): mf_file_state() for both possible names.
 *
 * @return a value of enum mf_deletion_state; or an error of mf_file_state().
 *
 * Takes 24 KiB of stack.
 */
MF_API int mf_deletion(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/* ---- map_files entries ------------------------------------------------------------------------------------------- */

/** A file as statx(2) returns it. */
struct mf_file_stat {
    uint64_t inode;        /**< as stat(2) returns it */
    uint64_t size;         /**< in bytes */
    uint64_t blocks;       /**< of 512 bytes */
    uint64_t mount_id;     /**< as in proc_pid_mountinfo(5); 0: unknown (before Linux 5.8) */
    int64_t mtime_seconds; /**< time of the last modification, since 1970 */
    int64_t ctime_seconds; /**< time of the last change of status, since 1970 */
    uint32_t mtime_nanoseconds; /**< 0 to 999,999,999 */
    uint32_t ctime_nanoseconds; /**< 0 to 999,999,999 */
    uint32_t dev_major;    /**< as stat(2) returns it: on btrfs and overlayfs not what maps shows */
    uint32_t dev_minor;    /**< as dev_major */
    uint32_t rdev_major;   /**< of a device node */
    uint32_t rdev_minor;   /**< of a device node */
    uint32_t mode;         /**< type and permissions */
    uint32_t nlink;        /**< number of hard links; 0: deleted */
    uint32_t uid;          /**< of the owner */
    uint32_t gid;          /**< of the group */
};

/** Which fields of an entry to read. The last two bits are valid for mf_entries_read() only. */
enum mf_entry_field {
    MF_ENTRY_TARGET = 1u << 0, /**< the path that readlink(2) returns */
    MF_ENTRY_ACCESS = 1u << 1, /**< how the process opened the file, if the kernel reports it: see struct mf_entry */
    MF_ENTRY_STAT = 1u << 2,   /**< needs the capability */
    MF_ENTRY_ONE_PER_FILE = 1u << 3, /**< only the first mapping of each file */
    /**
     * As of the snapshot if possible: the target is the name in the snapshot, and a file with several mappings has one stat(2)
     * if device and inode identify it (ext2/3/4, xfs, tmpfs, squashfs). Changes since the snapshot are not detected.
     */
    MF_ENTRY_AS_READ = 1u << 4,
};

/**
 * One entry of /proc/PID/map_files: the symbolic link to the file of one mapping. 136 bytes.
 *
 * The kernel sets the permissions of a link once. If another file had the range before, and a program read its entry then, the
 * kernel may still report how that file was opened. Shared writable mappings are always reported right.
 *
 * Each of the three fields has an error of its own; an error of one does not affect the others:
 *
 * | error          | meaning |
 * | -------------- | ------- |
 * | -ESTALE        | the mapping does not exist any more |
 * | -EPERM         | denied: mf_entries_list_access() and mf_entries_follow_access() return why |
 * | -ENOTSUP       | the kernel has no map_files |
 * | -ENAMETOOLONG  | the target has MF_NAME_MAX bytes or more; of stat: the file system has other numbers in maps (btrfs, older overlayfs),
 * |                | so the target is needed to verify the file |
 * | -ENOBUFS       | the memory for targets is full |
 * | -ENODATA       | the field was not requested |
 *
 * Any other value is the errno of the system call that failed.
 */
struct mf_entry {
    uint64_t start;         /**< first address, as in the mapping */
    uint64_t end;           /**< end (exclusive), as in the mapping */
    struct mf_file_stat stat; /**< valid if stat_error is 0 */
    int32_t mapping;        /**< index of the mapping in the snapshot */
    int32_t file_index;     /**< of the mapping */
    int32_t target_error;   /**< 0, or why the target is unknown */
    int32_t stat_error;     /**< 0, or why stat is unknown */
    uint32_t flags;         /**< MF_READABLE, MF_WRITABLE: how the file was opened; MF_DELETED, MF_SUFFIXED: of the target */
    uint32_t target_offset; /**< offset in the text, in bytes. Targets are raw bytes and not terminated */
    uint32_t target_length; /**< in bytes */
    int32_t access_error;   /**< 0, or why it is unknown how the file was opened */
};

/**
 * The head of the entries of a snapshot. It begins a relocatable block of the caller's memory, aligned to 8 bytes: head, entries,
 * text.
 */
struct mf_entries {
    uint64_t magic;           /**< internal: set by mf_entries_init() */
    uint64_t bytes;           /**< size of the whole block */
    uint32_t requested;       /**< bits of enum mf_entry_field that were requested */
    uint32_t entry_count;     /**< number of entries */
    uint32_t entry_capacity;  /**< maximum of entries */
    uint32_t text_capacity;   /**< in bytes */
    uint32_t text_length;     /**< bytes of text in use */
    uint32_t needed_entries;  /**< after -ENOBUFS: the entry capacity that was needed */
    uint32_t needed_text;     /**< after -ENOBUFS: the text capacity that was needed, in bytes */
    uint32_t text_offset;     /**< offset from the head, in bytes */
};

/** Returns the entries: entry_count of them, in the order of the snapshot. */
static inline const struct mf_entry *mf_entries_first(const struct mf_entries *entries)
{
    return (const struct mf_entry *)(entries + 1);
}

/** Returns the first byte of the target of an entry: target_length raw bytes, not terminated. */
static inline const char *mf_entries_target(const struct mf_entries *entries, const struct mf_entry *entry)
{
    return (const char *)entries + entries->text_offset + entry->target_offset;
}

/** Returns the size of the memory for entries, in bytes: a multiple of 8; 0 if the size exceeds 2 GiB. */
MF_API size_t mf_entries_bytes(uint32_t entry_capacity, uint32_t text_capacity);

/**
 * Makes an empty block of entries in memory of the caller.
 *
 * @retval 0        done
 * @retval -EINVAL  the memory is not aligned to 8 bytes, or too small
 */
MF_API int mf_entries_init(void *memory, size_t bytes, uint32_t entry_capacity, uint32_t text_capacity);

/**
 * Checks whether the caller may list the entries of a process and read their targets. This needs ptrace access
 * (PTRACE_MODE_READ_FSCREDS) and permission for the directory, which only its owner has. Reading maps may need less:
 * CAP_PERFMON since Linux 6.13.
 *
 * @retval 0         it may
 * @retval -EACCES   mf_denial_reasons() returns why not
 * @retval -ENOTSUP  the kernel has no map_files (before Linux 4.3, or built without it)
 * @return -ESRCH, -ECHILD as mapfiles.h describes.
 */
MF_API int mf_entries_list_access(struct mf_process *process);

/**
 * Checks whether the calling thread may follow entries, to stat and open files: it needs the capability. The check opens an
 * entry of the caller's own process.
 *
 * @retval 0         it may
 * @retval -EPERM    the capability is missing
 * @retval -ENOTSUP  the kernel has no map_files, or the caller has no entry that can be checked
 * @return -EMFILE, -ENFILE, -ENOMEM as mapfiles.h describes.
 */
MF_API int mf_entries_follow_access(void);

/**
 * Reads the entry of one mapping. It is found by its exact range and verified against the mapping: the target against the name
 * that the kernel reports at the same time (PROCMAP_QUERY; before Linux 6.11 against the name in the mapping, so a renamed file
 * is -ESTALE), the file against device and inode; if these never agree on its file system, against the path.
 *
 * @param requested    bits of enum mf_entry_field.
 * @param[out] out     filled whatever is returned; its target_offset is 0, in @p target.
 * @param[out] target  MF_NAME_MAX bytes.
 * @retval 0        done: each field has an error of its own
 * @retval -ENOENT  the mapping has no file, and so no entry
 * @retval -EACCES  the maps may not be read any more
 * @return -ESTALE, -ESRCH, -ECHILD as mapfiles.h describes.
 */
MF_API int mf_entry_read(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t requested,
                         struct mf_entry *out, char *target);

/**
 * Reads the entries of all mappings of a snapshot that have a file.
 *
 * @retval 0         done: each field has an error of its own
 * @retval -ENOBUFS  needed_entries and needed_text hold the capacities that were needed; the entries that fitted are valid
 * @retval -EACCES   the maps may not be read any more
 * @return -ESRCH, -ECHILD as mapfiles.h describes.
 *
 * Takes 12 KiB of stack.
 */
MF_API int mf_entries_read(struct mf_process *process, const struct mf_snapshot *snapshot, uint32_t requested,
                           struct mf_entries *out);

/* ---- Opening and verifying the mapped file ----------------------------------------------------------------------- */

/** How an opened file was verified to be the mapped file. */
enum mf_verification {
    MF_NOT_VERIFIED = 0,   /**< it is at the path of the mapping, and nothing contradicts that it is the mapped file */
    MF_EXACT = 1,          /**< opened through map_files, on a file system where the entry leads to the mapped file */
    MF_SAME_INODE = 2,     /**< device and inode are those of the mapping, on a file system where they identify a file */
    MF_SAME_BUILD_ID = 3,  /**< the build ID of the file is that of the mapped image */
    MF_SAME_BYTES = 4,     /**< each page of the mapping that the target has not modified has the bytes of the file, and they are not
                                all zero. Parts of the file that are not mapped were not compared */
};

/** How to open a mapped file. */
enum mf_open_option {
    MF_OPEN_WRITABLE = 1u << 0,   /**< read-write instead of read-only */
    MF_OPEN_UNVERIFIED = 1u << 1, /**< also a file that cannot be verified */
    MF_OPEN_BY_PATH = 1u << 2,    /**< not through map_files, as without the capability */
};

/**
 * Opens the file of a mapping (O_CLOEXEC) and verifies that it is the mapped file.
 *
 * The file is opened through its map_files entry. If the caller may not follow entries, or the kernel has none, a regular file
 * is opened by its path, which starts where the kernel's paths do; or through /proc/PID/exe or fd if the path leads to another
 * file. If the caller may read the maps of the target but not its root, paths start at the caller's root. A path alone verifies
 * nothing. On ext2/3/4, xfs, tmpfs and squashfs device and inode identify a file. Elsewhere the build ID (Linux 6.11+) and the
 * bytes are compared. On overlayfs an entry verifies nothing either: after a copy-up it leads to the new upper file with the
 * same numbers, while the lower file stays mapped, so build ID and bytes are compared there too. A descriptor of an overlayfs
 * file may later show the upper file: call mf_file_verify() again after reading.
 *
 * On btrfs and overlayfs other files may show the same device and inode in maps, so the file must also have the name of the
 * mapping. A renamed file is -ESTALE there.
 *
 * Like any open(2) this breaks a lease on the file (fcntl(2), F_SETLEASE).
 *
 * Limits on work that a file can cause: of an ELF file at most 256 program headers and 128 KiB are read to find its build ID,
 * and the bytes of a mapping of more than 16 GiB are not compared. The first 512 descriptors of the target are searched for the
 * file. Beyond these limits the file is not verified.
 *
 * @param options  bits of enum mf_open_option.
 * @param[out] fd  a descriptor that the caller owns, if no error is returned.
 * @return a value of enum mf_verification; MF_NOT_VERIFIED only with MF_OPEN_UNVERIFIED
 * @retval -ENOENT   the mapping has no file
 * @retval -ESTALE   the mapping does not exist any more
 * @retval -EPERM    the file can be opened only through its entry, and the caller may not follow it: mf_entries_list_access()
 *                   and mf_entries_follow_access() return why
 * @retval -ENOTSUP  the file can be opened only through its entry, and the kernel has no map_files
 * @retval -EIDRM    nothing or another file is at the path
 * @retval -EREMCHG  overlayfs copied the file up for writing: path and entry lead to the copy, and nothing leads to the mapped
 *                   file
 * @retval -ENODATA  the file at the path cannot be verified
 * @retval -EBADF    MF_OPEN_WRITABLE, but the target opened the file for reading
 * @retval -EACCES   the caller may not open the file, or the file is immutable
 * @retval -ELOOP    the target has a root directory (chroot(2)) that is more than 64 directories deep
 * @retval -EUNATCH  the mapping is of something that cannot be opened: a perf ring, a socket, a buffer of a device
 * @retval -EAGAIN   a process has a lease on the file and has been notified: retry
 * @return any other negative value is an errno of open(2). If that errno has another meaning here, -EIO is returned instead.
 *
 * Takes 24 KiB of stack. Comparing bytes reads the whole mapping.
 */
MF_API int mf_file_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t options,
                        int *fd);

/**
 * Verifies that an open file is the file of a mapping.
 *
 * If bytes are compared, the mapping is checked after each of the first 16 equal pages. Then one page is read and the mapping is
 * checked 48 times in random order. This detects a process that maps two files alternately, unless its changes coincide with all
 * of these reads and checks.
 *
 * @param fd  open for reading.
 * @return a value of enum mf_verification other than MF_EXACT
 * @retval -EIDRM   it is another file
 * @retval -ENOENT  the mapping has no file
 * @return -ESTALE, -ESRCH, -ECHILD as mapfiles.h describes.
 *
 * Takes 24 KiB of stack. May read the whole mapping.
 */
MF_API int mf_file_verify(struct mf_process *process, const struct mf_mapping *mapping, int fd);

/**
 * Returns how mf_file_open() would verify the file, without reading the mapping and without opening devices. For lists of
 * files.
 *
 * @return a value of enum mf_verification other than MF_SAME_BYTES. MF_NOT_VERIFIED means: only the bytes can verify the file,
 *         or it cannot be found or opened
 * @retval -ENOENT  the mapping has no file
 * @return -ESTALE, -ESRCH, -ECHILD as mapfiles.h describes.
 *
 * The limits are those of mf_file_open(). A deleted file without the capability costs most: up to 512 descriptors of the target
 * are searched. Takes 16 KiB of stack.
 */
MF_API int mf_file_quick_verify(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/**
 * Returns a number for the domain in which the device and inode of a mapping identify memory. Mappings with equal kind, device,
 * inode and domain, in any processes, share the pages at equal file offsets.
 *
 * Device and inode alone do not identify memory: SysV segments of different IPC namespaces may have the same numbers, as may
 * files of different btrfs subvolumes and the two layers of a file on overlayfs.
 *
 * @return a number above 0; or 0: unknown. It is unknown on a file system whose numbers identify no file, for a device, for a
 *         file that the caller may not access, and without the capability for a deleted file and a SysV segment
 * @return -ESTALE, -ESRCH, -ECHILD as mapfiles.h describes.
 */
MF_API int64_t mf_file_sharing_domain(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

/**
 * Opens a regular file for reading (O_CLOEXEC) by its path in the root directory that the paths in the maps of a process start at. All
 * symbolic links are followed below that root (openat2(2), Linux 5.6). For files that belong to a mapped file, such as debug files: the
 * caller verifies the file.
 *
 * @param process  NULL: the path starts at the root of the caller.
 * @param path     absolute; ends with a NUL.
 * @return a descriptor that the caller owns
 * @retval -EACCES  permission is missing; or the file is in the root of a process and belongs to neither root nor the caller: the process
 *                  could have made it
 * @retval -ENOENT  nothing is at the path
 * @retval -EIDRM   it is no regular file
 * @retval -ENOSYS  the kernel cannot keep symbolic links below the root
 * @return any other negative value is an errno of mf_file_open().
 *
 * Takes 12 KiB of stack.
 */
MF_API int mf_file_open_in_root(const struct mf_process *process, const char *path);

/** Where the path of mf_file_open_path() starts. */
enum mf_path_option {
    MF_PATH_OF_PROCESS = 1u << 0, /**< at the root directory of the process, also if that is one by chroot(2): for paths that the
                                       process uses. Without it: where the paths in its maps start */
};

/**
 * Opens the regular file for reading (O_CLOEXEC) that is at a path now, to compare it with a mapped file. All symbolic links are
 * followed below the root (openat2(2), Linux 5.6), but links such as those of /proc/PID/fd are not.
 *
 * The process may have made the file: its content proves nothing about another file.
 *
 * @param path     absolute; ends with a NUL.
 * @param options  bits of enum mf_path_option.
 * @return a descriptor that the caller owns
 * @retval -EACCES  permission is missing for the root or for the file
 * @retval -ENOENT  nothing is at the path
 * @retval -EIDRM   it is no regular file
 * @retval -ENOSYS  the kernel cannot keep symbolic links below the root
 * @return any other negative value is an errno of mf_file_open().
 *
 * Takes 12 KiB of stack.
 */
MF_API int mf_file_open_path(const struct mf_process *process, const char *path, uint32_t options);

#ifdef __cplusplus
}
#endif

#endif
