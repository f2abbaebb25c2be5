/* SPDX-License-Identifier: Apache-2.0 */
#include "jvm/perf_map.h"

#include "os/digits.h"
#include "process/process.h"
#include "process/root.h"

#include <string.h>
#include <time.h>

#define NANOSECONDS 1000000000ll

/* The number at an index of a line of status, or the last number if there are fewer; -1: the line has another name. */
static int64_t number_in(const char *line, const char *name, unsigned index)
{
    const size_t length = strlen(name);
    int64_t number = -1;

    if (strncmp(line, name, length) != 0)
        return -1;
    line += length;
    for (unsigned i = 0; i <= index && *line == '\t'; i++) {
        uint64_t value = 0;

        for (line++; *line >= '0' && *line <= '9'; line++)
            value = value * 10 + (uint64_t)(*line - '0');
        number = (int64_t)value;
    }
    return number;
}

static void read_line(const char *line, void *to)
{
    enum { EFFECTIVE = 1, INNERMOST = 32 }; /* maximum depth of PID namespaces (MAX_PID_NS_LEVEL) */
    struct mf_perf_map_owner *const owner = to;
    int64_t number;

    if ((number = number_in(line, "Uid:", EFFECTIVE)) >= 0)
        owner->uid = (uint32_t)number;
    if ((number = number_in(line, "NSpid:", INNERMOST)) > 0)
        owner->pid = (int32_t)number;
}

static int64_t now(clockid_t clock)
{
    struct timespec time = {0};

    clock_gettime(clock, &time);
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

/* The start time of the process: field 22 of stat, in ticks since the boot (proc_pid_stat(5)). */
static int read_start(int proc_fd, struct mf_perf_map_owner *owner)
{
    enum { STATE = 3, START = 22 };
    char stat[1024];
    const long length = mf_proc_read_stat(proc_fd, stat, sizeof stat);
    const char *field = length > 0 ? memrchr(stat, ')', (size_t)length) : NULL; /* the command may contain blanks */
    uint64_t ticks = 0;

    for (int i = STATE; field != NULL && i <= START; i++)
        field = strchr(field + 1, ' ');
    if (field == NULL)
        return length < 0 ? (int)length : -ESRCH;
    for (field++; *field >= '0' && *field <= '9'; field++)
        ticks = ticks * 10 + (uint64_t)(*field - '0');
    owner->started = now(CLOCK_REALTIME) - (now(CLOCK_BOOTTIME) - (int64_t)ticks * (NANOSECONDS / sysconf(_SC_CLK_TCK)));
    return 0;
}

/* Opens the file of an O_PATH descriptor for reading, and closes the O_PATH descriptor. */
static int open_regular(int path_fd, struct mf_statx *file)
{
    char path[MF_FD_PATH];
    int rc = path_fd < 0 ? path_fd : mf_sys_statx(path_fd, "", AT_EMPTY_PATH, file);

    if (rc == 0) {
        mf_put_fd_path(path, path_fd);
        rc = S_ISREG(file->mode) ? mf_sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY) : -EINVAL;
    }
    if (path_fd >= 0)
        mf_sys_close(path_fd);
    return rc;
}

int mf_perf_map_open(const char *path, struct mf_statx *file)
{
    return open_regular(mf_sys_openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW), file);
}

static int open_below(int proc_fd, const struct mf_perf_map_owner *owner, struct mf_statx *file)
{
    char path[48] = "/tmp/perf-";
    const int root_fd = mf_maps_open_file(proc_fd, "root", O_PATH | O_DIRECTORY);
    int rc;

    if (root_fd < 0)
        return root_fd;
    strcpy(mf_put_decimal(path + strlen(path), (uint64_t)owner->pid), ".map");
    rc = open_regular(mf_root_open_path(root_fd, path, O_PATH), file);
    mf_sys_close(root_fd);
    return rc;
}

int mf_perf_map_open_of(int32_t pid, struct mf_perf_map_owner *owner, struct mf_statx *file)
{
    const int proc_fd = pid < 1 ? -ESRCH : mf_proc_directory_open(pid);
    int rc;

    if (proc_fd < 0)
        return proc_fd;
    owner->pid = pid;
    rc = mf_sys_read_lines(proc_fd, "status", read_line, owner);
    if (rc == 0)
        rc = read_start(proc_fd, owner);
    if (rc == 0)
        rc = open_below(proc_fd, owner, file);
    mf_sys_close(proc_fd);
    return rc;
}
