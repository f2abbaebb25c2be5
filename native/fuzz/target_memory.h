/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a target that is a piece of memory of the harness: system calls that read a target copy from it. */
#ifndef MF_FUZZ_TARGET_MEMORY_H
#define MF_FUZZ_TARGET_MEMORY_H

#include "fuzz.h"

#include <sys/uio.h>

#define MEM_FD    1001
#define MAX_CALLS 2000000u

static struct {
    const char *bytes;
    uint64_t start, end; /* in the target */
    uint32_t calls;
} target;

static long copy_from_target(uint64_t address, void *to, size_t bytes)
{
    if (address < target.start || address >= target.end)
        return -EIO;
    if (bytes > target.end - address)
        bytes = target.end - address;
    memcpy(to, target.bytes + (address - target.start), bytes);
    return (long)bytes;
}

static long read_many(const struct iovec *to, long count, const struct iovec *from)
{
    long done = 0;

    for (long i = 0; i < count; i++) {
        const long got = copy_from_target((uint64_t)(uintptr_t)from[i].iov_base, to[i].iov_base, to[i].iov_len);

        if (got < 0)
            return done > 0 ? done : -EFAULT;
        done += got;
        if (got < (long)to[i].iov_len)
            break;
    }
    return done;
}

long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    (void)e, (void)f;
    if (++target.calls > MAX_CALLS) {
        CHECK(false, "more than %u system calls", MAX_CALLS);
        abort();
    }
    switch (number) {
    case SYS_pread64:
        return a == MEM_FD ? copy_from_target((uint64_t)d, (void *)b, (size_t)c) : -EBADF;
    case SYS_process_vm_readv:
        return read_many((const struct iovec *)b, c, (const struct iovec *)d);
    case SYS_faccessat:
        return 0;
    default:
        return -ENOSYS;
    }
}

#endif
