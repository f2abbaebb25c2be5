/* SPDX-License-Identifier: Apache-2.0 */
/* The domain in which device and inode of a mapping identify memory. */
#include "files/entry.h"
#include "files/path.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "snapshot/mapping.h"

enum { UNKNOWN = 0, MACHINE = 1 };

/* If device and inode identify a file, they identify its page cache. What a device node maps is decided by its driver. */
static int domain_of_file(int fd, const struct mf_statx *file)
{
    return mf_fs_of(fd) == MF_FS_NUMBERED && S_ISREG(file->mode) ? MACHINE : UNKNOWN;
}

static int domain_at_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd)
{
    struct mf_statx file;
    int rc = mf_entry_stat_fd(fd, &file);

    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, fd, &file);
    return rc < 0 ? rc : domain_of_file(fd, &file);
}

static int domain_at_path(const struct mf_mapping *mapping, int path_fd)
{
    struct mf_statx file;
    const int rc = mf_entry_stat_fd(path_fd, &file);

    if (rc < 0)
        return rc;
    return mf_entry_numbers_agree(mapping, &file) ? domain_of_file(path_fd, &file) : -EIDRM;
}

static int domain_by_path(int entry_error, struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct mf_path_search search;
    int path_fd = mf_path_first(&search, entry_error, process, mapping, name);

    while (path_fd >= 0)
        path_fd = mf_path_next(&search, domain_at_path(mapping, path_fd));
    return search.result;
}

static int64_t domain_of_mapped_file(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int flags = O_PATH;
    const int fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    int rc;

    if (fd >= 0) {
        rc = domain_at_entry(process, mapping, name, fd);
        mf_sys_close(fd);
    } else {
        rc = domain_by_path(fd, process, mapping, name);
    }
    return mf_entry_is_inaccessible(rc) ? UNKNOWN : rc;
}

/* What name_to_handle_at(2) returns for a SysV segment: its inode and a random generation (shmem_encode_fh()). */
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

    return rc < 0 || handle.bytes < 3 * sizeof(uint32_t) ? UNKNOWN : (int64_t)handle.generation + 1;
}

/*
 * Segment IDs start from 0 in each IPC namespace. The namespace of a segment is unknown: the process may have left it
 * (unshare(2)) with the segment attached. So the domain is the generation of the segment.
 */
static int64_t domain_of_segment(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    int flags = O_PATH;
    const int fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    struct mf_statx file;
    int64_t domain = fd;

    if (fd >= 0) {
        domain = mf_entry_stat_fd(fd, &file);
        if (domain == 0)
            domain = mf_entry_check(process, mapping, name, fd, &file);
        if (domain == 0)
            domain = generation_of(fd);
        mf_sys_close(fd);
    }
    return domain < 0 && mf_entry_is_inaccessible((int)domain) ? UNKNOWN : domain;
}

int64_t mf_file_sharing_domain(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    if (mf_mapping_is_unnumbered(mapping))
        return UNKNOWN;
    switch (mf_mapping_kind(mapping)) {
    case MF_KIND_MEMFD:
    case MF_KIND_SHARED_ANONYMOUS:
    case MF_KIND_HUGETLB:
        return MACHINE;
    case MF_KIND_SYSV:
        return domain_of_segment(process, mapping, name);
    case MF_KIND_FILE:
        return domain_of_mapped_file(process, mapping, name);
    default:
        return UNKNOWN;
    }
}
