/* SPDX-License-Identifier: Apache-2.0 */
/* The opened file is the mapped one, on every file system, or opening fails: through map_files, and by path. */
#include "opened_file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

static bool is_made[PLACES];

static void the_file_stays(uint32_t how, int proof)
{
    const struct made made = map_file("stays", 'A');

    CHECK_IS(open_and_print("stays", &made, how), proof, place->name);
    state_is(MF_FILE_PRESENT, "state: stays", &made);
    if (!(how & MF_OPEN_BY_PATH)) /* no bytes are compared: none of these files is an image with a build ID */
        CHECK_IS(mf_file_quick_verify(&process, &made.mapping, made.name), proof == MF_SAME_BYTES ? MF_NOT_VERIFIED : proof,
                 "quick verification");
    munmap(made.at, 3 * PAGE);
    CHECK_IS(opened(&made, how), -ESTALE, "unmapped");
}

static void the_file_is_deleted(uint32_t how, int expected)
{
    const struct made made = map_file("deleted", 'B');

    unlink(path_in(place->seen, "deleted"));
    CHECK_IS(open_and_print("deleted", &made, how), expected, "deleted");
    state_is(MF_FILE_DELETED, "state: deleted", &made);
    munmap(made.at, 3 * PAGE);
}

static void the_file_is_replaced(uint32_t how, int expected)
{
    const struct made made = map_file("replaced", 'C');

    place_file(path_in(place->seen, "new"), 'X');
    rename(path_in(place->seen, "new"), path_in(place->seen, "replaced"));
    CHECK_IS(open_and_print("replaced", &made, how), expected, "renamed over");
    state_is(MF_FILE_REPLACED, "state: replaced", &made);
    munmap(made.at, 3 * PAGE);
}

/* The result for a file that overlayfs has copied up. By path the reason of the difference is unknown. */
static int copied_up(void)
{
    return strcmp(way, "entry") == 0 ? -EREMCHG : -EIDRM;
}

/* The path is opened for writing: on overlayfs a mapping of the lower layer keeps its file, and no path leads to it. */
static void the_file_is_changed(uint32_t how)
{
    struct made made = map_file("changed", 'D');
    char first = ((volatile char *)made.at)[PAGE + 17];
    int rc;

    place_file(path_in(place->seen, "changed"), 'Y');
    made.letter = ((volatile char *)made.at)[PAGE + 17];
    rc = open_and_print("written to", &made, how | MF_OPEN_UNVERIFIED);
    if (made.letter == first) /* the old bytes stay mapped */
        CHECK_IS(rc, copied_up(), "copied up");
    else
        CHECK(rc > 0, "%s: changed in place: %d", place->name, rc);
    if (made.letter == first)
        state_is(MF_FILE_COPIED, "state: copied up", &made);
    munmap(made.at, 3 * PAGE);
}

static void the_process_changed_its_pages(uint32_t how, int proof)
{
    struct made made;

    place_file(path_in(place->source, "written"), 'E');
    made = map_in("written", 'E', PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(made.at, 'Z', PAGE);
    CHECK_IS(opened(&made, how), proof, "one page changed privately");
    memset(made.at, 'Z', 3 * PAGE);
    CHECK_IS(opened(&made, how), proof == MF_SAME_BYTES ? -ENODATA : proof, "all pages changed privately");
    CHECK_IS(opened(&made, how | MF_OPEN_UNVERIFIED), proof == MF_SAME_BYTES ? MF_NOT_VERIFIED : proof, "requested unverified");
    munmap(made.at, 3 * PAGE);
}

/* Any other file might have the same bytes. */
static void zeros_verify_nothing(uint32_t how, int proof)
{
    struct made made = map_file("zeros", 0);

    CHECK_IS(opened(&made, how), proof == MF_SAME_BYTES ? -ENODATA : proof, "nothing but zeros");
    munmap(made.at, 3 * PAGE);
}

static void the_range_changes(uint32_t how)
{
    struct made made = map_file("split", 'F');
    struct made other;

    mprotect((char *)made.at + PAGE, PAGE, PROT_NONE);
    CHECK_IS(opened(&made, how), -ESTALE, "split by mprotect");
    mprotect((char *)made.at + PAGE, PAGE, PROT_READ);
    CHECK(opened(&made, how) > 0, "merged again");
    other = map_file("other", 'G');
    mremap(other.at, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, made.at);
    CHECK_IS(opened(&made, how), -ESTALE, "another file in the same range");
    munmap(made.at, 3 * PAGE);
}

/* Two mappings become one: neither exists any more. */
static void the_range_is_merged(uint32_t how)
{
    struct made made = map_file("merged", 'K');
    struct made first;

    mprotect((char *)made.at + PAGE, PAGE, PROT_NONE);
    first = made;
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    first.mapping = *mapping_at(snapshot, (uintptr_t)made.at);
    CHECK_IS(first.mapping.end - first.mapping.start, PAGE, "a mapping of its own");
    mprotect((char *)made.at + PAGE, PAGE, PROT_READ);
    CHECK_IS(opened(&first, how), -ESTALE, "merged with its neighbours");
    CHECK_IS(mf_file_quick_verify(&process, &first.mapping, first.name), -ESTALE, "merged with its neighbours");
    CHECK_IS(mf_file_state(&process, &first.mapping, first.name), -ESTALE, "merged with its neighbours");
    munmap(made.at, 3 * PAGE);
}

static void writing(uint32_t how)
{
    struct made made = map_file("read only", 'H');
    int proof;

    CHECK_IS(opened(&made, how | MF_OPEN_WRITABLE), -EBADF, "the process opened it for reading");
    munmap(made.at, 3 * PAGE);
    place_file(path_in(place->source, "read-write"), 'I');
    made = map_in("read-write", 'I', PROT_READ | PROT_WRITE, MAP_SHARED);
    proof = opened(&made, how | MF_OPEN_WRITABLE);
    CHECK(proof > 0, "%s: open for reading and writing: %d", place->name, proof);
    munmap(made.at, 3 * PAGE);
}

/* A program with a build ID that stays while a byte of it changes. */
static void an_image(uint32_t how, int proof)
{
    struct made made;
    char copy[512];
    int fd;
    int rc;

    snprintf(copy, sizeof copy, "cp /proc/%d/exe '%s'", (int)getpid(), path_in(place->source, "image"));
    CHECK_IS(system(copy), 0, "copy");
    made = map_in("image", 0, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    made.letter = ((volatile char *)made.at)[PAGE + 17];
    CHECK_IS(open_and_print("image", &made, how), proof, "an image");
    rc = mf_file_open(&process, &made.mapping, made.name, how, &fd);
    if (rc < 0)
        return;
    if (!(how & MF_OPEN_BY_PATH))
        CHECK_IS(mf_file_quick_verify(&process, &made.mapping, made.name), quick_verification_of_image(proof),
                 "quick verification of an image");
    CHECK(mf_file_verify(&process, &made.mapping, fd) > 0, "proved again");
    close(fd);
    fd = open("/proc/self/cmdline", O_RDONLY);
    CHECK_IS(mf_file_verify(&process, &made.mapping, fd), -EIDRM, "quite another file");
    close(fd);
    fd = open(path_in(place->seen, "image"), O_RDWR);
    if (pwrite(fd, "!", 1, PAGE + 17) != 1)
        abort();
    rc = mf_file_verify(&process, &made.mapping, fd);
    close(fd);
    made.letter = ((volatile char *)made.at)[PAGE + 17];
    open_and_print("image written to", &made, how);
    if (made.letter == '!')
        CHECK(rc > 0, "%s: changed in place: %d", place->name, rc);
    else
        CHECK_IS(rc, -EIDRM, "the same build ID, other bytes");
    close(fd);
    rc = mf_file_open(&process, &made.mapping, made.name, how, &fd);
    if (((volatile char *)made.at)[PAGE + 17] == '!')
        CHECK(rc > 0, "%s: opened after a change in place: %d", place->name, rc);
    else
        CHECK_IS(rc, copied_up(), "a library copied up: its entry and its path lead to other bytes");
    if (rc > 0)
        close(fd);
    munmap(made.at, 3 * PAGE);
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
    rc = open_and_print("snapshot swapped in", &made, how | MF_OPEN_UNVERIFIED);
    state_is(MF_FILE_REPLACED, "state: snapshot swapped in", &made);
    if (how & MF_OPEN_BY_PATH) {
        CHECK_IS(rc, -EIDRM, "a snapshot in its place");
    } else { /* other subvolumes have files with these numbers, so the name counts too */
        CHECK_IS(rc, -ESTALE, "a snapshot in its place, by the old name");
        made = what_is_at(made.at);
        made.letter = 'J';
        CHECK_IS(opened(&made, how), MF_EXACT, "a snapshot in its place, by the new name");
    }
    CHECK_IS(rename("btrfs/volume", "btrfs/snapshot") | rename("btrfs/old", "btrfs/volume"), 0, "swap back");
    CHECK_IS(system("btrfs -q subvolume delete btrfs/snapshot >/dev/null"), 0, "delete");
    munmap(made.at, 3 * PAGE);
}

/* @p gone: the result for a file without a path; @p how: 0, or by path only. */
static void try_place(uint32_t how, int proof, int gone)
{
    round_number++;
    the_file_stays(how, proof);
    the_file_is_deleted(how, gone < 0 ? gone : proof);
    the_file_is_replaced(how, gone < 0 ? gone : proof);
    the_file_is_changed(how);
    zeros_verify_nothing(how, proof);
    the_process_changed_its_pages(how, proof);
    the_range_changes(how);
    the_range_is_merged(how);
    writing(how);
    an_image(how, proof);
    swap_in_a_snapshot(how);
}

static atomic_bool stop;

static void *count(void *at)
{
    while (!atomic_load(&stop))
        atomic_fetch_add((_Atomic uint64_t *)at, 1);
    return NULL;
}

/* A page of the file changes all the time, as a counter does: the file is still recognized. */
static void a_page_that_changes_all_the_time(uint32_t how)
{
    struct made made;
    pthread_t thread;
    uint64_t first;
    int rc;

    place_file(path_in(place->source, "counter"), 'C');
    made = map_in("counter", 'C', PROT_READ | PROT_WRITE, MAP_SHARED);
    first = atomic_load((_Atomic uint64_t *)made.at);
    atomic_store(&stop, false);
    pthread_create(&thread, NULL, count, made.at);
    while (atomic_load((_Atomic uint64_t *)made.at) == first)
        ;
    /*
     * Runs while the other thread runs too. Without PROCMAP_QUERY a round takes ten times as long, because it reads the text of
     * all mappings 16 times. The comparison of pages does not depend on it. Without the check for changing pages one round in
     * 30 fails.
     */
    for (unsigned left = rounds(is_numbered() ? 20 : has_query(&process) ? 2000 : 300); left > 0; left--) {
        rc = opened(&made, how);
        CHECK(rc == -ENODATA || rc > 0, "%s: a counter: %d", place->name, rc);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK(opened(&made, how) > 0, "%s: at rest", place->name);
    munmap(made.at, 3 * PAGE);
}

static void try_places(bool may_follow)
{
    const int listed = mf_entries_list_access(&process); /* opens the directory, which stays open */
    const int descriptors = count_descriptors();

    CHECK_IS(listed, 0, "listing needs no capability");
    for (int i = 0; i < PLACES; i++) {
        place = &places[i];
        if (!is_made[i])
            continue;
        way = "entry";
        if (may_follow) {
            a_page_that_changes_all_the_time(0);
            try_place(0, verification_by_entry(), 0);
        }
        way = may_follow ? "path" : "nobody";
        try_place(may_follow ? MF_OPEN_BY_PATH : 0, verification_by_path(), -EIDRM);
    }
    CHECK_IS(count_descriptors(), descriptors, "descriptors");
}

static void try_all(void)
{
    const bool mounted = places_prepare() == 0;

    if (!mounted)
        puts("skipped but for the test's directory: needs root to mount others");
    for (int i = 0; i < (mounted ? PLACES : 1); i++)
        is_made[i] = place_is_made(&places[i]);
    if (system("chmod -R a+rwX .") != 0 || mf_process_open_self(&process) != 0)
        _exit(1);
    if (mf_entries_follow_access() == 0)
        try_places(true);
    else
        puts("skipped through map_files: needs CAP_CHECKPOINT_RESTORE");
    mf_process_close(&process);
    become_nobody();
    try_places(false);
    mf_process_close(&process);
}

int main(void)
{
    apply_lacking();
    snapshot = new_snapshot(1024, 1 << 18);
    return run_in_directory("open", try_all);
}
