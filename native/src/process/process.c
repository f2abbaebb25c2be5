/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a process: by PID, pidfd or directory. */
#include "process/process.h"

#include "os/digits.h"
#include "os/internal_devices.h"

#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* the same on every architecture */
#endif

/*
 * 1: proc; 0: another file system, or none; or a negative errno. -EPERM of a system call filter is -EACCES: -EPERM means hidepid
 * here.
 */
static int is_proc_type(long rc, const struct statfs *fs)
{
    if (rc == 0)
        return fs->f_type == PROC_SUPER_MAGIC;
    return rc == -ENOENT || rc == -ENOTDIR ? 0 : rc == -EPERM ? -EACCES : (int)rc;
}

static int is_proc(int fd)
{
    struct statfs fs;

    return is_proc_type(MF_SYS(SYS_fstatfs, fd, &fs), &fs);
}

/* Returns an error of /proc: @p error; -ENODEV if no proc file system is mounted there; or the error of statfs(2). */
static int explain_absence(int error)
{
    struct statfs fs;
    const int mounted = is_proc_type(MF_SYS(SYS_statfs, "/proc", &fs), &fs);

    return mounted < 0 ? mounted : mounted > 0 ? error : -ENODEV;
}

long mf_proc_read_stat(int proc_fd, char *to, size_t bytes)
{
    const long length = mf_sys_read_file(proc_fd, "stat", to, bytes);

    return length == -ENOENT ? mf_sys_read_file(proc_fd, "stat", to, bytes) : length;
}

/* Returns the PID of the process that a thread belongs to (proc_pid_status(5)), or a negative errno. */
static int32_t process_of(int proc_fd)
{
    char status[512]; /* Tgid is in the first bytes: the name before it has at most 64 bytes */
    const long length = mf_sys_read_file(proc_fd, "status", status, sizeof status);
    const char *const line = length > 0 ? strstr(status, "\nTgid:\t") : NULL;

    if (line == NULL)
        return length < 0 && length != -ENOENT ? (int32_t)length : -ESRCH;
    return mf_get_number(line + sizeof "\nTgid:\t" - 1);
}

/*
 * Returns the directory of the process, given the directory of a process or thread; or a negative errno. Takes over proc_fd.
 *
 * /proc has a directory for the number of each thread until the thread ends. It shows the memory of the process. Returns
 * proc_fd itself if the thread has ended, or if the directory of the process is not beside it (a bind mount).
 */
static int directory_of_process(int proc_fd, int32_t number)
{
    char path[16] = "../";
    int32_t pid;
    int fd;

    if (MF_SYS(SYS_tgkill, number, number, 0) != -ESRCH) /* signal 0: the number is a process, also if the result is -EPERM */
        return proc_fd;
    pid = process_of(proc_fd);
    if (pid < 1 || pid == number) /* the thread has ended, or the number is a process of another PID namespace */
        return proc_fd;
    *mf_put_decimal(path + strlen(path), (uint64_t)pid) = 0;
    fd = mf_sys_openat(proc_fd, path, O_RDONLY | O_DIRECTORY);
    if (fd == -ENOENT)
        return proc_fd;
    /* If the thread still exists, no other process had the PID while its directory was opened. */
    if (fd >= 0 && (is_proc(fd) <= 0 || process_of(proc_fd) != pid)) {
        mf_sys_close(fd);
        return proc_fd;
    }
    mf_sys_close(proc_fd);
    return fd;
}

/* Opens the process of a directory. Takes over proc_fd, also if an error is returned. */
static int open_process(int proc_fd, struct mf_process *out)
{
    struct mf_process_state process = {.proc_fd = proc_fd, .files_fd = -1};
    char stat[MF_STAT_BYTES];
    const long length = mf_proc_read_stat(proc_fd, stat, sizeof stat);
    int rc;

    if (length > 0)
        process.pid = mf_get_number(stat);
    if (mf_maps_may_be_of_parent(proc_fd, stat, length)) /* before the maps are opened: an execve(2) after this is followed */
        process.traits |= MF_TRAIT_SHARES_MEMORY;
    process.maps_fd = mf_maps_open(proc_fd);
    if (process.maps_fd < 0) {
        mf_sys_close(proc_fd);
        mf_state(out)->pid = process.pid;
        return process.maps_fd;
    }
    /* After an error only the text is used. It is -ENOTTY, or another error if a system call filter blocks the query. */
    rc = mf_maps_alive(process.maps_fd, MF_TRAIT_QUERY);
    if (rc >= 0)
        process.traits |= MF_TRAIT_QUERY;
    rc = mf_internal_devices(process.internal_devices);
    if (rc < 0) {
        mf_process_close((struct mf_process *)&process);
        return rc;
    }
    *mf_state(out) = process;
    return 0;
}

/* The same for a directory that may be that of a thread. */
static int open_process_of(int proc_fd, int32_t number, struct mf_process *out)
{
    const int fd = directory_of_process(proc_fd, number);

    return fd < 0 ? fd : open_process(fd, out);
}

int mf_process_open_self(struct mf_process *out)
{
    const int proc_fd = mf_sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY);
    int rc;

    mf_state(out)->pid = 0;
    if (proc_fd == -ENOENT)
        return explain_absence(-ESRCH);
    if (proc_fd < 0)
        return proc_fd;
    rc = is_proc(proc_fd);
    if (rc <= 0) {
        mf_sys_close(proc_fd);
        return rc < 0 ? rc : -ENODEV;
    }
    return open_process(proc_fd, out);
}

int mf_proc_directory_open(int32_t pid)
{
    char path[32] = "/proc/";
    int fd;
    int rc;

    *mf_put_decimal(path + strlen(path), (uint64_t)pid) = 0;
    fd = mf_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    rc = fd < 0 ? explain_absence(fd) : is_proc(fd);
    if (rc > 0)
        return fd;
    if (fd >= 0) {
        mf_sys_close(fd);
        return rc < 0 ? rc : -ENODEV;
    }
    if (rc == -ENOENT) /* hidepid=invisible hides the directory; kill(2) still finds the process */
        return MF_SYS(SYS_kill, pid, 0) == -ESRCH ? -ESRCH : -EPERM;
    return rc;
}

int mf_process_open_pid(int32_t pid, struct mf_process *out)
{
    int proc_fd;

    mf_state(out)->pid = pid;
    if (pid < 1)
        return -EINVAL;
    proc_fd = mf_proc_directory_open(pid);
    return proc_fd < 0 ? proc_fd : open_process_of(proc_fd, pid, out);
}

/* Returns the PID of a pidfd, from its fdinfo (proc_pid_fdinfo(5)). -ESRCH: the process has exited; -EINVAL: it is no pidfd. */
static int32_t pid_of_pidfd(int pidfd)
{
    char path[48] = "/proc/thread-self/fdinfo/"; /* /proc/self/fdinfo is empty if the first thread has ended */
    char info[512];
    const char *line;
    long rc;

    if (pidfd < 0 || MF_SYS(SYS_fcntl, pidfd, F_GETFD) < 0)
        return -EBADF;
    *mf_put_decimal(path + strlen(path), (uint64_t)pidfd) = 0;
    rc = mf_sys_read_file(AT_FDCWD, path, info, sizeof info);
    if (rc < 0)
        return explain_absence((int)rc);
    line = strstr(info, "\nPid:\t");
    if (line == NULL)
        return -EINVAL;
    line += sizeof "\nPid:\t" - 1;
    /* -1: the process has exited. 0: it has no PID in the namespace of /proc. */
    return *line == '-' ? -ESRCH : mf_get_number(line) > 0 ? mf_get_number(line) : -ESRCH;
}

int mf_process_open_pidfd(int pidfd, struct mf_process *out)
{
    const int32_t pid = pid_of_pidfd(pidfd);
    int proc_fd;

    mf_state(out)->pid = pid;
    if (pid < 0)
        return pid;
    proc_fd = mf_proc_directory_open(pid);
    if (proc_fd < 0)
        return proc_fd;
    /* If the process still exists, no other process had the PID while its directory was opened. */
    if (MF_SYS(SYS_pidfd_send_signal, pidfd, 0, NULL) == -ESRCH) {
        mf_sys_close(proc_fd);
        return -ESRCH;
    }
    return open_process_of(proc_fd, pid, out);
}

/* Checks for a directory /proc/PID/task/TID. Like that of a process it has a file stat, but no directory task. */
static bool is_in_task(int proc_fd)
{
    struct stat task;
    char stat[8];

    return mf_sys_stat(proc_fd, "task", 0, &task) == -ENOENT && mf_proc_read_stat(proc_fd, stat, sizeof stat) > 0;
}

int mf_process_open_directory(int proc_fd, struct mf_process *out)
{
    char stat[32];
    int32_t number;
    long rc;

    mf_state(out)->pid = 0;
    if (MF_SYS(SYS_fcntl, proc_fd, F_GETFD) < 0)
        return -EBADF;
    rc = is_proc(proc_fd);
    if (rc <= 0)
        return rc < 0 ? (int)rc : -EINVAL;
    rc = mf_proc_read_stat(proc_fd, stat, sizeof stat);
    if (rc == -ENOENT || rc == -ENOTDIR || rc == -EISDIR) /* a file, or another directory */
        return -EINVAL;
    if (rc < 0)
        return (int)rc;
    number = mf_get_number(stat);
    if (number < 1 || is_in_task(proc_fd)) /* the root of /proc has a file stat too, which does not begin with a number */
        return -EINVAL;
    rc = MF_SYS(SYS_fcntl, proc_fd, F_DUPFD_CLOEXEC, 0);
    return rc < 0 ? (int)rc : open_process_of((int)rc, number, out);
}

int32_t mf_process_pid(const struct mf_process *process)
{
    return mf_state(process)->pid;
}

void mf_process_close(struct mf_process *process)
{
    if (mf_state(process)->maps_fd >= 0)
        mf_sys_close(mf_state(process)->maps_fd);
    if (mf_state(process)->files_fd >= 0)
        mf_sys_close(mf_state(process)->files_fd);
    if (mf_state(process)->proc_fd >= 0)
        mf_sys_close(mf_state(process)->proc_fd);
    mf_state(process)->maps_fd = -1;
    mf_state(process)->files_fd = -1;
    mf_state(process)->proc_fd = -1;
}
