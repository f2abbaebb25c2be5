/* SPDX-License-Identifier: Apache-2.0 */
#include "own_memory.h"

#include "sys.h"

#include <sys/uio.h>

long mf_own_memory_read(uint64_t address, void *to, size_t bytes)
{
    const struct iovec local = {to, bytes}, remote = {(void *)(uintptr_t)address, bytes};
    /* Of oneself always allowed (ptrace(2): the same thread group), but not by every sandbox. */
    long got = MF_SYS(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1);

    if (got == -EPERM || got == -ENOSYS) {
        const int fd = mf_sys_openat(AT_FDCWD, "/proc/self/mem", O_RDONLY);

        if (fd < 0)
            return fd;
        got = address > INT64_MAX ? -EIO : mf_sys_pread(fd, to, bytes, address);
        mf_sys_close(fd);
    }
    return got;
}
