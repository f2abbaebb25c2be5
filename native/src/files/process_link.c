/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a mapping, by links of the process that need no capability. */
#include "files/process_link.h"

#include "files/entry.h"
#include "os/digits.h"
#include "os/file_system.h"
#include "snapshot/mapping.h"

#include <stdbool.h>

/* About 5 us each, in each call for a file without a path. */
#define DESCRIPTORS_MAX 512

/* A memfd has no path, but the process may have it open. */
static bool may_have_link(const struct mf_mapping *mapping)
{
    return mf_mapping_may_have_path(mapping) || mf_mapping_kind(mapping) == MF_KIND_MEMFD;
}

/* 0: the file of a link may be the mapped file; or a negative errno. */
static int check(const struct mf_mapping *mapping, const char *name, int fd)
{
    struct mf_statx file;
    enum mf_fs fs;
    int rc = mf_entry_check_path(mapping, name, fd);

    if (rc < 0)
        return rc;
    rc = mf_entry_stat_fd(fd, &file);
    if (rc < 0)
        return rc;
    fs = mf_fs_of(fd);
    if (!S_ISREG(file.mode) || (fs == MF_FS_NUMBERED && !mf_entry_numbers_agree(mapping, &file)) ||
        (fs == MF_FS_BTRFS && file.inode != mapping->inode))
        return -ESTALE;
    return 0;
}

/* Closes the descriptor unless its file may be the mapped one. */
static int checked(const struct mf_mapping *mapping, const char *name, int fd)
{
    const int rc = fd < 0 ? fd : check(mapping, name, fd);

    if (rc < 0 && fd >= 0)
        mf_sys_close(fd);
    return rc < 0 ? rc : fd;
}

static bool is_found(int fd)
{
    return fd >= 0 || mf_sys_is_shortage(fd);
}

static int open_if_named(const struct mf_mapping *mapping, const char *name, int directory, const char *number)
{
    char target[MF_NAME_MAX];
    const long length = MF_SYS(SYS_readlinkat, directory, number, target, sizeof target);

    if (mf_sys_is_shortage(length))
        return (int)length;
    if (length < 0 || !mf_entry_is_name(mapping, name, true, target, (size_t)length))
        return -ENOENT;
    return checked(mapping, name, mf_sys_openat(directory, number, O_PATH));
}

static int open_by_descriptor(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    const int directory = mf_maps_open_file(mf_state(process)->proc_fd, "fd", O_RDONLY | O_DIRECTORY);
    _Alignas(struct mf_directory_entry) char entries[1024];
    int found = -ENOENT;
    int left = DESCRIPTORS_MAX;
    long length = 0;

    if (directory < 0)
        return directory;
    while (!is_found(found) && left > 0 && (length = MF_SYS(SYS_getdents64, directory, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length && !is_found(found) && left-- > 0;) {
            const struct mf_directory_entry *const entry = (const void *)(entries + at);

            at += entry->length;
            if (mf_get_number(entry->name) >= 0)
                found = open_if_named(mapping, name, directory, entry->name);
        }
    }
    mf_sys_close(directory);
    return is_found(found) ? found : mf_sys_is_shortage(length) ? (int)length : -ENOENT;
}

int mf_process_link_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int fd;

    if (!may_have_link(mapping))
        return -ENOENT;
    fd = checked(mapping, name, mf_maps_open_file(mf_state(process)->proc_fd, "exe", O_PATH));
    return is_found(fd) ? fd : open_by_descriptor(process, mapping, name);
}
