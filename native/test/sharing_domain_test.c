/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of shared memory: the numbers of System V segments alone do not identify them. */
#include "check.h"

#include <sched.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct mf_process process;
static struct mf_snapshot *snapshot;

static int64_t sharing_domain_of(const void *at)
{
    const struct mf_mapping *found;

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)at);
    CHECK_IS(mf_mapping_kind(found), MF_KIND_SYSV, "a segment");
    return mf_file_sharing_domain(&process, found, mf_snapshot_name(snapshot, found));
}

/* Each IPC namespace counts IDs from 0. A process may leave a namespace, and keep its segments attached. */
static void segments_of_one_number(bool may_follow)
{
    void *other;
    void *one;
    void *again;
    int first;
    int second;

    if (may_follow)
        CHECK_IS(syscall(SYS_unshare, CLONE_NEWIPC), 0, "a new namespace");
    first = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    one = shmat(first, NULL, 0);
    again = shmat(first, NULL, SHM_RDONLY);
    CHECK_IS(sharing_domain_of(one), sharing_domain_of(again), "attached twice");
    CHECK_IS(sharing_domain_of(one) > 0, may_follow, "known");
    shmctl(first, IPC_RMID, NULL);
    if (may_follow) {
        CHECK_IS(syscall(SYS_unshare, CLONE_NEWIPC), 0, "another namespace");
        second = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
        other = shmat(second, NULL, 0);
        CHECK_IS(second, first, "the ids");
        CHECK(sharing_domain_of(other) > 0 && sharing_domain_of(other) != sharing_domain_of(one),
              "two segments have one sharing domain");
        shmctl(second, IPC_RMID, NULL);
        shmdt(other);
    }
    shmdt(one);
    shmdt(again);
}

static void try_here(void)
{
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    segments_of_one_number(mf_entries_follow_access() == 0);
    mf_process_close(&process);
}

int main(void)
{
    int status = 0;
    pid_t child;

    snapshot = new_snapshot(1024, 1 << 18);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(1);
        try_here();
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "without capabilities");
    if (mf_entries_follow_access() == 0)
        try_here();
    else
        puts("skipped: needs CAP_CHECKPOINT_RESTORE");
    free(snapshot);
    return check_result();
}
