/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files without a path, files that cannot be opened, and files in a closed directory. */
#include "opened_file.h"

#include <linux/fs.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

static void files_without_a_path(uint32_t how, int expected)
{
    struct made made = {.letter = 'M'};
    const int fd = (int)syscall(SYS_memfd_create, "memory", 0);
    const struct mf_mapping *found;
    char page[2 * PAGE];

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

/* Errors of open(2) for these files are not errors of the process. */
static void files_that_cannot_be_opened(uint32_t how, int expected)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY, .exclude_kernel = 1};
    const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    const size_t bytes = 2 * (size_t)sysconf(_SC_PAGESIZE);
    void *const at = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct made made;

    if (at == MAP_FAILED) {
        puts("skipped: no ring of perf here");
        close(fd);
        return;
    }
    made = what_is_at(at);
    CHECK_IS(opened(&made, how), expected, "a ring of perf");
    CHECK_IS(mf_file_quick_verify(&process, &made.mapping, made.name), MF_NOT_VERIFIED,
             "the quick verification does not report it");
    munmap(at, bytes);
    close(fd);
}

static void immutable_file(uint32_t how)
{
    const int fd = open("immutable", O_RDWR | O_CREAT | O_TRUNC, 0666);
    void *const at =
        fd < 0 || ftruncate(fd, PAGE) != 0 ? MAP_FAILED : mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int flags = 0;
    int writable = -1;
    struct made made;

    if (at == MAP_FAILED)
        abort();
    made = what_is_at(at);
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 || ioctl(fd, FS_IOC_SETFLAGS, &(int){flags | FS_IMMUTABLE_FL}) != 0) {
        puts("skipped: no immutable files here");
    } else {
        CHECK_IS(mf_file_open(&process, &made.mapping, made.name, how | MF_OPEN_WRITABLE, &writable), -EACCES,
                 "an immutable file");
        ioctl(fd, FS_IOC_SETFLAGS, &flags);
    }
    close(fd);
    munmap(at, PAGE);
    unlink("immutable");
}

/* The file was mapped before the capabilities were dropped, in a directory that is not accessible since. */
static struct made closed = {.letter = 'C'};

static void map_file_in_closed_directory(void)
{
    const struct mf_mapping *found;
    int fd;

    CHECK_IS(mkdir("closed", 0700), 0, "mkdir");
    place_file("closed/file", 'C');
    fd = open("closed/file", O_RDONLY);
    closed.at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)closed.at);
    closed.mapping = *found;
    memcpy(closed.name, mf_snapshot_name(snapshot, found), found->name_length);
}

static void file_in_closed_directory(void)
{
    CHECK_IS(opened(&closed, 0), -EACCES, "below a closed directory");
    CHECK_IS(mf_file_quick_verify(&process, &closed.mapping, closed.name), MF_NOT_VERIFIED, "quick verification");
    CHECK_IS(mf_file_sharing_domain(&process, &closed.mapping, closed.name), 0, "its sharing domain");
    CHECK_IS(mf_file_state(&process, &closed.mapping, closed.name), MF_FILE_UNKNOWN, "its state");
}

static void try_files(bool may_follow)
{
    const int listed = mf_entries_list_access(&process); /* opens the directory, which stays open */
    const int descriptors = count_descriptors();

    CHECK_IS(listed, 0, "listing needs no capability");
    if (may_follow) {
        files_without_a_path(0, MF_EXACT);
        files_that_cannot_be_opened(0, -EUNATCH);
        immutable_file(0);
        immutable_file(MF_OPEN_BY_PATH);
    }
    files_that_cannot_be_opened(may_follow ? MF_OPEN_BY_PATH : 0, -EPERM);
    files_without_a_path(may_follow ? MF_OPEN_BY_PATH : 0, -EPERM);
    CHECK_IS(count_descriptors(), descriptors, "descriptors");
}

static void try_all(void)
{
    place = &places[0];
    if (mf_process_open_self(&process) != 0)
        _exit(1);
    if (mf_entries_follow_access() == 0)
        try_files(true);
    else
        puts("skipped through map_files: needs CAP_CHECKPOINT_RESTORE");
    map_file_in_closed_directory();
    mf_process_close(&process);
    become_nobody();
    if (access("closed/file", F_OK) != 0)
        file_in_closed_directory();
    try_files(false);
    mf_process_close(&process);
}

int main(void)
{
    apply_lacking();
    snapshot = new_snapshot(1024, 1 << 18);
    return run_in_directory("open-special-files", try_all);
}
