/* SPDX-License-Identifier: Apache-2.0 */
/* Whether " (deleted)" at the end of a name is the kernel's word, or the file's own. */
#include "devices.h"
#include "names.h"
#include "process.h"
#include "record.h"
#include "root.h"

#include <stdbool.h>
#include <string.h>

/* Device of the nearest directory above the path that exists, or 0. Cuts the path. */
static uint64_t device_above(int root_fd, char *path)
{
    struct stat directory;
    char *slash;

    while ((slash = strrchr(path, '/')) != NULL) {
        int rc;

        *(slash == path ? slash + 1 : slash) = 0; /* "/" itself stays */
        rc = mf_root_stat(root_fd, path, &directory);
        if (rc == 0)
            return mf_device_of(directory.st_dev);
        if (slash == path || (rc != -ENOENT && rc != -ENOTDIR))
            return 0;
    }
    return 0;
}

/* What the path with the suffix says of a file with this device and inode. */
static int deletion_by_path(int root_fd, char *path, uint64_t device, uint64_t inode)
{
    struct stat file;
    const int rc = mf_root_stat(root_fd, path, &file);

    if (rc == 0 && mf_device_of(file.st_dev) == device)
        return file.st_ino == inode ? MF_NOT_DELETED : MF_IS_DELETED;
    if (rc == -ENOENT || rc == -ENOTDIR)
        return device_above(root_fd, path) == device ? MF_IS_DELETED : MF_DELETION_NOT_KNOWN;
    return MF_DELETION_NOT_KNOWN;
}

/*
 * Whether the range still maps the file of the record: an entry of map_files is found by range alone, and may be that of a
 * file mapped there since. Without the query the file's inode has to tell; where maps gives another one (overlayfs before
 * Linux 6.8) that is not known.
 */
static bool is_still_mapped(const struct mf_process *process, const struct mf_mapping *mapping, const struct stat *entry)
{
    struct mf_procmap_query now = {.query_addr = mapping->start};

    if (!(process->traits & MF_TRAIT_QUERY))
        return entry->st_ino == mapping->inode;
    return mf_maps_query(process->maps_fd, &now) == 0 && now.vma_start == mapping->start && now.vma_end == mapping->end &&
           now.inode == mapping->inode && now.dev_major == mapping->dev_major && now.dev_minor == mapping->dev_minor;
}

int mf_deletion(const struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    uint64_t device = mf_device(mapping->dev_major, mapping->dev_minor);
    uint64_t inode = mapping->inode;
    char entry[48];
    char path[MF_NAME_MAX];
    struct stat mapped;
    int root_fd;
    int rc;

    if (mapping->flags & MF_DELETED)
        return MF_IS_DELETED;
    if (!(mapping->flags & MF_SUFFIXED))
        return MF_NOT_DELETED;
    mf_names_entry(entry, mapping->start, mapping->end);
    if (mf_sys_stat(process->proc_fd, entry, 0, &mapped) == 0 && is_still_mapped(process, mapping, &mapped)) {
        if (mapped.st_nlink == 0)
            return MF_IS_DELETED;
        device = mf_device_of(mapped.st_dev);
        inode = mapped.st_ino;
    }
    if (name[0] != '/' || mapping->name_length >= MF_NAME_MAX)
        return MF_DELETION_NOT_KNOWN;
    memcpy(path, name, mapping->name_length);
    path[mapping->name_length] = 0;
    root_fd = mf_root_open(process);
    if (root_fd < 0)
        return mf_maps_alive(process->maps_fd, process->traits) == 0 ? -ESRCH : MF_DELETION_NOT_KNOWN;
    rc = deletion_by_path(root_fd, path, device, inode);
    mf_sys_close(root_fd);
    return rc;
}
