/* SPDX-License-Identifier: Apache-2.0 */
/* Where the numbers of a mapping stand for one piece of memory. */
#include "files/entry.h"
#include "files/path.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "snapshot/mapping.h"

enum { NOT_KNOWN = 0, EVERYWHERE = 1 };

/* The same inode is the same page cache where a file has its numbers to itself; a device is whatever its driver makes of it. */
static int scope_of_file(int fd, const struct mf_statx *file)
{
    return mf_fs_of(fd) == MF_FS_NUMBERED && S_ISREG(file->mode) ? EVERYWHERE : NOT_KNOWN;
}

static int scope_at_path(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, int flags, int *fd)
{
    struct mf_statx file;
    const int rc = mf_entry_held_stat(path_fd, &file);

    (void)process;
    (void)flags;
    (void)fd;
    if (rc < 0)
        return rc;
    return mf_entry_numbers_agree(mapping, &file) ? scope_of_file(path_fd, &file) : -EIDRM;
}

static int scope_at_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd)
{
    struct mf_statx file;
    int rc = mf_entry_held_stat(fd, &file);

    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, fd, &file);
    return rc < 0 ? rc : scope_of_file(fd, &file);
}

static int64_t scope_on_file_systems(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int flags = O_PATH;
    int rc = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);

    if (rc >= 0) {
        const int fd = rc;

        rc = scope_at_entry(process, mapping, name, fd);
        mf_sys_close(fd);
    } else {
        rc = mf_path_instead(rc, process, mapping, name, scope_at_path, 0, NULL);
    }
    return mf_entry_is_out_of_reach(rc) ? NOT_KNOWN : rc;
}

/* What name_to_handle_at(2) tells of a segment: beside its number one that is drawn by lot for each (shmem_encode_fh()). */
struct segment_handle {
    uint32_t bytes;
    int32_t type;
    uint32_t generation;
    uint32_t inode[3];
};

static int64_t generation_of(int fd)
{
    struct segment_handle handle = {.bytes = sizeof handle - offsetof(struct segment_handle, generation)};
    int mount;
    const long rc = MF_SYS(SYS_name_to_handle_at, fd, "", &handle, &mount, AT_EMPTY_PATH);

    return rc < 0 || handle.bytes < 3 * sizeof(uint32_t) ? NOT_KNOWN : (int64_t)handle.generation + 1;
}

/*
 * Ids count from 0 in each IPC namespace, and which one a segment is of cannot be asked: a process may have left it since
 * (unshare(2)), with the segment attached.
 */
static int64_t scope_of_segment(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int flags = O_PATH;
    const int fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    struct mf_statx file;
    int64_t scope = fd;

    if (fd >= 0) {
        scope = mf_entry_held_stat(fd, &file);
        if (scope == 0)
            scope = mf_entry_check(process, mapping, name, fd, &file);
        if (scope == 0)
            scope = generation_of(fd);
        mf_sys_close(fd);
    }
    return scope < 0 && mf_entry_is_out_of_reach((int)scope) ? NOT_KNOWN : scope;
}

int64_t mf_file_sharing_domain(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    if (mf_record_is_unnumbered(mapping))
        return NOT_KNOWN;
    switch (mf_mapping_kind(mapping)) {
    case MF_KIND_MEMFD:
    case MF_KIND_SHARED_ANONYMOUS:
    case MF_KIND_HUGETLB:
        return EVERYWHERE;
    case MF_KIND_SYSV:
        return scope_of_segment(process, mapping, name);
    case MF_KIND_FILE:
        return scope_on_file_systems(process, mapping, name);
    default:
        return NOT_KNOWN;
    }
}
