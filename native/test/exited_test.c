/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a process that exits: as a zombie, during a read, and after another process gets its PID. */
#include "lacking.h"
#include "places.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define ALL (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

static struct mf_process process;
static struct mf_snapshot *snapshot;
static struct mf_entries *entries;
static struct mf_mapping mapping; /* of a file that the parent and each child map */
static char name[MF_NAME_MAX];
static struct stat mapped;
static void *at;

static pid_t start_child(void)
{
    const pid_t child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return child;
}

static void check_at(pid_t child)
{
    const struct mf_mapping *found;

    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    CHECK_IS(read_growing(&process, MF_FILE_BACKED | MF_BY_TEXT, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)at);
    if (found == NULL)
        abort();
    mapping = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
}

/* Every operation on the process has this result. */
static void everything_answers(int expected, const char *what)
{
    struct mf_entry entry;
    char target[MF_NAME_MAX];
    int fd = -1;

    CHECK_IS(mf_entry_read(&process, &mapping, name, ALL, &entry, target), expected, what);
    CHECK_IS(mf_entry_read(&process, &mapping, name, MF_ENTRY_STAT, &entry, target), expected, what);
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), expected, what);
    CHECK_IS(mf_file_open(&process, &mapping, name, 0, &fd), expected, what);
    CHECK_IS(mf_file_open(&process, &mapping, name, MF_OPEN_BY_PATH | MF_OPEN_UNVERIFIED, &fd), expected, what);
    CHECK_IS(fd, -1, what);
    CHECK_IS(mf_file_quick_verify(&process, &mapping, name), expected, what);
    CHECK_IS(mf_file_state(&process, &mapping, name), expected, what);
    CHECK_IS(mf_file_sharing_domain(&process, &mapping, name), expected, what);
    fd = open("mapped", O_RDONLY);
    CHECK_IS(mf_file_verify(&process, &mapping, fd), expected, what);
    close(fd);
    CHECK_IS(mf_memory_read(&process, mapping.start, target, 1) < 0, 1, what);
}

/* @p before: whether map_files was read before the exit. */
static void a_zombie(bool before)
{
    const pid_t child = start_child();
    siginfo_t ended;

    check_at(child);
    if (before)
        CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), 0, "alive");
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT);
    everything_answers(-ECHILD, "a zombie");
    if (!before)
        CHECK_IS(mf_entries_list_access(&process), -ECHILD, "checked beforehand");
    waitpid(child, NULL, 0);
    everything_answers(-ESRCH, "waited for");
    mf_process_close(&process);
}

/* Returns a child with a given PID, or -1 if another process takes it first. */
static pid_t start_child_as(pid_t wanted)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        FILE *const last = fopen("/proc/sys/kernel/ns_last_pid", "w");
        pid_t child;

        if (last == NULL || fprintf(last, "%d", (int)wanted - 1) < 0 || fclose(last) != 0)
            return -1;
        child = start_child();
        if (child == wanted)
            return child;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return -1;
}

/* The later process has the same files at the same ranges, and is another process. */
static void a_later_process_with_the_same_pid(void)
{
    const pid_t first = start_child();
    struct mf_process later;
    pid_t second;

    check_at(first);
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), 0, "alive");
    kill(first, SIGKILL);
    waitpid(first, NULL, 0);
    second = start_child_as(first);
    if (second != first) {
        puts("skipped for a pid that is used again: takes the right to write /proc/sys/kernel/ns_last_pid");
    } else {
        everything_answers(-ESRCH, "a later process has its pid");
        CHECK_IS(mf_process_open_pid(second, &later), 0, "the thread exists");
        CHECK_IS(mf_mapping_validate(&later, &mapping), 1, "with the same range of the same file");
        mf_process_close(&later);
        kill(second, SIGKILL);
        waitpid(second, NULL, 0);
    }
    mf_process_close(&process);
}

static bool is_an_end(int rc)
{
    return rc == -ESRCH || rc == -ECHILD || rc == -ESTALE; /* its memory is removed shortly before the process */
}

/* Complete results until the exit, then only the exit. */
static bool query_once(void)
{
    char byte = 0;
    int fd = -1;
    int rc = mf_entries_read(&process, snapshot, ALL, entries);

    CHECK(rc == 0 || is_an_end(rc), "all entries: %d", rc);
    for (uint32_t i = 0; rc == 0 && i < entries->entry_count; i++) {
        const struct mf_entry *const entry = &mf_entries_first(entries)[i];

        CHECK(entry->target_error == 0 || is_an_end(entry->target_error), "a link: %d", entry->target_error);
        CHECK(entry->stat_error == 0 || entry->stat_error == -EPERM || is_an_end(entry->stat_error), "a stat: %d",
              entry->stat_error);
        if (entry->start == (uintptr_t)at && entry->stat_error == 0)
            CHECK_IS(entry->stat.inode, mapped.st_ino, "WRONG FILE");
    }
    rc = mf_file_state(&process, &mapping, name);
    CHECK(rc == MF_FILE_PRESENT || rc == MF_FILE_UNKNOWN || is_an_end(rc), "its state: %d", rc);
    rc = mf_file_open(&process, &mapping, name, 0, &fd);
    CHECK(rc > 0 || is_an_end(rc), "opened: %d", rc);
    if (rc > 0)
        CHECK(pread(fd, &byte, 1, 17) == 1 && byte == 'M', "WRONG FILE: '%c'", byte);
    if (fd >= 0)
        close(fd);
    return rc > 0;
}

struct shot {
    pid_t child;
    unsigned delay; /* microseconds */
    bool is_waited_for;
};

static void *shoot(void *argument)
{
    const struct shot *const shot = argument;

    usleep(shot->delay);
    kill(shot->child, SIGKILL);
    if (shot->is_waited_for)
        waitpid(shot->child, NULL, 0);
    return NULL;
}

static void during_a_read(void)
{
    long reads = 0;

    for (unsigned round = 0; round < 200 && check_failures < 10; round++) {
        struct shot shot = {.child = start_child(), .delay = round * 7 % 1500};
        pthread_t thread;

        check_at(shot.child);
        pthread_create(&thread, NULL, shoot, &shot);
        while (query_once())
            reads++;
        pthread_join(thread, NULL);
        waitpid(shot.child, NULL, 0);
        mf_process_close(&process);
    }
    printf("200 processes exited during %ld reads\n", reads);
}

static bool read_once(struct mf_snapshot *read)
{
    const int rc = mf_snapshot_read(&process, MF_BY_TEXT, NULL, read);

    CHECK(rc >= 0 || is_an_end(rc), "a snapshot: %d", rc);
    return rc >= 0;
}

/* Every operation that opens files of its directory. */
static void open_once(int proc_fd)
{
    struct mf_process other;
    char byte;
    int rc = mf_process_open_directory(proc_fd, &other);

    CHECK(rc == 0 || is_an_end(rc), "opened by its directory: %d", rc);
    if (rc == 0)
        mf_process_close(&other);
    rc = mf_process_open_pid(mf_process_pid(&process), &other);
    CHECK(rc == 0 || is_an_end(rc), "opened by its pid: %d", rc);
    if (rc == 0)
        mf_process_close(&other);
    rc = (int)mf_memory_read(&process, mapping.start, &byte, 1);
    CHECK(rc >= 0 || rc == -EIO || is_an_end(rc), "its memory: %d", rc);
    rc = mf_denial_reasons(mf_process_pid(&process));
    CHECK(rc >= 0 || is_an_end(rc), "reasons: %d", rc);
}

/* The process is a zombie for a time so short that it may end between two steps of one path resolution. */
static void after_the_process_was_waited_for(void)
{
    struct mf_snapshot *const read = new_snapshot(1024, 1 << 18);

    for (unsigned round = 0; round < 200 && check_failures < 10; round++) {
        struct shot shot = {.child = start_child(), .delay = round * 7 % 500, .is_waited_for = true};
        pthread_t thread;
        char directory[32];
        int proc_fd;

        check_at(shot.child);
        snprintf(directory, sizeof directory, "/proc/%d", (int)shot.child);
        proc_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        pthread_create(&thread, NULL, shoot, &shot);
        while (read_once(read) && (round % 4 != 0 || query_once()))
            if (round % 2 == 0)
                open_once(proc_fd);
        pthread_join(thread, NULL);
        CHECK_IS(mf_process_open_directory(proc_fd, &(struct mf_process){0}), -ESRCH, "waited for");
        close(proc_fd);
        mf_process_close(&process);
    }
    free(read);
}

static void try_all(void)
{
    int before;
    int fd;

    unlink("mapped");
    place_file("mapped", 'M');
    fd = open("mapped", O_RDONLY);
    at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    fstat(fd, &mapped);
    close(fd);
    before = count_descriptors();
    a_zombie(false);
    a_zombie(true);
    a_later_process_with_the_same_pid();
    during_a_read();
    after_the_process_was_waited_for();
    CHECK_IS(count_descriptors(), before, "descriptors");
    unlink("mapped");
}

int main(void)
{
    const char *const directory = new_directory("gone");
    int status = 0;
    pid_t child;

    apply_lacking();
    umask(0);
    snapshot = new_snapshot(1024, 1 << 18);
    entries = malloc(mf_entries_bytes(1024, 1 << 18));
    CHECK_IS(mf_entries_init(entries, mf_entries_bytes(1024, 1 << 18), 1024, 1 << 18), 0, "init");
    if (chmod(directory, 0777) != 0 || chdir(directory) != 0)
        return 1;
    child = fork();
    if (child == 0) { /* the same without capabilities */
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
            _exit(1);
        try_all();
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "without capabilities");
    if (mf_entries_follow_access() == 0)
        try_all();
    else
        puts("skipped with capabilities: needs CAP_CHECKPOINT_RESTORE");
    free(entries);
    free(snapshot);
    rmdir(directory);
    return check_result();
}
