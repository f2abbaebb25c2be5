/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of map_files equal the kernel's directory, are of exactly the mapping, or are stale. */
#include "entries.h"

/* Compares an entry with lstat, readlink and stat of the kernel's directory. */
static void compare_with_kernel(const struct mf_entries *entries, const struct mf_entry *entry, const char *path)
{
    char target[PAGE];
    struct stat link;
    struct stat file;
    const long length = readlink(path, target, sizeof target);

    CHECK_IS(entry->target_error, 0, path);
    CHECK_IS(entry->access_error, 0, path);
    CHECK(length >= (long)entry->target_length && memcmp(mf_entries_target(entries, entry), target, entry->target_length) == 0,
          "%s: another target", path);
    CHECK_IS(length - entry->target_length, entry->flags & MF_DELETED ? 10 : 0, "a suffix where the file is deleted");
    CHECK_IS(lstat(path, &link), 0, path);
    CHECK_IS(entry->flags & MF_READABLE ? 0400 : 0, link.st_mode & 0400, "opened for reading");
    CHECK_IS(entry->flags & MF_WRITABLE ? 0200 : 0, link.st_mode & 0200, "opened for writing");
    if (!may_follow) {
        CHECK_IS(entry->stat_error, -EPERM, "not without the capability");
        return;
    }
    CHECK_IS(stat(path, &file), 0, path);
    CHECK_IS(entry->stat_error, 0, path);
    CHECK_IS(entry->stat.inode, file.st_ino, "inode");
    CHECK_IS(entry->stat.size, file.st_size, "size");
    CHECK_IS(entry->stat.blocks, file.st_blocks, "blocks");
    CHECK_IS(entry->stat.nlink, file.st_nlink, "links");
    CHECK_IS(entry->stat.mode, file.st_mode, "mode");
    CHECK_IS(entry->stat.uid, file.st_uid, "uid");
    CHECK_IS(entry->stat.gid, file.st_gid, "gid");
    CHECK_IS(entry->stat.mtime_seconds, file.st_mtim.tv_sec, "mtime");
    CHECK_IS(entry->stat.mtime_nanoseconds, file.st_mtim.tv_nsec, "mtime");
    CHECK_IS(entry->stat.ctime_nanoseconds, file.st_ctim.tv_nsec, "ctime");
}

static void all_entries_are_those_of_the_kernel(void)
{
    struct mf_entries *const entries = new_entries(1024, 1 << 18);
    DIR *const directory = opendir("/proc/self/map_files");
    const struct dirent *found;
    uint32_t count = 0;

    read_snapshot();
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), 0, "read");
    while ((found = readdir(directory)) != NULL) {
        const struct mf_entry *const entry = &mf_entries_first(entries)[count];
        unsigned long start;
        unsigned long end;
        char path[300];

        if (sscanf(found->d_name, "%lx-%lx", &start, &end) != 2)
            continue;
        CHECK(count < entries->entry_count && entry->start == start && entry->end == end, "%s is missing", found->d_name);
        snprintf(path, sizeof path, "/proc/self/map_files/%s", found->d_name);
        compare_with_kernel(entries, entry, path);
        count++;
    }
    closedir(directory);
    CHECK_IS(entries->entry_count, count, "entries");
    free(entries);
}

static void a_small_capacity_loses_nothing(void)
{
    struct mf_entries *const whole = new_entries(1024, 1 << 18);
    struct mf_entries *const small = new_entries(2, 10);

    CHECK_IS(mf_entries_read(&process, snapshot, ALL, whole), 0, "read");
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, small), -ENOBUFS, "too small");
    CHECK_IS(small->entry_count, 2, "those that fitted");
    CHECK_IS(small->needed_entries, whole->entry_count, "needed");
    CHECK_IS(mf_entries_first(small)[0].target_error, -ENOBUFS, "its target did not fit");
    CHECK_IS(mf_entries_read(&process, snapshot, ALL | MF_ENTRY_ONE_PER_FILE, whole), 0, "one for each file");
    CHECK_IS(whole->entry_count, snapshot->file_count, "one for each file");
    for (uint32_t i = 0; i < whole->entry_count; i++)
        CHECK_IS(mf_entries_first(whole)[i].file_index, i, "in the order of their first mappings");
    CHECK_IS(mf_entries_init(small, 4, 1, 1), -EINVAL, "smaller than its fields require");
    CHECK_IS(mf_entries_bytes(UINT32_MAX, UINT32_MAX), 0, "absurd");
    free(small);
    free(whole);
}

static const struct mf_entry *entry_at(const struct mf_entries *entries, const void *address)
{
    for (uint32_t i = 0; i < entries->entry_count; i++)
        if (mf_entries_first(entries)[i].start == (uintptr_t)address)
            return &mf_entries_first(entries)[i];
    abort();
}

/* While nothing changes, a list equals reads of single entries; entries that are removed later keep their content. */
static void one_entry_and_the_list_are_equal(void)
{
    const uint32_t parts[] = {MF_ENTRY_TARGET, MF_ENTRY_STAT, ALL | MF_ENTRY_ONE_PER_FILE, ALL,
                              MF_ENTRY_TARGET | MF_ENTRY_STAT};
    struct mf_entries *const anew = new_entries(1024, 1 << 18);
    struct mf_entries *const as_read = new_entries(1024, 1 << 18);
    const int file = open_file("shared");
    const int other = open_file("gone");
    char *const first = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    char *const second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    char *const gone = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, 0);
    const struct mf_entry *of_gone;

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        CHECK_IS(mf_entries_read(&process, snapshot, parts[k], anew), 0, "anew");
        CHECK_IS(mf_entries_read(&process, snapshot, parts[k] | MF_ENTRY_AS_READ, as_read), 0, "as read");
        CHECK_IS(as_read->entry_count, anew->entry_count, "as many");
        for (uint32_t i = 0; i < anew->entry_count && i < as_read->entry_count; i++) {
            const struct mf_entry *const a = &mf_entries_first(anew)[i];
            const struct mf_entry *const b = &mf_entries_first(as_read)[i];

            CHECK_IS(b->target_error, a->target_error, "link");
            CHECK_IS(b->access_error, a->access_error, "access");
            CHECK_IS(b->stat_error, a->stat_error, "stat");
            CHECK_IS(b->flags, a->flags, "flags");
            CHECK(b->target_length == a->target_length &&
                      memcmp(mf_entries_target(as_read, b), mf_entries_target(anew, a), a->target_length) == 0,
                  "target %.*s, not %.*s", (int)b->target_length, mf_entries_target(as_read, b), (int)a->target_length,
                  mf_entries_target(anew, a));
            CHECK(memcmp(&b->stat, &a->stat, sizeof a->stat) == 0, "stat of %.*s", (int)a->target_length,
                  mf_entries_target(anew, a));
        }
    }
    CHECK_IS(entry_at(as_read, first)->stat.inode, entry_at(as_read, second)->stat.inode, "of one file");
    munmap(gone, PAGE);
    CHECK_IS(mf_entries_read(&process, snapshot, MF_ENTRY_TARGET, anew), 0, "anew");
    CHECK_IS(entry_at(anew, gone)->target_error, -ESTALE, "gone");
    CHECK_IS(mf_entries_read(&process, snapshot, MF_ENTRY_TARGET | MF_ENTRY_AS_READ, as_read), 0, "as read");
    of_gone = entry_at(as_read, gone);
    CHECK(of_gone->target_error == 0 && of_gone->target_length > 5 &&
              memcmp(mf_entries_target(as_read, of_gone) + of_gone->target_length - 5, "/gone", 5) == 0,
          "the former mapping");
    munmap(first, PAGE);
    munmap(second, PAGE);
    close(file);
    close(other);
    free(anew);
    free(as_read);
}

/* Ranges that are not, or no longer, those of the mapping. */
static void a_stale_mapping_is_reported(void)
{
    const int a = open_file("a");
    const int b = open_file("b");
    char *const at = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, a, 0);
    char name[MF_NAME_MAX];
    char target[MF_NAME_MAX];
    const struct mf_mapping record = record_at(at, name);
    struct mf_mapping odd = record;
    struct mf_entry entry;

    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), 0, "as it is");
    CHECK_IS(mf_mapping_validate(&process, &record), 1, "it holds");
    odd.end -= PAGE;
    CHECK_IS(mf_entry_read(&process, &odd, name, ALL, &entry, target), -ESTALE, "a part of the range");
    odd.end += 2 * PAGE;
    CHECK_IS(mf_entry_read(&process, &odd, name, ALL, &entry, target), -ESTALE, "more than the range");
    mprotect(at + PAGE, PAGE, PROT_NONE);
    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), -ESTALE, "split");
    CHECK_IS(mf_mapping_validate(&process, &record), 0, "split");
    mprotect(at + PAGE, PAGE, PROT_READ);
    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), 0, "merged again");
    if (mmap(at, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, b, 0) != at)
        abort();
    for (uint32_t part = 1; part <= MF_ENTRY_STAT; part *= 2)
        CHECK(mf_entry_read(&process, &record, name, part, &entry, target) == -ESTALE ||
                  (part == MF_ENTRY_STAT && entry.stat_error == -EPERM),
              "part %u of another file", part);
    munmap(at, 3 * PAGE);
    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), -ESTALE, "unmapped");
    close(a);
    close(b);
}

/* maps has the name that prctl(2) sets (Linux 6.2+ with CONFIG_ANON_VMA_NAME); the link is unchanged. */
static void named_shared_memory(void)
{
    void *const at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    static const char given[] = "[anon_shmem:mine]";
    struct mf_process without_query;
    char name[MF_NAME_MAX];
    char target[MF_NAME_MAX];
    struct mf_mapping record;
    struct mf_entry entry;

    prctl(0x53564d41 /* PR_SET_VMA */, 0, at, PAGE, "mine");
    record = record_at(at, name);
    if (name[0] != '[') { /* this kernel does not: simulate it */
        memcpy(name, given, sizeof given);
        record.name_length = sizeof given - 1;
    }
    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), 0, "named shared memory");
    without_query = process; /* the same descriptors */
    mf_state(&without_query)->traits = 0;
    CHECK_IS(mf_entry_read(&without_query, &record, name, ALL, &entry, target), 0, "without PROCMAP_QUERY");
    CHECK(entry.target_length == 9 && memcmp(target, "/dev/zero", 9) == 0, "%.*s", (int)entry.target_length, target);
    CHECK_IS(entry.flags & MF_DELETED, MF_DELETED, "never had a path");
    munmap(at, PAGE);
}

static void renamed_and_without_a_file(void)
{
    const int fd = open_file("before");
    void *const at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    char name[MF_NAME_MAX];
    char target[MF_NAME_MAX];
    struct mf_mapping record = record_at(at, name);
    struct mf_entry entry;

    rename("before", "after");
    if (has_query(&process)) {
        CHECK_IS(mf_entry_read(&process, &record, name, MF_ENTRY_TARGET, &entry, target), 0, "renamed");
        CHECK(entry.target_length > 5 && memcmp(target + entry.target_length - 5, "after", 5) == 0, "the new name");
    } else {
        CHECK_IS(mf_entry_read(&process, &record, name, MF_ENTRY_TARGET, &entry, target), -ESTALE, "renamed");
    }
    unlink("after");
    munmap(at, PAGE);
    close(fd);
    record = record_at(&record, name); /* the stack */
    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), -ENOENT, "memory without a file");
    CHECK_IS(mf_entry_read(&process, &record, name, 0, &entry, target), -EINVAL, "nothing asked for");
}

/* A target longer than a page: the link cannot be read, the status can, and the other entries are complete. */
static void a_long_path(void)
{
    struct mf_entries *const entries = new_entries(1024, 1 << 18);
    char part[201];
    const struct mf_entry *found = NULL;
    void *at;
    int fd;

    memset(part, 'p', sizeof part - 1);
    part[sizeof part - 1] = 0;
    for (int i = 0; i < 24; i++)
        if (mkdir(part, 0777) != 0 || chdir(part) != 0)
            abort();
    fd = open_file("deep");
    at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    read_snapshot();
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), 0, "read");
    for (uint32_t i = 0; i < entries->entry_count; i++)
        if (mf_entries_first(entries)[i].start == (uintptr_t)at)
            found = &mf_entries_first(entries)[i];
    if (found == NULL)
        abort();
    CHECK_IS(found->target_error, -ENAMETOOLONG, "the link");
    CHECK_IS(found->access_error, 0, "how it was opened");
    CHECK_IS(found->flags & (MF_READABLE | MF_WRITABLE), MF_READABLE | MF_WRITABLE, "how it was opened");
    /* Where maps has other numbers than stat(2), the target is needed to verify the file. */
    CHECK(found->stat_error == (may_follow ? 0 : -EPERM) ||
              (found->stat_error == -ENAMETOOLONG && !has_numbers_of(mapping_at(snapshot, (uintptr_t)at), fd)),
          "the file: %d", found->stat_error);
    unlink("deep");
    for (int i = 0; i < 24; i++)
        if (chdir("..") != 0 || rmdir(part) != 0)
            abort();
    munmap(at, PAGE);
    close(fd);
    free(entries);
}

static void try_all(void)
{
    int before;

    CHECK_IS(mf_process_open_self(&process), 0, "open");
    may_follow = mf_entries_follow_access() == 0;
    CHECK_IS(mf_entries_list_access(&process), 0, "list");
    before = count_descriptors();
    all_entries_are_those_of_the_kernel();
    a_small_capacity_loses_nothing();
    one_entry_and_the_list_are_equal();
    a_stale_mapping_is_reported();
    named_shared_memory();
    renamed_and_without_a_file();
    a_long_path();
    CHECK_IS(count_descriptors(), before, "descriptors");
    mf_process_close(&process);
}

int main(void)
{
    return run_with_and_without_capabilities("entry", try_all);
}
