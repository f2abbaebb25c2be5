/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the C tests: checks that print the expected value, and memory for a snapshot. */
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
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* The size of mappings and files of tests: a multiple of the page size, which may be 16 KiB. */
#define PAGE 16384u

static int check_failures;

#define CHECK(condition, ...)                                                       \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: failed: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                           \
            fputc('\n', stderr);                                                    \
            check_failures++;                                                       \
        }                                                                           \
    } while (0)

#define CHECK_IS(actual, expected, what)                                                      \
    do {                                                                                      \
        const long long actual_ = (long long)(actual);                                        \
        const long long expected_ = (long long)(expected);                                    \
        CHECK(actual_ == expected_, "%s: got %lld, expected %lld", what, actual_, expected_); \
    } while (0)

/* The exit code of a skipped test (SKIP_RETURN_CODE of CTest). */
#define CHECK_SKIPPED 77
static inline int check_result(void)
{
    if (check_failures == 0)
        puts("ok");
    return check_failures == 0 ? 0 : 1;
}

/*
 * Ends a test as skipped under qemu-user. That emulator of programs starts no program of another architecture, has no filters of
 * system calls, and shows the maps of its own process on the machine.
 */
static inline void skip_if_emulated(void)
{
    char program[256];
    const ssize_t length = readlink("/proc/thread-self/exe", program, sizeof program - 1);

    if (length <= 0)
        return;
    program[length] = '\0';
    if (strstr(program, "/qemu-") != NULL) {
        printf("skipped: %s runs this program\n", program);
        exit(CHECK_SKIPPED);
    }
}

/* Ends a test that runs too long, also without CTest, by SIGALRM. The variable TEST_SECONDS sets the limit. */
__attribute__((constructor)) static void limit_time(void)
{
    const char *const seconds = getenv("TEST_SECONDS");

    alarm(seconds != NULL && atoi(seconds) > 0 ? (unsigned)atoi(seconds) : 590);
}

/* Returns a number of repetitions. The variable ROUNDS_DIVIDED_BY divides it on slow machines. */
static inline unsigned rounds(unsigned usual)
{
    const char *const divisor = getenv("ROUNDS_DIVIDED_BY");

    return divisor != NULL && atoi(divisor) > 0 ? usual / (unsigned)atoi(divisor) + 1 : usual;
}

/* Returns the read system calls of this thread, or -1 if the kernel does not count them (CONFIG_TASK_IO_ACCOUNTING). */
static inline long reads_so_far(void)
{
    FILE *const file = fopen("/proc/thread-self/io", "r");
    char line[64];
    long count = -1;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "syscr: %ld", &count);
    if (file != NULL)
        fclose(file);
    return count;
}

/*
 * Waits, for a minute at most, until a process or thread is in a state of proc_pid_stat(5), such as 'S'. Returns false if it has
 * ended. The directory is that of the process or thread in /proc.
 */
static inline bool await_state(const char *directory, char wanted)
{
    char path[128], line[256];

    snprintf(path, sizeof path, "%s/stat", directory);
    for (int i = 0; i < 60000; i++) {
        FILE *const file = fopen(path, "r");
        const char *const state = file != NULL && fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;

        if (file != NULL)
            fclose(file);
        if (state == NULL || state[2] == wanted)
            return state != NULL;
        usleep(1000);
    }
    return false;
}

/* The same for a process. */
static inline bool await_state_of(pid_t pid, char wanted)
{
    char directory[32];

    snprintf(directory, sizeof directory, "/proc/%d", (int)pid);
    return await_state(directory, wanted);
}

/* Makes a directory for this test in TMPDIR or /tmp, and returns its path. */
static inline const char *new_directory(const char *test)
{
    static char path[128];
    const char *const above = getenv("TMPDIR");

    if (snprintf(path, sizeof path, "%s/mapfiles-%s-%d", above != NULL ? above : "/tmp", test, (int)getpid()) >=
            (int)sizeof path ||
        mkdir(path, 0777) != 0)
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

/* Returns whether a directory is on a file system, such as overlayfs or btrfs, whose numbers in maps differ from stat(2). */
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

/*
 * Runs a test in a child process whose working directory is a new one, and then removes the directory. Mounts that the child
 * makes in its own namespace end with it. Returns the exit code of the test.
 */
static inline int run_in_directory(const char *name, void (*test)(void))
{
    const char *const directory = new_directory(name);
    pid_t child;
    int status = 0;

    umask(0);
    if (chdir(directory) != 0)
        return 1;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        test();
        exit(check_result());
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        fprintf(stderr, "the test ended with wait status %x\n", (unsigned)status);
        status = 1 << 8;
    }
    return remove_directory(directory) == 0 ? WEXITSTATUS(status) : 1;
}

static inline struct mf_snapshot *new_snapshot(uint32_t mappings, uint32_t text)
{
    const size_t bytes = mf_snapshot_bytes(mappings, text);
    void *const memory = malloc(bytes);

    if (memory == NULL || mf_snapshot_init(memory, bytes, mappings, text) != 0)
        abort();
    return memory;
}

/* Reads until the snapshot is large enough. */
static inline int read_growing(struct mf_process *process, uint32_t options, struct mf_snapshot **snapshot)
{
    int rc;

    while ((rc = mf_snapshot_read(process, options, NULL, *snapshot)) == -105 /* ENOBUFS */) {
        struct mf_snapshot *const larger = new_snapshot((*snapshot)->needed_mappings + 16, (*snapshot)->needed_text + 4096);

        free(*snapshot);
        *snapshot = larger;
    }
    return rc;
}

/* Whether maps has the device and the inode that stat(2) reports. Some file systems have others in maps. */
static inline bool has_numbers_of(const struct mf_mapping *mapping, int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_ino == mapping->inode &&
           status.st_dev == makedev(mapping->dev_major, mapping->dev_minor);
}

/* Returns whether the kernel supports PROCMAP_QUERY. */
static inline bool has_query(struct mf_process *process)
{
    struct mf_query_result result;

    return mf_query(process, 0, MF_COVERING, &result) != -25 /* ENOTTY */;
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

/* Compares mappings and names of two snapshots, but not the offsets of names. Prints the first difference. */
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
        if (memcmp(&x, &y, sizeof x) != 0 || memcmp(mf_snapshot_name(a, &mf_snapshot_mappings(a)[i]),
                                                    mf_snapshot_name(b, &mf_snapshot_mappings(b)[i]), x.name_length) != 0) {
            fprintf(stderr, "record %" PRIu32 " at %" PRIx64 " differs: flags %x %x, file %d %d, names of %u and %u bytes\n", i,
                    x.start, x.flags, y.flags, x.file_index, y.file_index, x.name_length, y.name_length);
            return 0;
        }
    }
    return 1;
}

#endif
