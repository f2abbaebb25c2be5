/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a live process: growing, comparing, the state after a failure, and concurrent changes. */
#include "check.h"

#include "process/process.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

static struct mf_process process;

static void a_larger_snapshot_has_all_mappings(void)
{
    struct mf_snapshot *before = new_snapshot(1024, 1 << 18);
    struct mf_snapshot *small;
    struct mf_snapshot *copy;

    CHECK_IS(mf_snapshot_read(&process, 0, NULL, before), 1, "read");
    copy = malloc(before->bytes);
    memcpy(copy, before, before->bytes);
    for (uint32_t mappings = 0; mappings < before->mapping_count + 2; mappings++) {
        small = new_snapshot(mappings, before->text_length);
        if (mf_snapshot_read(&process, 0, before, small) == -ENOBUFS)
            CHECK(small->needed_mappings > mappings || small->needed_text > small->text_capacity, "needs %u and %u",
                  small->needed_mappings, small->needed_text);
        free(small);
    }
    for (uint32_t text = 0; text < before->text_length; text += 97) {
        small = new_snapshot(1024, text);
        CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT, NULL, small), -ENOBUFS, "short of text");
        CHECK(small->needed_text > text, "needs %u, has %u", small->needed_text, text);
        free(small);
    }
    small = new_snapshot(1024, 0);
    for (uint32_t text = 0; mf_snapshot_read(&process, MF_BY_QUERY, NULL, small) == -ENOBUFS; text += 13) {
        CHECK(small->needed_text > small->text_capacity, "needs %u for names, has %u", small->needed_text,
              small->text_capacity);
        free(small);
        small = new_snapshot(1024, text);
    }
    free(small);
    CHECK(memcmp(copy, before, before->bytes) == 0, "the previous snapshot is unchanged");
    free(copy);
    free(before);
}

static void a_refresh_reports_changes_only(void)
{
    struct mf_snapshot *snapshot[2] = {new_snapshot(4096, 1 << 20), new_snapshot(4096, 1 << 20)};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uint32_t questions[] = {MF_BY_TEXT, MF_BY_TEXT | MF_WRITABLE};

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        void *made;

        CHECK_IS(mf_snapshot_read(&process, questions[i], NULL, snapshot[0]), 1, "first");
        CHECK_IS(mf_snapshot_read(&process, questions[i], snapshot[0], snapshot[1]), 0, "nothing has changed");
        made = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK_IS(mf_snapshot_read(&process, questions[i], snapshot[0], snapshot[1]), 1, "a mapping more");
        CHECK(mapping_at(snapshot[1], (uintptr_t)made) != NULL, "the new one");
        munmap(made, page);
        CHECK_IS(mf_snapshot_read(&process, questions[i], snapshot[1], snapshot[0]), 1, "a mapping less");
        CHECK(mapping_at(snapshot[0], (uintptr_t)made) == NULL, "gone");
    }
    CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT, snapshot[0], snapshot[1]), 1, "other options make another snapshot");
    CHECK_IS(mf_snapshot_read(&process, 0, snapshot[1], snapshot[1]), -EINVAL, "compared with itself");
    CHECK_IS(mf_snapshot_read(&process, 1u << 20, NULL, snapshot[1]), -EINVAL, "a bit that means nothing");
    CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT | MF_BY_QUERY, NULL, snapshot[1]), -EINVAL, "both ways");
    free(snapshot[0]);
    free(snapshot[1]);
}

static void memory_is_checked(void)
{
    _Alignas(8) static char memory[16384];

    CHECK_IS(mf_snapshot_init(memory + 1, sizeof memory - 1, 1, 1), -EINVAL, "not aligned");
    CHECK_IS(mf_snapshot_init(memory, 100, 1, 1), -EINVAL, "too small");
    CHECK_IS(mf_snapshot_bytes(UINT32_MAX, 1), 0, "too many mappings");
    CHECK_IS(mf_snapshot_bytes(1, UINT32_MAX), 0, "too much text");
    CHECK(mf_snapshot_bytes(0, 0) > 0, "an empty list has a head");
    CHECK_IS(mf_snapshot_init(memory, sizeof memory, 0, 0), 0, "nothing at all");
    CHECK_IS(mf_snapshot_read(&process, 0, NULL, (struct mf_snapshot *)memory), -ENOBUFS, "into nothing");
    memset(memory, 0, sizeof memory);
    CHECK_IS(mf_snapshot_read(&process, 0, NULL, (struct mf_snapshot *)memory), -EINVAL, "not initialised");
}

static atomic_bool stop;

/* Maps, splits, merges and unmaps without a pause, in a reserved range. */
static void *churn(void *reservation)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned random = 1;

    while (!atomic_load(&stop)) {
        char *const at = (char *)reservation + page * ((random = random * 1103515245 + 12345) >> 16 & 255);

        if (random & 0x8000)
            mprotect(at, page * 3, random & 0x4000 ? PROT_READ : PROT_NONE);
        else
            mmap(at, page * 2, random & 0x4000 ? PROT_READ : PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return NULL;
}

static void a_snapshot_of_a_changing_process_is_sorted(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *const reservation = mmap(NULL, page * 260, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *const standing = mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct mf_snapshot *snapshot = new_snapshot(4096, 1 << 20);
    pthread_t thread;

    pthread_create(&thread, NULL, churn, reservation);
    for (int round = 0; round < 2000; round++) {
        const struct mf_mapping *const records = mf_snapshot_mappings(snapshot);

        CHECK_IS(mf_snapshot_read(&process, round & 1 ? MF_BY_TEXT : 0, NULL, snapshot), 1, "read");
        for (uint32_t i = 0; i < snapshot->mapping_count; i++) {
            CHECK(records[i].start < records[i].end && (i == 0 || records[i - 1].end <= records[i].start),
                  "record %u of round %d", i, round);
        }
        CHECK(mapping_at(snapshot, (uintptr_t)standing) != NULL, "mappings that stay are found, round %d", round);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    munmap(reservation, page * 260);
    munmap(standing, page);
    free(snapshot);
}

static void loaded_and_unloaded_libraries_are_counted(void)
{
    uint64_t added[3];
    uint64_t removed[3];
    void *library;

    CHECK_IS(mf_loader_counts(&added[0], &removed[0]), 0, "before");
    library = dlopen("libutil.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        printf("skipped: no library to load\n");
        return;
    }
    CHECK_IS(mf_loader_counts(&added[1], &removed[1]), 0, "loaded");
    dlclose(library);
    CHECK_IS(mf_loader_counts(&added[2], &removed[2]), 0, "unloaded");
    CHECK(added[1] > added[0], "one mapping was added");
#ifdef __GLIBC__ /* dlclose(3) of musl never unloads */
    CHECK(removed[2] > removed[1], "one mapping was removed");
#endif
}

enum { STANDING = 2000, MOVING = 64 };

static atomic_bool reads_end;

/* Pages that are not adjacent, so that each is a line. */
static char *new_pages(uintptr_t from, int count)
{
    for (int i = 0; i < count; i++)
        if (mmap((void *)(from + (uintptr_t)i * 2 * PAGE), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
            MAP_FAILED)
            abort();
    return (char *)from;
}

static void end_pages(char *pages, int count)
{
    for (int i = 0; i < count; i++)
        munmap(pages + i * 2 * PAGE, PAGE);
}

static void *move_below(void *unused)
{
    while (!reads_end)
        end_pages(new_pages(0x200000000000, MOVING), MOVING);
    return unused;
}

static void count_standing(struct mf_snapshot *snapshot, const char *pages, int *wrong)
{
    const int rc = mf_snapshot_read(&process, 0, NULL, snapshot);
    int found = 0;

    for (int i = 0; rc == 1 && i < STANDING; i++)
        found += mf_find(snapshot, (uintptr_t)pages + (uintptr_t)i * 2 * PAGE) >= 0;
    *wrong += rc != 1 || found != STANDING;
}

static void *read_meanwhile(void *wrong)
{
    struct mf_snapshot *const snapshot = new_snapshot(8192, 1 << 20);

    while (!reads_end)
        count_standing(snapshot, (char *)0x201000000000, wrong);
    free(snapshot);
    return NULL;
}

/* Before Linux 6.11, only the text shows whether the process still exists. */
static void *ask_for_deletion_meanwhile(void *unused)
{
    const char name[] = "not a path (deleted)";
    const struct mf_mapping mapping = {
        .start = 4096,
        .end = 8192,
        .inode = 1,
        .dev_major = 8,
        .flags = MF_FILE_BACKED | MF_SUFFIXED | MF_KIND_FILE << MF_KIND_SHIFT,
        .name_length = sizeof name - 1,
    };
    struct mf_process without_query = process;

    mf_state(&without_query)->traits = 0;
    while (!reads_end)
        CHECK_IS(mf_deletion(&without_query, &mapping, name), MF_DELETION_UNKNOWN, "no path");
    if (mf_state(&without_query)->files_fd != mf_state(&process)->files_fd)
        close(mf_state(&without_query)->files_fd);
    return unused;
}

/* The text changes during the reads of two threads, and neither misses a mapping that stays. */
static void concurrent_reads_of_the_text_are_independent(void)
{
    struct mf_snapshot *const snapshot = new_snapshot(8192, 1 << 20);
    char *const standing = new_pages(0x201000000000, STANDING);
    const int descriptors = count_descriptors();
    const uint32_t most = rounds(500);
    pthread_t threads[3];
    int wrong[2] = {0};

    pthread_create(&threads[0], NULL, move_below, NULL);
    pthread_create(&threads[1], NULL, read_meanwhile, &wrong[0]);
    pthread_create(&threads[2], NULL, ask_for_deletion_meanwhile, NULL);
    for (uint32_t i = 0; i < most && wrong[1] == 0; i++)
        count_standing(snapshot, standing, &wrong[1]);
    reads_end = true;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    pthread_join(threads[2], NULL);
    CHECK_IS(wrong[0] + wrong[1], 0, "wrong snapshots of two readers");
    CHECK_IS(count_descriptors(), descriptors, "descriptors of reads are closed");
    CHECK_IS(mf_state(&process)->text_taken, 0, "and the text is free again");
    end_pages(standing, STANDING);
    free(snapshot);
}

int main(void)
{
    if (mf_process_open_self(&process) != 0)
        return 1;
    a_larger_snapshot_has_all_mappings();
    a_refresh_reports_changes_only();
    memory_is_checked();
    a_snapshot_of_a_changing_process_is_sorted();
    concurrent_reads_of_the_text_are_independent();
    loaded_and_unloaded_libraries_are_counted();
    mf_process_close(&process);
    return check_result();
}
