/* SPDX-License-Identifier: Apache-2.0 */
/* Files of processes with other paths: in another mount namespace, below another root, in a user namespace. */
#include "lacking.h"
#include "places.h"

#include <stdbool.h>
#include <sys/mman.h>

static char *shared; /* a page shared by parent and child: the address of the child's mapping */

struct world {
    const char *name;
    int flags;        /* of unshare(2) */
    const char *root; /* of chroot(2), or NULL */
    bool covered;     /* the child mounts something over the directory of the file, in its own namespace */
    int by_path;      /* the result of opening by path */
    int state;        /* enum mf_file_state */
};

#define TEN      "/d/d/d/d/d/d/d/d/d/d"
#define DEEP     "cage" TEN TEN TEN
#define TOO_DEEP DEEP TEN TEN TEN TEN

static const struct world worlds[] = {
    {"the same", 0, NULL, false, MF_SAME_INODE, MF_FILE_PRESENT},
    {"another root", 0, "cage", false, MF_SAME_INODE, MF_FILE_PRESENT},
    {"another mount namespace", CLONE_NEWNS, NULL, false, MF_SAME_INODE, MF_FILE_PRESENT},
    {"another mount namespace and root", CLONE_NEWNS, "cage", false, MF_SAME_INODE, MF_FILE_PRESENT},
    {"a file below its own mount", CLONE_NEWNS, NULL, true, MF_SAME_INODE, MF_FILE_PRESENT},
    {"a root below 30 directories", 0, DEEP, false, MF_SAME_INODE, MF_FILE_PRESENT},
    {"a root below 70 directories", 0, TOO_DEEP, false, -ELOOP, MF_FILE_UNKNOWN}, /* a process can move it deeper */
    {"a user namespace", CLONE_NEWUSER, NULL, false, MF_SAME_INODE, MF_FILE_PRESENT},
};

static void fail_child(const char *what)
{
    perror(what);
    _exit(1);
}

static void live_in(const struct world *world, int ready, int hold)
{
    char byte = 0;
    void *at;
    int fd;

    if (syscall(SYS_unshare, world->flags) != 0)
        fail_child("unshare");
    if (world->covered &&
        (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "cage", "tmpfs", 0, NULL) != 0))
        fail_child("mount");
    if (world->covered)
        place_file("cage/file", 'C');
    if (world->root != NULL && (chroot(world->root) != 0 || chdir("/") != 0))
        fail_child("chroot");
    fd = open(world->root != NULL ? "/file" : "cage/file", O_RDONLY);
    at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        fail_child("mmap");
    close(fd); /* no link of the process leads to the file then */
    memcpy(shared, &at, sizeof at);
    if (write(ready, &byte, 1) != 1 || read(hold, &byte, 1) != 0)
        _exit(1);
    _exit(0);
}

/* Opens the file one way: the bytes are those of the child's file. */
static void open_as(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t how, int expected,
                    const struct world *world)
{
    char byte = 0;
    int fd = -1;
    const int rc = mf_file_open(process, mapping, name, how, &fd);

    CHECK(rc == expected || rc == MF_SAME_BYTES, "in %s: %d instead of %d", world->name, rc, expected);
    if (rc <= 0)
        return;
    CHECK(pread(fd, &byte, 1, 100) == 1 && byte == (world->covered ? 'C' : 'P'), "in %s: WRONG FILE: '%c'", world->name, byte);
    close(fd);
}

/* Opens the file that is at a path of the process: that of the mapping, and the one that the process used. */
static void open_path(struct mf_process *process, const struct mf_mapping *mapping, const char *name, const struct world *world)
{
    const char *const at_root = "/file";
    const char *const used = world->root != NULL ? at_root : name;
    const char expected = world->covered ? 'C' : 'P';

    if (mf_file_open_path(process, "/", MF_PATH_OF_PROCESS) == -ENOSYS) {
        printf("skipped in %s: no openat2(2)\n", world->name);
        return;
    }
    for (uint32_t options = 0; options <= MF_PATH_OF_PROCESS; options++) {
        char path[4096];
        char byte = 0;
        int fd;

        memcpy(path, name, mapping->name_length);
        path[mapping->name_length] = 0;
        fd = mf_file_open_path(process, options ? (used == name ? path : used) : path, options);
        if (options == 0 && world->by_path == -ELOOP) {
            CHECK_IS(fd, -ELOOP, world->name);
            continue;
        }
        CHECK(fd >= 0, "in %s, options %u: %d", world->name, options, fd);
        CHECK(pread(fd, &byte, 1, 100) == 1 && byte == expected, "in %s: WRONG FILE: '%c'", world->name, byte);
        close(fd);
    }
    CHECK_IS(mf_file_open_path(process, "/no/such/file", 0), world->by_path == -ELOOP ? -ELOOP : -ENOENT, "a path to nothing");
    CHECK_IS(mf_file_open_path(process, "/", MF_PATH_OF_PROCESS), -EIDRM, "a directory");
    CHECK_IS(mf_file_open_path(process, "/no/such/file", MF_PATH_OF_PROCESS), -ENOENT, "a path to nothing");
}

static void check_in(const struct world *world)
{
    struct mf_snapshot *snapshot = new_snapshot(512, 1 << 17);
    const struct mf_mapping *mapping;
    struct mf_process process;
    char name[4096];
    int ready[2];
    int hold[2];
    int status = 0;
    char byte;
    pid_t child;
    void *at;

    CHECK_IS(pipe(ready) | pipe(hold), 0, "pipe");
    child = fork();
    if (child == 0) {
        close(hold[1]);
        live_in(world, ready[1], hold[0]);
    }
    close(ready[1]);
    close(hold[0]);
    if (read(ready[0], &byte, 1) != 1) {
        waitpid(child, &status, 0);
        printf("skipped in %s: this machine does not make it\n", world->name);
        goto end;
    }
    memcpy(&at, shared, sizeof at);
    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    mapping = mapping_at(snapshot, (uintptr_t)at);
    if (mapping == NULL)
        abort();
    memcpy(name, mf_snapshot_name(snapshot, mapping), mapping->name_length);
    open_as(&process, mapping, name, 0, MF_EXACT, world);
    open_as(&process, mapping, name, MF_OPEN_BY_PATH, world->by_path, world);
    CHECK_IS(mf_file_state(&process, mapping, name), world->state, world->name);
    open_path(&process, mapping, name, world);
    mf_process_close(&process);
    close(hold[1]);
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, world->name);
end:
    free(snapshot);
}

/* Root of a user namespace has every capability, but in a namespace that does not count. */
static void as_root_of_a_user_namespace(void)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        if (syscall(SYS_unshare, CLONE_NEWUSER) != 0)
            _exit(CHECK_SKIPPED);
        _exit(mf_entries_follow_access() == -EPERM && mf_caller_privileges() & MF_CALLER_IN_USER_NAMESPACE ? 0 : 1);
    }
    waitpid(child, &status, 0);
    if (WEXITSTATUS(status) == CHECK_SKIPPED)
        puts("skipped: no user namespaces here");
    else
        CHECK_IS(status, 0, "following entries as root of a user namespace");
}

int main(void)
{
    const char *const directory = new_directory("reach");

    apply_lacking();
    as_root_of_a_user_namespace();
    if (mf_entries_follow_access() != 0 || geteuid() != 0) {
        rmdir(directory);
        puts("needs root");
        return CHECK_SKIPPED;
    }
    umask(0);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (chdir(directory) != 0 || mkdir("cage", 0777) != 0)
        return 1;
    place_file("cage/file", 'P');
    if (system("mkdir -p " TOO_DEEP) != 0)
        return 1;
    place_file(DEEP "/file", 'P');
    place_file(TOO_DEEP "/file", 'P');
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        check_in(&worlds[i]);
    return remove_directory(directory) == 0 ? check_result() : 1;
}
