/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of opening: files that are made and mapped in a place, and checks of the result of opening them. */
#ifndef MF_OPENED_FILE_H
#define MF_OPENED_FILE_H

#include "lacking.h"
#include "places.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static struct mf_process process;
static struct mf_snapshot *snapshot;
static const struct place *place;
static int round_number;
static const char *way; /* the way to open files: "entry", "path", "nobody" */
static bool is_wrong;   /* the file that was opened last */

/* An address that the sanitizer of the test does not use. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined __SANITIZE_THREAD__ || __has_feature(thread_sanitizer)
static char *next_place = (char *)0x4000000000;
#else
static char *next_place = (char *)0x300000000000;
#endif

/* A mapping, and the letter that its file was full of when it was mapped. */
struct made {
    void *at;
    char letter;
    struct mf_mapping mapping;
    char name[4096];
};

/* Returns the path of a file of the place. Each round uses other paths, because overlayfs hides deleted ones. */
static inline const char *path_in(const char *directory, const char *name)
{
    static char paths[2][256];
    static int turn;
    char *const path = paths[turn++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s %d", directory, name, round_number);
    return path;
}

static inline struct made map_in(const char *name, char letter, int prot, int flags)
{
    struct made made = {.letter = letter};
    const struct mf_mapping *found;
    int fd;

    fd = open(path_in(place->seen, name), prot & PROT_WRITE && flags & MAP_SHARED ? O_RDWR : O_RDONLY);
    /* Never at a former range: the kernel would report the access mode of the former file. */
    made.at = mmap(next_place, 3 * PAGE, prot, flags | MAP_FIXED, fd, 0);
    next_place += 16 * PAGE;
    close(fd);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = made.at == MAP_FAILED ? NULL : mapping_at(snapshot, (uintptr_t)made.at);
    if (found == NULL)
        abort();
    made.mapping = *found;
    memcpy(made.name, mf_snapshot_name(snapshot, found), found->name_length);
    return made;
}

static inline struct made map_file(const char *name, char letter)
{
    place_file(path_in(place->source, name), letter);
    return map_in(name, letter, PROT_READ, MAP_PRIVATE);
}

/* Prints a line of the table that ci/kernels collects. */
static inline void print_result(const char *what, const char *verdict)
{
    printf("RESULT\t%s\t%s\t%s\t%s\n", place->name, what, way, verdict);
}

/* Opens the file and returns the result. A verified file has the mapped bytes: all of them are the letter. */
static inline int opened(const struct made *made, uint32_t how)
{
    char bytes[4096];
    int fd = -2;
    const int rc = mf_file_open(&process, &made->mapping, made->name, how, &fd);

    is_wrong = false;
    CHECK_IS(fd >= 0, rc >= 0, "a descriptor");
    if (rc < 0)
        return rc;
    CHECK(rc != MF_NOT_VERIFIED || how & MF_OPEN_UNVERIFIED, "%s: not verified, and opened", place->name);
    CHECK_IS(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC, "close on exec");
    CHECK_IS(pread(fd, bytes, sizeof bytes, PAGE), sizeof bytes, "read");
    is_wrong = rc != MF_NOT_VERIFIED && bytes[17] != made->letter;
    CHECK(!is_wrong, "%s: WRONG FILE: '%c' instead of '%c' with verification %d", place->name, bytes[17], made->letter, rc);
    close(fd);
    return rc;
}

static inline int open_and_print(const char *what, const struct made *made, uint32_t how)
{
    const int rc = opened(made, how);

    print_result(what, is_wrong ? "WRONG" : rc > 0 && rc != MF_NOT_VERIFIED ? "right" : "unknown");
    return rc;
}

/* Checks the state of the file: as expected, or unknown. For a deleted file only the removed path may be known. */
static inline void state_is(int expected, const char *what, const struct made *made)
{
    const int state = mf_file_state(&process, &made->mapping, made->name);
    const bool right = state == expected || (state == MF_FILE_PATH_REMOVED && expected == MF_FILE_DELETED);

    CHECK(right || state == MF_FILE_UNKNOWN, "%s: %s: WRONG STATE %d", place->name, what, state);
    print_result(what, right ? "right" : state == MF_FILE_UNKNOWN ? "unknown" : "WRONG");
}

static inline bool is_overlay(void)
{
    return is_on_fs(place->seen, OVERLAYFS_SUPER_MAGIC);
}

static inline bool is_numbered(void)
{
    return !is_overlay() && !is_on_fs(place->seen, BTRFS_SUPER_MAGIC);
}

/* The quick verification uses the build ID that the kernel reports, if it does. */
static inline int quick_verification_of_image(int verification)
{
    return verification != MF_SAME_BYTES ? verification : has_query(&process) ? MF_SAME_BUILD_ID : MF_NOT_VERIFIED;
}

static inline int verification_by_entry(void)
{
    return is_overlay() ? MF_SAME_BYTES : MF_EXACT;
}

static inline int verification_by_path(void)
{
    return is_numbered() ? MF_SAME_INODE : MF_SAME_BYTES;
}

static inline struct made what_is_at(void *at)
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

/* Drops all capabilities, and opens this process again. */
static inline void become_nobody(void)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
        _exit(1);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(mf_entries_follow_access(), -EPERM, "without capabilities");
}

#endif
