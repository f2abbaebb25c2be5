/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of map_files: found by the exact range, checked against the mapping. */
#include "files/entry.h"

#include "os/digits.h"
#include "os/file_system.h"
#include "query/validate.h"
#include "snapshot/mapping.h"

#include <string.h>

#define ENTRY_NAME 40 /* two addresses of 16 digits, a dash, a NUL */

/* If the first thread has ended, it has no entries any more: opens the directory of a living thread. task/TID has none. */
static int open_directory(const struct mf_process *process)
{
    const int proc_fd = mf_state(process)->proc_fd;
    const int fd = mf_maps_open_below(proc_fd, "../", "map_files", O_RDONLY | O_DIRECTORY);

    return fd == -ENOENT || fd == -EACCES ? mf_maps_explain(proc_fd, fd == -ENOENT ? -ENOTSUP : fd) : fd;
}

int mf_entry_prepare(struct mf_process *process)
{
    int32_t present = __atomic_load_n(&mf_state(process)->files_fd, __ATOMIC_RELAXED);
    int fd;

    if (present >= 0)
        return 0;
    fd = open_directory(process);
    if (fd < 0)
        return fd;
    if (!__atomic_compare_exchange_n(&mf_state(process)->files_fd, &present, fd, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        mf_sys_close(fd); /* another thread has opened it first */
    return 0;
}

/* The new directory gets the same descriptor number, as in mf_maps_reopen(). */
static int reopen_directory(const struct mf_process *process, int files_fd)
{
    const int fd = open_directory(process);
    long rc;

    if (fd < 0)
        return fd;
    rc = MF_SYS(SYS_dup3, fd, files_fd, O_CLOEXEC);
    mf_sys_close(fd);
    return rc < 0 ? (int)rc : 0;
}

static long call_once(int directory, const char *entry, enum mf_entry_call call, void *to)
{
    switch (call) {
    case MF_ENTRY_READLINK:
        return MF_SYS(SYS_readlinkat, directory, entry, to, MF_NAME_MAX);
    case MF_ENTRY_FILE_STAT:
        return mf_sys_statx(directory, entry, 0, to);
    case MF_ENTRY_LINK_STAT:
        return mf_sys_statx(directory, entry, AT_SYMLINK_NOFOLLOW, to);
    case MF_ENTRY_OPEN:
        return mf_sys_openat(directory, entry, *(const int *)to);
    }
    return -EINVAL;
}

/*
 * Whether -EACCES of an entry is of the process, and not of the file system of the file. Reading and following a link needs
 * ptrace access (proc_pid_readlink(), proc_pid_get_link()). Reading maps may need less: since Linux 6.13 mm_access() accepts
 * CAP_PERFMON (may_access_mm(), kernel/fork.c), without a check by security modules such as Landlock.
 */
static bool is_denied(int directory, const char *entry)
{
    char target[8];

    return MF_SYS(SYS_readlinkat, directory, entry, target, sizeof target) == -EACCES;
}

/*
 * Returns why the directory is denied. -EPERM: only the directory is; -EACCES: the maps are too, as after an execve(2) of a
 * set-user-ID program; or an error of an exited process. This is called for each entry, so without PROCMAP_QUERY the text is
 * opened and not read.
 */
static int directory_denial(struct mf_process *process, const struct mf_mapping *mapping)
{
    const int rc = mf_traits(process) & MF_TRAIT_QUERY ? mf_mapping_validate(process, mapping)
                                                       : mf_maps_explain(mf_state(process)->proc_fd, 0);

    return rc < 0 ? rc : -EPERM;
}

long mf_entry_call(struct mf_process *process, const struct mf_mapping *mapping, enum mf_entry_call call, void *to)
{
    char entry[ENTRY_NAME];
    char *const dash = mf_put_hex(entry, mapping->start);
    long rc = mf_entry_prepare(process);

    if (rc == -EACCES)
        return directory_denial(process, mapping);
    *dash = '-';
    *mf_put_hex(dash + 1, mapping->end) = 0;
    for (int attempt = 0; rc == 0; attempt++) {
        const int files_fd = __atomic_load_n(&mf_state(process)->files_fd, __ATOMIC_RELAXED);
        int is_valid;

        rc = call_once(files_fd, entry, call, to);
        if (rc != -ENOENT && rc != -ESRCH && rc != -EACCES)
            return rc;
        is_valid = mf_mapping_validate(process, mapping); /* -ESRCH: the process is exiting */
        if (is_valid <= 0)
            return is_valid < 0 ? is_valid : -ESTALE;
        if (rc == -EACCES)
            return is_denied(files_fd, entry) ? -EPERM : rc;
        if (!(mapping->flags & MF_FILE_BACKED))
            return -ENOENT;
        /* The process has the mapping, so the directory is of a thread that has ended. */
        rc = attempt == 0 ? reopen_directory(process, files_fd) : -ESTALE;
    }
    return rc;
}

int mf_entry_file_error(long error)
{
    switch (error) {
    case -EPERM: /* such as an immutable file */
        return -EACCES;
    case -ENXIO: /* no driver, a socket, a buffer of a device */
    case -ENODEV:
        return -EUNATCH;
    case -ENOENT:
    case -ESRCH:
    case -ECHILD:
    case -ESTALE: /* NFS: the server has another file there now */
    case -EBADF:
    case -EINVAL:
    case -EIDRM:
    case -EREMCHG:
    case -ENODATA:
    case -ENOTSUP:
    case -ENOTTY:
    case -ENOBUFS:
    case -EBADMSG:
    case -EFBIG:
    case -ENAMETOOLONG:
        return -EIO;
    default:
        return (int)error;
    }
}

int mf_entry_stat_fd(int fd, struct mf_statx *out)
{
    const int rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, out);

    return rc < 0 ? mf_entry_file_error(rc) : 0;
}

int mf_entry_reopen(int path_fd, int flags)
{
    char path[MF_FD_PATH];
    int fd;

    mf_put_fd_path(path, path_fd);
    fd = mf_sys_openat(AT_FDCWD, path, flags);
    return fd < 0 ? mf_entry_file_error(fd) : fd;
}

int mf_entry_access(struct mf_process *process, const struct mf_mapping *mapping)
{
    const uint32_t written = MF_SHARED | MF_WRITABLE;
    struct mf_statx link;
    uint32_t access = 0;
    int rc;

    if ((mapping->flags & written) == written) /* needs a file that is open for both: mmap(2), "EACCES" */
        return MF_READABLE | MF_WRITABLE;
    rc = (int)mf_entry_call(process, mapping, MF_ENTRY_LINK_STAT, &link);
    if (rc < 0)
        return rc;
    if (link.mode & S_IRUSR)
        access |= MF_READABLE;
    if (link.mode & S_IWUSR)
        access |= MF_WRITABLE;
    return (int)access;
}

bool mf_entry_is_name(const struct mf_mapping *mapping, const char *name, bool may_be_suffixed, const char *target,
                      size_t length)
{
    if (may_be_suffixed && length == mapping->name_length + MF_SUFFIX_LENGTH &&
        memcmp(target + mapping->name_length, MF_SUFFIX, MF_SUFFIX_LENGTH) == 0)
        length = mapping->name_length;
    return length == mapping->name_length && memcmp(target, name, length) == 0;
}

bool mf_entry_is_target(const struct mf_mapping *mapping, const char *name, const char *target, size_t length)
{
    static const char shared_anonymous[] = "/dev/zero" MF_SUFFIX; /* also with a name of prctl(PR_SET_VMA_ANON_NAME) */

    if (mf_mapping_kind(mapping) == MF_KIND_SHARED_ANONYMOUS)
        return length == sizeof shared_anonymous - 1 && memcmp(target, shared_anonymous, length) == 0;
    return mf_entry_is_name(mapping, name, mapping->flags & MF_DELETED, target, length);
}

int mf_entry_check_path(const struct mf_mapping *mapping, const char *name, int fd)
{
    char link[MF_FD_PATH];
    char target[MF_NAME_MAX];
    long length;

    mf_put_fd_path(link, fd);
    length = MF_SYS(SYS_readlinkat, AT_FDCWD, link, target, sizeof target);
    if (length < 0)
        return (int)length;
    return mf_entry_is_name(mapping, name, true, target, (size_t)length) ? 0 : -ESTALE;
}

int mf_entry_check(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int fd,
                   const struct mf_statx *file)
{
    enum mf_fs fs;
    int rc;

    if (mf_entry_numbers_agree(mapping, file))
        return 0;
    fs = mf_fs_of(fd);
    if (fs == MF_FS_NUMBERED || (fs != MF_FS_OVERLAY && file->inode != mapping->inode))
        return -ESTALE;
    /* Files of other subvolumes and layers may have the same numbers in maps, so the path of this descriptor is compared. */
    rc = mf_entry_check_path(mapping, name, fd);
    return rc < 0 ? rc : mf_validate(process, mapping);
}

int mf_entry_stat(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct mf_statx *out)
{
    int flags = O_PATH;
    int rc = mf_mapping_check_file(mapping);
    int fd;

    if (rc < 0)
        return rc;
    rc = (int)mf_entry_call(process, mapping, MF_ENTRY_FILE_STAT, out);
    if (rc == 0 && mf_entry_numbers_agree(mapping, out))
        return 0;
    /* With O_PATH the file stays the same, whatever is mapped later: an error is of this file, and its path can be compared. */
    fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (fd < 0)
        return fd;
    rc = mf_entry_stat_fd(fd, out);
    if (rc == 0)
        rc = mf_entry_check(process, mapping, name, fd, out);
    mf_sys_close(fd);
    return rc;
}
