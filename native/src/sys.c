/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that most parts make: one copy of each. */
#include "sys.h"

long mf_sys_call(long number, intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e)
{
    return MF_SYS(syscall(number, a, b, c, d, e, 0));
}

/* Through syscall(2): glibc's own name for it is younger than 2.17, or not plain. */
int mf_sys_openat(int directory, const char *path, int flags)
{
    return (int)mf_sys_call(SYS_openat, directory, (intptr_t)path, flags | O_CLOEXEC, 0, 0);
}

void mf_sys_close(int fd)
{
    (void)mf_sys_call(SYS_close, fd, 0, 0, 0, 0);
}

int mf_sys_stat(int directory, const char *path, int flags, struct stat *out)
{
    return (int)mf_sys_call(SYS_newfstatat, directory, (intptr_t)path, (intptr_t)out, flags, 0);
}

long mf_sys_pread(int fd, void *to, size_t bytes, uint64_t offset)
{
    long rc;

    do
        rc = MF_SYS(pread(fd, to, bytes, (off_t)offset));
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
