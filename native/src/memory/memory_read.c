/* SPDX-License-Identifier: Apache-2.0 */
#include "process/process.h"

long mf_memory_read(struct mf_process *process, uint64_t address, void *to, size_t bytes)
{
    const int proc_fd = mf_state(process)->proc_fd;
    const int fd = mf_maps_open_file(proc_fd, "mem", O_RDONLY);
    long got;

    if (fd < 0)
        return mf_maps_explain(proc_fd, fd);
    got = address > INT64_MAX ? -EIO : mf_sys_pread(fd, to, bytes, address);
    mf_sys_close(fd);
    /* 0 bytes: the process has no memory any more (mem_rw(), fs/proc/base.c) */
    return got == 0 && bytes > 0 ? mf_maps_explain(proc_fd, -EIO) : got;
}
