/* SPDX-License-Identifier: Apache-2.0 */
/* A child of vfork(2), which has the memory of its parent until it calls execve(2). The parent has that memory afterwards. */
#include "lacking.h"

#include "mapfiles_resident.h"
#include "os/system_calls.h"

#include "child.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#define MARK 0x10000000ul /* mapped by the parent */

static struct mf_process process;
static struct mf_snapshot *snapshot;

/* What happens next: after maps is opened, or before the second read of smaps. */
static struct {
    void (*after_opening)(void);
    void (*during_smaps)(void);
    int reads; /* of smaps; negative: it is not open */
} event;

static void happen(void (**what)(void))
{
    void (*const now)(void) = *what;

    *what = NULL;
    now();
}

long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    long rc;

    if (event.during_smaps != NULL && number == SYS_openat && strcmp((const char *)b, "smaps") == 0)
        event.reads = 0;
    if (event.during_smaps != NULL && number == SYS_pread64 && event.reads >= 0 && ++event.reads == 2)
        happen(&event.during_smaps);
    rc = mf_kernel_call(number, a, b, c, d, e, f);
    if (event.after_opening != NULL && number == SYS_openat && strcmp((const char *)b, "maps") == 0)
        happen(&event.after_opening);
    return rc;
}

static bool has_mark_in_snapshot(uint32_t options)
{
    const int rc = read_growing(&process, options, &snapshot);

    if (rc == -ENOTTY)
        return false;
    CHECK_IS(rc, 1, "read");
    return mapping_at(snapshot, MARK) != NULL;
}

static bool has_mark_in_query(void)
{
    static struct mf_query_result result;

    return mf_query(&process, MARK, MF_COVERING, &result) == 0;
}

static struct {
    int pid; /* a pipe that the child writes its PID to */
    int go;  /* a pipe: the child executes another program when it has a byte */
} ends;

static int be_child(void *unused)
{
    const pid_t own = getpid();
    char byte;

    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(ends.pid, &own, sizeof own) == sizeof own && read(ends.go, &byte, 1) == 1)
        execlp("sleep", "sleep", "1000", (char *)NULL);
    _exit(1);
}

static void *wait_for_child(void *unused)
{
    static char stack[64 * 1024] __attribute__((aligned(16)));

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* As vfork(2), with a stack for the child. */
    if (clone(be_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL) < 0)
        _exit(1);
    for (;;)
        pause();
    return unused;
}

/* The first thread, or another one after the end of the first one, calls vfork(2). */
static void be_parent(bool first_thread_ends)
{
    pthread_t thread;

    if (mmap((void *)MARK, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)MARK)
        _exit(1);
    if (!first_thread_ends)
        wait_for_child(NULL);
    pthread_create(&thread, NULL, wait_for_child, NULL);
    pthread_exit(NULL);
}

static pid_t parent, child;
static int go; /* a byte lets the child execute another program */

static char state_of(pid_t pid)
{
    char path[40], state = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        abort();
    fclose(file);
    return state;
}

static void start(bool first_thread_ends)
{
    int pids[2], gos[2];

    fflush(stdout);
    if (pipe2(pids, O_CLOEXEC) != 0 || pipe2(gos, O_CLOEXEC) != 0)
        abort();
    parent = fork();
    if (parent == 0) {
        close(pids[0]);
        ends.pid = pids[1];
        ends.go = gos[0];
        be_parent(first_thread_ends);
    }
    close(pids[1]);
    close(gos[0]);
    go = gos[1];
    if (read(pids[0], &child, sizeof child) != sizeof child)
        abort();
    close(pids[0]);
    while (first_thread_ends && state_of(parent) != 'Z')
        usleep(1000);
    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
}

static void end(void)
{
    mf_process_close(&process);
    end_child(child);
    end_child(parent);
    close(go);
}

/* The name of the program may be that of a program with many names, such as busybox. So it is only another one than before. */
static void execute_another_program(void)
{
    char path[64], before[4096] = "", now[4096] = "";
    const char byte = 0;

    snprintf(path, sizeof path, "/proc/%d/exe", (int)child);
    CHECK(readlink(path, before, sizeof before - 1) > 0, "the program before");
    CHECK_IS(write(go, &byte, 1), 1, "go");
    do {
        usleep(1000);
        memset(now, 0, sizeof now);
    } while (readlink(path, now, sizeof now - 1) > 0 && strcmp(now, before) == 0);
    CHECK(now[0] != 0, "the child has executed another program");
}

static void check_new_program(void)
{
    CHECK(!has_mark_in_snapshot(MF_BY_TEXT), "the memory of the new program");
    CHECK(!has_mark_in_snapshot(MF_BY_QUERY), "the memory of the new program");
    CHECK(!has_mark_in_query(), "the memory of the new program");
}

static void check(bool first_thread_ends)
{
    start(first_thread_ends);
    CHECK(has_mark_in_snapshot(MF_BY_TEXT), "the memory of the parent");
    CHECK(!has_query(&process) || has_mark_in_query(), "the memory of the parent");
    execute_another_program();
    check_new_program();
    mf_process_close(&process);
    CHECK_IS(mf_process_open_pid(parent, &process), 0, "open");
    CHECK(has_mark_in_snapshot(MF_BY_TEXT), "the parent still has it");
    end();
}

static void execute_and_read(void)
{
    execute_another_program();
    check_new_program();
}

/* A thread opens the maps before execve(2), and puts them in place of those that another thread has opened after it. */
static void two_threads_follow_the_process(void)
{
    start(false);
    event.after_opening = execute_and_read;
    (void)has_mark_in_snapshot(MF_BY_TEXT);
    CHECK(event.after_opening == NULL, "the maps were not opened again");
    check_new_program();
    end();
}

static void kill_the_child(void)
{
    kill(child, SIGKILL);
    while (state_of(child) != 'Z') /* the parent does not wait for it */
        usleep(1000);
}

/* The memory of the parent still exists when smaps of the child ends early. */
static void smaps_that_ends_early(void)
{
    static struct mf_smaps usage[4096];
    uint32_t count = 0;

    start(false);
    execute_another_program();
    event.reads = -1;
    event.during_smaps = kill_the_child;
    CHECK_IS(mf_smaps_read(&process, usage, 4096, &count), -ECHILD, "a part of smaps");
    CHECK(event.during_smaps == NULL, "smaps has one block");
    end();
}

static void check_without_kcmp(void)
{
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_kcmp, 0, 1), FAIL(EPERM), ALLOW);
    check(false);
}

int main(void)
{
    skip_if_emulated();
    snapshot = new_snapshot(4096, 1u << 20);
    check(false);
    check(true);
    two_threads_follow_the_process();
    smaps_that_ends_early();
    check_in_child(check_without_kcmp, "without kcmp(2)");
    free(snapshot);
    return check_result();
}
