/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the file of a mapping: through its entry or by its path, then verified. */
#include "files/entry.h"
#include "files/path.h"
#include "files/verify.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "snapshot/mapping.h"

#include <stdbool.h>
#include <string.h>

/* Of a device node or a FIFO, opening must not wait; a regular file does not mind. */
#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY)

/* Through map_files, where that is all it takes. */
static int open_at_once(struct mf_process *process, const struct mf_mapping *mapping, int flags, int *fd)
{
    struct mf_statx file;

    flags |= OPEN_FLAGS;
    *fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (*fd < 0 || mf_sys_fstat(*fd, &file) != 0 || !mf_entry_numbers_agree(mapping, &file) ||
        mf_verify_is_overlay(process, *fd, &file))
        return -EAGAIN;
    return MF_EXACT;
}

/*
 * open(2) of an entry fails because of the process, of the caller, or of the file. With O_PATH it does not ask the file: what fails
 * only without is the file's own error.
 */
static int open_through_entry(struct mf_process *process, const struct mf_mapping *mapping, int flags)
{
    int hold = O_PATH;
    int fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    int path_fd;

    if (fd >= 0)
        return fd;
    path_fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &hold);
    if (path_fd < 0)
        return path_fd;
    fd = mf_entry_reopen(path_fd, flags);
    mf_sys_close(path_fd);
    return fd;
}

/* Through map_files: the mapped file itself, but on overlayfs. */
static int open_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int flags, int *fd)
{
    struct mf_statx file;
    int rc;

    *fd = open_through_entry(process, mapping, flags | OPEN_FLAGS);
    if (*fd < 0)
        return *fd;
    rc = mf_sys_fstat(*fd, &file);
    rc = rc < 0 ? mf_entry_file_error(rc) : mf_entry_check(process, mapping, name, *fd, &file);
    if (rc == -ENAMETOOLONG) /* the path is needed, and cannot be had: the content has to do */
        return mf_file_verify(process, mapping, *fd);
    if (rc < 0 || !mf_verify_is_overlay(process, *fd, &file))
        return rc < 0 ? rc : MF_EXACT;
    rc = mf_file_verify(process, mapping, *fd);
    if (rc == -EIDRM && (rc = mf_verify_is_copied(process, mapping, name, *fd)) >= 0)
        rc = rc > 0 ? -EREMCHG : -EIDRM;
    return rc;
}

static int open_and_verify(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, int flags, int *fd)
{
    int rc;

    *fd = mf_verify_open(path_fd, flags);
    if (*fd < 0)
        return *fd;
    rc = mf_file_verify(process, mapping, *fd);
    if (rc < 0) {
        mf_sys_close(*fd);
        *fd = -1;
    }
    return rc;
}

static int verify_quickly(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, int flags, int *fd)
{
    (void)flags;
    (void)fd;
    return mf_verify_quickly(process, mapping, path_fd);
}

int mf_file_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t how, int *fd)
{
    const int flags = how & MF_OPEN_WRITABLE ? O_RDWR : O_RDONLY;
    int rc;

    *fd = -1;
    if (how & ~(MF_OPEN_WRITABLE | MF_OPEN_UNVERIFIED | MF_OPEN_BY_PATH | MF_OPEN_ENTRY_ONLY) ||
        (how & MF_OPEN_BY_PATH && how & MF_OPEN_ENTRY_ONLY))
        return -EINVAL;
    rc = mf_record_check_file(mapping);
    if (rc < 0)
        return rc;
    if (how & MF_OPEN_WRITABLE)
        rc = mf_entry_access(process, mapping);
    if (rc < 0)
        return rc;
    if (how & MF_OPEN_WRITABLE && !(rc & MF_WRITABLE))
        return -EBADF;
    if (how & MF_OPEN_ENTRY_ONLY) {
        rc = open_at_once(process, mapping, flags, fd);
    } else {
        rc = how & MF_OPEN_BY_PATH ? -EPERM : open_entry(process, mapping, name, flags, fd);
        if (*fd < 0)
            rc = mf_path_instead(rc, process, mapping, name, open_and_verify, flags, fd);
    }
    if (rc == MF_NOT_VERIFIED && !(how & MF_OPEN_UNVERIFIED))
        rc = -ENODATA;
    if (rc < 0 && *fd >= 0) {
        mf_sys_close(*fd);
        *fd = -1;
    }
    return rc;
}

#define COMPONENT_MAX 255 /* NAME_MAX of linux/limits.h */

/*
 * Whether a file is on the kernel's own file system and cannot be opened. A list opens nothing: only on a file system that is not
 * known here, and a regular file that has a name as those have (simple_dname(), fs/d_path.c), in the root directory and with the
 * suffix.
 */
static bool is_pathless(const struct mf_mapping *mapping, const char *name, int fd, const struct mf_statx *file)
{
    const enum mf_fs fs = file->dev_major == 0 ? mf_fs_of(fd) : MF_FS_NUMBERED;
    const size_t length = mapping->name_length;
    int opened;

    if (fs != MF_FS_UNKNOWN)
        return fs == MF_FS_PATHLESS;
    if (!S_ISREG(file->mode) || !mf_record_may_be_suffixed(mapping) || length > 1 + COMPONENT_MAX + MF_SUFFIX_LENGTH ||
        memchr(name + 1, '/', length - 1) != NULL)
        return false;
    opened = mf_verify_open(fd, O_RDONLY);
    if (opened >= 0)
        mf_sys_close(opened);
    return opened < 0;
}

static int glance(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int flags = O_PATH;
    struct mf_statx file;
    int none = -1;
    int fd;
    int rc;

    fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (fd < 0)
        return mf_path_instead(fd, process, mapping, name, verify_quickly, O_RDONLY, &none);
    rc = mf_entry_held_stat(fd, &file);
    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, fd, &file);
    if (rc == 0 && mf_verify_is_overlay(process, fd, &file))
        rc = mf_verify_content_at(process, mapping, fd, MF_BUILD_ID_ALONE);
    else if (rc == 0)
        rc = is_pathless(mapping, name, fd, &file) ? MF_NOT_VERIFIED : MF_EXACT;
    mf_sys_close(fd);
    return rc;
}

int mf_file_quick_verify(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int rc = mf_record_check_file(mapping);

    if (rc < 0)
        return rc;
    rc = glance(process, mapping, name);
    return mf_entry_is_out_of_reach(rc) ? MF_NOT_VERIFIED : rc;
}
