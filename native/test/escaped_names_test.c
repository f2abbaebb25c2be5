/* SPDX-License-Identifier: Apache-2.0 */
/* Files with special names and long paths: entries have them unescaped, and files can be opened in each state. */
#include "lacking.h"
#include "places.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define ALL     (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)
#define LONGEST 4095 /* maximum length of a path of a system call */

static struct mf_process process;
static struct mf_snapshot *snapshot;
static bool may_follow;
static char path[8192]; /* absolute path of the mapped file */
static struct mf_mapping mapping;
static char name[8192];

/* Returns the end of the path, for a message. */
static const char *tail(void)
{
    return strlen(path) > 40 ? path + strlen(path) - 40 : path;
}

/* Whether maps has the device and the inode of the file. Else the target is needed to verify the file. */
static bool has_its_numbers;

static void map_file(const char *file)
{
    const int fd = open(file, O_RDONLY);
    static char *place = (char *)0x300000000000; /* a new range: the kernel may keep the mode of a former link */
    const struct mf_mapping *found;

    if (fd < 0 || mmap(place, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) != place)
        abort();
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)place);
    if (found == NULL)
        abort();
    mapping = *found;
    has_its_numbers = has_numbers_of(found, fd);
    close(fd);
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
    place += 4 * 4096;
}

static void read_again(void)
{
    const struct mf_mapping *found;

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, mapping.start);
    if (found == NULL)
        abort();
    mapping = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
}

/* @p deleted: the kernel appends its mark, which may make the path too long. */
static void link_is_reported(bool deleted)
{
    const size_t length = strlen(path);
    const bool has_target = length + (deleted ? 10 : 0) <= LONGEST;
    struct mf_entry entry;
    char target[MF_NAME_MAX];

    CHECK_IS(mf_entry_read(&process, &mapping, name, ALL, &entry, target), 0, tail());
    CHECK_IS(entry.stat_error, !may_follow ? -EPERM : has_its_numbers || has_target ? 0 : -ENAMETOOLONG, "its stat");
    if (!has_target) {
        CHECK_IS(entry.target_error, -ENAMETOOLONG, "a target too long");
        return;
    }
    CHECK_IS(entry.target_error, 0, tail());
    CHECK_IS(entry.flags & MF_WRITABLE, 0, "opened for reading");
    CHECK_IS(entry.target_length, length + (deleted && !may_follow ? 10 : 0), "length");
    CHECK(memcmp(target, path, length) == 0, "another target than %s", tail());
}

static void file_is_opened(uint32_t how, int expected)
{
    char byte = 0;
    int fd = -1;
    int rc = mf_file_open(&process, &mapping, name, how, &fd);

    CHECK(rc == expected || (expected == MF_SAME_INODE && rc == MF_SAME_BYTES) || (expected == MF_EXACT && rc == MF_SAME_BYTES),
          "%s: %d instead of %d", tail(), rc, expected);
    if (rc > 0)
        CHECK(pread(fd, &byte, 1, 17) == 1 && byte == 'N', "%s: WRONG FILE: '%c'", tail(), byte);
    if (fd >= 0)
        close(fd);
}

static void state_is(int state)
{
    const int found = mf_file_state(&process, &mapping, name);

    const bool may_be_unknown = !may_follow || (!has_its_numbers && strlen(path) + 10 > LONGEST);

    CHECK(found == state || (may_be_unknown && found == MF_FILE_UNKNOWN), "%s: state %d instead of %d", tail(), found, state);
}

/* Works in the working directory, which has a long path or a short one. */
static void use_replace_and_delete(const char *file)
{
    const size_t length = strlen(path);
    const bool reachable = length <= LONGEST;
    const bool is_known_removed = length + 10 <= LONGEST; /* else a file with the mark in its name may exist */

    place_file(file, 'N');
    map_file(file);
    link_is_reported(false);
    state_is(reachable ? MF_FILE_PRESENT : MF_FILE_UNKNOWN);
    file_is_opened(MF_OPEN_BY_PATH, reachable ? MF_SAME_INODE : -ENAMETOOLONG);
    if (may_follow)
        file_is_opened(0, MF_EXACT);
    if (link(file, "other") != 0 || unlink(file) != 0 || link("other", file) != 0 || unlink("other") != 0)
        abort();
    read_again(); /* its name was removed for a moment: the kernel reports it as deleted from then on */
    state_is(reachable ? MF_FILE_PRESENT : MF_FILE_UNKNOWN);
    file_is_opened(MF_OPEN_BY_PATH, reachable ? MF_SAME_INODE : -ENAMETOOLONG);
    place_file("newcomer", 'X');
    rename("newcomer", file);
    read_again();
    link_is_reported(true);
    if (reachable && (may_follow || is_known_removed))
        state_is(MF_FILE_REPLACED);
    file_is_opened(MF_OPEN_BY_PATH, is_known_removed ? -EIDRM : -ENAMETOOLONG);
    unlink(file);
    state_is(may_follow ? MF_FILE_DELETED : is_known_removed ? MF_FILE_PATH_REMOVED : MF_FILE_UNKNOWN);
    if (may_follow)
        file_is_opened(0, MF_EXACT);
}

static void all_names(const char *directory)
{
    static const char *const names[] = {"plain",
                                        " led and followed ",
                                        "   ",
                                        "new\nline",
                                        "\n",
                                        "back\\slash\\",
                                        "lit\\012x",
                                        "both\n\\012",
                                        "latin-\xe9\xff\xfe",
                                        "a\ttab",
                                        "true (deleted)",
                                        " (deleted)",
                                        "twice (deleted) (deleted)",
                                        "[heap]",
                                        "memfd:x",
                                        "SYSV00000000",
                                        "\x1b[31m"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        use_replace_and_delete(names[i]);
    }
}

/* Makes directories with names of 200 letters; the name of the file has the rest of the length. */
static void a_path_of(size_t length, const char *directory)
{
    char step[201];
    char file[256] = "";
    int depth = 0;

    strcpy(path, directory);
    memset(step, 'd', sizeof step - 1);
    for (; length - strlen(path) > 240; depth++) {
        step[sizeof step - 1] = 0;
        strcat(strcat(path, "/"), step);
        if ((mkdir(step, 0777) != 0 && errno != EEXIST) || chdir(step) != 0)
            abort();
    }
    memset(file, 'f', length - strlen(path) - 1);
    strcat(strcat(path, "/"), file);
    CHECK_IS(strlen(path), length, "a path of that length");
    use_replace_and_delete(file);
    while (depth-- > 0)
        if (chdir("..") != 0 || rmdir(step) != 0)
            abort();
}

static void try_all(const char *directory)
{
    static const size_t lengths[] = {4000, 4084, 4085, 4086, 4094, 4095, 4096, 4097, 6000};

    CHECK_IS(mf_process_open_self(&process), 0, "open");
    may_follow = mf_entries_follow_access() == 0;
    all_names(directory);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        a_path_of(lengths[i], directory);
    mf_process_close(&process);
}

int main(void)
{
    const char *const directory = new_directory("names");
    int status = 0;
    pid_t child;

    apply_lacking();
    umask(0);
    if (chmod(directory, 0777) != 0 || chdir(directory) != 0)
        return 1;
    snapshot = new_snapshot(1024, 1 << 18);
    child = fork();
    if (child == 0) { /* the same without capabilities */
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
            _exit(1); /* its memory stays readable to itself, for verification on btrfs and overlayfs */
        try_all(directory);
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "without capabilities");
    if (mf_entries_follow_access() == 0)
        try_all(directory);
    else
        puts("skipped with capabilities: needs CAP_CHECKPOINT_RESTORE");
    free(snapshot);
    rmdir(directory);
    return check_result();
}
