/* SPDX-License-Identifier: Apache-2.0 */
/* Times of events in time namespaces compare with CLOCK_MONOTONIC of the caller. */
#include "watched.h"

#include "events/stream.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define RING 65536u

static struct watched child;

/* Makes the time namespace of later children. Returns false, and prints the reason, if that is denied. */
static bool make_namespace(long seconds, long nanoseconds)
{
    char text[64];
    int fd;
    int length;
    bool done;

    if (unshare(CLONE_NEWTIME) != 0) {
        printf("skipped: unshare(CLONE_NEWTIME): %s\n", strerror(errno));
        return false;
    }
    fd = open("/proc/self/timens_offsets", O_WRONLY);
    length = snprintf(text, sizeof text, "monotonic %ld %ld", seconds, nanoseconds);
    done = write(fd, text, (size_t)length) == length;
    if (!done)
        printf("skipped: writing timens_offsets: %s\n", strerror(errno));
    close(fd);
    return done;
}

static uintptr_t map_code(uintptr_t unused)
{
    (void)unused;
    return (uintptr_t)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The target is a child of the caller, in the caller's namespace for children. */
static void check_times(const char *where)
{
    uint64_t before;
    uint64_t after;
    uintptr_t at;

    start(&child);
    CHECK_IS(watch(&child, 0, RING, 1), 0, where);
    for (int round = 0; round < 20; round++) {
        before = mf_events_now();
        at = command_child(&child, map_code, 0);
        after = mf_events_now();
        CHECK_IS(mf_events_wait(child.stream, 60000), 1, where);
        CHECK_IS(drain(&child), 1, where);
        CHECK(event_at(&child, at) != NULL, "%s: the mapping is reported", where);
        CHECK(child.events[0].time >= before && child.events[0].time <= after, "%s: %" PRIu64 " <= %" PRIu64 " <= %" PRIu64,
              where, before, child.events[0].time, after);
        CHECK_IS(mf_events_wait(child.stream, 0), 0, where);
        if (check_failures > 0)
            break;
    }
    end(&child);
}

/* Runs a check in a child process, which is in the namespace that was made for it. */
static void check_in_child(void (*check)(const char *), const char *where)
{
    int status = 1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        check(where);
        fflush(stdout);
        _exit(check_failures != 0);
    }
    waitpid(pid, &status, 0);
    CHECK_IS(status, 0, where);
}

static void check_behind(const char *where)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (make_namespace(-(now.tv_sec / 2), 0)) { /* the kernel rejects a negative clock */
        check_in_child(check_times, where);
        check_times("a target whose clock is behind the caller's");
    }
}

static void check_ahead(const char *where)
{
    if (make_namespace(100000, 123456789))
        check_in_child(check_times, where);
}

/* The file of offsets is that of the namespace for children, which is another one now. */
static void check_own_offsets_unknown(const char *where)
{
    if (!make_namespace(0, 0)) /* offsets are relative to the initial namespace */
        return;
    start(&child);
    CHECK_IS(watch(&child, 0, RING, 1), -ENOTSUP, where);
    free(child.stream);
    child.stream = NULL;
    end(&child);
}

static void check_nested(const char *where)
{
    if (make_namespace(5000, 0))
        check_in_child(check_own_offsets_unknown, where);
}

int main(void)
{
    const int skipped = can_watch(&child);

    if (skipped)
        return skipped;
    check_times("the namespace of the test");
    check_in_child(check_behind, "a clock behind the kernel's");
    check_in_child(check_ahead, "a clock ahead of the kernel's");
    check_in_child(check_nested, "a caller that has made a namespace for its children, in a namespace");
    return check_result();
}
