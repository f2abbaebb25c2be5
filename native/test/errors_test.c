/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of files and missing resources are reported as such, and never as a state of the process or the file. */
#include "lacking.h"
#include "places.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

static struct mf_process process;
static struct mf_snapshot *snapshot;
static struct mf_mapping mapping;
static char name[MF_NAME_MAX];
static const struct place *place;

static void map_here(const char *path)
{
    const struct mf_mapping *found;
    const int fd = open(path, O_RDONLY);
    void *const at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

    close(fd);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)at);
    if (at == MAP_FAILED || found == NULL)
        abort();
    mapping = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
}

/* ---- Few descriptors ---- */

/* Returns the result of an operation. A returned descriptor is closed. */
typedef int options(void);

static int open_it(void)
{
    int fd = -1;
    const int rc = mf_file_open(&process, &mapping, name, 0, &fd);

    if (fd >= 0)
        close(fd);
    return rc;
}

static int open_it_by_path(void)
{
    int fd = -1;
    const int rc = mf_file_open(&process, &mapping, name, MF_OPEN_BY_PATH, &fd);

    if (fd >= 0)
        close(fd);
    return rc;
}

static int verify_it_quickly(void)
{
    return mf_file_quick_verify(&process, &mapping, name);
}

static int find_its_state(void)
{
    return mf_file_state(&process, &mapping, name);
}

static int find_its_scope(void)
{
    return (int)mf_file_sharing_domain(&process, &mapping, name);
}

static int stat_it(void)
{
    struct mf_entry entry;
    char target[MF_NAME_MAX];
    const int rc = mf_entry_read(&process, &mapping, name, MF_ENTRY_STAT, &entry, target);

    return rc < 0 ? rc : entry.stat_error;
}

static int find_whether_it_is_deleted(void)
{
    struct mf_mapping suffixed = mapping;

    memcpy(name + mapping.name_length, " (deleted)", 10);
    suffixed.name_length += 10;
    suffixed.flags |= MF_SUFFIXED;
    return mf_deletion(&process, &suffixed, name);
}

static int list(void)
{
    struct mf_process again;
    int rc = mf_process_open_self(&again);

    if (rc < 0)
        return rc;
    rc = mf_entries_list_access(&again);
    mf_process_close(&again);
    return rc;
}

static int find_reasons_of_events(void)
{
    return mf_events_denial_reasons();
}

static int find_reasons(void)
{
    return mf_denial_reasons(mf_process_pid(&process));
}

static const struct {
    const char *name;
    options *ask;
} questions[] = {
    {"open", open_it},
    {"open by path", open_it_by_path},
    {"verify quickly", verify_it_quickly},
    {"state", find_its_state},
    {"scope", find_its_scope},
    {"stat", stat_it},
    {"deletion", find_whether_it_is_deleted},
    {"may follow", mf_entries_follow_access},
    {"may list", list},
    {"reasons of events", find_reasons_of_events},
    {"reasons", find_reasons},
};

/* Runs an operation with a number of descriptors left. */
static int query_with(options *ask, unsigned left)
{
    struct rlimit usual;
    struct rlimit few;
    int fds[64];
    int rc;

    getrlimit(RLIMIT_NOFILE, &usual);
    few = usual;
    few.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < 64; i++)
        fds[i] = dup(0);
    for (int i = 63; i >= 0; i--)
        if (fds[i] >= 0 && left > 0) {
            close(fds[i]);
            fds[i] = -1;
            left--;
        }
    rc = ask();
    for (int i = 0; i < 64; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    setrlimit(RLIMIT_NOFILE, &usual);
    return rc;
}

/* The result is the usual one, or reports missing descriptors. */
static void descriptors_run_out(const char *who)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const int usual = questions[i].ask();
        int refused = 0;

        for (unsigned left = 0; left < 10; left++) {
            const int rc = query_with(questions[i].ask, left);

            CHECK(rc == usual || rc == -EMFILE, "%s as %s on %s with %u descriptors left: %d instead of %d", questions[i].name,
                  who, place->name, left, rc, usual);
            refused += rc == -EMFILE;
        }
        CHECK(refused < 10, "%s: 10 descriptors are enough", questions[i].name);
    }
}

static void on_each_place(const char *who)
{
    static char path[256];

    for (int i = 0; i < PLACES; i++) {
        place = &places[i];
        snprintf(path, sizeof path, "%s/file", place->seen);
        if (access(path, F_OK) != 0)
            continue;
        map_here(path);
        descriptors_run_out(who);
    }
}

/* ---- A lease ---- */

static void hold_a_lease(int ready, void *at)
{
    char byte = 0;
    const int fd = open("leased", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGIO, SIG_IGN); /* the kernel asks for the lease by this signal */
    if (mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) != at || fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
        byte = 1;
    if (write(ready, &byte, 1) != 1)
        _exit(1);
    pause();
}

static void a_file_with_a_lease(void)
{
    void *const at = (void *)0x200000000000;
    const struct mf_process own = process;
    const struct mf_mapping *found;
    int ready[2];
    char byte = 1;
    pid_t child;

    place_file("leased", 'L');
    CHECK_IS(pipe(ready), 0, "pipe");
    child = fork();
    if (child == 0)
        hold_a_lease(ready[1], at);
    if (read(ready[0], &byte, 1) != 1 || byte != 0) {
        puts("skipped: no leases here");
    } else {
        CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
        CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
        found = mapping_at(snapshot, (uintptr_t)at);
        if (found == NULL)
            abort();
        mapping = *found;
        memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
        CHECK(verify_it_quickly() > 0 || is_on_fs(".", OVERLAYFS_SUPER_MAGIC), "not opened: the lease stays");
        CHECK_IS(open_it(), -EAGAIN, "a lease");
        CHECK_IS(open_it_by_path(), -EAGAIN, "a lease, by path");
        CHECK_IS(find_its_state(), MF_FILE_PRESENT, "its state");
        mf_process_close(&process);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    process = own;
}

/* ---- Errors of file systems ---- */

/* A filter returns the error of a file system for the system calls by which the core opens files of mappings. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static const struct {
    int said; /* the errno of open(2) of the file */
    int expected;
} of_files[] = {
    {EIO, -EIO},    {EAGAIN, -EAGAIN}, {EACCES, -EACCES}, {EPERM, -EACCES}, {ENXIO, -EUNATCH},    {ENODEV, -EUNATCH},
    {ENOENT, -EIO}, {ESRCH, -EIO},     {ECHILD, -EIO},    {ESTALE, -EIO},   {EBADF, -EIO},        {EINVAL, -EIO},
    {EIDRM, -EIO},  {ENODATA, -EIO},   {ENOTSUP, -EIO},   {ENOTTY, -EIO},   {ENAMETOOLONG, -EIO}, {ETXTBSY, -ETXTBSY},
    {EFBIG, -EIO},  {EMFILE, -EMFILE}, {ENOMEM, -ENOMEM},
};

static void an_error_of_the_file_system(size_t i)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        check_failures = 0;
        CHECK_IS(mf_process_open_self(&process), 0, "open");
        map_here("here/file");
        CHECK_IS(mf_entries_list_access(&process), 0, "list");
        FILTER_CALLS(LOAD(CALL), WHERE(SYS_openat, 0, 3), LOAD(ARGUMENT(2)), WHERE(FILE_FLAGS, 0, 1),
                     FAIL((uint32_t)of_files[i].said), ALLOW);
        if (mf_entries_follow_access() == 0)
            CHECK_IS(open_it(), of_files[i].expected, strerror(of_files[i].said));
        CHECK_IS(open_it_by_path(), of_files[i].expected, strerror(of_files[i].said));
        exit(check_failures != 0);
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, strerror(of_files[i].said));
}

static void try_all(void)
{
    const bool mounted = places_prepare() == 0;

    for (int i = 0; i < (mounted ? PLACES : 1); i++)
        if (place_is_made(&places[i])) {
            char path[256];

            snprintf(path, sizeof path, "%s/file", places[i].source);
            place_file(path, 'F');
        }
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(system("chmod -R a+rwX ."), 0, "chmod");
    a_file_with_a_lease();
    for (size_t i = 0; i < sizeof of_files / sizeof *of_files; i++)
        an_error_of_the_file_system(i);
    on_each_place("this user");
    mf_process_close(&process);
    if (geteuid() != 0)
        return;
    if (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        abort();
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    on_each_place("nobody");
    mf_process_close(&process);
}

/* 41 and 58 are other names of EAGAIN and EDEADLK, and no numbers of their own. */
static void each_error_has_a_text(void)
{
    for (int error = 0; error <= EHWPOISON; error++) {
        const char *text = mf_strerror(-error);
        const bool is_known = strcmp(text, "unknown error") != 0;
        CHECK(is_known == (error != 41 && error != 58), "%d: %s", error, text);
    }
    CHECK(strcmp(mf_strerror(-ELOOP), "ELOOP") == 0, "%s", mf_strerror(-ELOOP));
    const int unknown[] = {1, -EHWPOISON - 1, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        CHECK(strcmp(mf_strerror(unknown[i]), "unknown error") == 0, "%d", unknown[i]);
}

int main(void)
{
    each_error_has_a_text();
    skip_if_emulated();
    apply_lacking();
    snapshot = new_snapshot(1024, 1 << 18);
    return run_in_directory("errors", try_all);
}
