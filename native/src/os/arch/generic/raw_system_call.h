/* SPDX-License-Identifier: Apache-2.0 */
/* A system call on any architecture with 64-bit longs: syscall(2) of the C library, which sets errno. */
#ifndef MF_RAW_SYSTEM_CALL_H
#define MF_RAW_SYSTEM_CALL_H

#include <errno.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8, "arguments such as offsets of a file need 64 bits");

static inline long mf_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    const int saved_errno = errno;
    const long rc = syscall(number, a, b, c, d, e, f);
    const long result = rc == -1 ? -errno : rc;

    errno = saved_errno;
    return result;
}

#endif
