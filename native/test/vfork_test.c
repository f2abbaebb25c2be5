/* SPDX-License-Identifier: Apache-2.0 */
/* A child of vfork(2), which has the memory of its parent until it calls execve(2). The parent has that memory afterwards. */
#include "lacking.h"

#include "child.h"

#include <sched.h>
#include <sys/mman.h>

#define MARK 0x10000000ul /* mapped by the parent */

static struct mf_process process;
static struct mf_snapshot *snapshot;

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

static void be_parent(void)
{
    static char stack[64 * 1024] __attribute__((aligned(16)));

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (mmap((void *)MARK, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)MARK)
        _exit(1);
    /* As vfork(2), with a stack for the child. */
    if (clone(be_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL) < 0)
        _exit(1);
    for (;;)
        pause();
}

static void check(void)
{
    int pids[2], go[2];
    pid_t parent, child;
    char byte = 0;

    if (pipe2(pids, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0)
        abort();
    parent = fork();
    if (parent == 0) {
        close(pids[0]);
        ends.pid = pids[1];
        ends.go = go[0];
        be_parent();
    }
    close(pids[1]);
    if (read(pids[0], &child, sizeof child) != sizeof child)
        abort();
    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    CHECK(has_mark_in_snapshot(MF_BY_TEXT), "the memory of the parent");
    CHECK(!has_query(&process) || has_mark_in_query(), "the memory of the parent");
    CHECK_IS(write(go[1], &byte, 1), 1, "go");
    for (char path[64] = "", name[64] = ""; strstr(name, "sleep") == NULL; usleep(1000)) {
        snprintf(path, sizeof path, "/proc/%d/exe", (int)child);
        if (readlink(path, name, sizeof name - 1) < 0)
            break;
    }
    CHECK(!has_mark_in_snapshot(MF_BY_TEXT), "the memory of the new program");
    CHECK(!has_mark_in_snapshot(MF_BY_QUERY), "the memory of the new program");
    CHECK(!has_mark_in_query(), "the memory of the new program");
    mf_process_close(&process);
    CHECK_IS(mf_process_open_pid(parent, &process), 0, "open");
    CHECK(has_mark_in_snapshot(MF_BY_TEXT), "the parent still has it");
    mf_process_close(&process);
    end_child(child);
    end_child(parent);
    close(pids[0]);
    close(go[0]);
    close(go[1]);
}

static void check_without_kcmp(void)
{
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_kcmp, 0, 1), FAIL(EPERM), ALLOW);
    check();
}

int main(void)
{
    skip_if_emulated();
    snapshot = new_snapshot(4096, 1u << 20);
    check();
    check_in_child(check_without_kcmp, "without kcmp(2)");
    free(snapshot);
    return check_result();
}
