/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one system call of an operation fail. The program is linked with the core whose system calls go through mf_hook()
 * (hooked_calls).
 */
#ifndef MF_FAILING_CALLS_H
#define MF_FAILING_CALLS_H

#include "os/system_calls.h"

#include "check.h"
#include "possible_errors.h"

/* An operation. Its result is a definite value, or a negative errno. */
struct operation {
    const char *name;
    long (*run)(void);
    uint64_t weaker; /* bits of the values from 0 to 63 that are right too, though less exact than the usual one */
};

static struct {
    uint32_t calls; /* so far */
    uint32_t at;    /* the number of the call that fails; 0: none does */
    int error;
    long failed; /* the system call that failed; negative: none did */
    int mapped;  /* mmap(2) without munmap(2) */
} injector;

static uint32_t failed_calls;

static inline bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/*
 * These are the kernel's answers: there is no such process, mapping or file; of perf_event_open(2) also that there is no such
 * CPU. They are made up here, so any result is right.
 */
static inline bool is_answer(long number, int error)
{
    return error == ENOENT || error == ESRCH || (error == EINVAL && number == SYS_perf_event_open);
}

/* close(2) and munmap(2) are made: the kernel releases the descriptor also if close(2) returns an error. */
long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    long rc;

    if (!is_close(number) && ++injector.calls == injector.at && is_possible(number, injector.error)) {
        injector.failed = number;
        return -injector.error;
    }
    rc = mf_kernel_call(number, a, b, c, d, e, f);
    injector.mapped += number == SYS_mmap && rc > 0 ? 1 : number == SYS_munmap && rc == 0 ? -1 : 0;
    return rc;
}

/* Runs an operation while call number @p at fails. Returns false if it makes fewer calls. */
static bool fail_call(const struct operation *operation, uint32_t at, int error, long usual)
{
    long rc;

    injector.calls = 0;
    injector.at = at;
    injector.error = error;
    injector.failed = -1;
    rc = operation->run();
    injector.at = 0;
    if (injector.calls < at)
        return false;
    if (injector.failed < 0) /* the call cannot fail so */
        return true;
    failed_calls++;
    if (rc < 0)
        CHECK(rc >= -4095 && (!is_shortage(error) || rc == -error || rc == usual),
              "%s: system call %ld (number %u) fails with %s, which is not the cause of %ld", operation->name, injector.failed,
              at, strerror(error), rc);
    else
        CHECK(rc == usual || is_answer(injector.failed, error) || (rc < 64 && operation->weaker >> rc & 1),
              "%s: system call %ld (number %u) fails with %s: %ld instead of %ld", operation->name, injector.failed, at,
              strerror(error), rc, usual);
    return true;
}

static void fail_each_call(const struct operation *operation)
{
    static const int errors[] = {EMFILE, ENOMEM, EIO, EACCES, EPERM, ENOENT, ESRCH, EINTR, ENOSYS, EINVAL};
    const long usual = operation->run();

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        for (uint32_t at = 1; at < 10000; at++) {
            const int descriptors = count_descriptors();
            const bool has_more = fail_call(operation, at, errors[i], usual);

            CHECK(count_descriptors() == descriptors, "%s: call %u (%ld) fails with %s: %d descriptors instead of %d",
                  operation->name, at, injector.failed, strerror(errors[i]), count_descriptors(), descriptors);
            CHECK_IS(operation->run(), usual, operation->name);
            if (!has_more)
                break;
        }
        CHECK_IS(injector.mapped, 0, "mappings are left");
    }
}

#endif
