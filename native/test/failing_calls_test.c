/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call of each operation fails once, with each of several errors. Then the operation returns an error or the right
 * result, never another one; no descriptor and no mapping is left; and the next call, without a failure, has the usual result.
 *
 * If descriptors or memory are used up, an error of the operation is exactly that error: it is no property of the process or of
 * the file.
 */
#include "failing_calls.h"

#include "operations.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

/* ---- All of them ---- */

#define VALUE(n) (1ull << (n))
#define VERIFIED (VALUE(MF_SAME_INODE) | VALUE(MF_SAME_BUILD_ID) | VALUE(MF_SAME_BYTES))

static const struct operation operations[] = {
    {"open by PID", open_by_pid, 0},
    {"open self", open_self, 0},
    {"open by pidfd", open_by_pidfd, 0},
    {"open by directory", open_by_directory, 0},
    {"snapshot by text", read_text, 0},
    {"snapshot by query", read_query, 0},
    {"query", query, 0},
    {"validate", validate, 0},
    {"memory", read_memory, 0},
    {"reasons of a denial", denial_reasons, 0},
    {"privileges", caller_privileges, 0},
    {"access to entries", list_access, 0},
    {"following entries", follow_access, 0},
    {"entry", read_entry, 0},
    {"entries", read_entries, 0},
    {"open file", open_file, 0},
    {"open file by path", open_by_path, 0},
    {"verify", verify, VERIFIED},
    {"quick verify", quick_verify, VERIFIED | VALUE(MF_NOT_VERIFIED)},
    {"state", state, VALUE(MF_FILE_UNKNOWN)},
    {"deletion", deletion, VALUE(MF_DELETION_UNKNOWN)},
    {"sharing domain", sharing_domain, VALUE(0)},
    {"open in root", open_in_root, 0},
    {"open path", open_path, 0},
    {"pages", resident, 0},
    {"smaps", smaps, 0},
    {"sum of smaps", smaps_total, 0},
    {"symbols", symbols, 0},
    {"events", events, 0},
    {"reasons of events", events_denial, 0},
    {"target", target, 0},
};

/* Maps a file that is still at its path, or is deleted. */
static void map_file(const char *path, bool is_deleted)
{
    static char content[8192] = "content";
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    volatile char *at;

    if (fd < 0 || write(fd, content, sizeof content) != sizeof content)
        abort();
    at = mmap(NULL, sizeof content, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)at[0];
    if (is_deleted)
        unlink(path);
    mapped_fd = fd;
    fstat(fd, &mapped);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "snapshot");
    mapping = *mapping_at(snapshot, (uintptr_t)at);
    memcpy(name, mf_snapshot_name(snapshot, &mapping), mapping.name_length);
    name[mapping.name_length] = '\0';
}

/* Ends the first thread of a child: its memory is found through another thread. */
static void *end_first_thread(void *first)
{
    pthread_join(*(pthread_t *)first, NULL);
    while (true)
        pause();
    return NULL;
}

static pid_t start_without_first_thread(void)
{
    const pid_t child = fork();
    static pthread_t first, second;
    char stat[64];

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(580);
        first = pthread_self();
        pthread_create(&second, NULL, end_first_thread, &first);
        syscall(SYS_exit, 0);
    }
    snprintf(stat, sizeof stat, "/proc/%d/stat", (int)child);
    for (int tries = 0; tries < 10000; tries++) { /* until the first thread is a zombie */
        char line[64] = "";
        FILE *const file = fopen(stat, "r");

        if (file != NULL && fgets(line, sizeof line, file) != NULL && strstr(line, ") Z ") != NULL)
            tries = 10000;
        if (file != NULL)
            fclose(file);
        usleep(1000);
    }
    return child;
}

static void fail_all(void)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        fail_each_call(&operations[i]);
}

static void test(void)
{
    char path[256];

    if (getcwd(path, sizeof path - 10) == NULL)
        abort();
    strcat(path, "/file");
    pid = getpid();
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    for (int deleted = 0; deleted < 2; deleted++) {
        map_file(path, deleted);
        fail_all();
    }
    mf_process_close(&process);
    pid = start_without_first_thread();
    CHECK_IS(mf_process_open_pid(pid, &process), 0, "open a process without its first thread");
    fail_all();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    mf_process_close(&process);
    printf("summary: faults c %u operations %u failed calls %d wrong\n", (unsigned)(sizeof operations / sizeof *operations),
           failed_calls, check_failures);
}

int main(void)
{
    skip_if_emulated();
    snapshot = new_snapshot(512, 1 << 17);
    other = new_snapshot(1024, 1 << 18);
    return run_in_directory("failing-calls", test);
}
