/* SPDX-License-Identifier: Apache-2.0 */
/* Denied events: each test causes a denial, and checks its reason. */
#include "watched.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define RING 65536u

static struct watched child;

/* ---- Each runs in a child, whose exit code is the result ---- */

static void become(uid_t user)
{
    if (setgid(user) != 0 || setuid(user) != 0)
        _exit(100);
    prctl(PR_SET_DUMPABLE, 1);
}

static int open_self(uint32_t ring)
{
    struct mf_events *stream;
    struct mf_process process;
    int rc = mf_process_open_self(&process);

    if (rc == 0)
        rc = open_stream(&process, 0, ring, 0, &stream);
    return rc;
}

static int open_self_as_user(void)
{
    become(65534);
    return open_self(RING);
}

static int open_other_as_user(void)
{
    struct mf_events *stream;

    become(65534);
    return open_stream(&child.process, 0, RING, 0, &stream);
}

static int open_with_all_memory_locked(void)
{
    const struct rlimit none = {0, 0};

    become(60123);
    setrlimit(RLIMIT_MEMLOCK, &none);
    return open_self(1u << 24);
}

static int open_without_descriptors(void)
{
    const struct rlimit few = {8, 8};
    struct mf_events *stream;
    const int rc = open_stream(&child.process, 0, RING, 0, &stream);

    if (rc == 0)
        mf_events_close(stream);
    setrlimit(RLIMIT_NOFILE, &few);
    return rc == 0 ? mf_events_open(&child.process, 0, RING, 0, stream) : rc;
}

static int filter(uint32_t answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ? -200 : open_self(RING);
}

static int open_filtered(void)
{
    return filter(EPERM);
}

static int open_filtered_as_unknown(void)
{
    return filter(ENOSYS);
}

static int open_filtered_as_forbidden(void)
{
    return filter(EACCES);
}

static int reasons_when_filtered(void)
{
    return filter(EPERM) == -EPERM ? -mf_events_denial_reasons() : -200;
}

/* Sets perf_event_paranoid as some distributions do. Other kernels cannot deny like theirs. */
static bool make_paranoid(void)
{
    static const char path[] = "/proc/sys/kernel/perf_event_paranoid";
    char fake[64];
    FILE *file;

    snprintf(fake, sizeof fake, "/tmp/mapfiles-paranoid-%d", (int)getpid());
    file = fopen(fake, "w");
    if (file == NULL || fputs("4\n", file) < 0 || fclose(file) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount(fake, path, NULL, MS_BIND, NULL) != 0)
        return false;
    unlink(fake);
    return true;
}

static int reasons_when_paranoid(void)
{
    if (!make_paranoid())
        return -200;
    if (mf_events_denial_reasons() != MF_EVENTS_POLICY) /* root is permitted nevertheless */
        return -201;
    become(65534);
    return -mf_events_denial_reasons();
}

/* With all capabilities, in a user namespace: perf_event_open(2) requires one of the initial namespace. */
static int reasons_in_a_user_namespace(void)
{
    if (!make_paranoid())
        return -200;
    if (unshare(CLONE_NEWUSER) != 0) {
        puts("skipped: no user namespaces here");
        fflush(stdout);
        return -MF_EVENTS_PARANOID;
    }
    return mf_caller_privileges() & MF_CALLER_HAS_PERFMON ? -mf_events_denial_reasons() : -201;
}

static int open_in_another_pid_namespace(void)
{
    struct mf_events *stream;
    int status;
    pid_t pid;

    if (unshare(CLONE_NEWPID) != 0)
        return -200;
    pid = fork();
    if (pid == 0) /* /proc is still that of the outer namespace */
        _exit(-open_stream(&child.process, 0, RING, 0, &stream));
    waitpid(pid, &status, 0);
    return -WEXITSTATUS(status);
}

static int open_without_sysfs(void)
{
    struct mf_process process;
    struct mf_events *stream;

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/sys", "tmpfs", 0, NULL) != 0 || mf_process_open_self(&process) != 0)
        return -200;
    if (open_stream(&process, 0, RING, 0, &stream) != 0)
        return -201;
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained) < 1)
        return -202;
    mf_events_close(stream);
    return 0;
}

/* The process is opened while it is visible. */
static int open_hidden(const char *options)
{
    struct mf_process process;
    struct mf_events *stream;

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("proc", "/proc", "proc", 0, options) != 0 || mf_process_open_pid(child.pid, &process) != 0)
        return -200;
    become(65534);
    return open_stream(&process, 0, RING, 0, &stream);
}

static int open_invisible(void)
{
    return open_hidden("hidepid=2");
}

static int open_without_access(void)
{
    return open_hidden("hidepid=1");
}

static void check_result_of(int (*ask)(void), int expected, const char *what)
{
    int status = 0;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(-ask());
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status), "%s", what);
    CHECK_IS(-WEXITSTATUS(status), expected, what);
}

static void each_denial_has_its_reason(void)
{
    start(&child);
    CHECK_IS(command_child(&child, start_sleepers, 10), 10, "threads");
    check_result_of(open_self_as_user, 0, "the own process, without a capability");
    check_result_of(open_other_as_user, -EACCES, "another user's process");
    check_result_of(open_invisible, -EACCES, "a process that is hidden now");
    check_result_of(open_without_access, -EACCES, "a process whose directory is closed");
    check_result_of(open_with_all_memory_locked, -EDQUOT, "locked memory");
    check_result_of(open_without_descriptors, -EMFILE, "descriptors");
    check_result_of(open_filtered, -EPERM, "a filter of system calls");
    check_result_of(open_filtered_as_forbidden, -EPERM, "a denial for every caller, with the errno of a denied access");
    check_result_of(open_filtered_as_unknown, -ENOSYS, "a filter that plays an older kernel");
    check_result_of(reasons_when_filtered, -MF_EVENTS_SECCOMP, "the filter is reported");
    check_result_of(reasons_when_paranoid, -MF_EVENTS_PARANOID, "perf_event_paranoid is named");
    check_result_of(reasons_in_a_user_namespace, -MF_EVENTS_PARANOID, "a capability of a user namespace does not count");
    check_result_of(open_in_another_pid_namespace, -EXDEV, "a PID of another PID namespace");
    check_result_of(open_without_sysfs, 0, "CPUs are found without /sys");
    end(&child);
}

int main(void)
{
    const int skipped = can_watch(&child);

    if (skipped)
        return skipped;
    if (geteuid() != 0) {
        puts("needs root");
        return CHECK_SKIPPED;
    }
    each_denial_has_its_reason();
    return check_result();
}
