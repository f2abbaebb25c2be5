/* SPDX-License-Identifier: Apache-2.0 */
/* Special memory: of file systems of the kernel, of devices, and without a file. */
#include "special_report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/udmabuf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define MFD_ALLOW_SEALING_ 2u
#define MFD_HUGETLB_       4u
#define RX                 (PROT_READ | PROT_EXEC)
#define RW                 (PROT_READ | PROT_WRITE)

static void dev_zero(void)
{
    const int fd = open("/dev/zero", O_RDWR);
    struct stat directory;
    struct stat file;
    void *const at = mmap(special_address(), special_page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);

    if (fd < 0 || at == MAP_FAILED || stat("/dev", &directory) != 0 || fstat(fd, &file) != 0) {
        special_skip("/dev/zero");
        return;
    }
    special_report("", at, special_page, &(struct special_expected){"r--p", "file", "no", "/dev/zero", 0, &file, NULL});
    close(fd);
}

static struct stat internal_device(unsigned flags)
{
    const int fd = (int)syscall(SYS_memfd_create, "device", flags);
    struct stat file = {0};

    if (fd >= 0) {
        fstat(fd, &file);
        close(fd);
    }
    return file;
}

static void shared_anonymous(void)
{
    const struct stat device = internal_device(0);
    void *const at = mmap(special_address(), special_page, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    special_report("", at, special_page,
                   &(struct special_expected){"rw-s", "shared_anonymous", "yes", "/dev/zero", 0, &device, "-"});
}

static void memfd_named(const char *suffix, const char *name, unsigned flags, size_t size)
{
    const int fd = (int)syscall(SYS_memfd_create, name, flags);
    struct stat file;
    char shown[300];
    void *at;

    snprintf(shown, sizeof shown, "/memfd:%s", name);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        (at = mmap(special_address(), size, RW, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0)) == MAP_FAILED) {
        special_skip(suffix);
        return;
    }
    fstat(fd, &file);
    special_report(suffix, at, size, &(struct special_expected){"rw-s", "memfd", "yes", shown, 0, &file, NULL});
    close(fd);
}

static void memfd(void)
{
    memfd_named("", "plain", 0, special_page);
    memfd_named("-blanks", " blanks ", 0, special_page);
    memfd_named("-newline", "new\nline", 0, special_page);
    memfd_named("-not-utf8", "\xff\xfe", 0, special_page);
    memfd_named("-empty", "", 0, special_page);
    memfd_named("-suffixed", "x (deleted)", 0, special_page);
    memfd_named("-hugetlb", "huge", MFD_HUGETLB_, 2 << 20);
}

static void sysv_segment(const char *suffix, key_t key)
{
    const struct stat device = internal_device(0);
    const int id = shmget(key, special_page, IPC_CREAT | IPC_EXCL | 0600);
    char name[32];
    char inode[32];
    void *at;

    if (id < 0 || (at = shmat(id, special_address(), 0)) == (void *)-1) {
        special_skip("shmget");
        return;
    }
    shmctl(id, IPC_RMID, NULL);
    snprintf(name, sizeof name, "/SYSV%08x", (unsigned)key);
    snprintf(inode, sizeof inode, "%d", id);
    special_report(suffix, at, special_page, &(struct special_expected){"rw-s", "sysv", "yes", name, 0, &device, inode});
}

static void sysv(void)
{
    sysv_segment("-private", IPC_PRIVATE);
    sysv_segment("-key", (key_t)(0x6d610000 | (getpid() & 0xffff)));
}

/* Sets the ID of the next segment, if it is free (CONFIG_CHECKPOINT_RESTORE; requires root). */
static bool wish_for_id(const char *id)
{
    FILE *const wish = fopen("/proc/sys/kernel/shm_next_id", "w");
    const bool heard = wish != NULL && fputs(id, wish) >= 0;

    return wish != NULL && fclose(wish) == 0 && heard;
}

void special_segment(const char *wanted)
{
    const int id = wish_for_id(wanted) ? shmget(IPC_PRIVATE, special_page, IPC_CREAT | 0600) : -1;

    if (id < 0 || shmat(id, special_address(), 0) == (void *)-1)
        printf("OK none: %s\n", strerror(errno));
    else
        printf("OK %d\n", id);
    if (id >= 0)
        shmctl(id, IPC_RMID, NULL);
    fflush(stdout);
}

/* The first segment of a new IPC namespace has ID 0, and so inode 0. */
static void sysv_zero(void)
{
    if (unshare(CLONE_NEWIPC) != 0)
        special_skip("unshare");
    else
        sysv_segment("", IPC_PRIVATE);
}

static void anon_inode(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY, .exclude_kernel = 1};
    const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    struct stat file;
    void *at;

    if (fd < 0 || (at = mmap(special_address(), 2 * special_page, RW, MAP_SHARED | MAP_FIXED, fd, 0)) == MAP_FAILED) {
        special_skip("perf_event_open");
        return;
    }
    fstat(fd, &file);
    special_report("", at, 2 * special_page,
                   &(struct special_expected){"rw-s", "anon_inode", "no", "anon_inode:[perf_event]", 0, &file, NULL});
    close(fd);
}

static void dma_buf(void)
{
    const int device = open("/dev/udmabuf", O_RDWR);
    const int memory = (int)syscall(SYS_memfd_create, "pages", MFD_ALLOW_SEALING_);
    struct udmabuf_create pages = {.memfd = (uint32_t)memory, .size = special_page};
    struct stat file;
    void *at;
    int fd;

    if (device < 0 || ftruncate(memory, (off_t)special_page) != 0 || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) != 0 ||
        (fd = ioctl(device, UDMABUF_CREATE, &pages)) < 0 || fstat(fd, &file) != 0 ||
        (at = mmap(special_address(), special_page, RW, MAP_SHARED | MAP_FIXED, fd, 0)) == MAP_FAILED) {
        special_skip("/dev/udmabuf");
        return;
    }
    special_report("", at, special_page, &(struct special_expected){"rw-s", "dma_buf", "no", "/dmabuf:", 0, &file, NULL});
    close(fd);
    close(memory);
    close(device);
}

/* Reports mappings of which only maps itself has the name: the name is taken from there, without the mark of a deletion. */
static void own(const char *suffix, const char *kind, const char *deleted, uintptr_t address, const char *name)
{
    FILE *const maps = fopen("/proc/self/maps", "r");
    char *line = NULL;
    size_t room = 0;

    while (maps != NULL && getline(&line, &room, maps) > 0) {
        unsigned long start, end, inode;
        unsigned major, minor;
        char perms[5];
        char found[64] = "";
        struct stat file = {0};

        if (sscanf(line, "%lx-%lx %4s %*x %x:%x %lu %63s", &start, &end, perms, &major, &minor, &inode, found) < 6)
            continue;
        if (address ? start <= address && address < end : strcmp(found, name) == 0) {
            file.st_dev = makedev(major, minor);
            file.st_ino = inode;
            special_report(suffix, (void *)start, end - start,
                           &(struct special_expected){perms, kind, deleted, found[0] ? found : NULL, 0, &file, NULL});
            break;
        }
    }
    free(line);
    if (maps != NULL)
        fclose(maps);
}

static void own_special(void)
{
    const long end = syscall(SYS_brk, 0); /* sbrk(3) of musl cannot move it */

    if (syscall(SYS_brk, end + (long)special_page) != end + (long)special_page)
        special_skip("brk");
    own("-heap", "heap", "no", 0, "[heap]");
    own("-stack", "stack", "no", 0, "[stack]");
    own("-vdso", "vdso", "no", 0, "[vdso]");
    own("-vvar", "vvar", "no", 0, "[vvar]");
    own("-vsyscall", "vsyscall", "no", 0, "[vsyscall]");
}

static void aio(void)
{
    unsigned long context = 0;

    if (syscall(SYS_io_setup, 1, &context) != 0)
        special_skip("io_setup");
    else
        own("", "aio", "yes", context, NULL);
}

static void named_anonymous(void)
{
    void *const at = mmap(special_address(), special_page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, special_page, "odd name") != 0)
        special_skip("PR_SET_VMA_ANON_NAME");
    else
        special_report("", at, special_page,
                       &(struct special_expected){"rw-p", "named_anonymous", "no", "[anon:odd name]", 0, NULL, NULL});
}

static void anonymous(void)
{
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC, RW, RX, RW | PROT_EXEC};

    for (size_t i = 0; i < sizeof prots / sizeof *prots; i++) {
        void *const at = mmap(special_address(), special_page, prots[i], MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        const char *const perms = special_perms(prots[i], 0);
        char suffix[8];

        snprintf(suffix, sizeof suffix, "-%s", perms);
        special_report(suffix, at, special_page, &(struct special_expected){perms, "anonymous", "no", NULL, 0, NULL, NULL});
    }
}

static void grown_stack(void)
{
    char *const at =
        mmap(special_address(), 2 * special_page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);

    if (at == MAP_FAILED) {
        special_skip("MAP_GROWSDOWN");
        return;
    }
    for (size_t below = 1; below <= 3; below++)
        *(volatile char *)(at - below * special_page) = 1;
    own("", "anonymous", "no", (uintptr_t)at, NULL);
}

static void edges(void)
{
    void *const low = mmap((void *)0x10000, special_page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    const struct special_expected expected = {"r--p", "anonymous", "no", NULL, 0, NULL, NULL};

    if (low == MAP_FAILED)
        special_skip("low");
    else
        special_report("-low", low, special_page, &expected);
}

static void hugetlb(void)
{
    const struct stat device = internal_device(MFD_HUGETLB_);
    void *at;

    if (special_page != 4096) {
        errno = ENOTSUP;
        special_skip("the size of huge pages is not 2 MiB");
        return;
    }
    at = mmap(special_address(), 2 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED)
        special_skip("MAP_HUGETLB");
    else
        special_report("", at, 2 << 20,
                       &(struct special_expected){"rw-p", "hugetlb", "yes", "/anon_hugepage", 0, &device, "-"});
}

const struct special_maker special_memory[] = {
    {"dev-zero", dev_zero},
    {"shared-anonymous", shared_anonymous},
    {"memfd", memfd},
    {"sysv", sysv},
    {"zero-sysv", sysv_zero},
    {"anon-inode", anon_inode},
    {"aio", aio},
    {"dma-buf", dma_buf},
    {"named-anonymous", named_anonymous},
    {"anonymous", anonymous},
    {"grown-stack", grown_stack},
    {"edges", edges},
    {"hugetlb", hugetlb},
    {"own", own_special},
    {NULL, NULL},
};
