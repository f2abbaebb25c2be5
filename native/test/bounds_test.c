/* SPDX-License-Identifier: Apache-2.0 */
/* Work that a target or a file causes is bounded: endless text, a file with many names, deep paths, files without data. */
#include "places.h"

#include "process/process.h"
#include "query/validate.h"
#include "query/vsyscall.h"

#include <sys/mman.h>

/* A process whose maps file is endless: /dev/zero in a directory in place of its /proc directory. */
static struct mf_process process_of_endless_text(void)
{
    if (mkdir("endless", 0777) != 0 || symlink("/dev/zero", "endless/maps") != 0)
        abort();
    struct mf_process process = {{0}};

    *mf_state(&process) = (struct mf_process_state){
        .proc_fd = open("endless", O_RDONLY | O_DIRECTORY),
        .maps_fd = open("/dev/zero", O_RDONLY),
        .files_fd = -1,
    };
    return process;
}

static void text_without_an_end(void)
{
    static const struct mf_mapping some = {.start = 0x1000, .end = 0x2000, .file_index = -1};
    struct mf_process process = process_of_endless_text();
    struct mf_snapshot *const snapshot = new_snapshot(4, 4096);
    struct mf_mapping found;

    CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT, NULL, snapshot), -ENOBUFS, "a snapshot");
    CHECK(mf_snapshot_bytes(snapshot->needed_mappings, snapshot->needed_text) == 0, "no snapshot has room for %u bytes",
          snapshot->needed_text);
    CHECK_IS(mf_mapping_validate(&process, &some), -EFBIG, "whether a record holds");
    if (mf_vsyscall_is_near(0, true)) /* x86-64 only */
        CHECK_IS(mf_vsyscall_find(&process, 0, &found), -EFBIG, "whether there is [vsyscall]");
    mf_process_close(&process);
    free(snapshot);
}

enum { NAMES = 400000, LINE = 128 };

/* Parses mappings of each file twice, far apart; files have an inode of their own, or share one. */
static void parse_files(struct mf_snapshot *snapshot, char *text, uint32_t files, bool have_inodes)
{
    size_t length = 0;

    for (uint32_t i = 0; i < 2 * files; i++)
        length +=
            (size_t)sprintf(text + length, "%08x-%08x r--p 00000000 08:01 %06u %35s/a/link/%06u/x\n", 0x10000000 + i * 0x2000,
                            0x10001000 + i * 0x2000, 100000 + (have_inodes ? i % files : 0), "", i % files);
    CHECK_IS(mf_snapshot_parse(text, length, 0, snapshot), 1, "parse");
    CHECK_IS(snapshot->mapping_count, 2 * files, "mappings");
    CHECK_IS(snapshot->file_count, files, "files");
    for (uint32_t i = 0; i < 2 * files; i++)
        if (mf_snapshot_mappings(snapshot)[i].file_index != (int32_t)(i % files)) {
            CHECK_IS(mf_snapshot_mappings(snapshot)[i].file_index, i % files, "file index");
            break;
        }
}

/*
 * A linear search of the names of one file takes longer than the time limit. The table of files begins with the size that the
 * snapshot before needed.
 */
static void very_many_files_and_names(void)
{
    char *const text = malloc(NAMES * LINE);
    struct mf_snapshot *const snapshot = new_snapshot(NAMES, NAMES * LINE);

    parse_files(snapshot, text, NAMES / 2, false);
    parse_files(snapshot, text, 3, true);
    parse_files(snapshot, text, NAMES / 2, true);
    parse_files(snapshot, text, 2731, true);
    parse_files(snapshot, text, 20000, true);
    free(snapshot);
    free(text);
}

/* The text has equal names for all of these files. They differ only after the names are read, and are then numbered again. */
static void one_file_by_names_that_the_text_shows_alike(void)
{
    enum { LINKS = 400, BITS = 9 };
    struct mf_snapshot *snapshot = new_snapshot(2048, 1 << 20);
    struct mf_process process;
    bool is_used[2048] = {false};
    void *mapped[LINKS];

    close(open("many", O_RDWR | O_CREAT, 0666));
    if (truncate("many", 4096) != 0)
        abort();
    for (int i = 0; i < LINKS; i++) {
        char link_name[4 * BITS + 1] = "";
        int fd;

        for (int bit = 0; bit < BITS; bit++)
            strcat(link_name, i >> bit & 1 ? "\n" : "\\012");
        if (link("many", link_name) != 0 || (fd = open(link_name, O_RDONLY)) < 0)
            abort();
        mapped[i] = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
        close(fd);
    }
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    for (int i = 0; i < LINKS && check_failures == 0; i++) {
        const int32_t index = mapping_at(snapshot, (uintptr_t)mapped[i])->file_index;

        CHECK(index >= 0 && index < 2048 && !is_used[index], "link %d: file %d of %u", i, index, snapshot->file_count);
        if (index >= 0)
            is_used[index] = true;
    }
    for (int i = 0; i < LINKS; i++)
        munmap(mapped[i], 4096);
    mf_process_close(&process);
    free(snapshot);
}

static void a_mapping_too_large_to_be_compared(void)
{
    const size_t bytes = 1ull << 40;
    static struct mf_query_result result;
    struct mf_process process;
    void *at;
    int out;
    int fd;

    if (places_prepare() != 0 || place_overlay() != 0) {
        printf("skipped: a large mapping on overlayfs: %s\n", strerror(errno));
        return;
    }
    fd = open("merged/large", O_RDWR | O_CREAT, 0666);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        abort();
    at = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
    close(fd);
    if (at == MAP_FAILED || mf_process_open_self(&process) != 0)
        abort();
    if (mf_query(&process, (uintptr_t)at, MF_COVERING, &result) != 0) {
        puts("skipped: a large mapping on overlayfs: no PROCMAP_QUERY");
    } else {
        CHECK_IS(mf_file_open(&process, &result.mapping, result.name, 0, &out), -ENODATA, "nothing proves it");
        CHECK_IS(mf_file_open(&process, &result.mapping, result.name, MF_OPEN_UNVERIFIED, &out), MF_NOT_VERIFIED, "unverified");
        close(out);
    }
    mf_process_close(&process);
    munmap(at, bytes);
    umount2("merged", MNT_DETACH);
}

/* Reads the state of a file at a depth below the test's directory, after all of these directories are removed. */
static int state_of_removed(unsigned depth)
{
    char path[1024] = "deep";
    struct mf_snapshot *snapshot = new_snapshot(64, 8192);
    struct mf_process process;
    const struct mf_mapping *mapping;
    void *at;
    int state;
    int fd;

    for (unsigned i = 0; i < depth; i++)
        if (mkdir(strcat(path, i == 0 ? "" : "/d"), 0777) != 0)
            abort();
    fd = open(strcat(path, "/file"), O_RDWR | O_CREAT, 0666);
    at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED || system("rm -rf deep") != 0 || mf_process_open_self(&process) != 0 ||
        read_growing(&process, MF_FILE_BACKED, &snapshot) != 1)
        abort();
    mapping = mapping_at(snapshot, (uintptr_t)at);
    state = mf_file_state(&process, mapping, mf_snapshot_name(snapshot, mapping));
    mf_process_close(&process);
    munmap(at, 4096);
    free(snapshot);
    return state;
}

/* Without the permission to follow entries, only the directories above show that a path is removed. */
static void a_path_whose_directories_are_removed(void)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(1);
        if (is_on_fs(".", BTRFS_SUPER_MAGIC) || is_on_fs(".", OVERLAYFS_SUPER_MAGIC))
            puts("skipped: a path whose directories are gone: device numbers say nothing here");
        else
            CHECK_IS(state_of_removed(60), MF_FILE_PATH_REMOVED, "60 directories");
        CHECK_IS(state_of_removed(100), MF_FILE_UNKNOWN, "100 directories");
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the child ended with %x", status);
}

int main(void)
{
    const char *const directory = new_directory("bounds");

    if (chdir(directory) != 0 || chmod(".", 0777) != 0)
        abort();
    a_path_whose_directories_are_removed();
    text_without_an_end();
    very_many_files_and_names();
    one_file_by_names_that_the_text_shows_alike();
    a_mapping_too_large_to_be_compared();
    if (chdir("/") != 0 || remove_directory(directory) != 0)
        return 1;
    return check_result();
}
