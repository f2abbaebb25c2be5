/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that most parts make: one copy of each. */
#include "sys.h"

int mf_sys_openat(int directory, const char *path, int flags)
{
    return (int)MF_SYS(SYS_openat, directory, path, flags | O_CLOEXEC);
}

void mf_sys_close(int fd)
{
    (void)MF_SYS(SYS_close, fd);
}

int mf_sys_stat(int directory, const char *path, int flags, struct stat *out)
{
    return (int)MF_SYS(SYS_newfstatat, directory, path, out, flags);
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
