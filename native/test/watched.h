/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of events: a child that changes its mappings on command, and a stream of its events. */
#ifndef MF_WATCHED_H
#define MF_WATCHED_H

#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { EVENTS = 512, TEXT = 1 << 16 };

struct watched {
    pid_t pid;
    int to;
    int from;
    struct mf_process process;
    struct mf_events *stream;
    struct mf_event events[EVENTS];
    char text[TEXT];
    struct mf_drained drained;
};

/*
 * mmap(2) and munmap(2) without the C library: sanitizers intercept its functions and make mappings (AddressSanitizer of clang
 * maps shadow memory), which would be in the stream too.
 */
static inline void *map_only(size_t bytes, int protection)
{
    const long rc = syscall(SYS_mmap, NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return rc == -1 ? MAP_FAILED : (void *)rc;
}

static inline void unmap_only(void *at, size_t bytes)
{
    syscall(SYS_munmap, at, bytes);
}

/* A command of the child. Its result is sent back. */
typedef uintptr_t command(uintptr_t argument);

static void execute_commands(int in, int out)
{
    struct {
        command *command;
        uintptr_t argument;
    } order;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(in, &order, sizeof order) == sizeof order) {
        const uintptr_t result = order.command(order.argument);

        if (write(out, &result, sizeof result) != sizeof result)
            break;
    }
    _exit(0);
}

static inline void start(struct watched *child)
{
    int to[2];
    int from[2];

    if (pipe(to) != 0 || pipe(from) != 0)
        abort();
    fflush(stdout);
    child->pid = fork();
    if (child->pid == 0) {
        close(to[1]);
        execute_commands(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    child->to = to[1];
    child->from = from[0];
    child->stream = NULL;
    if (mf_process_open_pid(child->pid, &child->process) != 0)
        abort();
}

static inline uintptr_t command_child(struct watched *child, command *command, uintptr_t argument)
{
    const uintptr_t order[] = {(uintptr_t)command, argument};
    uintptr_t result = 0;

    if (write(child->to, order, sizeof order) != sizeof order || read(child->from, &result, sizeof result) != sizeof result)
        fprintf(stderr, "the child has ended\n");
    return result;
}

/* Opens a stream, with more memory until it is enough. */
static inline int open_stream(struct mf_process *process, uint32_t what, uint32_t ring, uint32_t wake, struct mf_events **out)
{
    uint32_t threads = 4;
    uint32_t cpus = 1;
    int rc;

    for (;;) {
        const size_t bytes = mf_events_bytes(threads, cpus);

        *out = malloc(bytes);
        if (*out == NULL || mf_events_init(*out, bytes, threads, cpus) != 0)
            abort();
        rc = mf_events_open(process, what, ring, wake, *out);
        if (rc != -ENOBUFS)
            return rc;
        threads = (*out)->needed_threads + 64;
        cpus = (*out)->needed_cpus;
        free(*out);
    }
}

static inline int watch(struct watched *child, uint32_t what, uint32_t ring, uint32_t wake)
{
    return open_stream(&child->process, what, ring, wake, &child->stream);
}

/* Drains the pending events into the child's buffer. */
static inline int drain(struct watched *child)
{
    return mf_events_drain(child->stream, child->events, EVENTS, child->text, TEXT, &child->drained);
}

/* Returns the last event of this drain about a mapping with this start, or NULL. */
static inline const struct mf_event *event_at(const struct watched *child, uintptr_t start)
{
    for (uint32_t i = child->drained.count; i-- > 0;) {
        if (child->events[i].kind == MF_EVENT_MAPPED && child->events[i].mapping.start == start)
            return &child->events[i];
    }
    return NULL;
}

static inline const struct mf_event *event_of_kind(const struct watched *child, uint32_t kind)
{
    for (uint32_t i = 0; i < child->drained.count; i++) {
        if (child->events[i].kind == kind)
            return &child->events[i];
    }
    return NULL;
}

static inline void end(struct watched *child)
{
    if (child->stream != NULL) {
        mf_events_close(child->stream);
        free(child->stream);
    }
    mf_process_close(&child->process);
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->to);
    close(child->from);
}

/* Returns 0, or CHECK_SKIPPED after printing the reason if the kernel does not permit events. */
static inline int can_watch(struct watched *child)
{
    int rc;

    start(child);
    rc = watch(child, MF_EVENTS_ALL, MF_EVENTS_RING_MIN, 1);
    end(child);
    if (rc == 0)
        return 0;
    printf("perf_event_open is denied: %s (reasons %x)\n", strerror(-rc), mf_events_denial_reasons());
    return CHECK_SKIPPED;
}

/* Threads of the child that do nothing. A command: returns how many were started. */
static inline void *sleep_in_thread(void *unused)
{
    pause();
    return unused;
}

static inline uintptr_t start_sleepers(uintptr_t count)
{
    pthread_t thread;
    uintptr_t started = 0;

    while (started < count && pthread_create(&thread, NULL, sleep_in_thread, NULL) == 0)
        started++;
    return started;
}

#endif
