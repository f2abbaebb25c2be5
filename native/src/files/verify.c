/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying that an open file is the mapped one: by device and inode if they identify a file, else by content. A result is
 * returned after one check that the process still has the mapping.
 */
#include "files/verify.h"

#include "files/build_id.h"
#include "files/compare.h"
#include "files/entry.h"
#include "os/file_system.h"
#include "query/validate.h"
#include "snapshot/mapping.h"

#include <string.h>

/* Opening a device node or a FIFO must not wait. */
#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY)

bool mf_verify_is_overlay(const struct mf_process *process, int fd, const struct mf_statx *file)
{
    return (file->dev_major == 0 || !(mf_traits(process) & MF_TRAIT_QUERY)) && mf_fs_of(fd) == MF_FS_OVERLAY;
}

int mf_verify_open(int path_fd, int flags)
{
    struct mf_statx file;
    const int rc = mf_entry_stat_fd(path_fd, &file);

    if (rc < 0)
        return rc;
    return S_ISREG(file.mode) ? mf_entry_reopen(path_fd, flags | OPEN_FLAGS) : -EIDRM;
}

/* Returns a result if the process still has the mapping, else -ESTALE or another error. */
static int validated(struct mf_process *process, const struct mf_mapping *mapping, int result)
{
    const int rc = mf_validate(process, mapping);

    return rc < 0 ? rc : result;
}

static int compare_build_id(struct mf_process *process, const struct mf_mapping *mapping, int fd)
{
    uint8_t of_mapped[MF_BUILD_ID_MAX];
    uint8_t of_file[MF_BUILD_ID_MAX];
    const int length = mf_validate_build_id(process, mapping, of_mapped);
    int length_of_file;

    if (length <= 0)
        return length < 0 ? length : MF_NOT_VERIFIED;
    length_of_file = mf_build_id_of_file(fd, of_file);
    if (length_of_file == -E2BIG) /* not found within the limits */
        return MF_NOT_VERIFIED;
    if (length_of_file < 0)
        return mf_entry_file_error(length_of_file);
    return length_of_file == length && memcmp(of_mapped, of_file, (size_t)length) == 0 ? MF_SAME_BUILD_ID : -EIDRM;
}

/* Bytes are compared also if the build ID is the same: a modified file may keep its build ID. */
static int verify_content(struct mf_process *process, const struct mf_mapping *mapping, int fd, enum mf_amount amount)
{
    const int by_build_id = compare_build_id(process, mapping, fd);
    int same;

    if (by_build_id < 0 || amount == MF_BUILD_ID_ALONE)
        return by_build_id;
    same = mf_compare_mapping(process, mapping, fd, amount == MF_ALL_PAGES);
    if (same < 0)
        return same;
    return same == MF_DIFFERENT ? -EIDRM : same == MF_SAME && amount == MF_ALL_PAGES ? MF_SAME_BYTES : by_build_id;
}

/* By device and inode. MF_NOT_VERIFIED: on this file system they verify nothing. On btrfs another inode is another file. */
static int verify_numbers(const struct mf_mapping *mapping, int fd, const struct mf_statx *file)
{
    const enum mf_fs fs = mf_fs_of(fd);

    if (fs == MF_FS_NUMBERED)
        return mf_entry_numbers_agree(mapping, file) ? MF_SAME_INODE : -EIDRM;
    return fs == MF_FS_BTRFS && file->inode != mapping->inode ? -EIDRM : MF_NOT_VERIFIED;
}

int mf_file_verify(struct mf_process *process, const struct mf_mapping *mapping, int fd)
{
    struct mf_statx file;
    int rc = mf_mapping_check_file(mapping);

    if (rc == 0)
        rc = mf_entry_stat_fd(fd, &file);
    if (rc < 0)
        return rc;
    rc = verify_numbers(mapping, fd, &file);
    if (rc == MF_NOT_VERIFIED) {
        rc = mf_validate(process, mapping); /* do not read the memory of another mapping */
        rc = rc < 0 ? rc : verify_content(process, mapping, fd, MF_ALL_PAGES);
    }
    return validated(process, mapping, rc);
}

int mf_verify_content_at(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, enum mf_amount amount)
{
    const int fd = mf_verify_open(path_fd, O_RDONLY);
    int rc;

    if (fd < 0)
        return fd;
    rc = verify_content(process, mapping, fd, amount);
    mf_sys_close(fd);
    return validated(process, mapping, rc);
}

int mf_verify_quickly(struct mf_process *process, const struct mf_mapping *mapping, int path_fd)
{
    struct mf_statx file;
    int rc = mf_entry_stat_fd(path_fd, &file);

    if (rc < 0)
        return rc;
    rc = verify_numbers(mapping, path_fd, &file);
    if (rc == MF_NOT_VERIFIED)
        return mf_verify_content_at(process, mapping, path_fd, MF_BUILD_ID_ALONE);
    return validated(process, mapping, rc);
}

/* By its path alone: files of two layers may have the same device and inode in maps. */
static bool has_its_name(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    char target[MF_NAME_MAX];
    const long length = mf_entry_call(process, mapping, MF_ENTRY_READLINK, target);

    return length >= 0 && mf_entry_is_name(mapping, name, true, target, (size_t)length);
}

/*
 * The process may map other files in between. So a difference must be found each time, and the mapping must have its name each
 * time.
 */
int mf_verify_is_copied(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int path_fd)
{
    for (int times = 0; times < 8; times++) {
        const int rc = mf_verify_content_at(process, mapping, path_fd, MF_SOME_PAGES);

        if (rc != -EIDRM)
            return rc < 0 && !mf_entry_is_inaccessible(rc) ? rc : 0;
        if (!has_its_name(process, mapping, name))
            return -ESTALE;
    }
    return 1;
}
