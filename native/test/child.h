/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of tests: one that waits until it is killed, and one that runs a part of a test. */
#ifndef MF_CHILD_H
#define MF_CHILD_H

#include "check.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts the child. Returns its PID. */
static inline pid_t start_child(void)
{
    const pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return pid;
}

static inline void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Runs a part of a test in a child, which may give up privileges. The part may exit with CHECK_SKIPPED. */
static inline void check_in_child(void (*run)(void), const char *what)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        check_failures = 0;
        run();
        fflush(stdout);
        _exit(check_failures != 0); /* no check for leaks: it needs privileges that the test may have dropped */
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIPPED)
        printf("skipped: %s\n", what);
    else
        CHECK_IS(status, 0, what);
}

#endif
