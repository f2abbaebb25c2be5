/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference between the caller's CLOCK_MONOTONIC and the clock of events.
 *
 * The times of events are of the clock of the initial time namespace (ktime_get_mono_fast_ns(), kernel/events/core.c).
 * clock_gettime(2) adds the offset of the caller's time namespace (Linux 5.6+, time_namespaces(7)). Offsets never change once a
 * process is in the namespace.
 *
 * /proc/PID/timens_offsets shows the offsets of another namespace: that of later children of PID (proc_timens_show_offsets(),
 * kernel/time/namespace.c). Both are the same unless PID has called unshare(CLONE_NEWTIME). Then the offsets of the namespace
 * of PID are unknown, because the kernel shows them nowhere else.
 */
#include "events/threads.h"
#include "os/digits.h"

#include <string.h>

#define INITIAL_NAMESPACE "time:[4026531834]" /* PROC_TIME_INIT_INO, include/linux/proc_ns.h */

#define BILLION INT64_C(1000000000)

enum { LINK_BYTES = 32 }; /* of "time:[", an inode number of 32 bits, and "]" */

static int read_link(int task_fd, const char *path, char *to)
{
    const long length = MF_SYS(SYS_readlinkat, task_fd, path, to, LINK_BYTES - 1);

    if (length >= 0)
        to[length] = 0;
    return length < 0 ? (int)length : 0;
}

static const char *skip(const char *text, const char *bytes)
{
    return text + strspn(text, bytes);
}

/* The first line: "monotonic        -600         0". Linux 5.6 writes a number in place of the name. */
static int parse(const char *line, int64_t *offset)
{
    const char *const seconds = skip(line + strcspn(line, " "), " ");
    const bool is_negative = *seconds == '-';
    const char *const digits = seconds + is_negative;
    const char *const end = skip(digits, "0123456789");
    const char *const nanoseconds = skip(end, " ");
    const int64_t whole = mf_get_decimal(digits, INT64_MAX / BILLION - 1);
    const int64_t part = mf_get_decimal(nanoseconds, BILLION - 1);

    if (whole < 0 || part < 0)
        return -ENOTSUP;
    *offset = (is_negative ? -whole : whole) * BILLION + part; /* a struct timespec64: nanoseconds are never negative */
    return 0;
}

/* -EPERM of a system call filter is -EACCES: -EPERM means here that events are denied. */
static int simplify(int rc)
{
    return rc == -ENOENT ? -ENOTSUP : rc == -EPERM ? -EACCES : rc;
}

int mf_events_read_clock_offset(struct mf_events *events, int task_fd)
{
    char own[LINK_BYTES];
    char of_children[LINK_BYTES];
    char text[128];
    long rc = read_link(task_fd, "../../thread-self/ns/time", own); /* Linux 3.17+; the first thread may have ended */

    events->clock_offset = 0;
    if (rc == -ENOENT || (rc == 0 && strcmp(own, INITIAL_NAMESPACE) == 0)) /* ENOENT: the kernel has no time namespaces */
        return 0;
    if (rc == 0)
        rc = read_link(task_fd, "../../self/ns/time_for_children", of_children);
    if (rc == 0 && strcmp(own, of_children) != 0)
        rc = -ENOTSUP;
    if (rc == 0)
        rc = mf_sys_read_file(task_fd, "../../self/timens_offsets", text, sizeof text);
    return rc < 0 ? simplify((int)rc) : parse(text, &events->clock_offset);
}
