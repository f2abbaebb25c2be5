/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ENTRY_H
#define MF_ENTRY_H

#include "os/statx.h"
#include "process/process.h"

#include <stdbool.h>

/* What to do with an entry. */
enum mf_entry_call {
    MF_ENTRY_READLINK,  /* to: MF_NAME_MAX bytes; answers the length */
    MF_ENTRY_FILE_STAT, /* to: struct mf_statx, of the file */
    MF_ENTRY_LINK_STAT, /* to: struct mf_statx, of the link itself */
    MF_ENTRY_OPEN,      /* to: int, flags of open(2); answers a descriptor */
};

/* Opens the directory map_files, if that has not been done. 0 or why there is none. */
int mf_entry_prepare(struct mf_process *process);

/*
 * One system call on the entry of a mapping, found by the exact range: what it answers, or a negative errno. No entry:
 * -ESTALE, or -ENOENT where the record holds and has none. -EPERM: the caller may not do it, for lack of a capability or of
 * the right to ptrace; -EACCES: an answer of the file's own file system, or the maps may not be read any more. Whether it is still the record's file is another
 * options.
 */
long mf_entry_call(struct mf_process *process, const struct mf_mapping *mapping, enum mf_entry_call call, void *to);

/*
 * What an error of open(2) or stat(2) is called where it is of the file alone: of one that is held by O_PATH, or found by its path.
 * File systems return what they like, a server of FUSE any errno. What means something else in this library becomes -EIO.
 */
int mf_entry_file_error(long error);

/* statx(2) of a descriptor that holds a file: 0, or an error of mf_entry_file_error(). */
int mf_entry_held_stat(int fd, struct mf_statx *out);

/* Opens what a descriptor with O_PATH stands for. Returns a descriptor, or an error of mf_entry_file_error(). */
int mf_entry_reopen(int path_fd, int flags);

/*
 * How the process opened the file: MF_READABLE, MF_WRITABLE, or a negative errno. From the permissions of the link, which the
 * kernel sets once, for the file that was mapped when somebody first looked at this very range (proc_map_files_instantiate(),
 * tid_map_files_dentry_operations in fs/proc/base.c): where another file has the range by now they may be of that one.
 * Only a shared writable mapping is sure to be of a file opened for writing.
 */
int mf_entry_access(struct mf_process *process, const struct mf_mapping *mapping);

/* stat(2) through the entry, checked against the record: 0, -ESTALE, -EPERM without the capability, -EACCES of the file's own, ... */
int mf_entry_stat(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct mf_statx *out);

/*
 * Whether a file that was reached through the entry is that of the record. The file itself must bear this out: the process may
 * have mapped another one in the meantime, and the first one again since.
 *
 * Where the numbers are a file's own, and maps shows those of stat(2), another device or inode is another file. On btrfs the
 * device differs, on overlayfs the inode may differ too, and other files may have the numbers that maps shows: there the path of
 * the file must be that of the record. After a rename that is -ESTALE, until the mappings are read anew.
 *
 * @param fd    open, or O_PATH.
 * @param file  its stat.
 * @return 0; -ESTALE; -ENAMETOOLONG: its path cannot be read, and would be needed; or another negative errno.
 */
int mf_entry_check(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd,
                   const struct mf_statx *file);

/* 0: the path of an open file is the name of the record, or was until the file was deleted; -ESTALE; or another error. */
int mf_entry_check_path(const struct mf_mapping *mapping, const char *name, int fd);

/* Whether a link's target is the name of a record, with the suffix that may be off it. */
bool mf_entry_is_target(const struct mf_mapping *mapping, const char *name, const char *target, size_t length);

/* The same. @p may_be_suffixed: whether the kernel's " (deleted)" may follow the name. */
bool mf_entry_is_name(const struct mf_mapping *mapping, const char *name, bool may_be_suffixed, const char *target,
                      size_t length);

/* Whether the numbers of maps and stat are the same: so they are on most file systems. */
static inline bool mf_entry_numbers_agree(const struct mf_mapping *mapping, const struct mf_statx *file)
{
    return file->inode == mapping->inode && file->dev_major == mapping->dev_major && file->dev_minor == mapping->dev_minor;
}

/*
 * Whether what was returned tells of the file alone: what its path and its file system answer, such as -EACCES of a directory
 * that is closed to the caller, or of FUSE. Not of the process, of the record, or of a lack of means.
 */
static inline bool mf_entry_is_out_of_reach(int rc)
{
    return rc < 0 && rc != -ESTALE && rc != -ESRCH && rc != -ECHILD && rc != -ENXIO && !mf_sys_is_shortage(rc);
}

#endif
