/* SPDX-License-Identifier: Apache-2.0 */
/* If map_files is denied, the reason is reported beforehand and afterwards. A file with a path can still be opened. */
#include "child.h"
#include "lacking.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ALL (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

static struct mf_process process;
static struct mf_snapshot *snapshot;

/* A mapping of this process, and byte 17 of its file. */
struct made {
    struct mf_mapping mapping;
    char name[MF_NAME_MAX];
};

static struct made map_fd(int fd, int prot)
{
    void *const at = mmap(NULL, 4096, prot, MAP_SHARED, fd, 0);
    const struct mf_mapping *found;
    struct made made;

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = at == MAP_FAILED ? NULL : mapping_at(snapshot, (uintptr_t)at);
    if (found == NULL)
        abort();
    made.mapping = *found;
    memcpy(made.name, mf_snapshot_name(snapshot, found), found->name_length);
    return made;
}

static struct made map_path(const char *path, int prot)
{
    const int fd = open(path, O_RDWR | O_CREAT, 0666);
    struct made made;

    if (fd < 0 || pwrite(fd, "17", 2, 17) != 2 || ftruncate(fd, 4096) != 0)
        abort();
    made = map_fd(fd, prot);
    close(fd); /* a link of an open descriptor would lead to the file */
    return made;
}

static int opened(const struct made *made, uint32_t how)
{
    char byte = 0;
    int fd = -1;
    const int rc = mf_file_open(&process, &made->mapping, made->name, how, &fd);

    CHECK_IS(fd >= 0, rc > 0, "a descriptor");
    if (rc > 0)
        CHECK(pread(fd, &byte, 1, 17) == 1 && byte == '1', "WRONG FILE: '%c'", byte);
    if (fd >= 0)
        close(fd);
    return rc;
}

static bool is_by_path(int proof)
{
    return proof == MF_SAME_INODE || proof == MF_SAME_BYTES;
}

static void in_a_kernel_without_map_files(void)
{
    struct mf_entries *const entries = malloc(mf_entries_bytes(64, 1 << 16));
    struct made plain, written, gone, memory;
    struct mf_entry entry;
    char target[MF_NAME_MAX];
    int rc;

    lack_map_files();
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(mf_entries_list_access(&process), -ENOTSUP, "checked beforehand");
    CHECK_IS(mf_entries_follow_access(), -ENOTSUP, "checked beforehand");
    plain = map_path("plain", PROT_READ);
    written = map_path("written", PROT_READ | PROT_WRITE);
    gone = map_path("gone", PROT_READ);
    memory = map_fd((int)syscall(SYS_memfd_create, "memory", 0), PROT_READ);
    CHECK_IS(mf_entry_read(&process, &plain.mapping, plain.name, ALL, &entry, target), 0, "one entry");
    CHECK_IS(entry.stat_error, -ENOTSUP, "its stat");
    CHECK_IS(entry.access_error, -ENOTSUP, "its access");
    CHECK_IS(entry.target_error, has_query(&process) ? 0 : -ENOTSUP, "its target");
    CHECK_IS(mf_entries_init(entries, mf_entries_bytes(64, 1 << 16), 64, 1 << 16), 0, "init");
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), 0, "all entries");
    CHECK(entries->entry_count > 4, "an entry for each mapping with a file: %u", entries->entry_count);
    for (uint32_t i = 0; i < entries->entry_count; i++)
        CHECK_IS(mf_entries_first(entries)[i].stat_error, -ENOTSUP, "the stat of each");
    CHECK(is_by_path(opened(&plain, 0)), "a file with a path");
    CHECK(is_by_path(opened(&written, MF_OPEN_WRITABLE)), "for reading and writing");
    rc = mf_file_quick_verify(&process, &plain.mapping, plain.name);
    CHECK(rc == MF_SAME_INODE || rc == MF_NOT_VERIFIED, "quick verification: %d", rc);
    rc = mf_file_state(&process, &plain.mapping, plain.name);
    CHECK(rc == MF_FILE_PRESENT || rc == MF_FILE_UNKNOWN, "its state: %d", rc);
    CHECK(mf_file_sharing_domain(&process, &plain.mapping, plain.name) >= 0, "its sharing domain");
    CHECK_IS(opened(&memory, 0), -ENOTSUP, "a memfd has no path");
    unlink("gone");
    CHECK_IS(opened(&gone, 0), -EIDRM, "a deleted file");
    unlink("plain");
    unlink("written");
    free(entries);
}

/* A process that was opened while that was permitted, and whose entries are denied now: its files are found by their paths. */
static void expect_refused(pid_t pid, void (*change)(void), int reason)
{
    struct mf_entry entry;
    struct made made;
    char target[MF_NAME_MAX];
    int fd = -1;
    int rc;

    CHECK_IS(mf_process_open_pid(pid, &process), 0, "open");
    CHECK_IS(read_growing(&process, MF_FILE_BACKED | MF_BY_TEXT, &snapshot), 1, "read");
    made.mapping = mf_snapshot_mappings(snapshot)[0];
    memcpy(made.name, mf_snapshot_name(snapshot, &made.mapping), made.mapping.name_length);
    change();
    CHECK_IS(mf_entries_list_access(&process), -EACCES, "checked beforehand");
    if (has_query(&process)) {
        CHECK_IS(mf_entry_read(&process, &made.mapping, made.name, ALL, &entry, target), 0, "an entry");
        CHECK_IS(entry.stat_error, -EPERM, "its stat");
    } else /* to validate the mapping, the maps are opened again */
        CHECK_IS(mf_entry_read(&process, &made.mapping, made.name, ALL, &entry, target), -EACCES, "an entry");
    rc = mf_file_open(&process, &made.mapping, made.name, 0, &fd);
    /* -EACCES: the program is in a directory that this user cannot enter. */
    CHECK(is_by_path(rc) || rc == -EPERM || rc == -EACCES || rc == -ENODATA, "opened by its path, if that is verified: %d", rc);
    if (fd >= 0)
        close(fd);
    CHECK(mf_denial_reasons(pid) & reason, "the reason: %d", mf_denial_reasons(pid));
}

static void become_nobody(void)
{
    if (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        exit(1);
}

static void a_caller_that_dropped_its_privileges(void)
{
    expect_refused(getppid(), become_nobody, MF_DENIED_USER);
}

static int undumpable[2];

/* Sends a command to the other process, and waits for the reply. */
static void forbid_dumps(void)
{
    char byte = 0;

    if (write(undumpable[1], &byte, 1) != 1 || read(undumpable[1], &byte, 1) != 1)
        exit(1);
}

static void of_a_process_that_is_no_longer_dumpable(void)
{
    char byte;
    pid_t child;

    become_nobody();
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, undumpable) != 0)
        exit(1);
    child = fork();
    if (child == 0) {
        close(undumpable[1]);
        if (read(undumpable[0], &byte, 1) == 1 && prctl(PR_SET_DUMPABLE, 0) == 0 && write(undumpable[0], &byte, 1) == 1)
            (void)!read(undumpable[0], &byte, 1);
        _exit(0);
    }
    expect_refused(child, forbid_dumps, MF_DENIED_DUMPABLE);
    close(undumpable[1]);
    waitpid(child, NULL, 0);
}

#define SCOPE "/proc/sys/kernel/yama/ptrace_scope"

static void read_memory_of(pid_t sibling)
{
    char byte;

    become_nobody();
    CHECK_IS(mf_process_open_pid(sibling, &process), 0, "mappings are for all");
    CHECK_IS(mf_entries_list_access(&process), 0, "and so are entries");
    CHECK_IS(mf_memory_read(&process, (uintptr_t)&process, &byte, 1), -EACCES, "its memory");
    CHECK_IS(mf_denial_reasons(sibling), MF_DENIED_PTRACE_SCOPE, "the reason");
}

/* Yama restricts memory access to child processes. */
static void of_memory_that_yama_denies(void)
{
    const int fd = open(SCOPE, O_RDWR);
    char before = 0;
    char before_looking;
    int ready[2];
    int status = 0;
    pid_t sibling;
    pid_t looker;

    if (fd < 0 || read(fd, &before, 1) != 1 || (before == '0' && pwrite(fd, "1", 1, 0) != 1)) {
        printf("skipped for Yama: %s: %s\n", SCOPE, strerror(errno));
        return;
    }
    CHECK_IS(pipe(ready), 0, "pipe");
    sibling = fork();
    if (sibling == 0) {
        become_nobody();
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK_IS(read(ready[0], &before_looking, 1), 1, "the child runs as nobody");
    close(ready[0]);
    close(ready[1]);
    looker = fork();
    if (looker == 0) {
        read_memory_of(sibling);
        exit(check_result());
    }
    waitpid(looker, &status, 0);
    CHECK_IS(status, 0, "the looker");
    kill(sibling, SIGKILL);
    waitpid(sibling, NULL, 0);
    if (before == '0' && pwrite(fd, "0", 1, 0) != 1)
        abort();
    close(fd);
}

/* A process can always read its own map_files, also if another user owns the directory. */
static void of_the_own_process(void)
{
    struct made made;

    become_nobody();
    prctl(PR_SET_DUMPABLE, 0);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(mf_entries_list_access(&process), 0, "checked beforehand");
    CHECK_IS(mf_entries_follow_access(), -EPERM, "checked beforehand");
    made = map_path("own", PROT_READ);
    CHECK(is_by_path(opened(&made, 0)), "a file with a path");
    unlink("own");
}

/* Without openat2(2) a path is resolved step by step. */
static void without_openat2(void)
{
    struct made made;
    int proof;

    CHECK_IS(mf_process_open_self(&process), 0, "open");
    made = map_path("walked", PROT_READ);
    proof = opened(&made, MF_OPEN_BY_PATH);
    CHECK(is_by_path(proof), "a plain walk: %d", proof);
    unlink("walked");
    CHECK_IS(opened(&made, MF_OPEN_BY_PATH), -EIDRM, "deleted");
    CHECK_IS(symlink("elsewhere", "walked"), 0, "symlink");
    CHECK_IS(opened(&made, MF_OPEN_BY_PATH), -EIDRM, "a link is no file");
    unlink("walked");
}

static void before_linux_5_6(void)
{
    lack_openat2(ENOSYS);
    without_openat2();
}

static void under_a_filter_without_openat2(void)
{
    lack_openat2(EPERM);
    without_openat2();
}

int main(void)
{
    const char *const directory = new_directory("closed");

    umask(0);
    snapshot = new_snapshot(1024, 1 << 18);
    if (chmod(directory, 0777) != 0 || chdir(directory) != 0)
        return 1;
    check_in_child(in_a_kernel_without_map_files, "no map_files");
    if (geteuid() == 0) {
        check_in_child(a_caller_that_dropped_its_privileges, "privileges dropped");
        check_in_child(of_a_process_that_is_no_longer_dumpable, "not dumpable");
        check_in_child(of_the_own_process, "not dumpable itself");
        check_in_child(of_memory_that_yama_denies, "kept by Yama");
    } else {
        puts("skipped for refusals: takes root to make them");
    }
    check_in_child(before_linux_5_6, "no openat2");
    check_in_child(under_a_filter_without_openat2, "openat2 filtered");
    free(snapshot);
    rmdir(directory);
    return check_result();
}
