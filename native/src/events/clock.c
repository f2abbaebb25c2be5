/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference between the caller's CLOCK_MONOTONIC and the clock of events.
 *
 * The kernel stamps events with the clock of the initial time namespace (ktime_get_mono_fast_ns(), kernel/events/core.c).
 * clock_gettime(2) adds the offset of the caller's time namespace (Linux 5.6+, time_namespaces(7)). Offsets never change once a
 * process is in the namespace.
 *
 * /proc/PID/timens_offsets shows the offsets of another namespace: the one that later children of PID are made in
 * (proc_timens_show_offsets(), kernel/time/namespace.c). Both are the same one unless PID has called unshare(CLONE_NEWTIME)
 * itself. The kernel shows the offsets of the own namespace nowhere else, so they are unknown then.
 */
#include "events/threads.h"
#include "os/digits.h"

#include <string.h>

#define INITIAL_NAMESPACE "time:[4026531834]" /* PROC_TIME_INIT_INO, include/linux/proc_ns.h */

#define BILLION INT64_C(1000000000)

enum { LINK_BYTES = 32 }; /* "time:[" and an inode number of 32 bits and "]" */

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

/* "monotonic        -600         0": the first line, in which Linux 5.6 has a number in place of the name. */
static int parse(const char *line, int64_t *offset)
{
    const char *const seconds = skip(line + strcspn(line, " "), " ");
    const bool is_negative = *seconds == '-';
    const char *const digits = seconds + is_negative;
    const char *const behind = skip(digits, "0123456789");
    const char *const nanoseconds = skip(behind, " ");
    const int64_t whole = mf_get_decimal(digits, INT64_MAX / BILLION - 1);
    const int64_t part = mf_get_decimal(nanoseconds, BILLION - 1);

    if (whole < 0 || part < 0)
        return -ENOTSUP;
    *offset = (is_negative ? -whole : whole) * BILLION + part; /* a struct timespec64: nanoseconds are 0 or more */
    return 0;
}

/* What the caller can do something about keeps its errno. */
static int simplify(int rc)
{
    return mf_sys_is_shortage(rc) ? rc : -ENOTSUP;
}

int mf_events_read_clock_offset(struct mf_events *events, int task_fd)
{
    char own[LINK_BYTES];
    char of_children[LINK_BYTES];
    char text[128];
    long rc = read_link(task_fd, "../../thread-self/ns/time", own); /* the first thread may have ended: Linux 3.17+ */

    events->clock_offset = 0;
    if (rc == -ENOENT || (rc == 0 && strcmp(own, INITIAL_NAMESPACE) == 0)) /* ENOENT: a kernel without time namespaces */
        return 0;
    if (rc == 0)
        rc = read_link(task_fd, "../../self/ns/time_for_children", of_children);
    if (rc == 0)
        rc = strcmp(own, of_children) == 0 ? mf_sys_read_file(task_fd, "../../self/timens_offsets", text, sizeof text) : -ENOTSUP;
    return rc < 0 ? simplify((int)rc) : parse(text, &events->clock_offset);
}
