/* SPDX-License-Identifier: Apache-2.0 */
/* Which errors a test makes a system call return. */
#ifndef MF_POSSIBLE_ERRORS_H
#define MF_POSSIBLE_ERRORS_H

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>

/* These are always made: the kernel releases the descriptor also if close(2) returns an error. */
static inline bool is_close(long number)
{
    return number == SYS_close || number == SYS_munmap;
}

/*
 * Whether the kernel, or a filter of system calls, can return an error. Numbers of threads and users do not fail.
 */
static inline bool is_possible(long number, int error)
{
    switch (number) {
    case SYS_gettid:
    case SYS_geteuid:
    case SYS_getegid:
    case SYS_capget:
    case SYS_fcntl:
        return false;
    case SYS_statfs:
    case SYS_fstatfs:
    case SYS_readlinkat:
    case SYS_ioctl:
    case SYS_statx:
    case SYS_newfstatat:
    case SYS_faccessat:
    case SYS_getdents64:
        return error != EMFILE && error != ENFILE;
    case SYS_pread64: /* EINVAL: a negative offset, or a file that cannot be read */
    case SYS_fstat:   /* EINVAL: invalid flags, which fstat(2) has not */
    case SYS_read:
    case SYS_write:
        return error != EMFILE && error != ENFILE && error != EINVAL;
    default:
        return true;
    }
}

#endif
