/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a mapped file, and the source of " (deleted)", with and without the capability to follow entries. */
#include "lacking.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mf_process process;
static struct mf_snapshot *snapshot;
static bool numbers_tell; /* device and inode identify a file: not on btrfs and overlayfs */

static void *map_new_file(const char *name)
{
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0666);
    void *at;

    if (fd < 0 || ftruncate(fd, 4096) != 0)
        abort();
    at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return at;
}

static void expect_either(int actual, int expected, int not_known, bool certain, const char *what)
{
    CHECK(actual == expected || (!certain && actual == not_known), "%s: got %d, expected %d", what, actual, expected);
}

/*
 * Returns the state of the file at an address. Without capabilities it is inferred if the numbers allow that, and is unknown
 * otherwise; it is never wrong. The number of other links is unknown then.
 */
static void expect(const void *at, int deletion, int state, bool privileged, const char *what)
{
    const struct mf_mapping *mapping;
    const char *name;

    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    mapping = mapping_at(snapshot, (uintptr_t)at);
    if (mapping == NULL)
        abort();
    name = mf_snapshot_name(snapshot, mapping);
    if (state == MF_FILE_UNLINKED && is_on_fs(".", OVERLAYFS_SUPER_MAGIC))
        state = MF_FILE_PATH_REMOVED; /* it might be a file of a lower layer, which has links there */
    if (!privileged && mf_mapping_kind(mapping) == MF_KIND_FILE && (state == MF_FILE_DELETED || state == MF_FILE_UNLINKED))
        state = MF_FILE_PATH_REMOVED;
    expect_either(mf_deletion(&process, mapping, name), deletion, MF_DELETION_UNKNOWN, privileged || numbers_tell, what);
    expect_either(mf_file_state(&process, mapping, name), state, MF_FILE_UNKNOWN, privileged || numbers_tell, what);
}

static void check_all_kinds(bool privileged)
{
    void *at = map_new_file("plain");

    expect(at, MF_NOT_DELETED, MF_FILE_PRESENT, privileged, "a plain file");
    unlink("plain");
    expect(at, MF_IS_DELETED, MF_FILE_DELETED, privileged, "a deleted file");
    at = map_new_file("true (deleted)");
    expect(at, MF_NOT_DELETED, MF_FILE_PRESENT, privileged, "a file really called so");
    unlink("true (deleted)");
    expect(at, MF_IS_DELETED, MF_FILE_DELETED, privileged, "that one deleted");
    at = map_new_file("linked");
    link("linked", "other name");
    unlink("linked");
    expect(at, MF_IS_DELETED, MF_FILE_UNLINKED, privileged, "this name is gone, the file has another");
    link("other name", "linked");
    expect(at, MF_IS_DELETED, MF_FILE_PRESENT, privileged, "its name leads to it again");
    unlink("linked");
    unlink("other name");
    at = map_new_file("old");
    close(open("new", O_CREAT | O_RDWR, 0666));
    rename("new", "old");
    expect(at, MF_IS_DELETED, MF_FILE_REPLACED, privileged, "renamed over");
    unlink("old");
    at = map_new_file("decoy");
    unlink("decoy");
    close(open("decoy (deleted)", O_CREAT | O_RDWR, 0666));
    expect(at, MF_IS_DELETED, MF_FILE_DELETED, privileged, "deleted, while another file is called as the text says");
    unlink("decoy (deleted)");
    mkdir("sub", 0777);
    at = map_new_file("sub/file");
    unlink("sub/file");
    rmdir("sub");
    expect(at, MF_IS_DELETED, MF_FILE_DELETED, privileged, "deleted with its directory");
    at = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    expect(at, MF_IS_DELETED, MF_FILE_DELETED, privileged, "shared anonymous memory never had a path");
}

/* The process whose /proc directory is used has another root, which is not the root of the paths in maps. */
static void read_the_state_from_below_a_root(const char *directory, int flags)
{
    struct mf_process own = process;
    char name[160];
    char byte = 0;
    int ready[2];
    int hold[2];
    int status = 0;
    pid_t child;
    void *at;

    /* Below the wrong root the directories exist: only the file is missing. */
    snprintf(name, sizeof name, "mkdir -p 'cage%s'", directory);
    CHECK_IS(system(name), 0, name);
    at = map_new_file("cage/caged (deleted)");
    CHECK_IS(pipe(ready) | pipe(hold), 0, "pipe");
    child = fork();
    if (child == 0) {
        close(hold[1]);
        if (syscall(SYS_unshare, flags) != 0 || chroot("cage") != 0 || write(ready[1], &byte, 1) != 1)
            _exit(1);
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ready[1]);
    close(hold[0]);
    CHECK_IS(read(ready[0], &byte, 1), 1, "the child is below its root");
    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    expect(at, MF_NOT_DELETED, MF_FILE_PRESENT, true,
           flags ? "really called so, in another mount namespace and root" : "in another root");
    unlink("cage/caged (deleted)");
    expect(at, MF_IS_DELETED, MF_FILE_DELETED, true, "that one deleted");
    mf_process_close(&process);
    process = own;
    close(hold[1]);
    close(ready[0]);
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "the caged child");
    munmap(at, 4096);
    CHECK_IS(system("rm -r cage"), 0, "remove");
}

/* In the root of a file system without a block device, as in containers, files may have the names of the kernel's files. */
static void read_the_state_of_names_of_the_kernel(void)
{
    static const char *const names[] = {"/[aio]",
                                        "/[aio] (deleted)",
                                        "/dmabuf:x",
                                        "/memfd:x (deleted)",
                                        "/dev (deleted)",
                                        "/secretmem",
                                        "/secretmem (deleted)",
                                        "/drm mm object (deleted)"};

    if (mkdir("root", 0777) != 0 || mount("none", "root", "tmpfs", 0, NULL) != 0 || mkdir("root/proc", 0777) != 0 ||
        mount("proc", "root/proc", "proc", 0, NULL) != 0 || chroot("root") != 0 || chdir("/") != 0 ||
        mf_process_open_self(&process) != 0) {
        puts("skipped, names as the kernel's: takes the right to mount");
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *const at = map_new_file(names[i]);

        expect(at, MF_NOT_DELETED, MF_FILE_PRESENT, true, names[i]);
        unlink(names[i]);
        expect(at, MF_IS_DELETED, MF_FILE_DELETED, true, names[i]);
        munmap(at, 4096);
    }
    mf_process_close(&process);
}

static void read_the_state_below_another_root(void)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        if (syscall(SYS_unshare, CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
            read_the_state_of_names_of_the_kernel();
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "names as the kernel's");
    rmdir("root");
}

/* A race of the caller can combine the flags of one mapping with the name of another. */
static void an_invalid_record_is_rejected(void)
{
    static const char none[16] = "/none";
    void *const at = map_new_file("short (deleted)");
    struct mf_mapping mapping;
    int fd;

    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    mapping = *mapping_at(snapshot, (uintptr_t)at);
    CHECK(mapping.flags & MF_SUFFIXED, "flags %x", mapping.flags);
    for (mapping.name_length = 0; mapping.name_length < 12; mapping.name_length++) {
        mf_file_state(&process, &mapping, none);
        mf_deletion(&process, &mapping, none);
        mf_file_quick_verify(&process, &mapping, none);
        CHECK(mf_file_open(&process, &mapping, none, MF_OPEN_BY_PATH, &fd) < 0, "nothing to open");
    }
    munmap(at, 4096);
    unlink("short (deleted)");
}

int main(void)
{
    const char *directory;
    pid_t child;
    int status = 0;

    apply_lacking();
    umask(0);
    directory = new_directory("deletion");
    if (chdir(directory) != 0)
        return 1;
    numbers_tell = !is_on_fs(".", OVERLAYFS_SUPER_MAGIC) && !is_on_fs(".", BTRFS_SUPER_MAGIC);
    snapshot = new_snapshot(1024, 1 << 18);
    child = fork();
    if (child == 0) { /* the same without capabilities, in a process that opens itself */
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(1);
        if (mf_process_open_self(&process) != 0)
            _exit(1);
        check_all_kinds(false);
        an_invalid_record_is_rejected();
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(WEXITSTATUS(status), 0, "without capabilities");
    if (mf_process_open_self(&process) != 0)
        return 1;
    an_invalid_record_is_rejected();
    if (geteuid() == 0 && mf_entries_follow_access() == 0) { /* root of a user namespace may not follow entries */
        check_all_kinds(true);
        read_the_state_from_below_a_root(directory, 0);
        read_the_state_from_below_a_root(directory, CLONE_NEWNS);
        read_the_state_below_another_root();
    } else {
        puts("skipped with capabilities, and below another root: needs root and CAP_CHECKPOINT_RESTORE");
    }
    mf_process_close(&process);
    free(snapshot);
    rmdir(directory);
    return check_result();
}
