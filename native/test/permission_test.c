/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers that may read maps of a process, but not list or follow map_files: what a path and the numbers verify is reported,
 * everything else is unknown, and no operation fails as a whole.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALL                (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)
#define CAPABILITY(number) (1ull << (number))
#define TARGET_USER        65533
#define CALLER_USER        65534

/* include/uapi/linux/landlock.h, Linux 5.13+, for builds with older headers. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif
#define LANDLOCK_MAKE_BLOCK_DEVICE (1ull << 11)

/* The mappings of the target. PLAIN and SHARED can be found by path. */
enum { PLAIN, SHARED, CLOSED, DELETED, REPLACED, MEMORY, MAPPINGS };

static const char *const names[MAPPINGS] = {"plain", "shared", "closed", "deleted", "replaced", "memfd"};
static void **places; /* addresses of the mappings, in memory that all processes of this test share */
static struct mf_process process;
static struct mf_snapshot *snapshot;

static int open_new(int which)
{
    const mode_t mode = which == CLOSED ? 0600 : 0644;
    const int fd = which == MEMORY ? (int)syscall(SYS_memfd_create, names[which], 0)
                                   : open(names[which], O_RDWR | O_CREAT | O_TRUNC, mode);

    if (fd < 0 || ftruncate(fd, PAGE) != 0 || pwrite(fd, names[which], 5, 0) != 5)
        abort();
    return fd;
}

static void be_target(int ready)
{
    if (setresgid(TARGET_USER, TARGET_USER, TARGET_USER) != 0 || setresuid(TARGET_USER, TARGET_USER, TARGET_USER) != 0 ||
        prctl(PR_SET_DUMPABLE, 1) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        _exit(1);
    for (int i = 0; i < MAPPINGS; i++) {
        const int fd = open_new(i);

        places[i] = mmap(NULL, PAGE, i == SHARED ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (places[i] == MAP_FAILED)
            _exit(1);
    }
    unlink(names[DELETED]);
    close(open("new", O_RDWR | O_CREAT, 0644));
    if (rename("new", names[REPLACED]) != 0 || write(ready, "", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

/* Another user with only these capabilities. */
static void keep_only(uint64_t capabilities)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    for (int i = 0; i < 2; i++)
        data[i].effective = data[i].permitted = (uint32_t)(capabilities >> 32 * i);
    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setresgid(CALLER_USER, CALLER_USER, CALLER_USER) != 0 ||
        setresuid(CALLER_USER, CALLER_USER, CALLER_USER) != 0)
        _exit(1);
    if (syscall(SYS_capset, &head, data) != 0)
        _exit(CHECK_SKIPPED);
}

static void with_perfmon(void)
{
    keep_only(CAPABILITY(38)); /* CAP_PERFMON */
}

static void with_ptrace(void)
{
    keep_only(CAPABILITY(CAP_SYS_PTRACE));
}

/* Root in a Landlock domain that forbids making block devices. Each domain forbids ptrace of processes outside of it. */
static void in_a_sandbox(void)
{
    const uint64_t handled = LANDLOCK_MAKE_BLOCK_DEVICE;
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);

    if (rules < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        printf("no Landlock: %s\n", strerror(errno));
        fflush(stdout);
        _exit(CHECK_SKIPPED);
    }
}

static const struct caller {
    const char *name;
    void (*become)(void);
    bool sees_root;    /* resolves paths from the root of the process, and so can find another file at a path */
    bool opens_closed; /* opens files of mode 0600 */
    int reason;        /* among those of mf_denial_reasons() */
    int privileges;    /* those of mf_caller_privileges(), without the namespace of this test */
} callers[] = {
    {"CAP_PERFMON alone", with_perfmon, false, false, MF_DENIED_USER, MF_CALLER_HAS_PERFMON},
    {"CAP_SYS_PTRACE alone", with_ptrace, true, false, MF_DENIED_USER, MF_CALLER_HAS_PTRACE},
    {"root in a Landlock domain", in_a_sandbox, false, true, MF_DENIED_POLICY,
     MF_CALLER_IS_ROOT | MF_CALLER_HAS_PTRACE | MF_CALLER_HAS_CHECKPOINT_RESTORE | MF_CALLER_HAS_PERFMON},
};

static const struct mf_mapping *mapping_of(int which)
{
    const struct mf_mapping *const mapping = mapping_at(snapshot, (uintptr_t)places[which]);

    if (mapping == NULL)
        abort();
    return mapping;
}

static bool is_numbered(void)
{
    return !is_on_fs(".", OVERLAYFS_SUPER_MAGIC) && !is_on_fs(".", BTRFS_SUPER_MAGIC);
}

static void entries_are_read(const struct caller *caller, uint32_t what)
{
    const size_t bytes = mf_entries_bytes(512, 1 << 17);
    struct mf_entries *const entries = malloc(bytes);
    uint32_t with_file = 0;
    uint32_t found = 0;

    CHECK_IS(mf_entries_init(entries, bytes, 512, 1 << 17), 0, "init");
    CHECK_IS(mf_entries_read(&process, snapshot, what, entries), 0, caller->name);
    for (uint32_t i = 0; i < snapshot->mapping_count; i++)
        with_file += (mf_snapshot_mappings(snapshot)[i].flags & MF_FILE_BACKED) != 0;
    CHECK_IS(entries->entry_count, with_file, "an entry for each mapping with a file");
    for (uint32_t i = 0; i < entries->entry_count; i++) {
        const struct mf_entry *const entry = &mf_entries_first(entries)[i];
        const char *const target = mf_entries_target(entries, entry);

        CHECK_IS(entry->stat_error, -EPERM, "its stat");
        CHECK(entry->access_error == (what & MF_ENTRY_ACCESS ? 0 : -ENODATA) || entry->access_error == -EPERM, "its access: %d",
              entry->access_error);
        CHECK(entry->target_error == 0 || (entry->target_error == -EPERM && !has_query(&process)), "its target: %d",
              entry->target_error);
        if (entry->start == (uintptr_t)places[PLAIN] && entry->target_error == 0) {
            found++;
            CHECK(memcmp(target + entry->target_length - 6, "/plain", 6) == 0, "%.*s", (int)entry->target_length, target);
        }
        if (what & MF_ENTRY_ACCESS && entry->start == (uintptr_t)places[SHARED])
            CHECK(entry->access_error == 0 && entry->flags & MF_WRITABLE, "shared and writable takes a file open for both");
    }
    CHECK(found == 1 || !has_query(&process), "the plain file");
    free(entries);
}

static void one_entry_is_read(const struct caller *caller, int which)
{
    const struct mf_mapping *const mapping = mapping_of(which);
    struct mf_entry entry;
    char target[MF_NAME_MAX];

    CHECK_IS(mf_entry_read(&process, mapping, mf_snapshot_name(snapshot, mapping), ALL, &entry, target), 0, caller->name);
    CHECK_IS(entry.stat_error, -EPERM, names[which]);
}

static void file_is(const struct caller *caller, int which, int opened, int quick, int state)
{
    const struct mf_mapping *const mapping = mapping_of(which);
    const char *const name = mf_snapshot_name(snapshot, mapping);
    char bytes[5];
    int fd = -1;
    const int rc = mf_file_open(&process, mapping, name, 0, &fd);

    CHECK(rc == opened, "%s: opening %s: %d instead of %d", caller->name, names[which], rc, opened);
    CHECK_IS(fd >= 0, rc >= 0, "a descriptor");
    if (fd >= 0) {
        CHECK(pread(fd, bytes, 5, 0) == 5 && memcmp(bytes, names[which], 5) == 0, "WRONG FILE");
        close(fd);
    }
    CHECK(mf_file_quick_verify(&process, mapping, name) == quick, "%s: quick verification of %s: %d instead of %d",
          caller->name, names[which], mf_file_quick_verify(&process, mapping, name), quick);
    CHECK(mf_file_state(&process, mapping, name) == state, "%s: the state of %s: %d instead of %d", caller->name, names[which],
          mf_file_state(&process, mapping, name), state);
    CHECK(mf_file_sharing_domain(&process, mapping, name) >= 0, "%s: the scope of %s", caller->name, names[which]);
    CHECK(mf_deletion(&process, mapping, name) >= 0, "%s: whether %s is deleted", caller->name, names[which]);
}

static void files_are_found_by_path(const struct caller *caller)
{
    const int another = caller->sees_root ? -EIDRM : -EPERM;

    file_is(caller, PLAIN, MF_SAME_INODE, MF_SAME_INODE, MF_FILE_PRESENT);
    file_is(caller, SHARED, MF_SAME_INODE, MF_SAME_INODE, MF_FILE_PRESENT);
    file_is(caller, CLOSED, caller->opens_closed ? MF_SAME_INODE : -EACCES, MF_SAME_INODE, MF_FILE_PRESENT);
    file_is(caller, DELETED, another, MF_NOT_VERIFIED, caller->sees_root ? MF_FILE_PATH_REMOVED : MF_FILE_UNKNOWN);
    file_is(caller, REPLACED, another, MF_NOT_VERIFIED, caller->sees_root ? MF_FILE_REPLACED : MF_FILE_UNKNOWN);
    file_is(caller, MEMORY, -EPERM, MF_NOT_VERIFIED, MF_FILE_DELETED);
}

static void check_as(const struct caller *caller, pid_t target)
{
    int rc;

    caller->become();
    rc = mf_process_open_pid(target, &process);
    if (rc == -EACCES) {
        printf("this kernel does not let it read maps: before Linux 6.13\n");
        fflush(stdout);
        _exit(CHECK_SKIPPED);
    }
    CHECK_IS(rc, 0, caller->name);
    snapshot = new_snapshot(512, 1 << 17);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    CHECK_IS(mf_entries_list_access(&process), -EACCES, "listing, checked beforehand");
    CHECK(mf_denial_reasons(target) & caller->reason, "%s: the reasons: %d", caller->name, mf_denial_reasons(target));
    CHECK_IS(mf_caller_privileges() & ~MF_CALLER_IN_USER_NAMESPACE, caller->privileges, "the caller's privileges");
    entries_are_read(caller, ALL);
    entries_are_read(caller, ALL | MF_ENTRY_AS_READ);
    entries_are_read(caller, MF_ENTRY_TARGET | MF_ENTRY_STAT | MF_ENTRY_AS_READ);
    for (int i = 0; i < MAPPINGS; i++)
        one_entry_is_read(caller, i);
    if (is_numbered())
        files_are_found_by_path(caller);
    mf_process_close(&process);
    free(snapshot);
    fflush(stdout);
    _exit(check_result());
}

static void try_callers(pid_t target)
{
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        int status = 0;
        pid_t child;

        fflush(stdout);
        child = fork();
        if (child == 0)
            check_as(&callers[i], target);
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIPPED)
            printf("skipped: %s\n", callers[i].name);
        else
            CHECK_IS(status, 0, callers[i].name);
    }
}

int main(void)
{
    const char *directory;
    int ready[2];
    pid_t target;
    char byte;

    skip_if_emulated();
    directory = new_directory("permission");
    if (geteuid() != 0) {
        rmdir(directory);
        puts("needs root, to become other users");
        return CHECK_SKIPPED;
    }
    umask(0);
    chmod(directory, 0777);
    places = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (places == MAP_FAILED || chdir(directory) != 0 || pipe(ready) != 0)
        return 1;
    target = fork();
    if (target == 0)
        be_target(ready[1]);
    close(ready[1]);
    if (read(ready[0], &byte, 1) == 1)
        try_callers(target);
    else
        CHECK(false, "the target could not map its files");
    kill(target, SIGKILL);
    waitpid(target, NULL, 0);
    return remove_directory(directory) == 0 ? check_result() : 1;
}
