/* SPDX-License-Identifier: Apache-2.0 */
/* The file that is opened is the mapped one, on every file system, or none is: through map_files, and by path. */
#include "lacking.h"
#include "places.h"

#include <linux/fs.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static struct mf_process process;
static struct mf_snapshot *snapshot;
static const struct place *place;
static bool is_made[PLACES];
static int round_number;
static const char *way; /* that files are opened: "entry", "path", "nobody" */
static bool is_wrong;   /* what was opened last */
static char *next_place = (char *)0x300000000000; /* free of sanitizers, too */

/* A mapping made before, and the letter that its file was full of then. */
struct made {
    void *at;
    char letter;
    struct mf_mapping mapping;
    char name[4096];
};

/* Path of a file in a directory of the place: another one in each round, as overlayfs hides what was once deleted. */
static const char *path_in(const char *directory, const char *name)
{
    static char paths[2][256];
    static int turn;
    char *const path = paths[turn++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s %d", directory, name, round_number);
    return path;
}

static struct made map_in(const char *name, char letter, int prot, int flags)
{
    struct made made = {.letter = letter};
    const struct mf_mapping *found;
    int fd;

    fd = open(path_in(place->seen, name), prot & PROT_WRITE && flags & MAP_SHARED ? O_RDWR : O_RDONLY);
    /* Never where another file was: the kernel would go on to show how that one was opened. */
    made.at = mmap(next_place, 3 * 4096, prot, flags | MAP_FIXED, fd, 0);
    next_place += 16 * 4096;
    close(fd);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = made.at == MAP_FAILED ? NULL : mapping_at(snapshot, (uintptr_t)made.at);
    if (found == NULL)
        abort();
    made.mapping = *found;
    memcpy(made.name, mf_snapshot_name(snapshot, found), found->name_length);
    return made;
}

static struct made map_file(const char *name, char letter)
{
    place_file(path_in(place->source, name), letter);
    return map_in(name, letter, PROT_READ, MAP_PRIVATE);
}

/* One line of the table that ci/kernels prints. */
static void tell(const char *what, const char *verdict)
{
    printf("RESULT\t%s\t%s\t%s\t%s\n", place->name, what, way, verdict);
}

/* What opening answers. Whatever it hands out verified has the bytes that are mapped: all of the file's are that letter. */
/* Without a name: the same answer, or that it takes more. */
static void compare_at_once(const struct made *made, uint32_t how, int rc)
{
    int fd = -2;
    const int at_once = mf_file_open(&process, &made->mapping, NULL, how | MF_OPEN_ENTRY_ONLY, &fd);

    CHECK(at_once == -EAGAIN || at_once == rc, "%s: at once %d, else %d", place->name, at_once, rc);
    CHECK_IS(fd >= 0, at_once >= 0, "a descriptor, at once");
    CHECK(at_once < 0 || at_once == MF_EXACT, "%s: at once %d", place->name, at_once);
    if (fd >= 0)
        close(fd);
}

static int opened(const struct made *made, uint32_t how)
{
    char bytes[4096];
    int fd = -2;
    const int rc = mf_file_open(&process, &made->mapping, made->name, how, &fd);

    is_wrong = false;
    if (!(how & MF_OPEN_BY_PATH))
        compare_at_once(made, how, rc);
    CHECK_IS(fd >= 0, rc >= 0, "a descriptor");
    if (rc < 0)
        return rc;
    CHECK(rc != MF_NOT_VERIFIED || how & MF_OPEN_UNVERIFIED, "%s: not verified, and handed out", place->name);
    CHECK_IS(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC, "close on exec");
    CHECK_IS(pread(fd, bytes, sizeof bytes, 4096), sizeof bytes, "read");
    is_wrong = rc != MF_NOT_VERIFIED && bytes[17] != made->letter;
    CHECK(!is_wrong, "%s: WRONG FILE: '%c' instead of '%c' under proof %d", place->name, bytes[17], made->letter, rc);
    close(fd);
    return rc;
}

static int opened_and_told(const char *what, const struct made *made, uint32_t how)
{
    const int rc = opened(made, how);

    tell(what, is_wrong ? "WRONG" : rc > 0 && rc != MF_NOT_VERIFIED ? "right" : "unknown");
    return rc;
}

/* What became of the file: as expected, or not known; that the file is gone is all that can be known of a deleted one. */
static void state_is(int expected, const char *what, const struct made *made)
{
    const int state = mf_file_state(&process, &made->mapping, made->name);
    const bool right = state == expected || (state == MF_FILE_PATH_REMOVED && expected == MF_FILE_DELETED);

    CHECK(right || state == MF_FILE_UNKNOWN, "%s: %s: WRONG STATE %d", place->name, what, state);
    tell(what, right ? "right" : state == MF_FILE_UNKNOWN ? "unknown" : "WRONG");
}

static bool is_overlay(void)
{
    return is_on_fs(place->seen, OVERLAYFS_SUPER_MAGIC);
}

static bool is_numbered(void)
{
    return !is_overlay() && !is_on_fs(place->seen, BTRFS_SUPER_MAGIC);
}

/* At a glance the build ID of an image is what the kernel says, where it does. */
static int proof_of_image_at_a_glance(int proof)
{
    return proof != MF_SAME_BYTES ? proof : has_query(&process) ? MF_SAME_BUILD_ID : MF_NOT_VERIFIED;
}

static int proof_by_entry(void)
{
    return is_overlay() ? MF_SAME_BYTES : MF_EXACT;
}

static int proof_by_path(void)
{
    return is_numbered() ? MF_SAME_INODE : MF_SAME_BYTES;
}

static void the_file_stays(uint32_t how, int proof)
{
    const struct made made = map_file("stays", 'A');

    CHECK_IS(opened_and_told("stays", &made, how), proof, place->name);
    state_is(MF_FILE_PRESENT, "state: stays", &made);
    if (!(how & MF_OPEN_BY_PATH)) /* no bytes are compared: none of these is an image with a build ID */
        CHECK_IS(mf_file_quick_verify(&process, &made.mapping, made.name), proof == MF_SAME_BYTES ? MF_NOT_VERIFIED : proof,
                 "at a glance");
    munmap(made.at, 3 * 4096);
    CHECK_IS(opened(&made, how), -ESTALE, "unmapped");
}

static void the_file_is_deleted(uint32_t how, int expected)
{
    const struct made made = map_file("deleted", 'B');

    unlink(path_in(place->seen, "deleted"));
    CHECK_IS(opened_and_told("deleted", &made, how), expected, "deleted");
    state_is(MF_FILE_DELETED, "state: deleted", &made);
    munmap(made.at, 3 * 4096);
}

static void the_file_is_replaced(uint32_t how, int expected)
{
    const struct made made = map_file("replaced", 'C');

    place_file(path_in(place->seen, "new"), 'X');
    rename(path_in(place->seen, "new"), path_in(place->seen, "replaced"));
    CHECK_IS(opened_and_told("replaced", &made, how), expected, "renamed over");
    state_is(MF_FILE_REPLACED, "state: replaced", &made);
    munmap(made.at, 3 * 4096);
}

/* What opening a file answers of which overlayfs has made a copy. By path it is not known how that came about. */
static int copied_up(void)
{
    return strcmp(way, "entry") == 0 ? -EREMCHG : -EIDRM;
}

/* Somebody opens the path for writing: on overlayfs a mapping of the lower layer keeps its bytes, and nothing leads there. */
static void the_file_is_changed(uint32_t how)
{
    struct made made = map_file("changed", 'D');
    char first = ((volatile char *)made.at)[4096 + 17];
    int rc;

    place_file(path_in(place->seen, "changed"), 'Y');
    made.letter = ((volatile char *)made.at)[4096 + 17];
    rc = opened_and_told("written to", &made, how | MF_OPEN_UNVERIFIED);
    if (made.letter == first) /* the old bytes stay mapped */
        CHECK_IS(rc, copied_up(), "copied up");
    else
        CHECK(rc > 0, "%s: changed in place: %d", place->name, rc);
    if (made.letter == first)
        state_is(MF_FILE_COPIED, "state: copied up", &made);
    munmap(made.at, 3 * 4096);
}

static void the_process_changed_its_pages(uint32_t how, int proof)
{
    struct made made;

    place_file(path_in(place->source, "written"), 'E');
    made = map_in("written", 'E', PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(made.at, 'Z', 4096);
    CHECK_IS(opened(&made, how), proof, "one page changed privately");
    memset(made.at, 'Z', 3 * 4096);
    CHECK_IS(opened(&made, how), proof == MF_SAME_BYTES ? -ENODATA : proof, "all pages changed privately");
    CHECK_IS(opened(&made, how | MF_OPEN_UNVERIFIED), proof == MF_SAME_BYTES ? MF_NOT_VERIFIED : proof, "asked for by name");
    munmap(made.at, 3 * 4096);
}

/* Any other file might have them, too. */
static void zeros_are_no_proof(uint32_t how, int proof)
{
    struct made made = map_file("zeros", 0);

    CHECK_IS(opened(&made, how), proof == MF_SAME_BYTES ? -ENODATA : proof, "nothing but zeros");
    munmap(made.at, 3 * 4096);
}

static void the_range_changes(uint32_t how)
{
    struct made made = map_file("split", 'F');
    struct made other;

    mprotect((char *)made.at + 4096, 4096, PROT_NONE);
    CHECK_IS(opened(&made, how), -ESTALE, "split by mprotect");
    mprotect((char *)made.at + 4096, 4096, PROT_READ);
    CHECK(opened(&made, how) > 0, "merged again");
    other = map_file("other", 'G');
    mremap(other.at, 3 * 4096, 3 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, made.at);
    CHECK_IS(opened(&made, how), -ESTALE, "another file in the same range");
    munmap(made.at, 3 * 4096);
}

/* Two mappings become one: neither is there any more. */
static void the_range_is_merged(uint32_t how)
{
    struct made made = map_file("merged", 'K');
    struct made first;

    mprotect((char *)made.at + 4096, 4096, PROT_NONE);
    first = made;
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    first.mapping = *mapping_at(snapshot, (uintptr_t)made.at);
    CHECK_IS(first.mapping.end - first.mapping.start, 4096, "a mapping of its own");
    mprotect((char *)made.at + 4096, 4096, PROT_READ);
    CHECK_IS(opened(&first, how), -ESTALE, "merged with its neighbours");
    CHECK_IS(mf_file_quick_verify(&process, &first.mapping, first.name), -ESTALE, "merged with its neighbours");
    CHECK_IS(mf_file_state(&process, &first.mapping, first.name), -ESTALE, "merged with its neighbours");
    munmap(made.at, 3 * 4096);
}

static void writing(uint32_t how)
{
    struct made made = map_file("read only", 'H');
    int proof;

    CHECK_IS(opened(&made, how | MF_OPEN_WRITABLE), -EBADF, "the process opened it for reading");
    munmap(made.at, 3 * 4096);
    place_file(path_in(place->source, "read-write"), 'I');
    made = map_in("read-write", 'I', PROT_READ | PROT_WRITE, MAP_SHARED);
    proof = opened(&made, how | MF_OPEN_WRITABLE);
    CHECK(proof > 0, "%s: open for reading and writing: %d", place->name, proof);
    munmap(made.at, 3 * 4096);
}

/* A program, its own, with a build ID that stays while a byte of it changes. */
static void an_image(uint32_t how, int proof)
{
    struct made made;
    char copy[512];
    int fd;
    int rc;

    snprintf(copy, sizeof copy, "cp /proc/%d/exe '%s'", (int)getpid(), path_in(place->source, "image"));
    CHECK_IS(system(copy), 0, "copy");
    made = map_in("image", 0, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    made.letter = ((volatile char *)made.at)[4096 + 17];
    CHECK_IS(opened_and_told("image", &made, how), proof, "an image");
    rc = mf_file_open(&process, &made.mapping, made.name, how, &fd);
    if (rc < 0)
        return;
    if (!(how & MF_OPEN_BY_PATH))
        CHECK_IS(mf_file_quick_verify(&process, &made.mapping, made.name), proof_of_image_at_a_glance(proof), "an image at a glance");
    CHECK(mf_file_verify(&process, &made.mapping, fd) > 0, "proved again");
    close(fd);
    fd = open("/proc/self/cmdline", O_RDONLY);
    CHECK_IS(mf_file_verify(&process, &made.mapping, fd), -EIDRM, "quite another file");
    close(fd);
    fd = open(path_in(place->seen, "image"), O_RDWR);
    if (pwrite(fd, "!", 1, 4096 + 17) != 1)
        abort();
    rc = mf_file_verify(&process, &made.mapping, fd);
    close(fd);
    made.letter = ((volatile char *)made.at)[4096 + 17];
    opened_and_told("image written to", &made, how);
    if (made.letter == '!')
        CHECK(rc > 0, "%s: changed in place: %d", place->name, rc);
    else
        CHECK_IS(rc, -EIDRM, "the same build ID, other bytes");
    close(fd);
    rc = mf_file_open(&process, &made.mapping, made.name, how, &fd);
    if (((volatile char *)made.at)[4096 + 17] == '!')
        CHECK(rc > 0, "%s: opened after a change in place: %d", place->name, rc);
    else
        CHECK_IS(rc, copied_up(), "a library copied up: its entry and its path lead to other bytes");
    if (rc > 0)
        close(fd);
    munmap(made.at, 3 * 4096);
}

static struct made what_is_at(void *at)
{
    struct made made = {.at = at};
    const struct mf_mapping *found;

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)at);
    if (found == NULL)
        abort();
    made.mapping = *found;
    memcpy(made.name, mf_snapshot_name(snapshot, found), found->name_length);
    return made;
}

static void swap_in_a_snapshot(uint32_t how)
{
    struct made made;
    int rc;

    if (strcmp(place->name, "btrfs subvolume") != 0 || geteuid() != 0)
        return;
    made = map_file("swapped", 'J');
    CHECK_IS(system("btrfs -q subvolume snapshot btrfs/volume btrfs/snapshot"), 0, "snapshot");
    place_file(path_in("btrfs/snapshot", "swapped"), 'X'); /* the same path, inode and device in maps; other bytes */
    CHECK_IS(rename("btrfs/volume", "btrfs/old") | rename("btrfs/snapshot", "btrfs/volume"), 0, "swap");
    rc = opened_and_told("snapshot swapped in", &made, how | MF_OPEN_UNVERIFIED);
    state_is(MF_FILE_REPLACED, "state: snapshot swapped in", &made);
    if (how & MF_OPEN_BY_PATH) {
        CHECK_IS(rc, -EIDRM, "a snapshot in its place");
    } else { /* other subvolumes have files of these numbers, so the name counts too */
        CHECK_IS(rc, -ESTALE, "a snapshot in its place, by the old name");
        made = what_is_at(made.at);
        made.letter = 'J';
        CHECK_IS(opened(&made, how), MF_EXACT, "a snapshot in its place, by the new name");
    }
    CHECK_IS(rename("btrfs/volume", "btrfs/snapshot") | rename("btrfs/old", "btrfs/volume"), 0, "swap back");
    CHECK_IS(system("btrfs -q subvolume delete btrfs/snapshot >/dev/null"), 0, "delete");
    munmap(made.at, 3 * 4096);
}

/* @p gone: what opening a file without a path answers; @p how: 0, or by path alone. */
static void try_place(uint32_t how, int proof, int gone)
{
    round_number++;
    the_file_stays(how, proof);
    the_file_is_deleted(how, gone < 0 ? gone : proof);
    the_file_is_replaced(how, gone < 0 ? gone : proof);
    the_file_is_changed(how);
    zeros_are_no_proof(how, proof);
    the_process_changed_its_pages(how, proof);
    the_range_changes(how);
    the_range_is_merged(how);
    writing(how);
    an_image(how, proof);
    swap_in_a_snapshot(how);
}

static void files_without_a_path(uint32_t how, int expected)
{
    struct made made = {.letter = 'M'};
    const int fd = (int)syscall(SYS_memfd_create, "memory", 0);
    const struct mf_mapping *found;
    char page[2 * 4096];

    memset(page, 'M', sizeof page);
    if (write(fd, page, sizeof page) != sizeof page)
        abort();
    made.at = mmap(NULL, sizeof page, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)made.at);
    made.mapping = *found;
    memcpy(made.name, mf_snapshot_name(snapshot, found), found->name_length);
    CHECK_IS(opened(&made, how), expected, "a memfd");
    found = mapping_at(snapshot, (uintptr_t)&process);
    made.mapping = *found;
    if (!(found->flags & MF_FILE_BACKED))
        CHECK_IS(opened(&made, how), -ENOENT, "memory without a file");
    munmap(made.at, sizeof page);
}

/* What open(2) answers of these is not said of the process. */
static void what_cannot_be_opened(uint32_t how, int expected)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY,
                                   .exclude_kernel = 1};
    const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    void *const at = fd < 0 ? MAP_FAILED : mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct made made;

    if (at == MAP_FAILED) {
        puts("skipped: no ring of perf here");
        return;
    }
    made = what_is_at(at);
    CHECK_IS(opened(&made, how), expected, "a ring of perf");
    CHECK_IS(mf_file_quick_verify(&process, &made.mapping, made.name), MF_NOT_VERIFIED, "and a glance does not promise it");
    munmap(at, 2 * 4096);
    close(fd);
}

static void a_file_that_nobody_may_write(uint32_t how)
{
    const int fd = open("immutable", O_RDWR | O_CREAT | O_TRUNC, 0666);
    void *const at = fd < 0 || ftruncate(fd, 4096) != 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int flags = 0;
    int writable = -1;
    struct made made;

    if (at == MAP_FAILED)
        abort();
    made = what_is_at(at);
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 || ioctl(fd, FS_IOC_SETFLAGS, &(int){flags | FS_IMMUTABLE_FL}) != 0) {
        puts("skipped: no immutable files here");
    } else {
        CHECK_IS(mf_file_open(&process, &made.mapping, made.name, how | MF_OPEN_WRITABLE, &writable), -EACCES, "an immutable file");
        ioctl(fd, FS_IOC_SETFLAGS, &flags);
    }
    close(fd);
    munmap(at, 4096);
    unlink("immutable");
}

/* Mapped before the capabilities were dropped, below a directory that is closed since. */
static struct made closed = {.letter = 'C'};

static void map_what_will_be_closed(void)
{
    const struct mf_mapping *found;
    int fd;

    CHECK_IS(mkdir("closed", 0700), 0, "mkdir");
    place_file("closed/file", 'C');
    fd = open("closed/file", O_RDONLY);
    closed.at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)closed.at);
    closed.mapping = *found;
    memcpy(closed.name, mf_snapshot_name(snapshot, found), found->name_length);
}

static void a_file_out_of_reach_is_an_answer_of_that_file(void)
{
    CHECK_IS(opened(&closed, 0), -EACCES, "below a closed directory");
    CHECK_IS(mf_file_quick_verify(&process, &closed.mapping, closed.name), MF_NOT_VERIFIED, "at a glance");
    CHECK_IS(mf_file_sharing_domain(&process, &closed.mapping, closed.name), 0, "its scope");
    CHECK_IS(mf_file_state(&process, &closed.mapping, closed.name), MF_FILE_UNKNOWN, "its state");
}

static atomic_bool stop;

static void *count(void *at)
{
    while (!atomic_load(&stop))
        ++*(volatile uint64_t *)at;
    return NULL;
}

/* A page of the file that changes all the time, as a counter does: it is not taken for another file's. */
static void a_page_that_never_rests(uint32_t how)
{
    struct made made;
    pthread_t thread;
    uint64_t first;
    int rc;

    place_file(path_in(place->source, "counter"), 'C');
    made = map_in("counter", 'C', PROT_READ | PROT_WRITE, MAP_SHARED);
    first = *(volatile uint64_t *)made.at;
    atomic_store(&stop, false);
    pthread_create(&thread, NULL, count, made.at);
    while (*(volatile uint64_t *)made.at == first)
        ;
    /*
     * While the other thread runs too. Without PROCMAP_QUERY a round takes ten times as long: it reads the text of all mappings 16
     * times. How pages are compared does not depend on it. Without the check for pages that change, one round in 30 is wrong.
     */
    for (unsigned left = rounds(is_numbered() ? 20 : has_query(&process) ? 2000 : 300); left > 0; left--) {
        rc = opened(&made, how);
        CHECK(rc == -ENODATA || rc > 0, "%s: a counter: %d", place->name, rc);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK(opened(&made, how) > 0, "%s: at rest", place->name);
    munmap(made.at, 3 * 4096);
}

static void try_all(bool may_follow)
{
    const int listed = mf_entries_list_access(&process); /* opens the directory, which stays open */
    const int descriptors = count_descriptors();

    CHECK_IS(listed, 0, "listing takes no capability");
    for (int i = 0; i < PLACES; i++) {
        place = &places[i];
        if (!is_made[i])
            continue;
        way = "entry";
        if (may_follow) {
            a_page_that_never_rests(0);
            try_place(0, proof_by_entry(), 0);
        }
        way = may_follow ? "path" : "nobody";
        try_place(may_follow ? MF_OPEN_BY_PATH : 0, proof_by_path(), -EIDRM);
    }
    if (may_follow)
        files_without_a_path(0, MF_EXACT);
    if (may_follow)
        what_cannot_be_opened(0, -EUNATCH);
    what_cannot_be_opened(may_follow ? MF_OPEN_BY_PATH : 0, -EPERM);
    if (may_follow)
        a_file_that_nobody_may_write(0);
    if (may_follow)
        a_file_that_nobody_may_write(MF_OPEN_BY_PATH);
    files_without_a_path(may_follow ? MF_OPEN_BY_PATH : 0, -EPERM);
    CHECK_IS(count_descriptors(), descriptors, "descriptors");
}

int main(void)
{
    const char *const directory = new_directory("open");
    pid_t child;
    int status;

    lack_as_told();
    umask(0);
    snapshot = new_snapshot(1024, 1 << 18);
    if (chdir(directory) != 0)
        return 1;
    child = fork();
    if (child == 0) {
        const bool mounted = places_prepare() == 0;

        if (!mounted)
            puts("skipped but for the test's directory: takes root to mount others");
        for (int i = 0; i < (mounted ? PLACES : 1); i++)
            is_made[i] = place_is_made(&places[i]);
        if (system("chmod -R a+rwX .") != 0 || mf_process_open_self(&process) != 0)
            _exit(1);
        if (mf_entries_follow_access() == 0)
            try_all(true);
        else
            puts("skipped through map_files: takes CAP_CHECKPOINT_RESTORE");
        map_what_will_be_closed();
        mf_process_close(&process);
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
            _exit(1);
        CHECK_IS(mf_process_open_self(&process), 0, "open");
        CHECK_IS(mf_entries_follow_access(), -EPERM, "without capabilities");
        if (access("closed/file", F_OK) != 0)
            a_file_out_of_reach_is_an_answer_of_that_file();
        try_all(false);
        mf_process_close(&process);
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "the child");
    free(snapshot);
    return remove_directory(directory) == 0 ? check_result() : 1;
}
