/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child whose memory has pages of each kind. It prints a line for each mapping, separated by blanks, then READY:
 *
 *   MADE label start end file anonymous zero huge swapped
 *   SKIP label reason
 *
 * The numbers are expected bytes; - is a number that the kernel chooses. It exits at the end of stdin.
 *
 *   resident_target FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, Linux 6.13+ */

#define PAGES   64u
#define SPREAD  1500u /* more ranges than PAGEMAP_SCAN copies at a time, which are 512 */
#define UNKNOWN (-1L)

static size_t page;

static void number(long pages)
{
    if (pages == UNKNOWN)
        printf(" -");
    else
        printf(" %zu", (size_t)pages * page);
}

static void made(const char *label, const char *start, size_t bytes, long file, long anonymous, long zero, long huge,
                 long swapped)
{
    printf("MADE %s %lx %lx", label, (unsigned long)start, (unsigned long)start + bytes);
    number(file);
    number(anonymous);
    number(zero);
    number(huge);
    number(swapped);
    putchar('\n');
}

static void skip(const char *label, const char *reason)
{
    printf("SKIP %s %s\n", label, reason);
}

/* Maps memory with a page without access on both sides, so that it merges with no other mapping. */
static char *map(size_t bytes, size_t alignment, int flags, int fd)
{
    const size_t room = bytes + alignment + 2 * page;
    char *const around = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *const at = (char *)(((uintptr_t)around + page + alignment - 1) / alignment * alignment);

    if (around == MAP_FAILED || mmap(at, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) != at)
        exit(1);
    if (madvise(at, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
        exit(1);
    return at;
}

static void write_pages(char *at, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        at[i * page] = 1;
}

static char read_pages(const volatile char *at, unsigned from, unsigned to)
{
    char sum = 0;

    for (unsigned i = from; i < to; i++)
        sum = (char)(sum + at[i * page]);
    return sum;
}

/* A number of /proc/self/smaps for one mapping, in bytes. */
static size_t smaps(const char *at, const char *name)
{
    FILE *const file = fopen("/proc/self/smaps", "r");
    char line[512];
    char head[32];
    bool is_found = false;
    size_t kibibytes = 0;

    snprintf(head, sizeof head, "%lx-", (unsigned long)at);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, head, strlen(head)) == 0)
            is_found = true;
        else if (is_found && strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), "%zu", &kibibytes) == 1)
            break;
    }
    if (file != NULL)
        fclose(file);
    return kibibytes << 10;
}

static void make_small_pages(const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *at = map(PAGES * page, page, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    write_pages(at, 0, 40);
    made("anonymous", at, PAGES * page, 0, 40, 0, 0, 0);

    at = map(PAGES * page, page, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    read_pages(at, 10, 42);
    write_pages(at, 20, 25);
    made("zero", at, PAGES * page, 0, 5, 27, 0, 0);

    at = map(PAGES * page, page, MAP_SHARED | MAP_ANONYMOUS, -1);
    write_pages(at, 1, 25);
    made("shared", at, PAGES * page, 24, 0, 0, 0, 0);

    at = map(PAGES * page, page, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    write_pages(at, 0, PAGES);
    mprotect(at, PAGES * page, PROT_NONE);
    made("protected", at, PAGES * page, 0, PAGES, 0, 0, 0);

    at = map(2 * SPREAD * page, page, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (unsigned i = 0; i < SPREAD; i++)
        write_pages(at, 2 * i, 2 * i + 1);
    made("spread", at, 2 * SPREAD * page, 0, SPREAD, 0, 0, 0);

    if (fd < 0 || ftruncate(fd, (off_t)(PAGES * page)) != 0)
        exit(1);
    for (unsigned i = 0; i < PAGES; i++) {
        if (pwrite(fd, "x", 1, (off_t)(i * page)) != 1)
            exit(1);
    }
    at = map(PAGES * page, page, MAP_PRIVATE, fd);
    read_pages(at, 0, PAGES);
    write_pages(at, 5, 13);
    made("file", at, PAGES * page, PAGES - 8, 8, 0, 0, 0);
    at = map(PAGES * page, page, MAP_SHARED, fd);
    write_pages(at, 0, PAGES);
    made("shared-file", at, PAGES * page, PAGES, 0, 0, 0, 0);
    close(fd);
}

static void make_huge_pages(void)
{
    const size_t huge = 2u << 20;
    struct utsname kernel;
    int major = 0, minor = 0;
    char *at = map(2 * huge, huge, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (uname(&kernel) == 0)
        sscanf(kernel.release, "%d.%d", &major, &minor);
    if (page != 4096) {
        skip("huge", "the size of huge pages is known for pages of 4 KiB only");
        return;
    }
    if (madvise(at, 2 * huge, MADV_HUGEPAGE) != 0) {
        skip("huge", "no transparent huge pages here");
        return;
    }
    at[0] = 1;
    if (smaps(at, "AnonHugePages:") == huge)
        made("huge", at, 2 * huge, 0, (long)(huge / page), 0, (long)(huge / page), 0);
    else
        skip("huge", "the kernel gave no huge page");

    at = map(huge, huge, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (madvise(at, huge, MADV_HUGEPAGE) != 0)
        return;
    read_pages(at, 0, 1);
    if (smaps(at, "Rss:") != 0)
        skip("huge-zero", "the kernel gave no huge zero page");
    else if (major < 6 || (major == 6 && minor < 16))
        skip("huge-zero", "the kernel reports the huge zero page as another one (before Linux 6.16)");
    else
        made("huge-zero", at, huge, 0, 0, (long)(huge / page), 0, 0);
    if (major < 6 || (major == 6 && minor < 16))
        munmap(at, huge);

    at = mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (at == MAP_FAILED) {
        skip("hugetlb", "no pages are reserved (vm.nr_hugepages)");
        return;
    }
    at[0] = 1;
    made("hugetlb", at, huge, 0, (long)(huge / page), 0, (long)(huge / page), 0);
}

static void make_markers(void)
{
    char *at = map(PAGES * page, page, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    write_pages(at, 0, PAGES);
    if (madvise(at + 8 * page, 16 * page, GUARD_INSTALL) != 0)
        skip("guard", "no guard pages (before Linux 6.13)");
    else
        made("guard", at, PAGES * page, 0, 48, 0, 0, 0);

    at = map(PAGES * page, page, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    write_pages(at, 0, PAGES);
    madvise(at, 48 * page, MADV_PAGEOUT);
    if (smaps(at, "Swap:") == 0)
        skip("swapped", "no swap here");
    else
        made("swapped", at, PAGES * page, 0, (long)((PAGES * page - smaps(at, "Swap:")) / page), 0, 0,
             (long)(smaps(at, "Swap:") / page));
}

int main(int count, char **arguments)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    page = (size_t)sysconf(_SC_PAGESIZE);
    if (count != 2)
        return 2;
    make_small_pages(arguments[1]);
    make_huge_pages();
    make_markers();
    puts("READY");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
