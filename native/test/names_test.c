/* SPDX-License-Identifier: Apache-2.0 */
/* Files of odd names and long paths: entries tell them raw, and they are opened, while present, replaced and deleted. */
#include "lacking.h"
#include "places.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define ALL (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)
#define LONGEST 4095 /* bytes of a path that system calls take */

static struct mf_process process;
static struct mf_snapshot *snapshot;
static bool may_follow;
static char path[8192]; /* of the file that is mapped, absolute */
static struct mf_mapping record;
static char name[8192];

/* The end of the path, for a message. */
static const char *tail(void)
{
    return strlen(path) > 40 ? path + strlen(path) - 40 : path;
}

static void map_file(const char *file)
{
    const int fd = open(file, O_RDONLY);
    static char *place = (char *)0x300000000000; /* each in a range of its own: the kernel may remember a former link's mode */
    const struct mf_mapping *found;

    if (fd < 0 || mmap(place, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) != place)
        abort();
    close(fd);
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)place);
    if (found == NULL)
        abort();
    record = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
    place += 4 * 4096;
}

static void read_again(void)
{
    const struct mf_mapping *found;

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, record.start);
    if (found == NULL)
        abort();
    record = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
}

/* @p deleted: the kernel puts its mark behind the path, and that may make it too long. */
static void the_link_is_told(bool deleted)
{
    const size_t length = strlen(path);
    struct mf_entry entry;
    char target[MF_NAME_MAX];

    CHECK_IS(mf_entry_read(&process, &record, name, ALL, &entry, target), 0, tail());
    CHECK_IS(entry.stat_error, may_follow ? 0 : -EPERM, "its stat");
    if (length + (deleted ? 10 : 0) > LONGEST) {
        CHECK_IS(entry.target_error, -ENAMETOOLONG, "a target too long");
        return;
    }
    CHECK_IS(entry.target_error, 0, tail());
    CHECK_IS(entry.flags & MF_WRITABLE, 0, "opened for reading");
    CHECK_IS(entry.target_length, length + (deleted && !may_follow ? 10 : 0), "length");
    CHECK(memcmp(target, path, length) == 0, "another target than %s", tail());
}

static void it_is_opened(uint32_t how, int expected)
{
    char byte = 0;
    int fd = -1;
    int rc = mf_file_open(&process, &record, name, how, &fd);

    CHECK(rc == expected || (expected == MF_SAME_INODE && rc == MF_SAME_BYTES) || (expected == MF_EXACT && rc == MF_SAME_BYTES),
          "%s: %d instead of %d", tail(), rc, expected);
    if (rc > 0)
        CHECK(pread(fd, &byte, 1, 17) == 1 && byte == 'N', "%s: WRONG FILE: '%c'", tail(), byte);
    if (fd >= 0)
        close(fd);
}

static void its_state_is(int state)
{
    const int found = mf_file_state(&process, &record, name);

    CHECK(found == state || (!may_follow && found == MF_FILE_UNKNOWN), "%s: state %d instead of %d", tail(), found, state);
}

/* In the working directory, which has a long path or a short one. */
static void live_and_die(const char *file)
{
    const size_t length = strlen(path);
    const bool reachable = length <= LONGEST;
    const bool surely_gone = length + 10 <= LONGEST; /* else a file of the whole name might stand there, and cannot be seen */

    place_file(file, 'N');
    map_file(file);
    the_link_is_told(false);
    its_state_is(reachable ? MF_FILE_PRESENT : MF_FILE_UNKNOWN);
    it_is_opened(MF_OPEN_BY_PATH, reachable ? MF_SAME_INODE : -ENAMETOOLONG);
    if (may_follow)
        it_is_opened(0, MF_EXACT);
    if (link(file, "other") != 0 || unlink(file) != 0 || link("other", file) != 0 || unlink("other") != 0)
        abort();
    read_again(); /* its name was gone for a moment: the kernel says deleted ever after */
    its_state_is(reachable ? MF_FILE_PRESENT : MF_FILE_UNKNOWN);
    it_is_opened(MF_OPEN_BY_PATH, reachable ? MF_SAME_INODE : -ENAMETOOLONG);
    place_file("newcomer", 'X');
    rename("newcomer", file);
    read_again();
    the_link_is_told(true);
    if (reachable && (may_follow || surely_gone))
        its_state_is(MF_FILE_REPLACED);
    it_is_opened(MF_OPEN_BY_PATH, surely_gone ? -EIDRM : -ENAMETOOLONG);
    unlink(file);
    its_state_is(may_follow ? MF_FILE_DELETED : surely_gone ? MF_FILE_PATH_REMOVED : MF_FILE_UNKNOWN);
    if (may_follow)
        it_is_opened(0, MF_EXACT);
}

static void odd_names(const char *directory)
{
    static const char *const names[] = {"plain", " led and followed ", "   ", "new\nline", "\n", "back\\slash\\", "lit\\012x",
                                        "both\n\\012", "latin-\xe9\xff\xfe", "a\ttab", "true (deleted)", " (deleted)",
                                        "twice (deleted) (deleted)", "[heap]", "memfd:x", "SYSV00000000", "\x1b[31m"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        live_and_die(names[i]);
    }
}

/* Below directories of 200 letters; the last one makes the length right. */
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
    live_and_die(file);
    while (depth-- > 0)
        if (chdir("..") != 0 || rmdir(step) != 0)
            abort();
}

static void try_all(const char *directory)
{
    static const size_t lengths[] = {4000, 4084, 4085, 4086, 4094, 4095, 4096, 4097, 6000};

    CHECK_IS(mf_process_open_self(&process), 0, "open");
    may_follow = mf_entries_follow_access() == 0;
    odd_names(directory);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        a_path_of(lengths[i], directory);
    mf_process_close(&process);
}

int main(void)
{
    const char *const directory = new_directory("names");
    int status = 0;
    pid_t child;

    lack_as_told();
    umask(0);
    if (chmod(directory, 0777) != 0 || chdir(directory) != 0)
        return 1;
    snapshot = new_snapshot(1024, 1 << 18);
    child = fork();
    if (child == 0) { /* the same without capabilities */
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
            _exit(1); /* its memory stays open to itself: the proof on btrfs and overlayfs */
        try_all(directory);
        exit(check_result());
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "without capabilities");
    if (mf_entries_follow_access() == 0)
        try_all(directory);
    else
        puts("skipped with capabilities: takes CAP_CHECKPOINT_RESTORE");
    free(snapshot);
    rmdir(directory);
    return check_result();
}
