/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit of mappings: a file is deleted, and a new file with its inode number is mapped at the same range. The old mapping
 * matches it. The opened file is the one that is mapped now, and its birth time shows that it is new.
 */
#include "lacking.h"
#include "os/statx.h"
#include "places.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>

#define BIRTH_TIME 0x800u /* STATX_BTIME */

static struct mf_process process;
static struct mf_snapshot *snapshot;
static char *const range = (char *)0x200000000000; /* far from mappings of sanitizers */

static void map_it(void)
{
    const int fd = open("file", O_RDONLY);

    if (mmap(range, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) != range)
        abort();
    close(fd);
}

static ino_t inode_now(void)
{
    struct stat file;

    if (stat("file", &file) != 0)
        abort();
    return file.st_ino;
}

/* Makes the file again until it has the wanted inode number. The other files stay. */
static bool make_with(ino_t inode)
{
    for (int attempt = 0; attempt < 200; attempt++) {
        char other[32];

        place_file("file", 'N');
        if (inode_now() == inode)
            return true;
        snprintf(other, sizeof other, "other %d", attempt);
        rename("file", other);
    }
    return false;
}

static bool is_later(const struct mf_statx_time *a, const struct timespec *b)
{
    return a->seconds > b->tv_sec || (a->seconds == b->tv_sec && a->nanoseconds > b->tv_nsec);
}

static void its_birth_time_is_later(int fd, const struct timespec *read)
{
    struct mf_statx file;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, BIRTH_TIME, &file) != 0 || !(file.mask & BIRTH_TIME))
        puts("skipped: no birth times here");
    else
        CHECK(is_later(&file.btime, read), "born at %lld, read at %lld", (long long)file.btime.seconds,
              (long long)read->tv_sec);
}

static void a_new_file_with_the_same_number(void)
{
    struct mf_mapping record;
    char name[MF_NAME_MAX];
    struct timespec read;
    char byte = 0;
    ino_t inode;
    int fd = -1;
    int rc;

    place_file("file", 'O');
    inode = inode_now();
    map_it();
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    clock_gettime(CLOCK_REALTIME, &read);
    record = *mapping_at(snapshot, (uintptr_t)range);
    memcpy(name, mf_snapshot_name(snapshot, &record), record.name_length);
    munmap(range, 3 * 4096);
    unlink("file");
    usleep(20000); /* times of files have the resolution of the clock's tick */
    CHECK_IS(mf_mapping_validate(&process, &record), 0, "unmapped");
    if (!make_with(inode)) {
        puts("skipped: this file system did not use the number again");
        return;
    }
    map_it();
    CHECK_IS(mf_mapping_validate(&process, &record), 1, "the record holds for the new file");
    rc = mf_file_open(&process, &record, name, 0, &fd);
    CHECK(rc > 0, "opened: %d", rc);
    CHECK(pread(fd, &byte, 1, 17) == 1 && byte == 'N', "the file that is mapped now, not '%c'", byte);
    its_birth_time_is_later(fd, &read);
    close(fd);
    munmap(range, 3 * 4096);
    mf_process_close(&process);
}

int main(void)
{
    const char *const directory = new_directory("reuse");

    apply_lacking();
    snapshot = new_snapshot(1024, 1 << 18);
    if (chdir(directory) != 0)
        return 1;
    a_new_file_with_the_same_number();
    free(snapshot);
    return remove_directory(directory) == 0 ? check_result() : 1;
}
