/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of map_files after the first thread or the process has exited. */
#include "entries.h"

/* The first thread exits: the directory of the process is empty then, that of another thread has the entries. */
static void *read_from_another_thread(void *opened_before)
{
    static char name[MF_NAME_MAX];
    static char target[MF_NAME_MAX];
    struct mf_mapping record;
    struct mf_entry entry;
    const int fd = open_file("threads");
    void *const at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    char stat[64];
    char letter = 0;
    int opened = -1;
    int state;
    int rc;

    for (int wait = 0; letter != 'Z' && wait < 10000; wait++) { /* until the first thread is a zombie */
        FILE *const file = fopen("/proc/self/stat", "r");

        if (fscanf(file, "%*d (%63[^)]) %c", stat, &letter) != 2)
            abort();
        fclose(file);
        usleep(1000);
    }
    if (letter != 'Z') {
        puts("skipped: /proc/self/stat does not show that the first thread has ended (qemu-user makes up its own)");
        exit(0);
    }
    if (opened_before == NULL)
        CHECK_IS(mf_process_open_self(&process), 0, "open");
    record = record_at(at, name);
    CHECK_IS(mf_entry_read(&process, &record, name, MF_ENTRY_TARGET, &entry, target), 0, "without a first thread");
    CHECK_IS(mf_entries_follow_access(), may_follow ? 0 : -EPERM, "without a first thread");
    state = mf_file_state(&process, &record, name);
    CHECK(state == MF_FILE_PRESENT || (!may_follow && state == MF_FILE_UNKNOWN), "without a first thread: %d", state);
    rc = mf_file_open(&process, &record, name, MF_OPEN_BY_PATH, &opened);
    CHECK(rc == MF_SAME_INODE || rc == MF_SAME_BYTES, "by path without a first thread: %d", rc);
    close(opened);
    if (may_follow) {
        CHECK_IS(mf_file_open(&process, &record, name, 0, &opened),
                 is_on_fs(".", OVERLAYFS_SUPER_MAGIC) ? MF_SAME_BYTES : MF_EXACT, "without a first thread");
        close(opened);
    }
    exit(check_result());
}

static void without_a_first_thread(bool opened_before)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();

    if (child == 0) {
        pthread_t thread;

        if (opened_before && (mf_process_open_self(&process) != 0 || mf_entries_list_access(&process) != 0))
            _exit(1);
        pthread_create(&thread, NULL, read_from_another_thread, opened_before ? &process : NULL);
        pthread_exit(NULL);
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, opened_before ? "the first thread ends later" : "the first thread has ended");
}

static void another_process_exits(void)
{
    char name[MF_NAME_MAX];
    char target[MF_NAME_MAX];
    struct mf_process other;
    struct mf_mapping record = {0};
    struct mf_entry entry;
    const pid_t child = fork();

    if (child == 0) {
        pause();
        _exit(0);
    }
    CHECK_IS(mf_process_open_pid(child, &other), 0, "open");
    CHECK_IS(read_growing(&other, MF_FILE_BACKED | MF_BY_TEXT, &snapshot), 1, "read");
    record = mf_snapshot_mappings(snapshot)[0];
    memcpy(name, mf_snapshot_name(snapshot, &record), record.name_length);
    CHECK_IS(mf_entry_read(&other, &record, name, MF_ENTRY_TARGET, &entry, target), 0, "alive");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK_IS(mf_entry_read(&other, &record, name, MF_ENTRY_TARGET, &entry, target), -ESRCH, "ended");
    CHECK_IS(mf_file_state(&other, &record, name), -ESRCH, "ended");
    mf_process_close(&other);
}

static void try_all(void)
{
    int before;

    CHECK_IS(mf_process_open_self(&process), 0, "open");
    may_follow = mf_entries_follow_access() == 0;
    CHECK_IS(mf_entries_list_access(&process), 0, "list");
    before = count_descriptors();
    another_process_exits();
    CHECK_IS(count_descriptors(), before, "descriptors");
    mf_process_close(&process);
    without_a_first_thread(false);
    without_a_first_thread(true);
}

int main(void)
{
    return run_with_and_without_capabilities("entry-exit", try_all);
}
