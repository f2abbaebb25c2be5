/* SPDX-License-Identifier: Apache-2.0 */
/* Files without a path, without capabilities: through /proc/<pid>/exe and /proc/<pid>/fd of the process that maps them. */
#include "lacking.h"
#include "places.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

static struct mf_process process;
static struct mf_snapshot *snapshot;
static struct mf_mapping mapping;
static char name[MF_NAME_MAX];
static const struct place *place;
static int round_number;

static const char *path_of(const char *file)
{
    static char paths[2][256];
    static int turn;
    char *const path = paths[turn++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s %d", place->seen, file, round_number);
    return path;
}

static bool is_numbered(void)
{
    return !is_on_fs(place->seen, OVERLAYFS_SUPER_MAGIC) && !is_on_fs(place->seen, BTRFS_SUPER_MAGIC);
}

static void keep_record(const struct mf_mapping *found)
{
    if (found == NULL)
        abort();
    mapping = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
}

static void *map_it(int fd)
{
    void *const at = mmap(NULL, 3 * 4096, PROT_READ, MAP_SHARED, fd, 0);

    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    keep_record(mapping_at(snapshot, (uintptr_t)at));
    return at;
}

/* Checks the result of opening; the file is full of this letter. */
static int opened(char letter)
{
    char byte = 0;
    int fd = -1;
    const int rc = mf_file_open(&process, &mapping, name, 0, &fd);

    CHECK_IS(fd >= 0, rc >= 0, "a descriptor");
    if (rc < 0)
        return rc;
    CHECK(letter == 0 || (pread(fd, &byte, 1, 4096 + 17) == 1 && byte == letter), "%s: WRONG FILE '%c' instead of '%c'",
          place->name, byte, letter);
    close(fd);
    return rc;
}

/* On file systems whose numbers do not verify, the content does, and the number of links is unknown. */
static void is_had(char letter, int state, const char *what)
{
    const int rc = opened(letter);

    CHECK_IS(rc, is_numbered() ? MF_SAME_INODE : MF_SAME_BYTES, what);
    if (is_numbered()) {
        CHECK_IS(mf_file_quick_verify(&process, &mapping, name), MF_SAME_INODE, what);
        CHECK_IS(mf_file_state(&process, &mapping, name), state, what);
    }
}

static void a_deleted_file_that_is_open(void)
{
    int fd;
    int same_name;
    void *at;

    place_file(path_of("deleted"), 'D');
    fd = open(path_of("deleted"), O_RDONLY);
    at = map_it(fd);
    unlink(path_of("deleted"));
    is_had('D', MF_FILE_DELETED, "deleted and open");
    place_file(path_of("deleted"), 'X'); /* another open file whose link has the same text */
    same_name = open(path_of("deleted"), O_RDONLY);
    dup2(same_name, fd + 40);
    is_had('D', MF_FILE_REPLACED, "replaced");
    unlink(path_of("deleted"));
    dup2(fd, fd + 41);
    close(fd);
    if (is_on_fs(place->seen, OVERLAYFS_SUPER_MAGIC)) /* one file of that name is tried, and its content differs */
        CHECK_IS(opened('D'), -EIDRM, "deleted, as another file of its name");
    else
        is_had('D', MF_FILE_DELETED, "deleted, as another file of its name");
    close(fd + 41);
    if (is_numbered()) {
        CHECK_IS(opened('D'), -EIDRM, "not open any more");
        CHECK_IS(mf_file_state(&process, &mapping, name), MF_FILE_PATH_REMOVED, "not open any more");
    }
    close(same_name);
    close(fd + 40);
    munmap(at, 3 * 4096);
}

static void a_file_by_another_name(void)
{
    int fd;
    void *at;

    place_file(path_of("linked"), 'L');
    fd = open(path_of("linked"), O_RDONLY);
    at = map_it(fd);
    CHECK_IS(link(path_of("linked"), path_of("other")), 0, "link");
    unlink(path_of("linked"));
    is_had('L', MF_FILE_UNLINKED, "unlinked");
    unlink(path_of("other"));
    close(fd);
    munmap(at, 3 * 4096);
}

/* The caller has a descriptor of a process whose directory it can no longer enter. */
static void a_file_below_a_closed_directory(void)
{
    char directory[256];
    char path[300];
    int fd;
    void *at;

    snprintf(directory, sizeof directory, "%s", path_of("closed"));
    snprintf(path, sizeof path, "%s/file", directory);
    CHECK_IS(mkdir(directory, 0777), 0, "mkdir");
    place_file(path, 'C');
    fd = open(path, O_RDONLY);
    at = map_it(fd);
    chmod(directory, 0);
    CHECK_IS(opened('C'), is_numbered() ? MF_SAME_INODE : MF_SAME_BYTES, "below a closed directory");
    chmod(directory, 0777);
    close(fd);
    munmap(at, 3 * 4096);
}

static void a_memfd_that_is_open(void)
{
    const int fd = (int)syscall(SYS_memfd_create, "memory", 0);
    char page[4096];
    void *at;

    memset(page, 'M', sizeof page);
    if (pwrite(fd, page, sizeof page, 4096) != sizeof page)
        abort();
    at = map_it(fd);
    CHECK_IS(opened('M'), MF_SAME_INODE, "a memfd");
    close(fd);
    CHECK_IS(opened('M'), -EPERM, "a memfd that is not open");
    munmap(at, 3 * 4096);
}

/* This program again, which deletes its own file. */
static int be_deleted(const char *path)
{
    char byte = 0;

    if (unlink(path) != 0 || write(1, &byte, 1) != 1)
        return 1;
    return read(0, &byte, 1) == 0 ? 0 : 1;
}

static void a_deleted_program(void)
{
    const struct mf_process own = process;
    char command[600];
    int ready[2];
    int hold[2];
    int status = 0;
    char byte;
    pid_t child;

    snprintf(command, sizeof command, "cp /proc/%d/exe '%s'", (int)getpid(), path_of("program"));
    CHECK_IS(system(command), 0, "copy");
    CHECK_IS(pipe(ready) | pipe(hold), 0, "pipe");
    child = fork();
    if (child == 0) {
        dup2(hold[0], 0);
        dup2(ready[1], 1);
        close(hold[1]);
        execl(path_of("program"), path_of("program"), "be deleted", (char *)NULL);
        _exit(1);
    }
    close(hold[0]);
    close(ready[1]);
    if (read(ready[0], &byte, 1) == 1) {
        CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
        CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
        for (uint32_t i = 0; i < snapshot->mapping_count; i++)
            if (memmem(mf_snapshot_name(snapshot, &mf_snapshot_mappings(snapshot)[i]),
                       mf_snapshot_mappings(snapshot)[i].name_length, "/program", 8) != NULL) {
                keep_record(&mf_snapshot_mappings(snapshot)[i]);
                break;
            }
        is_had(0, MF_FILE_DELETED, "a deleted program");
        mf_process_close(&process);
    } else {
        CHECK(false, "the program runs on %s", place->name);
    }
    close(hold[1]);
    close(ready[0]);
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "the program");
    process = own;
}

/* The process chooses its number of descriptors: the first 512 are searched. */
static void a_deleted_file_after_many_descriptors(void)
{
    int others[600];
    int fd;
    void *at;

    if (!is_numbered())
        return;
    place_file(path_of("far"), 'F');
    for (int i = 0; i < 600; i++)
        others[i] = open("/dev/null", O_RDONLY);
    fd = open(path_of("far"), O_RDONLY);
    at = map_it(fd);
    unlink(path_of("far"));
    CHECK(fd > 600, "descriptor %d", fd);
    CHECK_IS(opened('F'), -EIDRM, "behind 600 descriptors");
    CHECK_IS(mf_file_quick_verify(&process, &mapping, name), MF_NOT_VERIFIED, "behind 600 descriptors");
    for (int i = 0; i < 200; i++)
        close(others[i]);
    is_had('F', MF_FILE_DELETED, "behind 400 descriptors");
    for (int i = 200; i < 600; i++)
        close(others[i]);
    close(fd);
    munmap(at, 3 * 4096);
}

/* Links do not verify there either. A process may have thousands of descriptors, and hundreds of such mappings. */
static void no_links_are_read_without_need(void)
{
    int status = 0;
    pid_t child;
    int fd;
    void *at;

    place_file(path_of("plain"), 'P');
    fd = open(path_of("plain"), O_RDONLY);
    at = map_it(fd);
    close(fd);
    child = fork();
    if (child == 0) {
        FILTER_CALLS(LOAD(CALL), WHERE(SYS_getdents64, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL), ALLOW);
        _exit(mf_file_state(&process, &mapping, name));
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, (is_numbered() ? MF_FILE_PRESENT : MF_FILE_UNKNOWN) << 8, place->name);
    munmap(at, 3 * 4096);
}

static void try_place(void)
{
    round_number++;
    no_links_are_read_without_need();
    a_deleted_file_that_is_open();
    a_deleted_file_after_many_descriptors();
    a_file_by_another_name();
    a_file_below_a_closed_directory();
    a_deleted_program();
}

static void try_all(void)
{
    bool is_made[PLACES] = {false};
    const bool mounted = places_prepare() == 0;
    int descriptors;

    for (int i = 0; i < (mounted ? PLACES : 1); i++)
        is_made[i] = place_is_made(&places[i]);
    CHECK_IS(system("chmod -R a+rwX ."), 0, "chmod");
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
        abort();
    CHECK_IS(mf_entries_follow_access(), -EPERM, "without capabilities");
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(mf_entries_list_access(&process), 0, "list");
    descriptors = count_descriptors();
    for (int i = 0; i < PLACES; i++) {
        place = &places[i];
        if (is_made[i])
            try_place();
    }
    a_memfd_that_is_open();
    CHECK_IS(count_descriptors(), descriptors, "descriptors");
    mf_process_close(&process);
}

int main(int count, char **arguments)
{
    if (count > 1)
        return be_deleted(arguments[0]);
    skip_if_emulated();
    apply_lacking();
    snapshot = new_snapshot(1024, 1 << 18);
    return run_in_directory("link", try_all);
}
