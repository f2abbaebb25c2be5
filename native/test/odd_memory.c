/* SPDX-License-Identifier: Apache-2.0 */
/* Odd memory: of the kernel's own file systems, of devices, and without a file. */
#include "odd_report.h"

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
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define MFD_ALLOW_SEALING_ 2u
#define MFD_HUGETLB_ 4u
#define RX (PROT_READ | PROT_EXEC)
#define RW (PROT_READ | PROT_WRITE)

static void dev_zero(void)
{
    const int fd = open("/dev/zero", O_RDWR);
    struct stat directory;
    struct stat file;
    void *const at = mmap(odd_place(), odd_page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);

    if (fd < 0 || at == MAP_FAILED || stat("/dev", &directory) != 0 || fstat(fd, &file) != 0) {
        odd_skip("/dev/zero");
        return;
    }
    odd_report("", at, odd_page, &(struct odd_told){"r--p", "file", "no", "/dev/zero", 0, &file, NULL});
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
    void *const at = mmap(odd_place(), odd_page, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    odd_report("", at, odd_page, &(struct odd_told){"rw-s", "shared_anonymous", "yes", "/dev/zero", 0, &device, "-"});
}

static void memfd_named(const char *suffix, const char *name, unsigned flags, size_t size)
{
    const int fd = (int)syscall(SYS_memfd_create, name, flags);
    struct stat file;
    char shown[300];
    void *at;

    snprintf(shown, sizeof shown, "/memfd:%s", name);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        (at = mmap(odd_place(), size, RW, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0)) == MAP_FAILED) {
        odd_skip(suffix);
        return;
    }
    fstat(fd, &file);
    odd_report(suffix, at, size, &(struct odd_told){"rw-s", "memfd", "yes", shown, 0, &file, NULL});
    close(fd);
}

static void memfd(void)
{
    memfd_named("", "plain", 0, odd_page);
    memfd_named("-blanks", " blanks ", 0, odd_page);
    memfd_named("-newline", "new\nline", 0, odd_page);
    memfd_named("-not-utf8", "\xff\xfe", 0, odd_page);
    memfd_named("-empty", "", 0, odd_page);
    memfd_named("-suffixed", "x (deleted)", 0, odd_page);
    memfd_named("-hugetlb", "huge", MFD_HUGETLB_, 2 << 20);
}

static void sysv_segment(const char *suffix, key_t key)
{
    const struct stat device = internal_device(0);
    const int id = shmget(key, odd_page, IPC_CREAT | IPC_EXCL | 0600);
    char name[32];
    char inode[32];
    void *at;

    if (id < 0 || (at = shmat(id, odd_place(), 0)) == (void *)-1) {
        odd_skip("shmget");
        return;
    }
    shmctl(id, IPC_RMID, NULL);
    snprintf(name, sizeof name, "/SYSV%08x", (unsigned)key);
    snprintf(inode, sizeof inode, "%d", id);
    odd_report(suffix, at, odd_page, &(struct odd_told){"rw-s", "sysv", "yes", name, 0, &device, inode});
}

static void sysv(void)
{
    sysv_segment("-private", IPC_PRIVATE);
    sysv_segment("-key", (key_t)(0x6d610000 | (getpid() & 0xffff)));
}

/* The id that the next segment gets, where it is free (CONFIG_CHECKPOINT_RESTORE; takes root). */
static bool wish_for_id(const char *id)
{
    FILE *const wish = fopen("/proc/sys/kernel/shm_next_id", "w");
    const bool heard = wish != NULL && fputs(id, wish) >= 0;

    return wish != NULL && fclose(wish) == 0 && heard;
}

void odd_segment(const char *wanted)
{
    const int id = wish_for_id(wanted) ? shmget(IPC_PRIVATE, odd_page, IPC_CREAT | 0600) : -1;

    if (id < 0 || shmat(id, odd_place(), 0) == (void *)-1)
        printf("OK none: %s\n", strerror(errno));
    else
        printf("OK %d\n", id);
    if (id >= 0)
        shmctl(id, IPC_RMID, NULL);
    fflush(stdout);
}

/* The first segment of a new IPC namespace has id 0, and so inode 0. */
static void sysv_zero(void)
{
    if (unshare(CLONE_NEWIPC) != 0)
        odd_skip("unshare");
    else
        sysv_segment("", IPC_PRIVATE);
}

static void anon_inode(void)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY,
                                   .exclude_kernel = 1};
    const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    struct stat file;
    void *at;

    if (fd < 0 || (at = mmap(odd_place(), 2 * odd_page, RW, MAP_SHARED | MAP_FIXED, fd, 0)) == MAP_FAILED) {
        odd_skip("perf_event_open");
        return;
    }
    fstat(fd, &file);
    odd_report("", at, 2 * odd_page, &(struct odd_told){"rw-s", "anon_inode", "no", "anon_inode:[perf_event]", 0, &file, NULL});
    close(fd);
}

static void dma_buf(void)
{
    const int device = open("/dev/udmabuf", O_RDWR);
    const int memory = (int)syscall(SYS_memfd_create, "pages", MFD_ALLOW_SEALING_);
    struct udmabuf_create pages = {.memfd = (uint32_t)memory, .size = odd_page};
    struct stat file;
    void *at;
    int fd;

    if (device < 0 || ftruncate(memory, (off_t)odd_page) != 0 || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) != 0 ||
        (fd = ioctl(device, UDMABUF_CREATE, &pages)) < 0 || fstat(fd, &file) != 0 ||
        (at = mmap(odd_place(), odd_page, RW, MAP_SHARED | MAP_FIXED, fd, 0)) == MAP_FAILED) {
        odd_skip("/dev/udmabuf");
        return;
    }
    odd_report("", at, odd_page, &(struct odd_told){"rw-s", "dma_buf", "no", "/dmabuf:", 0, &file, NULL});
    close(fd);
    close(memory);
    close(device);
}

/* Mappings that only our own maps tell of: what stands there, the deleted mark apart, is taken for right. */
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
            odd_report(suffix, (void *)start, end - start,
                       &(struct odd_told){perms, kind, deleted, found[0] ? found : NULL, 0, &file, NULL});
            break;
        }
    }
    free(line);
    if (maps != NULL)
        fclose(maps);
}

static void own_special(void)
{
    const long end = syscall(SYS_brk, 0); /* musl's sbrk(3) refuses to move it */

    if (syscall(SYS_brk, end + (long)odd_page) != end + (long)odd_page)
        odd_skip("brk");
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
        odd_skip("io_setup");
    else
        own("", "aio", "yes", context, NULL);
}

static void named_anonymous(void)
{
    void *const at = mmap(odd_place(), odd_page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, odd_page, "odd name") != 0)
        odd_skip("PR_SET_VMA_ANON_NAME");
    else
        odd_report("", at, odd_page, &(struct odd_told){"rw-p", "named_anonymous", "no", "[anon:odd name]", 0, NULL, NULL});
}

static void anonymous(void)
{
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC, RW, RX, RW | PROT_EXEC};

    for (size_t i = 0; i < sizeof prots / sizeof *prots; i++) {
        void *const at = mmap(odd_place(), odd_page, prots[i], MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        const char *const perms = odd_perms(prots[i], 0);
        char suffix[8];

        snprintf(suffix, sizeof suffix, "-%s", perms);
        odd_report(suffix, at, odd_page, &(struct odd_told){perms, "anonymous", "no", NULL, 0, NULL, NULL});
    }
}

static void grown_stack(void)
{
    char *const at = mmap(odd_place(), 2 * odd_page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);

    if (at == MAP_FAILED) {
        odd_skip("MAP_GROWSDOWN");
        return;
    }
    for (size_t below = 1; below <= 3; below++)
        *(volatile char *)(at - below * odd_page) = 1;
    own("", "anonymous", "no", (uintptr_t)at, NULL);
}

static void edges(void)
{
    void *const low = mmap((void *)0x10000, odd_page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    const struct odd_told told = {"r--p", "anonymous", "no", NULL, 0, NULL, NULL};

    if (low == MAP_FAILED)
        odd_skip("low");
    else
        odd_report("-low", low, odd_page, &told);
}

static void hugetlb(void)
{
    const struct stat device = internal_device(MFD_HUGETLB_);
    void *const at = mmap(odd_place(), 2 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_FIXED, -1, 0);

    if (at == MAP_FAILED)
        odd_skip("MAP_HUGETLB");
    else
        odd_report("", at, 2 << 20, &(struct odd_told){"rw-p", "hugetlb", "yes", "/anon_hugepage", 0, &device, "-"});
}

const struct odd_maker odd_memory[] = {
    {"dev-zero", dev_zero}, {"shared-anonymous", shared_anonymous}, {"memfd", memfd}, {"sysv", sysv},
    {"zero-sysv", sysv_zero}, {"anon-inode", anon_inode}, {"aio", aio}, {"dma-buf", dma_buf},
    {"named-anonymous", named_anonymous},
    {"anonymous", anonymous}, {"grown-stack", grown_stack}, {"edges", edges}, {"hugetlb", hugetlb},
    {"own", own_special},
    {NULL, NULL},
};
