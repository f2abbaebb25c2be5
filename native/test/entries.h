/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of map_files entries: mappings of this process and their names. */
#ifndef MF_ENTRIES_H
#define MF_ENTRIES_H

#include "lacking.h"

#include "process/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALL (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

static struct mf_process process;
static struct mf_snapshot *snapshot;
static bool may_follow;

static inline struct mf_entries *new_entries(uint32_t entries, uint32_t text)
{
    const size_t bytes = mf_entries_bytes(entries, text);
    void *const memory = malloc(bytes);

    if (memory == NULL || mf_entries_init(memory, bytes, entries, text) != 0)
        abort();
    return memory;
}

static inline void read_snapshot(void)
{
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
}

static inline struct mf_mapping record_at(const void *at, char *name)
{
    const struct mf_mapping *found;

    read_snapshot();
    found = mapping_at(snapshot, (uintptr_t)at);
    if (found == NULL)
        abort();
    if (found->name_length < MF_NAME_MAX)
        memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
    return *found;
}

static inline int open_file(const char *name)
{
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || ftruncate(fd, 4 * PAGE) != 0 || pwrite(fd, "bytes", 5, 0) != 5)
        abort();
    return fd;
}

/*
 * Runs a test twice in a new directory: in a process without capabilities, which reads itself, and in this one if it may follow
 * entries. Returns the exit code.
 */
static inline int run_with_and_without_capabilities(const char *name, void (*test)(void))
{
    const char *const directory = new_directory(name);
    int status = 0;
    pid_t child;

    apply_lacking();
    umask(0);
    chmod(directory, 0777);
    snapshot = new_snapshot(1024, 1 << 18);
    child = fork();
    if (child == 0) {
        if (chdir(directory) != 0 || mkdir("nobody", 0777) != 0 || chdir("nobody") != 0 ||
            (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)))
            _exit(1);
        test();
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "without capabilities");
    if (chdir(directory) != 0)
        return 1;
    if (mf_entries_follow_access() == 0)
        test();
    else
        puts("skipped with capabilities: needs CAP_CHECKPOINT_RESTORE");
    free(snapshot);
    return remove_directory(directory) == 0 ? check_result() : 1;
}

#endif
