/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the file of a mapping, in a straight line: resolve (by its entry, else by its path), open, verify. Verifying ends
 * with one check that the process still has the mapping, unless the entry was opened and its numbers are those of the mapping:
 * an entry is found by the exact range.
 */
#include "files/entry.h"
#include "files/path.h"
#include "files/verify.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "snapshot/mapping.h"

#include <stdbool.h>
#include <string.h>

/* Opening a device node or a FIFO must not wait. A regular file ignores these flags. */
#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY)

static void close_fd(int *fd)
{
    if (*fd >= 0)
        mf_sys_close(*fd);
    *fd = -1;
}

/*
 * Opens the entry of a mapping. An error of open(2) may be of the process, of the caller, or of the file. With O_PATH the
 * kernel does not call the file system of the file, so an error that occurs only without O_PATH is of the file.
 */
static int open_entry(struct mf_process *process, const struct mf_mapping *mapping, int flags)
{
    int path_flags = O_PATH;
    int fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    int path_fd;

    if (fd >= 0)
        return fd;
    path_fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &path_flags);
    if (path_fd < 0)
        return path_fd;
    fd = mf_entry_reopen(path_fd, flags);
    mf_sys_close(path_fd);
    return fd;
}

/* Verifies a file that was opened through its entry: it is the mapped file itself, but on overlayfs. */
static int verify_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd)
{
    struct mf_statx file;
    int rc = mf_sys_fstat(fd, &file);

    rc = rc < 0 ? mf_entry_file_error(rc) : mf_entry_check(process, mapping, name, fd, &file);
    if (rc == -ENAMETOOLONG) /* the path would be compared, and is too long to be read: verify the content */
        return mf_file_verify(process, mapping, fd);
    if (rc < 0 || !mf_verify_is_overlay(process, fd, &file))
        return rc < 0 ? rc : MF_EXACT;
    rc = mf_file_verify(process, mapping, fd);
    if (rc == -EIDRM && (rc = mf_verify_is_copied(process, mapping, name, fd)) >= 0)
        rc = rc > 0 ? -EREMCHG : -EIDRM;
    return rc;
}

/* Opens and verifies the candidates of a search until one is the mapped file. */
static int open_by_path(int entry_error, struct mf_process *process, const struct mf_mapping *mapping, const char *name,
                        int flags, int *fd)
{
    struct mf_path_search search;
    int path_fd = mf_path_first(&search, entry_error, process, mapping, name);

    while (path_fd >= 0) {
        int rc;

        *fd = mf_verify_open(path_fd, flags);
        rc = *fd < 0 ? *fd : mf_file_verify(process, mapping, *fd);
        if (rc < 0)
            close_fd(fd);
        path_fd = mf_path_next(&search, rc);
    }
    return search.result;
}

/* Checks the arguments, and for MF_OPEN_WRITABLE how the process opened the file. */
static int check(struct mf_process *process, const struct mf_mapping *mapping, uint32_t options)
{
    int rc;

    if (options & ~(MF_OPEN_WRITABLE | MF_OPEN_UNVERIFIED | MF_OPEN_BY_PATH))
        return -EINVAL;
    rc = mf_mapping_check_file(mapping);
    if (rc < 0 || !(options & MF_OPEN_WRITABLE))
        return rc;
    rc = mf_entry_access(process, mapping);
    return rc < 0 ? rc : rc & MF_WRITABLE ? 0 : -EBADF;
}

int mf_file_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t options, int *fd)
{
    const int flags = options & MF_OPEN_WRITABLE ? O_RDWR : O_RDONLY;
    int rc;

    *fd = -1;
    rc = check(process, mapping, options);
    if (rc < 0)
        return rc;
    *fd = options & MF_OPEN_BY_PATH ? -EPERM : open_entry(process, mapping, flags | OPEN_FLAGS);
    rc = *fd >= 0 ? verify_entry(process, mapping, name, *fd) : open_by_path(*fd, process, mapping, name, flags, fd);
    if (rc == MF_NOT_VERIFIED && !(options & MF_OPEN_UNVERIFIED))
        rc = -ENODATA;
    if (rc < 0)
        close_fd(fd);
    return rc;
}

/* ---- Verifying without opening ---- */

#define COMPONENT_MAX 255 /* NAME_MAX of linux/limits.h */

/*
 * Whether a file is on a file system that is internal to the kernel, and cannot be opened. A file is opened here only on an
 * unknown file system, and if it is a regular file with a name like those of such files (simple_dname(), fs/d_path.c): in the
 * root directory and with the suffix.
 */
static bool is_pathless(const struct mf_mapping *mapping, const char *name, int fd, const struct mf_statx *file)
{
    const enum mf_fs fs = file->dev_major == 0 ? mf_fs_of(fd) : MF_FS_NUMBERED;
    const size_t length = mapping->name_length;
    int opened;

    if (fs != MF_FS_UNKNOWN)
        return fs == MF_FS_PATHLESS;
    if (!S_ISREG(file->mode) || !mf_mapping_may_be_deleted(mapping) || length > 1 + COMPONENT_MAX + MF_SUFFIX_LENGTH ||
        memchr(name + 1, '/', length - 1) != NULL)
        return false;
    opened = mf_verify_open(fd, O_RDONLY);
    if (opened >= 0)
        mf_sys_close(opened);
    return opened < 0;
}

static int quick_verify_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd)
{
    struct mf_statx file;
    int rc = mf_entry_stat_fd(fd, &file);

    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, fd, &file);
    if (rc < 0)
        return rc;
    if (mf_verify_is_overlay(process, fd, &file))
        return mf_verify_content_at(process, mapping, fd, MF_BUILD_ID_ALONE);
    return is_pathless(mapping, name, fd, &file) ? MF_NOT_VERIFIED : MF_EXACT;
}

static int quick_verify_by_path(int entry_error, struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct mf_path_search search;
    int path_fd = mf_path_first(&search, entry_error, process, mapping, name);

    while (path_fd >= 0)
        path_fd = mf_path_next(&search, mf_verify_quickly(process, mapping, path_fd));
    return search.result;
}

int mf_file_quick_verify(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int flags = O_PATH;
    int rc = mf_mapping_check_file(mapping);
    int fd;

    if (rc < 0)
        return rc;
    fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (fd >= 0) {
        rc = quick_verify_entry(process, mapping, name, fd);
        mf_sys_close(fd);
    } else {
        rc = quick_verify_by_path(fd, process, mapping, name);
    }
    return mf_entry_is_inaccessible(rc) ? MF_NOT_VERIFIED : rc;
}
