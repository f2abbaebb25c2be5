/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ENTRY_H
#define MF_ENTRY_H

#include "os/statx.h"
#include "process/process.h"

#include <stdbool.h>

/* System calls on an entry, and what mf_entry_call() writes to @p to. */
enum mf_entry_call {
    MF_ENTRY_READLINK,  /* MF_NAME_MAX bytes; returns the length */
    MF_ENTRY_FILE_STAT, /* struct mf_statx of the file */
    MF_ENTRY_LINK_STAT, /* struct mf_statx of the link itself */
    MF_ENTRY_OPEN,      /* reads an int: flags of open(2); returns a descriptor */
};

/* Opens the directory map_files once. Returns 0, or a negative errno. */
int mf_entry_prepare(struct mf_process *process);

/*
 * Makes one system call on the entry of a mapping, which is found by the exact range. The caller then checks whether the file
 * is the mapped one.
 *
 * Returns the result of the call, or a negative errno. -ESTALE: there is no entry; -ENOENT: the process has the mapping, which
 * has no entry; -EPERM: the caller lacks the capability or ptrace access; -EACCES: the file system of the file denies access,
 * or the maps may not be read any more.
 */
long mf_entry_call(struct mf_process *process, const struct mf_mapping *mapping, enum mf_entry_call call, void *to);

/*
 * Returns the error of this library for an errno of open(2) or stat(2) that is of the file alone: a file that is open with
 * O_PATH, or that was found by its path. File systems may return any errno (FUSE). An errno that has another meaning in this
 * library becomes -EIO.
 */
int mf_entry_file_error(long error);

/* Calls statx(2) on a descriptor. Returns 0, or an error of mf_entry_file_error(). */
int mf_entry_stat_fd(int fd, struct mf_statx *out);

/* Opens the file of a descriptor with O_PATH. Returns a descriptor, or an error of mf_entry_file_error(). */
int mf_entry_reopen(int path_fd, int flags);

/*
 * Returns how the process opened the file: MF_READABLE, MF_WRITABLE; or a negative errno. It is derived from the permissions of
 * the link. The kernel sets them when a program first reads the entry of this range (proc_map_files_instantiate(),
 * tid_map_files_dentry_operations in fs/proc/base.c). If another file had the range then, they may be of that file. Only a
 * shared writable mapping is certain: its file was opened for writing.
 */
int mf_entry_access(struct mf_process *process, const struct mf_mapping *mapping);

/* Calls stat(2) through the entry, and checks that the file is the mapped one. Returns 0, or an error as mf_entry_call(). */
int mf_entry_stat(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct mf_statx *out);

/*
 * Checks whether a file that was opened through the entry is the file of the mapping. The process may have mapped another file
 * in the meantime, and the first one again since, so only the file itself can verify this.
 *
 * On most file systems a file with another device or inode is another file. On btrfs the device differs, on overlayfs the inode
 * may differ too, and other files may have the same numbers in maps. There the path of the file must be the name of the
 * mapping, so a renamed file is -ESTALE until the mappings are read again.
 *
 * @param fd    open, or O_PATH.
 * @param file  its stat.
 *
 * Returns 0; -ESTALE; -ENAMETOOLONG: its path is needed and is too long to be read; or another negative errno.
 */
int mf_entry_check(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd,
                   const struct mf_statx *file);

/*
 * Returns 0 if the path of an open file is the name of the mapping, with or without the kernel's suffix; -ESTALE; or another
 * error.
 */
int mf_entry_check_path(const struct mf_mapping *mapping, const char *name, int fd);

/*
 * Returns whether the target of an entry is the name of its mapping, to which a suffix is added that was removed from the name.
 */
bool mf_entry_is_target(const struct mf_mapping *mapping, const char *name, const char *target, size_t length);

/* Returns whether a target is a name. @p may_be_suffixed: the kernel's " (deleted)" may follow the name. */
bool mf_entry_is_name(const struct mf_mapping *mapping, const char *name, bool may_be_suffixed, const char *target,
                      size_t length);

/* Returns whether device and inode of a file are those in maps. On most file systems they are. */
static inline bool mf_entry_numbers_agree(const struct mf_mapping *mapping, const struct mf_statx *file)
{
    return file->inode == mapping->inode && file->dev_major == mapping->dev_major && file->dev_minor == mapping->dev_minor;
}

/*
 * Returns whether an error is of the file alone: its path or its file system returned it, such as -EACCES of a directory or of
 * FUSE. It is not of the process, of the mapping, or a shortage of descriptors or memory.
 */
static inline bool mf_entry_is_inaccessible(int rc)
{
    return rc < 0 && rc != -ESTALE && rc != -ESRCH && rc != -ECHILD && rc != -ENXIO && !mf_sys_is_shortage(rc);
}

#endif
