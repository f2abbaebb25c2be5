/* SPDX-License-Identifier: Apache-2.0 */
/* What the C tests share: checks that say what was expected, and memory for a snapshot. One test program a options. */
#ifndef MF_CHECK_H
#define MF_CHECK_H

#include "mapfiles.h"
#include "mapfiles_events.h"
#include "mapfiles_files.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int check_failures;

#define CHECK(condition, ...)                                                          \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);    \
            fprintf(stderr, __VA_ARGS__);                                              \
            fputc('\n', stderr);                                                       \
            check_failures++;                                                          \
        }                                                                              \
    } while (0)

#define CHECK_IS(actual, expected, what)                                               \
    do {                                                                               \
        const long long actual_ = (long long)(actual);                                 \
        const long long expected_ = (long long)(expected);                             \
        CHECK(actual_ == expected_, "%s: got %lld, expected %lld", what, actual_, expected_); \
    } while (0)

/* The exit code of a test; ctest takes 77 for "skipped". */
#define CHECK_SKIPPED 77
static inline int check_result(void)
{
    if (check_failures == 0)
        puts("ok");
    return check_failures == 0 ? 0 : 1;
}

/* Ends a test that would go on for ever, also outside of ctest: by SIGALRM. TEST_SECONDS says how long a test may take. */
__attribute__((constructor)) static void limit_time(void)
{
    const char *const seconds = getenv("TEST_SECONDS");

    alarm(seconds != NULL && atoi(seconds) > 0 ? (unsigned)atoi(seconds) : 290);
}

/* How often to do what is done many times: on machines that take their time ROUNDS_DIVIDED_BY says how much less often. */
static inline unsigned rounds(unsigned usual)
{
    const char *const divisor = getenv("ROUNDS_DIVIDED_BY");

    return divisor != NULL && atoi(divisor) > 0 ? usual / (unsigned)atoi(divisor) + 1 : usual;
}

/* Makes a directory of this test's own, in TMPDIR or /tmp, and returns its path. */
static inline const char *new_directory(const char *test)
{
    static char path[128];
    const char *const above = getenv("TMPDIR");

    if (snprintf(path, sizeof path, "%s/mapfiles-%s-%d", above != NULL ? above : "/tmp", test, (int)getpid()) >=
            (int)sizeof path || mkdir(path, 0777) != 0)
        abort();
    return path;
}

static inline int count_descriptors(void)
{
    DIR *const directory = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* Whether a directory is on overlayfs, or btrfs: where the numbers in maps are not those of stat(2). */
static inline bool is_on_fs(const char *directory, long magic)
{
    struct statfs fs;

    return statfs(directory, &fs) == 0 && (long)fs.f_type == magic;
}

static inline int remove_directory(const char *path)
{
    char command[160];

    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command);
}

static inline struct mf_snapshot *new_snapshot(uint32_t mappings, uint32_t text)
{
    const size_t bytes = mf_snapshot_bytes(mappings, text);
    void *const memory = malloc(bytes);

    if (memory == NULL || mf_snapshot_init(memory, bytes, mappings, text) != 0)
        abort();
    return memory;
}

/* Reads until the snapshot is large enough, as a user would. */
static inline int read_growing(struct mf_process *process, uint32_t options, struct mf_snapshot **snapshot)
{
    int rc;

    while ((rc = mf_snapshot_read(process, options, NULL, *snapshot)) == -105 /* ENOBUFS */) {
        struct mf_snapshot *const larger =
            new_snapshot((*snapshot)->needed_mappings + 16, (*snapshot)->needed_text + 4096);

        free(*snapshot);
        *snapshot = larger;
    }
    return rc;
}

/* Whether the kernel has PROCMAP_QUERY: what needs it is said in the header. */
static inline bool has_query(struct mf_process *process)
{
    struct mf_query_result answer;

    return mf_query(process, 0, MF_COVERING, &answer) != -25 /* ENOTTY */;
}

static inline const struct mf_mapping *mapping_at(const struct mf_snapshot *snapshot, uint64_t address)
{
    const int32_t index = mf_find(snapshot, address);

    return index < 0 ? NULL : &mf_snapshot_mappings(snapshot)[index];
}

static inline int name_is(const struct mf_snapshot *snapshot, const struct mf_mapping *mapping, const char *name)
{
    return mapping->name_length == strlen(name) && memcmp(mf_snapshot_name(snapshot, mapping), name, strlen(name)) == 0;
}

/* The records and names of two snapshots, the places of the names apart. Says where they differ. */
static inline int same_records(const struct mf_snapshot *a, const struct mf_snapshot *b)
{
    if (a->mapping_count != b->mapping_count) {
        fprintf(stderr, "%" PRIu32 " mappings against %" PRIu32 "\n", a->mapping_count, b->mapping_count);
        return 0;
    }
    for (uint32_t i = 0; i < a->mapping_count; i++) {
        struct mf_mapping x = mf_snapshot_mappings(a)[i];
        struct mf_mapping y = mf_snapshot_mappings(b)[i];

        x.name_offset = y.name_offset = 0;
        if (memcmp(&x, &y, sizeof x) != 0 ||
            memcmp(mf_snapshot_name(a, &mf_snapshot_mappings(a)[i]), mf_snapshot_name(b, &mf_snapshot_mappings(b)[i]),
                   x.name_length) != 0) {
            fprintf(stderr, "record %" PRIu32 " at %" PRIx64 " differs: flags %x %x, file %d %d, names of %u and %u bytes\n", i,
                    x.start, x.flags, y.flags, x.file_index, y.file_index, x.name_length, y.name_length);
            return 0;
        }
    }
    return 1;
}

#endif
