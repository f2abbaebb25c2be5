/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the file of a mapping, and what proves that it is that file. */
#include "build_id.h"
#include "digits.h"
#include "entry.h"
#include "fs.h"
#include "memory.h"
#include "path.h"
#include "query.h"
#include "record.h"

#include <stdbool.h>
#include <string.h>

/* Of a device node or a FIFO, opening must not wait; a regular file does not mind. */
#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY)

/* The build ID of the image that is mapped now, or 0 where the kernel does not tell. Confirms the record on the way. */
static int mapped_build_id(struct mf_process *process, const struct mf_mapping *mapping, uint8_t *build_id)
{
    struct mf_procmap_query now = {
        .query_addr = mapping->start,
        .build_id_addr = (uintptr_t)build_id,
        .build_id_size = MF_BUILD_ID_MAX,
    };
    const int rc = process->traits & MF_TRAIT_QUERY ? mf_query_ask(process, &now) : -ENOTTY;

    return rc < 0 ? 0 : (int)now.build_id_size;
}

/* Where the numbers prove nothing: what the file holds. @p bytes: whether to read all of the mapping for that. */
static int prove_by_content(struct mf_process *process, const struct mf_mapping *mapping, int fd, bool bytes)
{
    uint8_t of_mapped[MF_BUILD_ID_MAX];
    uint8_t of_file[MF_BUILD_ID_MAX];
    const int length = mapped_build_id(process, mapping, of_mapped);
    const int found = length > 0 ? mf_build_id_of_file(fd, of_file) : 0;

    if (found < 0 && found != -E2BIG)
        return found;
    if (length > 0 && found >= 0 && (found != length || memcmp(of_mapped, of_file, (size_t)length) != 0))
        return -EIDRM;
    /* Also with a build ID: a file may be changed and keep its own. */
    switch (bytes ? mf_memory_compare(process, mapping, fd) : MF_NOT_COMPARED) {
    case MF_SAME:
        return MF_SAME_BYTES;
    case MF_DIFFERENT:
        return -EIDRM;
    case MF_NOT_COMPARED:
        break;
    }
    return length > 0 && found > 0 ? MF_SAME_BUILD_ID : MF_NOT_VERIFIED;
}

/* What was found holds for the record only if that still stood afterwards. */
static int confirmed(struct mf_process *process, const struct mf_mapping *mapping, int proof)
{
    const int holds = mf_confirm(process, mapping);

    return holds == 0 ? -ESTALE : holds < 0 ? holds : proof;
}

int mf_file_prove(struct mf_process *process, const struct mf_mapping *mapping, int fd)
{
    struct mf_statx file;
    int rc;

    rc = mf_record_check_file(mapping);
    if (rc < 0)
        return rc;
    rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, &file);
    if (rc < 0)
        return rc;
    if (mf_fs_of(fd) == MF_FS_NUMBERED)
        rc = mf_entry_numbers_agree(mapping, &file) ? MF_SAME_INODE : -EIDRM;
    else if ((rc = confirmed(process, mapping, 0)) == 0) /* no range that nobody has is read through for nothing */
        rc = prove_by_content(process, mapping, fd, true);
    return confirmed(process, mapping, rc);
}

/*
 * Only a device with major number 0 can be overlayfs' (ovl_map_dev_ino(), fs/overlayfs/inode.c); older kernels gave files of
 * its upper layer the device of that.
 */
static bool is_overlay(const struct mf_process *process, int fd, const struct mf_statx *file)
{
    return (file->dev_major == 0 || !(process->traits & MF_TRAIT_QUERY)) && mf_fs_of(fd) == MF_FS_OVERLAY;
}

/* Through map_files, where that is all it takes. */
static int open_at_once(struct mf_process *process, const struct mf_mapping *mapping, int flags, int *fd)
{
    struct mf_statx file;

    flags |= OPEN_FLAGS;
    *fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (*fd < 0 || mf_sys_fstat(*fd, &file) != 0 || !mf_entry_numbers_agree(mapping, &file) || is_overlay(process, *fd, &file))
        return -EAGAIN;
    return MF_EXACT;
}

/*
 * What open(2) says of an entry may be of the process, which has no memory, or of the caller, who lacks the capability; or of the
 * file: where it can be held without being opened.
 */
static int explain_open(struct mf_process *process, const struct mf_mapping *mapping, int error)
{
    int flags = O_PATH;
    int fd;

    if (error != -EPERM && error != -ENXIO && error != -ENODEV)
        return error;
    fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (fd < 0)
        return fd;
    mf_sys_close(fd);
    return error == -EPERM ? -EACCES : -EUNATCH;
}

/* Through map_files: the mapped file itself, but on overlayfs. */
static int open_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int flags, int *fd)
{
    struct mf_statx file;
    int rc;

    flags |= OPEN_FLAGS;
    *fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (*fd < 0)
        return explain_open(process, mapping, *fd);
    rc = mf_sys_fstat(*fd, &file);
    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, *fd, &file);
    if (rc == 0)
        rc = is_overlay(process, *fd, &file) ? mf_file_prove(process, mapping, *fd) : MF_EXACT;
    return rc;
}

/* Opens a regular file that a descriptor with O_PATH stands for: a FIFO, or a device, is not to be woken. */
static int open_regular(int path_fd, int flags)
{
    char path[MF_FD_PATH];
    struct mf_statx file;
    const int rc = mf_sys_statx(path_fd, "", AT_EMPTY_PATH, &file);

    if (rc < 0)
        return rc;
    if (!S_ISREG(file.mode))
        return -EIDRM;
    mf_put_fd_path(path, path_fd);
    return mf_sys_openat(AT_FDCWD, path, flags | OPEN_FLAGS);
}

static int open_and_prove(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, int flags, int *fd)
{
    int rc;

    *fd = open_regular(path_fd, flags);
    if (*fd < 0)
        return *fd == -EPERM ? -EACCES : *fd; /* immutable, say */
    rc = mf_file_prove(process, mapping, *fd);
    if (rc < 0) {
        mf_sys_close(*fd);
        *fd = -1;
    }
    return rc;
}

/* Opens nothing for longer than it takes, and a device not at all. */
static int only_prove(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, int flags, int *fd)
{
    struct mf_statx file;
    int rc;

    if (mf_fs_of(path_fd) == MF_FS_NUMBERED) {
        rc = mf_sys_statx(path_fd, "", AT_EMPTY_PATH, &file);
        rc = rc < 0 ? rc : mf_entry_numbers_agree(mapping, &file) ? MF_SAME_INODE : -EIDRM;
        return confirmed(process, mapping, rc);
    }
    *fd = open_regular(path_fd, flags);
    if (*fd < 0)
        return *fd;
    rc = prove_by_content(process, mapping, *fd, false);
    mf_sys_close(*fd);
    *fd = -1;
    return confirmed(process, mapping, rc);
}

int mf_file_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t how, int *fd)
{
    const int flags = how & MF_OPEN_WRITABLE ? O_RDWR : O_RDONLY;
    int rc;

    *fd = -1;
    if (how & ~(MF_OPEN_WRITABLE | MF_OPEN_UNVERIFIED | MF_OPEN_BY_PATH | MF_OPEN_AT_ONCE) ||
        (how & MF_OPEN_BY_PATH && how & MF_OPEN_AT_ONCE))
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
    if (how & MF_OPEN_AT_ONCE) {
        rc = open_at_once(process, mapping, flags, fd);
    } else {
        rc = how & MF_OPEN_BY_PATH ? -EPERM : open_entry(process, mapping, name, flags, fd);
        if (*fd < 0)
            rc = mf_path_instead(rc, process, mapping, name, open_and_prove, flags, fd);
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
    opened = open_regular(fd, O_RDONLY);
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
        return mf_path_instead(fd, process, mapping, name, only_prove, O_RDONLY, &none);
    rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, &file);
    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, fd, &file);
    if (rc == 0)
        rc = is_overlay(process, fd, &file) ? only_prove(process, mapping, fd, O_RDONLY, &none)
             : is_pathless(mapping, name, fd, &file) ? MF_NOT_VERIFIED
                                            : MF_EXACT;
    mf_sys_close(fd);
    return rc;
}

int mf_file_glance(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int rc = mf_record_check_file(mapping);

    if (rc < 0)
        return rc;
    rc = glance(process, mapping, name);
    return mf_entry_is_out_of_reach(rc) ? MF_NOT_VERIFIED : rc;
}
