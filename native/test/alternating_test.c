/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another process maps two files in turn at one range. The mapping that the test holds is of the first file. Each result is of
 * the first file or stale, although device, inode or path of the second file equal those of the first.
 *
 * Arguments: the number of results for each pair of files, by default a number that takes some seconds; and the number of a
 * pair from 0, by default all pairs.
 */
#include "lacking.h"
#include "places.h"

#include <elf.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

/* Two files that a process maps in turn. Paths are relative to the directory of the test. */
struct pair {
    const char *name;
    bool (*make)(void); /* makes both files; false: unsupported by this machine */
    const char *first;  /* the file of the mapping */
    const char *second;
    unsigned usual_answers;  /* enough to find faults that existed */
    bool is_another_at_path; /* the path of the first file leads to another copy: it cannot be verified */
};

static unsigned long long wanted; /* results; 0: usual_answers */
static int only = -1;             /* number of a pair, -1: all */
static struct mf_process process;
static struct mf_snapshot *snapshot;
static struct mf_mapping record;
static char name[MF_NAME_MAX];
static struct stat first;                          /* status of the first file */
static char *const range = (char *)0x200000000000; /* far from mappings of sanitizers */
static unsigned long long right, stale, other;

static void make_file(const char *path, char letter)
{
    char bytes[PAGE];
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    memset(bytes, letter, sizeof bytes);
    if (fd < 0 || write(fd, bytes, sizeof bytes) != sizeof bytes)
        abort();
    close(fd);
}

static bool have_one_inode(const char *a, const char *b)
{
    struct stat of_a;
    struct stat of_b;

    if (stat(a, &of_a) != 0 || stat(b, &of_b) != 0)
        abort();
    if (of_a.st_ino != of_b.st_ino)
        printf("skipped: %s and %s have inodes %ju and %ju\n", a, b, (uintmax_t)of_a.st_ino, (uintmax_t)of_b.st_ino);
    return of_a.st_ino == of_b.st_ino;
}

/* Each tmpfs numbers its inodes itself. */
static bool make_on_two_tmpfs(void)
{
    if (mount_at("tmpfs1", "tmpfs", NULL) != 0 || mount_at("tmpfs2", "tmpfs", NULL) != 0)
        return false;
    make_file("tmpfs1/file", 'A');
    make_file("tmpfs2/file", 'B');
    return have_one_inode("tmpfs1/file", "tmpfs2/file");
}

/* Each subvolume numbers its inodes itself, and maps has one device for all of them. */
static bool make_on_two_subvolumes(void)
{
    if (place_btrfs() != 0 || system("btrfs -q subvolume create btrfs/other >/dev/null") != 0)
        return false;
    make_file("btrfs/volume/file", 'A');
    make_file("btrfs/other/file", 'B');
    return have_one_inode("btrfs/volume/file", "btrfs/other/file");
}

/* Two layers with the same inode numbers, below one overlay. */
static bool make_on_two_layers(void)
{
    if (mount_at("layer1", "tmpfs", NULL) != 0 || mount_at("layer2", "tmpfs", NULL) != 0)
        return false;
    make_file("layer1/a", 'A');
    make_file("layer2/b", 'B');
    return mount_at("layers", "overlay", "xino=off,lowerdir=layer1:layer2") == 0 && have_one_inode("layers/a", "layers/b");
}

/* A program, and a copy with another build ID. */
static bool make_image(const char *path, unsigned char changed_by)
{
    static const unsigned char note[] = {4, 0, 0, 0, 20, 0, 0, 0, NT_GNU_BUILD_ID, 0, 0, 0, 'G', 'N', 'U', 0};
    char command[256];
    unsigned char bytes[4 * PAGE];
    const unsigned char *found;
    unsigned char byte;
    int fd;

    snprintf(command, sizeof command, "cp /proc/%d/exe '%s'", (int)getpid(), path);
    if (system(command) != 0)
        abort();
    fd = open(path, O_RDWR);
    if (pread(fd, bytes, sizeof bytes, 0) != sizeof bytes)
        abort();
    found = memmem(bytes, sizeof bytes, note, sizeof note);
    if (found == NULL) {
        puts("skipped: this program has no build ID of 20 bytes");
        close(fd);
        return false;
    }
    byte = found[sizeof note] ^ changed_by;
    if (pwrite(fd, &byte, 1, found + sizeof note - bytes) != 1)
        abort();
    close(fd);
    return true;
}

/* All layers are on one file system: device and inode stay the same during a copy-up. */
static bool make_overlay(void)
{
    return mount("none", "base", "tmpfs", 0, NULL) == 0 && mkdir("base/lower", 0777) == 0 && mkdir("base/upper", 0777) == 0 &&
           mkdir("base/work", 0777) == 0 &&
           mount("none", "top", "overlay", 0, "lowerdir=base/lower,upperdir=base/upper,workdir=base/work") == 0;
}

/* The second file is the copy that the path of the first one leads to after the copy-up, by another name. */
static bool make_images_on_overlay(void)
{
    return make_overlay() && make_image("base/lower/image", 0) && make_image("top/new image", 1);
}

static bool make_files_on_overlay(void)
{
    if (!make_overlay())
        return false;
    make_file("base/lower/image", 'A');
    make_file("top/new image", 'B');
    return true;
}

static const struct pair pairs[] = {
    {"one inode on two tmpfs", make_on_two_tmpfs, "tmpfs1/file", "tmpfs2/file", 20000, false},
    {"one inode on two subvolumes of btrfs", make_on_two_subvolumes, "btrfs/volume/file", "btrfs/other/file", 1000, false},
    {"one inode on two layers of overlayfs", make_on_two_layers, "layers/a", "layers/b", 1000, false},
    {"an image copied up, and its copy", make_images_on_overlay, "top/image", "top/new image", 4000, true},
    {"a page copied up, and its copy", make_files_on_overlay, "top/image", "top/new image", 4000, true},
};

/* Copies the file up: the mapping keeps the file of the lower layer. */
static void copy_up(const struct pair *pair)
{
    char command[256];

    if (!pair->is_another_at_path)
        return;
    snprintf(command, sizeof command, "cat '%s' > '%s'", pair->second, pair->first);
    if (system(command) != 0)
        abort();
}

/* Maps both files in turn, the first one first, until the process is killed. */
static void alternate(const struct pair *pair, int ready, int go)
{
    const int files[] = {open(pair->first, O_RDONLY), open(pair->second, O_RDONLY)};
    uint32_t seed = 1;
    char byte = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned turn = 0;; turn++) {
        if (mmap(range, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, files[turn & 1], 0) != range)
            _exit(1);
        byte = ((volatile char *)range)[17]; /* makes the page resident */
        if (turn == 0 && (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1))
            _exit(1);
        seed = seed * 1103515245 + 12345;
        for (volatile unsigned wait = seed >> 16 & 1023; wait > 0; wait--)
            ;
    }
}

static void count(int rc)
{
    if (rc == -ESTALE)
        stale++;
    else if (rc >= 0)
        right++;
    else
        other++;
}

static void open_once(const struct pair *pair, uint32_t how)
{
    char byte = 0;
    int fd = -1;
    const int rc = mf_file_open(&process, &record, name, how, &fd);

    count(rc);
    if (rc < 0)
        return;
    CHECK(!pair->is_another_at_path, "%s: opened under proof %d", pair->name, rc);
    CHECK(pair->is_another_at_path || (pread(fd, &byte, 1, 17) == 1 && byte == 'A'), "%s: WRONG FILE '%c' under proof %d",
          pair->name, byte, rc);
    close(fd);
}

static void stat_once(const struct pair *pair)
{
    struct mf_entry entry;
    char target[MF_NAME_MAX];
    const int rc = mf_entry_read(&process, &record, name, MF_ENTRY_STAT, &entry, target);

    count(rc < 0 ? rc : entry.stat_error);
    if (rc == 0 && entry.stat_error == 0 && !pair->is_another_at_path)
        CHECK(entry.stat.inode == (uint64_t)first.st_ino && entry.stat.dev_minor == minor(first.st_dev) &&
                  entry.stat.dev_major == major(first.st_dev),
              "%s: WRONG STAT %u:%u", pair->name, entry.stat.dev_major, entry.stat.dev_minor);
}

static void verify_quickly_once(const struct pair *pair)
{
    const int rc = mf_file_quick_verify(&process, &record, name);

    count(rc);
    CHECK(!pair->is_another_at_path || rc == MF_NOT_VERIFIED || rc == -ESTALE, "%s: verified by %d", pair->name, rc);
}

static void find_state_once(const struct pair *pair)
{
    const int rc = mf_file_state(&process, &record, name);

    count(rc);
    CHECK(rc == MF_FILE_PRESENT || rc == MF_FILE_UNKNOWN || rc == -ESTALE || pair->is_another_at_path, "%s: WRONG STATE %d",
          pair->name, rc);
}

static void read_everything(const struct pair *pair, bool by_entry)
{
    const unsigned long long answers = wanted > 0 ? wanted : rounds(pair->usual_answers);

    /* On a machine with one CPU the other process may not have run: repeat. */
    for (unsigned long long asked = 0; (asked < answers || (stale == 0 && asked / 1000 < answers)) && check_failures < 10;
         asked += by_entry ? 5 : 1) {
        open_once(pair, MF_OPEN_BY_PATH);
        if (!by_entry)
            continue;
        open_once(pair, 0);
        stat_once(pair);
        verify_quickly_once(pair);
        find_state_once(pair);
    }
}

static void try_pair(const struct pair *pair)
{
    const struct mf_mapping *found;
    int ready[2];
    int go[2];
    char byte = 0;
    pid_t child;

    if (!pair->make()) {
        printf("skipped: %s: cannot be made here\n", pair->name);
        return;
    }
    CHECK_IS(pipe(ready) | pipe(go), 0, "pipe");
    stat(pair->first, &first);
    child = fork();
    if (child == 0)
        alternate(pair, ready[1], go[0]);
    CHECK_IS(read(ready[0], &byte, 1), 1, "the first file is mapped");
    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)range);
    if (found == NULL)
        abort();
    record = *found;
    memcpy(name, mf_snapshot_name(snapshot, found), found->name_length);
    copy_up(pair);
    right = stale = other = 0;
    CHECK_IS(write(go[1], &byte, 1), 1, "go on");
    read_everything(pair, mf_entries_follow_access() == 0);
    printf("%s: %llu right, %llu stale, %llu not verified or another\n", pair->name, right, stale, other);
    CHECK(stale > 0, "%s: never in the middle of it", pair->name);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    mf_process_close(&process);
    close(ready[0]);
    close(ready[1]);
    close(go[0]);
    close(go[1]);
}

static void try_all(void)
{
    if (places_prepare() != 0) {
        puts("needs root, to mount file systems");
        exit(CHECK_SKIPPED);
    }
    CHECK_IS(mkdir("base", 0777) | mkdir("top", 0777), 0, "mkdir");
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int status = 0;
        pid_t child;

        if (only >= 0 && only != (int)i)
            continue;
        fflush(stdout);
        child = fork(); /* its mounts end with it */
        if (child == 0) {
            check_failures = 0;
            if (places_prepare() != 0)
                _exit(1);
            try_pair(&pairs[i]);
            exit(check_failures == 0 ? 0 : 1);
        }
        waitpid(child, &status, 0);
        CHECK_IS(status, 0, pairs[i].name);
    }
}

int main(int count, char **arguments)
{
    apply_lacking();
    wanted = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    if (count > 2)
        only = atoi(arguments[2]);
    snapshot = new_snapshot(1024, 1 << 18);
    return run_in_directory("alternating", try_all);
}
