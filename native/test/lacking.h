/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels and sandboxes without a system call, simulated by seccomp(2) filters for a process and its children. */
#ifndef MF_LACKING_H
#define MF_LACKING_H

#include "check.h"
#include "os/procmap_query.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* The number of the call, and the lower half of an argument. */
#define ARGUMENT(n)                        (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n)) /* little-endian */
#define CALL                               (uint32_t) offsetof(struct seccomp_data, nr)
#define LOAD(offset)                       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define WHERE(value, steps_if, steps_else) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), steps_if, steps_else)
#define FAIL(error)                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW                              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static inline void filter_calls(struct sock_filter *steps, size_t count)
{
    const struct sock_fprog program = {.len = (unsigned short)count, .filter = steps};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        printf("skipped: no filters of system calls here: %s\n", strerror(errno));
        exit(CHECK_SKIPPED);
    }
}

#define FILTER_CALLS(...)                                     \
    do {                                                      \
        struct sock_filter steps_[] = {__VA_ARGS__};          \
        filter_calls(steps_, sizeof steps_ / sizeof *steps_); \
    } while (0)

/* Linux before 6.11. */
static inline void lack_query(void)
{
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_ioctl, 0, 3), LOAD(ARGUMENT(1)), WHERE(MF_PROCMAP_QUERY, 0, 1), FAIL(ENOTTY), ALLOW);
}

/* Linux before 5.6 (ENOSYS), or a filter that is older than the call (EPERM). */
static inline void lack_openat2(uint32_t error)
{
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_openat2, 0, 1), FAIL(error), ALLOW);
}

/* Linux before 4.11 (ENOSYS), or a filter that is older than the call (EPERM). */
static inline void lack_statx(uint32_t error)
{
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_statx, 0, 1), FAIL(error), ALLOW);
}

/* Linux before 4.3. Only the core opens directories of processes with these flags. */
static inline void lack_map_files(void)
{
    FILTER_CALLS(LOAD(ARGUMENT(0)), WHERE(AT_FDCWD, 6, 0), LOAD(CALL), WHERE(SYS_openat, 0, 4), LOAD(ARGUMENT(2)),
                 WHERE(O_RDONLY | O_DIRECTORY | O_CLOEXEC, 1, 0), WHERE(O_PATH | O_CLOEXEC, 0, 1), FAIL(ENOENT), ALLOW);
}

/* Applies the filters that the variable LACKING names: the same test on an older kernel. */
static inline void apply_lacking(void)
{
    const char *const lacking = getenv("LACKING");

    if (lacking != NULL && strstr(lacking, "query") != NULL)
        lack_query();
    if (lacking != NULL && strstr(lacking, "openat2") != NULL)
        lack_openat2(ENOSYS);
    if (lacking != NULL && strstr(lacking, "statx") != NULL)
        lack_statx(strstr(lacking, "filtered") != NULL ? EPERM : ENOSYS);
}

#endif
