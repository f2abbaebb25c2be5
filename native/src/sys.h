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

/* Any call of up to five arguments, by its number: one import and one copy for what waits anyway. */
long mf_sys_call(long number, intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e);

/* openat(2), O_CLOEXEC. */
int mf_sys_openat(int directory, const char *path, int flags);

void mf_sys_close(int fd);

/* fstatat(2); of the descriptor itself with "" and AT_EMPTY_PATH. */
int mf_sys_stat(int directory, const char *path, int flags, struct stat *out);

/* Interrupted reads begin again: /proc files give EINTR only before the first byte. */
long mf_sys_pread(int fd, void *to, size_t bytes, uint64_t offset);

/* Reads a small file of a directory whole, as far as it fits, and terminates it. */
long mf_sys_read_file(int directory, const char *path, char *to, size_t bytes);

#endif
