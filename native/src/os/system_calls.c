/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that several folders make: one copy of each. */
#include "os/system_calls.h"

#include "os/statx.h"

#include <sys/resource.h>

int mf_sys_openat(int directory, const char *path, int flags)
{
    return (int)MF_SYS(SYS_openat, directory, path, flags | O_CLOEXEC);
}

void mf_sys_close(int fd)
{
    (void)MF_SYS(SYS_close, fd);
}

uint64_t mf_sys_descriptor_limit(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

    (void)MF_SYS(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    return limit.rlim_cur;
}

int mf_sys_stat(int directory, const char *path, int flags, struct stat *out)
{
    return (int)MF_SYS(SYS_newfstatat, directory, path, out, flags);
}

static struct mf_statx_time time_of(const struct timespec *time)
{
    return (struct mf_statx_time){.seconds = time->tv_sec, .nanoseconds = (uint32_t)time->tv_nsec};
}

static int statx_by_stat(int directory, const char *path, int flags, struct mf_statx *out)
{
    struct stat file;
    const int rc = mf_sys_stat(directory, path, flags, &file);
    const uint64_t device = rc == 0 ? mf_device_of(file.st_dev) : 0;
    const uint64_t node = rc == 0 ? mf_device_of(file.st_rdev) : 0;

    if (rc < 0)
        return rc;
    *out = (struct mf_statx){
        .mask = MF_STATX_BASIC,
        .nlink = (uint32_t)file.st_nlink,
        .uid = file.st_uid,
        .gid = file.st_gid,
        .mode = (uint16_t)file.st_mode,
        .inode = file.st_ino,
        .size = (uint64_t)file.st_size,
        .blocks = (uint64_t)file.st_blocks,
        .atime = time_of(&file.st_atim),
        .ctime = time_of(&file.st_ctim),
        .mtime = time_of(&file.st_mtim),
        .rdev_major = (uint32_t)(node >> 32),
        .rdev_minor = (uint32_t)node,
        .dev_major = (uint32_t)(device >> 32),
        .dev_minor = (uint32_t)device,
    };
    return 0;
}

int mf_sys_statx(int directory, const char *path, int flags, struct mf_statx *out)
{
    const int rc = (int)MF_SYS(SYS_statx, directory, path, flags, MF_STATX_BASIC | MF_STATX_MOUNT_ID, out);

    return rc == -ENOSYS || rc == -EPERM ? statx_by_stat(directory, path, flags, out) : rc;
}

long mf_sys_pread(int fd, void *to, size_t bytes, uint64_t offset)
{
    long rc;

    do
        rc = MF_SYS(SYS_pread64, fd, to, bytes, (off_t)offset);
    while (rc == -EINTR);
    return rc;
}

long mf_sys_read_file(int directory, const char *path, char *to, size_t bytes)
{
    const int fd = mf_sys_openat(directory, path, O_RDONLY);
    long length;

    if (fd < 0)
        return fd;
    length = mf_sys_pread(fd, to, bytes - 1, 0);
    mf_sys_close(fd);
    if (length >= 0)
        to[length] = 0;
    return length;
}

int mf_sys_read_lines(int directory, const char *path, mf_take_line *take, void *to)
{
    const int fd = mf_sys_openat(directory, path, O_RDONLY);
    char piece[1024];
    char line[512];
    size_t length = 0;
    uint64_t offset = 0;
    long got;

    if (fd < 0)
        return fd;
    while ((got = mf_sys_pread(fd, piece, sizeof piece, offset)) > 0) {
        for (long i = 0; i < got; i++) {
            if (piece[i] == '\n') {
                line[length] = 0;
                take(line, to);
                length = 0;
            } else if (length < sizeof line - 1) {
                line[length++] = piece[i];
            }
        }
        offset += (uint64_t)got;
    }
    mf_sys_close(fd);
    return (int)got;
}
