/* SPDX-License-Identifier: Apache-2.0 */
/* Targets of the attach protocol, for its tests. */
#ifndef MF_ATTACH_TARGETS_H
#define MF_ATTACH_TARGETS_H

#include "check.h"
#include "jvm/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#define OTHER_USER 65534

static const char *directory; /* of this test, accessible to all users */
static char path[192];
static int report_fd; /* the target reports to it */

static inline const char *in_tmp(const char *prefix, pid_t pid)
{
    snprintf(path, sizeof path, "/tmp/%s%d", prefix, (int)pid);
    return path;
}

static inline const char *in_directory(const char *prefix, pid_t pid)
{
    snprintf(path, sizeof path, "%s/%s%d", directory, prefix, (int)pid);
    return path;
}

static inline void make_file(const char *at)
{
    const int fd = open(at, O_CREAT | O_EXCL | O_WRONLY, 0600);

    CHECK(fd >= 0, "%s: %s", at, strerror(errno));
    close(fd);
}

static inline bool is_there(const char *at)
{
    struct stat file;

    return lstat(at, &file) == 0;
}

/* Listens at a path with the shortest queue. Returns the descriptor. */
static inline int listen_at(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, at);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 0) != 0)
        abort();
    return fd;
}

struct target {
    struct mf_attach_target target;
    int status_fd; /* receives the reports of the target */
};

static inline void report_quit(int number)
{
    (void)number;
    if (write(report_fd, "q", 1) != 1)
        _exit(1);
}

static void nothing(void)
{
}

static inline void listen_as_a_jvm(void)
{
    listen_at(in_tmp(".java_pid", getpid()));
}

static inline void become_another_user(void)
{
    if (setgroups(0, NULL) != 0 || setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        _exit(1);
}

static inline void listen_as_another_user(void)
{
    become_another_user();
    listen_as_a_jvm();
}

static inline __attribute__((noreturn)) void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

/* The first thread exits after the set-up. */
static bool ends_first_thread;

static inline void listen_and_end_first_thread(void)
{
    pthread_t thread;

    listen_as_a_jvm();
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
        _exit(1);
    ends_first_thread = true;
}

/* /tmp of the target is only accessible to root: it has its own mount namespace, as a user namespace permits. */
static inline void have_a_tmp_of_root(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(in_directory("secret", 0), "/tmp", NULL, MS_BIND, NULL) != 0)
        _exit(CHECK_SKIPPED);
    become_another_user();
}

/* A process that was killed leaves its files, and a later one may have its PID. A JVM removes them when it starts, too. */
static inline void remove_files_of_earlier_process(pid_t pid)
{
    unlink(in_tmp(".java_pid", pid));
    unlink(in_tmp(".attach_pid", pid));
}

static inline struct target start_target(void (*set_up)(void))
{
    struct target started = {.status_fd = -1};
    int ready[2];
    char proc[32], byte;
    pid_t pid;

    if (pipe(ready) != 0)
        abort();
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        remove_files_of_earlier_process(getpid());
        report_fd = ready[1];
        signal(SIGQUIT, report_quit);
        if (chdir(directory) != 0)
            _exit(1);
        set_up();
        if (write(ready[1], "r", 1) != 1)
            _exit(1);
        if (ends_first_thread)
            pthread_exit(NULL);
        for (;;)
            pause();
    }
    close(ready[1]);
    started.status_fd = ready[0];
    started.target.pid = started.target.inner_pid = pid;
    started.target.uid = geteuid();
    started.target.gid = getegid();
    if (read(ready[0], &byte, 1) != 1)
        started.target.proc_fd = -1;
    else {
        snprintf(proc, sizeof proc, "/proc/%d", (int)pid);
        started.target.proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return started;
}

static inline struct target of_another_user(struct target target)
{
    target.target.uid = target.target.gid = OTHER_USER;
    return target;
}

static inline int end_target(struct target *target)
{
    int status = 0;

    kill(target->target.pid, SIGKILL);
    waitpid(target->target.pid, &status, 0);
    unlink(in_tmp(".java_pid", target->target.pid));
    if (target->target.proc_fd >= 0)
        close(target->target.proc_fd);
    close(target->status_fd);
    return status;
}

static inline int connect_and_close(const struct target *target)
{
    const int fd = mf_attach_connect(&target->target);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

#endif
