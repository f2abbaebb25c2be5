/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that the paths in maps start at. */
#include "process/root.h"

#ifndef SYS_openat2
#define SYS_openat2 437 /* the same on every architecture */
#endif

/* struct open_how of openat2(2) (include/uapi/linux/openat2.h, Linux 5.6), for builds with older headers. */
struct open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
enum { RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_IN_ROOT = 0x10 };

/*
 * Maximum of directories from the root of a process up to that of its mount namespace. The process chooses this number, and
 * each directory costs two system calls for each file that is opened by its path.
 */
#define CLIMB_MAX 64

/* Whether two descriptors are of the same directory of the same mount. ".." in the root of a mount leads to another mount. */
static bool is_same_directory(const struct mf_statx *a, const struct mf_statx *b)
{
    return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
           (a->mask & b->mask & MF_STATX_MOUNT_ID ? a->mount_id == b->mount_id : true);
}

/*
 * Follows ".." up to the root of the caller or of the mount namespace: the kernel stops there (follow_dotdot(), fs/namei.c).
 * The root that the target has by chroot(2) does not stop it. Takes over fd.
 */
static int climb(int fd)
{
    struct mf_statx directory;
    int rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, &directory);

    for (int steps = 0; rc == 0 && steps < CLIMB_MAX; steps++) {
        const int above_fd = mf_sys_openat(fd, "..", O_PATH | O_DIRECTORY);
        struct mf_statx above;

        mf_sys_close(fd);
        fd = above_fd;
        if (fd < 0)
            return fd;
        rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, &above);
        if (rc == 0 && is_same_directory(&directory, &above))
            return fd;
        directory = above;
    }
    mf_sys_close(fd);
    return rc < 0 ? rc : -ELOOP;
}

/* A file system, such as a FUSE server, may return any errno. Those with another meaning here become -EIO. */
static int climb_error(int rc)
{
    return rc >= 0 || rc == -ELOOP || rc == -EACCES || mf_sys_is_shortage(rc) ? rc : -EIO;
}

int mf_root_open(const struct mf_process *process, bool *is_guess)
{
    const int flags = O_PATH | O_DIRECTORY;
    int fd = mf_sys_openat(mf_state(process)->proc_fd, "root", flags);

    *is_guess = false;
    if (fd == -ENOENT) /* the link does not exist after the first thread has ended */
        fd = mf_maps_open_file(mf_state(process)->proc_fd, "root", flags);
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

    return rc == -EPERM ? -ENOSYS : rc; /* system call filters return EPERM for calls that they do not list */
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

int mf_root_open_followed(int root_fd, const char *path, int flags)
{
    return (int)open_in_root(root_fd, path, flags);
}

int mf_root_open_directory(int root_fd, const char *name)
{
    const int flags = O_PATH | O_DIRECTORY;
    const long rc = open_in_root(root_fd, name, flags);

    return rc != -ENOSYS ? (int)rc : mf_sys_openat(root_fd, name, flags | O_NOFOLLOW);
}
