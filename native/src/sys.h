/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that answer 0, a value, or a negative errno, and leave errno alone: a signal handler must leave no trace. */
#ifndef MF_SYS_H
#define MF_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The value of one call, or its negative errno. A macro, since the calls differ in every argument. */
#define MF_SYS(call)                              \
    ({                                            \
        const int errno_of_caller_ = errno;       \
        long rc_ = (call);                        \
        if (rc_ < 0)                              \
            rc_ = -(long)errno;                   \
        errno = errno_of_caller_;                 \
        rc_;                                      \
    })

/* Through syscall(2): glibc's own name for it is younger than 2.17, or not plain. */
static inline int mf_sys_openat(int directory, const char *path, int flags)
{
    return (int)MF_SYS(syscall(SYS_openat, directory, path, flags | O_CLOEXEC, 0));
}

static inline void mf_sys_close(int fd)
{
    (void)MF_SYS(close(fd));
}

/* fstatat(2); of the descriptor itself with "" and AT_EMPTY_PATH. */
static inline int mf_sys_stat(int directory, const char *path, int flags, struct stat *out)
{
    return (int)MF_SYS(syscall(SYS_newfstatat, directory, path, out, flags));
}

/* Interrupted reads begin again: /proc files give EINTR only before the first byte. */
static inline long mf_sys_pread(int fd, void *to, size_t bytes, uint64_t offset)
{
    long rc;

    do
        rc = MF_SYS(pread(fd, to, bytes, (off_t)offset));
    while (rc == -EINTR);
    return rc;
}

/* Reads a small file of a directory whole, as far as it fits, and terminates it. */
static inline long mf_sys_read_file(int directory, const char *path, char *to, size_t bytes)
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

#endif
