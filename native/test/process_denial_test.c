/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that cannot be opened: the reasons of a denial, hidden processes, and a missing /proc. */
#include "check.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mf_process process;

static int open_as_nobody(pid_t pid)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(100);
        if (mf_process_open_pid(pid, &process) != -EACCES)
            _exit(101);
        _exit(mf_denial_reasons(pid));
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void denial_reports_what_is_missing(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    if (geteuid() != 0) {
        printf("skipped: denials need root\n");
        return;
    }
    pid = start_child();
    CHECK(open_as_nobody(pid) & MF_DENIED_USER, "another user's process");
    end_child(pid);
    CHECK_IS(pipe(ready), 0, "pipe");
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setgid(65534) != 0 || setuid(65534) != 0) /* drops the capabilities, and the dumpable flag with them */
            _exit(1);
        prctl(PR_SET_DUMPABLE, 0);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK_IS(read(ready[0], &byte, 1), 1, "it is ready");
    close(ready[0]);
    close(ready[1]);
    CHECK_IS(open_as_nobody(pid), MF_DENIED_DUMPABLE, "a process that is not dumpable");
    end_child(pid);
    CHECK_IS(mf_denial_reasons(0), -EINVAL, "pid 0");
    CHECK_IS(mf_denial_reasons(2147483647), -ESRCH, "no such process");
}

/* The line of groups is before those of capabilities, and may be longer than a page. */
static void many_groups_hide_no_capability(void)
{
    enum { GROUPS = 1000 };
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        gid_t groups[GROUPS];

        for (gid_t i = 0; i < GROUPS; i++)
            groups[i] = 1000000 + i;
        if (setgroups(GROUPS, groups) != 0)
            _exit(0);
        _exit(mf_denial_reasons(1) == MF_DENIED_POLICY ? 0 : 1); /* CAP_SYS_PTRACE, which is effective, overrides the rest */
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "reasons of a caller with many groups");
}

/* In a mount namespace, as nobody: the result of opening process 1 or this process with an unusual /proc. */
static int open_with_proc(const char *options, bool self)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
            _exit(100);
        if (options == NULL ? mount("none", "/proc", "tmpfs", 0, NULL) != 0 : mount("proc", "/proc", "proc", 0, options) != 0)
            _exit(101);
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(102);
        _exit(-(self ? mf_process_open_self(&process) : mf_process_open_pid(1, &process)));
    }
    waitpid(child, &status, 0);
    return -WEXITSTATUS(status);
}

static void hidden_process_and_missing_proc_differ(void)
{
    if (geteuid() != 0) {
        printf("skipped: another /proc takes root to mount\n");
        return;
    }
    CHECK_IS(open_with_proc("hidepid=2", false), -EPERM, "hidepid=2");
    CHECK_IS(open_with_proc("hidepid=1", false), -EPERM, "hidepid=1");
    CHECK_IS(open_with_proc("hidepid=2", true), 0, "this process is not hidden from itself");
    CHECK_IS(open_with_proc(NULL, true), -ENODEV, "something else at /proc, self");
    CHECK_IS(open_with_proc(NULL, false), -ENODEV, "something else at /proc, a pid");
}

int main(void)
{
    if (geteuid() == 0)
        many_groups_hide_no_capability();
    denial_reports_what_is_missing();
    hidden_process_and_missing_proc_differ();
    return check_result();
}
