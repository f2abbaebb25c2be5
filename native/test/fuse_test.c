/* SPDX-License-Identifier: Apache-2.0 */
/* A file system that returns any errno for stat(2): the error is of that file, and not of the process or the caller. */
#include "places.h"

#include <linux/fuse.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#define FILE_NODE 2

static int *file_error; /* shared with the server: the errno of a stat of the file, or 0 */

static struct fuse_attr attributes_of(uint64_t node)
{
    return (struct fuse_attr){
        .ino = node,
        .size = node == FILE_NODE ? PAGE : 0,
        .mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755,
        .nlink = 1,
    };
}

static void reply(int device, uint64_t unique, int error, void *result, size_t bytes)
{
    struct fuse_out_header head = {.len = (uint32_t)(sizeof head + bytes), .error = error, .unique = unique};
    const struct iovec parts[] = {{&head, sizeof head}, {result, bytes}};

    if (writev(device, parts, bytes > 0 ? 2 : 1) < 0 && errno != ENOENT) /* ENOENT: the request was interrupted */
        _exit(1);
}

/* Replies to the requests for opening and mapping one file, "file". */
static void answer(int device, const struct fuse_in_header *options)
{
    static char page[PAGE];
    struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = PAGE};
    struct fuse_entry_out entry = {.nodeid = FILE_NODE, .attr = attributes_of(FILE_NODE)};
    struct fuse_attr_out attributes = {.attr = attributes_of(options->nodeid)};
    struct fuse_open_out opened = {0};
    int error;

    switch (options->opcode) {
    case FUSE_INIT:
        reply(device, options->unique, 0, &init, sizeof init);
        break;
    case FUSE_LOOKUP:
        reply(device, options->unique, 0, &entry, sizeof entry);
        break;
    case FUSE_GETATTR:
        error = options->nodeid == FILE_NODE ? __atomic_load_n(file_error, __ATOMIC_ACQUIRE) : 0;
        if (error != 0)
            reply(device, options->unique, -error, NULL, 0);
        else
            reply(device, options->unique, 0, &attributes, sizeof attributes);
        break;
    case FUSE_OPEN:
        reply(device, options->unique, 0, &opened, sizeof opened);
        break;
    case FUSE_READ:
        reply(device, options->unique, 0, page, sizeof page);
        break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
        reply(device, options->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break; /* have no reply */
    default:
        reply(device, options->unique, -ENOSYS, NULL, 0);
    }
}

static void serve(int device)
{
    static char options[1 << 17]; /* the size that the kernel requires */
    long got;

    while ((got = read(device, options, sizeof options)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            answer(device, (const struct fuse_in_header *)options);
    _exit(0);
}

/* Mounts the file system and serves it. Only the server keeps the device: when it ends, the file system ends. */
static pid_t mount_and_serve(int device)
{
    char options[100];
    pid_t server;

    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
    if (mount("none", "fuse", "fuse", 0, options) != 0)
        return -1;
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(device);
    }
    close(device);
    return server;
}

/* The file is mapped below all other mappings, so its entry is the first. */
static void *map_file(void)
{
    const int fd = open("fuse/file", O_RDONLY);
    void *const at = fd < 0 ? MAP_FAILED : mmap((void *)0x10000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);

    close(fd);
    return at;
}

/* No errno is reported as an exit of the process or a stale mapping. */
static void other_questions(struct mf_process *process, const struct mf_snapshot *snapshot, const struct mf_mapping *mapping)
{
    static const int errors[] = {ESRCH, ECHILD, ENXIO, ESTALE, EPERM, EFBIG, EIO};
    const char *const name = mf_snapshot_name(snapshot, mapping);
    struct mf_entry entry;
    char target[MF_NAME_MAX];

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        const char *const what = strerror(errors[i]);
        int fd;

        __atomic_store_n(file_error, errors[i], __ATOMIC_RELEASE);
        CHECK_IS(mf_file_sharing_domain(process, mapping, name), 0, what);
        CHECK_IS(mf_file_quick_verify(process, mapping, name), MF_NOT_VERIFIED, what);
        CHECK_IS(mf_file_state(process, mapping, name), MF_FILE_UNKNOWN, what);
        CHECK_IS(mf_entry_read(process, mapping, name, MF_ENTRY_STAT, &entry, target), 0, what);
        CHECK_IS(entry.stat_error, errors[i] == EPERM ? -EACCES : errors[i] == ENXIO ? -EUNATCH : -EIO, what);
        CHECK_IS(mf_file_open(process, mapping, name, 0, &fd), entry.stat_error, what);
        CHECK_IS(mf_file_open(process, mapping, name, MF_OPEN_BY_PATH, &fd), entry.stat_error, what);
    }
}

static void read_entries(const void *at)
{
    const size_t bytes = mf_entries_bytes(1024, 1 << 18);
    struct mf_entries *const entries = malloc(bytes);
    struct mf_snapshot *snapshot = new_snapshot(1024, 1 << 18);
    struct mf_process process;
    int others = 0;

    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    CHECK_IS(mf_entries_init(entries, bytes, 1024, 1 << 18), 0, "init");
    __atomic_store_n(file_error, EPERM, __ATOMIC_RELEASE);
    CHECK_IS(mf_entries_follow_access(), 0, "the caller may follow, also where the first file is this one");
    CHECK_IS(mf_entries_read(&process, snapshot, MF_ENTRY_STAT | MF_ENTRY_TARGET, entries), 0, "entries");
    CHECK(entries->entry_count > 3, "%u entries", entries->entry_count);
    CHECK_IS(mf_entries_first(entries)[0].start, (uintptr_t)at, "the first one is the file's");
    CHECK_IS(mf_entries_first(entries)[0].stat_error, -EACCES, "the error of its file system");
    for (uint32_t i = 1; i < entries->entry_count; i++)
        others += mf_entries_first(entries)[i].stat_error != 0;
    CHECK_IS(others, 0, "unknown results for other entries");
    other_questions(&process, snapshot, mapping_at(snapshot, (uintptr_t)at));
    __atomic_store_n(file_error, 0, __ATOMIC_RELEASE);
    mf_process_close(&process);
    free(snapshot);
    free(entries);
}

int main(void)
{
    const char *const directory = new_directory("fuse");
    const int device = open("/dev/fuse", O_RDWR);
    void *at = MAP_FAILED;
    pid_t server;

    file_error = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (device < 0 || file_error == MAP_FAILED || mf_entries_follow_access() != 0 || chdir(directory) != 0 ||
        mkdir("fuse", 0777) != 0 || places_prepare() != 0) {
        printf("takes /dev/fuse, the right to mount, and CAP_CHECKPOINT_RESTORE\n");
        remove_directory(directory);
        return CHECK_SKIPPED;
    }
    server = mount_and_serve(device);
    if (server < 0) {
        printf("skipped: no FUSE here: %s\n", strerror(errno));
        remove_directory(directory);
        return CHECK_SKIPPED;
    }
    at = map_file();
    CHECK(at != MAP_FAILED, "the file is not mapped: %s", strerror(errno));
    if (at != MAP_FAILED)
        read_entries(at);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    umount2("fuse", MNT_DETACH);
    remove_directory(directory);
    return check_result();
}
