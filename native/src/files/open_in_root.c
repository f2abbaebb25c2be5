/* SPDX-License-Identifier: Apache-2.0 */
#include "files/entry.h"
#include "files/verify.h"
#include "process/root.h"

/* Whether only root and the caller can have made the file. */
static int check_owner(int path_fd)
{
    struct mf_statx file;
    const int rc = mf_entry_stat_fd(path_fd, &file);

    return rc < 0 ? rc : file.uid == 0 || (long)file.uid == MF_SYS(SYS_geteuid) ? 0 : -EACCES;
}

/* Opens a file below a directory with O_PATH. Takes over root_fd, which may be an error. */
static int open_below(int root_fd, const char *path)
{
    int path_fd;

    if (root_fd < 0)
        return root_fd;
    path_fd = mf_root_open_followed(root_fd, path, O_PATH);
    mf_sys_close(root_fd);
    return path_fd;
}

/* Opens the root that a process has, which may be one by chroot(2). */
static int open_own_root(const struct mf_process *process)
{
    return mf_maps_open_file(mf_state(process)->proc_fd, "root", O_PATH | O_DIRECTORY);
}

/*
 * Opens a file below the root of a process with O_PATH: that of its mount namespace, where the paths in maps start, or else the
 * one that it has by chroot(2), where it finds its own files.
 */
static int open_below_root(const struct mf_process *process, const char *path)
{
    bool is_guess;
    int path_fd = open_below(mf_root_open(process, &is_guess), path);
    int rc;

    if (path_fd == -ENOENT || path_fd == -ENOTDIR)
        path_fd = open_below(open_own_root(process), path);
    if (path_fd < 0)
        return path_fd;
    rc = check_owner(path_fd);
    if (rc < 0)
        mf_sys_close(path_fd);
    return rc < 0 ? rc : path_fd;
}

int mf_file_open_in_root(const struct mf_process *process, const char *path)
{
    const int path_fd = process == NULL ? mf_sys_openat(AT_FDCWD, path, O_PATH) : open_below_root(process, path);
    int fd;

    if (path_fd < 0)
        return path_fd;
    fd = mf_verify_open(path_fd, O_RDONLY);
    mf_sys_close(path_fd);
    return fd;
}

/* Opens the directory that a path starts at. -EACCES: the caller may not open it. */
static int open_start(const struct mf_process *process, uint32_t options)
{
    bool is_guess;
    int root_fd;

    if (options & MF_PATH_OF_PROCESS)
        return open_own_root(process);
    root_fd = mf_root_open(process, &is_guess);
    if (root_fd < 0 || !is_guess)
        return root_fd;
    mf_sys_close(root_fd);
    return -EACCES;
}

int mf_file_open_path(const struct mf_process *process, const char *path, uint32_t options)
{
    const int root_fd = open_start(process, options);
    int path_fd, fd;

    if (root_fd < 0)
        return root_fd;
    path_fd = mf_root_open_followed(root_fd, path, O_PATH);
    mf_sys_close(root_fd);
    if (path_fd < 0)
        return path_fd;
    fd = mf_verify_open(path_fd, O_RDONLY);
    mf_sys_close(path_fd);
    return fd;
}
