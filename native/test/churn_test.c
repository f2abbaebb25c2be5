/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads map and unmap two files in turn, a million times, while their entries are listed, read and opened. No result is ever
 * of the wrong file.
 */
#include "lacking.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define ALL (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

enum { RANGES = 2 };

/* A page that maps two files in turn; the mapping that the test holds is of the first one. */
struct range {
    char *at;
    int files[2];
    struct mf_mapping record;
    char name[MF_NAME_MAX];
    struct stat first;
    unsigned seed;
    pthread_t thread;
};

static struct range ranges[RANGES];
static unsigned changes; /* so far; atomic */
static unsigned enough;
static bool by_bytes; /* bytes verify: the range may be unmapped or of the other file meanwhile, and be restored */
static struct mf_process process;
static struct mf_snapshot *snapshot;
static long right;
static long stale;

static void *take_turns(void *argument)
{
    struct range *const range = argument;

    unsigned operations = 0;

    for (unsigned turn = 0; __atomic_load_n(&changes, __ATOMIC_RELAXED) < enough; turn++) {
        range->seed = range->seed * 1103515245 + 12345;
        if (range->seed >> 16 & 1) {
            munmap(range->at, PAGE);
            operations++;
        }
        if (mmap(range->at, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, range->files[turn & 1], 0) != range->at)
            abort();
        operations++;
        if (operations >= 64) {
            __atomic_add_fetch(&changes, operations, __ATOMIC_RELAXED);
            operations = 0;
        }
    }
    return NULL;
}

static int new_file(const char *name, char letter)
{
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || ftruncate(fd, PAGE) != 0 || pwrite(fd, &letter, 1, 17) != 1)
        abort();
    return fd;
}

static void make_range(struct range *range, int number)
{
    char path[32];

    snprintf(path, sizeof path, "first %d", number);
    range->files[0] = new_file(path, 'F');
    snprintf(path, sizeof path, "the second %d", number);
    range->files[1] = new_file(path, 'S');
    range->seed = (unsigned)number;
    fstat(range->files[0], &range->first);
    /* Far below all other mappings: a sanitizer, for example, must not map into the hole that the range is for a moment. */
    range->at = (char *)0x200000000000 + (number * 3 + 1) * PAGE;
    if (mmap(range->at, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, range->files[0], 0) != range->at)
        abort();
}

static void keep_record(struct range *range)
{
    const struct mf_mapping *const found = mapping_at(snapshot, (uintptr_t)range->at);

    if (found == NULL)
        abort();
    range->record = *found;
    memcpy(range->name, mf_snapshot_name(snapshot, found), found->name_length);
}

/* Each entry is stale or of the first file. */
static void check_entry(const struct range *range, const struct mf_entry *entry, const char *target)
{
    if (entry->target_error == 0)
        CHECK(entry->target_length == range->record.name_length && memcmp(target, range->name, entry->target_length) == 0,
              "WRONG TARGET %.*s", (int)entry->target_length, target);
    else
        CHECK_IS(entry->target_error, -ESTALE, "a link under churn");
    if (entry->stat_error == 0)
        CHECK(entry->stat.inode == (uint64_t)range->first.st_ino, "WRONG FILE");
    else
        CHECK(entry->stat_error == -ESTALE || entry->stat_error == -EPERM, "a stat under churn: %d", entry->stat_error);
    if (entry->target_error == 0 && entry->stat_error != -ESTALE)
        right++;
    else
        stale++;
}

static void read_one(const struct range *range)
{
    char target[MF_NAME_MAX];
    struct mf_entry entry;
    const int rc = mf_entry_read(&process, &range->record, range->name, ALL, &entry, target);

    CHECK(rc == 0 || rc == -ESTALE, "an entry under churn: %d", rc);
    check_entry(range, &entry, target);
}

static void open_one(const struct range *range)
{
    char byte = 0;
    int fd = -1;
    const int rc = mf_file_open(&process, &range->record, range->name, 0, &fd);

    if (rc > 0)
        CHECK(pread(fd, &byte, 1, 17) == 1 && byte == 'F', "WRONG FILE opened under proof %d: '%c'", rc, byte);
    else
        CHECK(rc == -ESTALE || ((rc == -ENODATA || rc == -EIDRM) && by_bytes), "opened under churn: %d", rc);
    if (fd >= 0)
        close(fd);
}

static void list_all(struct mf_entries *entries)
{
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), 0, "listed");
    for (uint32_t i = 0; i < entries->entry_count; i++) {
        const struct mf_entry *const entry = &mf_entries_first(entries)[i];

        for (int r = 0; r < RANGES; r++)
            if (entry->start == (uintptr_t)ranges[r].at)
                check_entry(&ranges[r], entry, mf_entries_target(entries, entry));
    }
}

static void no_wrong_file_ever(void)
{
    struct mf_entries *const entries = malloc(mf_entries_bytes(1024, 1 << 18));
    long lists = 0;

    CHECK_IS(mf_entries_init(entries, mf_entries_bytes(1024, 1 << 18), 1024, 1 << 18), 0, "init");
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    for (int i = 0; i < RANGES; i++)
        make_range(&ranges[i], i);
    CHECK_IS(read_growing(&process, MF_FILE_BACKED | MF_BY_TEXT, &snapshot), 1, "read");
    for (int i = 0; i < RANGES; i++)
        keep_record(&ranges[i]);
    changes = 0;
    for (int i = 0; i < RANGES; i++)
        pthread_create(&ranges[i].thread, NULL, take_turns, &ranges[i]);
    while (__atomic_load_n(&changes, __ATOMIC_RELAXED) < enough && check_failures < 10) {
        list_all(entries);
        lists++;
        for (int i = 0; i < RANGES; i++) {
            read_one(&ranges[i]);
            open_one(&ranges[i]);
        }
    }
    __atomic_store_n(&changes, enough, __ATOMIC_RELAXED);
    for (int i = 0; i < RANGES; i++)
        pthread_join(ranges[i].thread, NULL);
    printf("%u changes during %ld lists: %ld entries right, %ld stale\n", enough, lists, right, stale);
    CHECK(right > 0 && stale > 0, "both were seen");
    mf_process_close(&process);
    free(entries);
}

int main(void)
{
    const char *const directory = new_directory("churn");
    int status = 0;
    pid_t child;

    apply_lacking();
    enough = rounds(1000000);
    umask(0);
    snapshot = new_snapshot(1024, 1 << 18);
    if (chmod(directory, 0777) != 0 || chdir(directory) != 0)
        return 1;
    by_bytes = is_on_fs(".", OVERLAYFS_SUPER_MAGIC) || is_on_fs(".", BTRFS_SUPER_MAGIC);
    child = fork();
    if (child == 0) { /* the same without capabilities, which opens by path */
        if (mkdir("nobody", 0777) != 0 || chdir("nobody") != 0 ||
            (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)))
            _exit(1);
        no_wrong_file_ever();
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "without capabilities");
    if (mf_entries_follow_access() == 0)
        no_wrong_file_ever();
    else
        puts("skipped with capabilities: needs CAP_CHECKPOINT_RESTORE");
    free(snapshot);
    return remove_directory(directory) == 0 ? check_result() : 1;
}
