/* SPDX-License-Identifier: Apache-2.0 */
/* Where the paths in maps begin. */
#include "process/root.h"

#ifndef SYS_openat2
#define SYS_openat2 437 /* the same on every architecture */
#endif

/* The kernel's interface (include/uapi/linux/openat2.h, Linux 5.6), for builds with older headers. */
struct open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
enum { RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_IN_ROOT = 0x10 };

/*
 * Directories from the root of a process up to that of its mount namespace. The process may move itself as deep as it likes, and
 * each step costs two system calls per call of mf_root_open().
 */
#define CLIMB_MAX 64

/* Whether two descriptors stand for the same directory of the same mount; ".." of a mount's root leads out of it. */
static bool is_same_place(const struct mf_statx *a, const struct mf_statx *b)
{
    return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
           (a->mask & b->mask & MF_STATX_MOUNT_ID ? a->mount_id == b->mount_id : true);
}

/*
 * ".." ends where the root of the caller or of the mount namespace is, and passes by the root that the process itself has by
 * chroot(2).
 */
static int climb(int fd)
{
    struct mf_statx place;
    int rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, &place);

    for (int steps = 0; rc == 0 && steps < CLIMB_MAX; steps++) {
        const int above_fd = mf_sys_openat(fd, "..", O_PATH | O_DIRECTORY);
        struct mf_statx above;

        mf_sys_close(fd);
        fd = above_fd;
        if (fd < 0)
            return fd;
        rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, &above);
        if (rc == 0 && is_same_place(&place, &above))
            return fd;
        place = above;
    }
    mf_sys_close(fd);
    return rc < 0 ? rc : -ELOOP;
}

/* A file system returns any errno, a FUSE server the one that its writer likes. Others than these mean something else here. */
static int climb_error(int rc)
{
    return rc >= 0 || rc == -ELOOP || rc == -EACCES || mf_sys_is_shortage(rc) ? rc : -EIO;
}

int mf_root_open(const struct mf_process *process, bool *is_guess)
{
    const int flags = O_PATH | O_DIRECTORY;
    int fd = mf_sys_openat(mf_state(process)->proc_fd, "root", flags);

    *is_guess = false;
    if (fd == -ENOENT) /* it goes with the first thread */
        fd = mf_maps_open_part(mf_state(process)->proc_fd, "root", flags);
    if (fd >= 0)
        return climb_error(climb(fd));
    if (fd == -ENOENT || fd == -EACCES)
        fd = mf_maps_explain(mf_state(process)->proc_fd, fd);
    if (fd != -EACCES)
        return fd;
    *is_guess = true;
    return mf_sys_openat(AT_FDCWD, "/", flags);
}

static long open_in_root(int root_fd, const char *path, int flags)
{
    const struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    const long rc = MF_SYS(SYS_openat2, root_fd, path, &how, sizeof how);

    return rc == -EPERM ? -ENOSYS : rc; /* filters of system calls give EPERM for those they do not know */
}

int mf_root_open_path(int root_fd, const char *path, int flags)
{
    const long rc = open_in_root(root_fd, path, flags | O_NOFOLLOW);

    if (rc != -ENOSYS)
        return (int)rc;
    while (*path == '/')
        path++;
    return mf_sys_openat(root_fd, *path ? path : ".", flags | O_NOFOLLOW);
}

int mf_root_open_directory(int root_fd, const char *name)
{
    const int flags = O_PATH | O_DIRECTORY;
    const long rc = open_in_root(root_fd, name, flags);

    return rc != -ENOSYS ? (int)rc : mf_sys_openat(root_fd, name, flags | O_NOFOLLOW);
}
