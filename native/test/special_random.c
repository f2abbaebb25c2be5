/* SPDX-License-Identifier: Apache-2.0 */
/* Random changes of mappings, in all ways that cause events and in those that do not. */
#include "special_process.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 96, LARGEST = 9, ELSEWHERE = 16 };

static char *area; /* PAGES pages with an unused page on either side */
static void *elsewhere[ELSEWHERE];
static int file = -1;
static size_t heap_pages;
static uint64_t state;

/* Returns a random number below a limit. */
static size_t random_below(size_t limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % limit;
}

static int protection(void)
{
    static const int all[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};

    return all[random_below(4)];
}

static void map_memory(char *at, size_t bytes)
{
    const int sharing = random_below(4) == 0 ? MAP_SHARED : MAP_PRIVATE;

    mmap(at, bytes, protection(), MAP_FIXED | MAP_ANONYMOUS | sharing, -1, 0);
}

/* Half of the time with the offset at which it merges with its neighbours. */
static void map_file(char *at, size_t bytes)
{
    const size_t page = random_below(2) ? (size_t)(at - area) / special_page : random_below(PAGES);

    mmap(at, bytes, protection(), MAP_FIXED | (random_below(3) ? MAP_PRIVATE : MAP_SHARED), file, (off_t)(page * special_page));
}

static void move(char *at, size_t bytes)
{
    char *const to = area + random_below(PAGES - LARGEST) * special_page;
    const size_t grown = random_below(LARGEST) * special_page + special_page;

    if (random_below(3) == 0)
        mremap(at, bytes, grown, 0); /* in place */
    else if (to + grown <= at || at + bytes <= to)
        mremap(at, bytes, grown, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

/* Maps or unmaps a neighbour that the kernel merges with a mapping. */
static void merge_and_split(char *at)
{
    mmap(at, 5 * special_page, PROT_NONE, MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    munmap(at, 5 * special_page);
    mmap(at + special_page, 4 * special_page, PROT_READ, MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    mmap(at, special_page, PROT_READ, MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    munmap(at, special_page);
}

/* At an address that the kernel chooses. */
static void map_elsewhere(size_t bytes)
{
    void **const at = &elsewhere[random_below(ELSEWHERE)];

    if (*at != NULL)
        munmap(*at, special_page);
    *at = mmap(NULL, bytes, protection(), MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (*at == MAP_FAILED)
        *at = NULL;
    else if (bytes > special_page)
        munmap((char *)*at + special_page, bytes - special_page);
}

/* By no more than it grew here: the rest is memory of malloc(3). */
static void grow_or_shrink_heap(void)
{
    const size_t pages = random_below(LARGEST);

    if (pages <= heap_pages && random_below(2)) {
        if (sbrk(-(intptr_t)(pages * special_page)) != (void *)-1)
            heap_pages -= pages;
    } else if (sbrk((intptr_t)(pages * special_page)) != (void *)-1) {
        heap_pages += pages;
    }
}

static void change(void)
{
    char *const at = area + random_below(PAGES - LARGEST) * special_page;
    const size_t bytes = (random_below(LARGEST) + 1) * special_page;

    switch (random_below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        map_memory(at, bytes);
        break;
    case 4:
    case 5:
        map_file(at, bytes);
        break;
    case 6:
    case 7:
        munmap(at, bytes);
        break;
    case 8:
    case 9:
    case 10:
        mprotect(at, bytes, protection());
        break;
    case 11:
    case 12:
        move(at, bytes);
        break;
    case 13: /* splits or merges without any other visible change */
        madvise(at, bytes, random_below(2) ? MADV_DONTFORK : MADV_DOFORK);
        break;
    case 14:
        merge_and_split(at);
        break;
    default:
        if (random_below(2))
            map_elsewhere(bytes);
        else
            grow_or_shrink_heap();
    }
}

/* "SEED COUNT" */
void special_random(const char *wanted)
{
    char *rest;

    state = strtoull(wanted, &rest, 10);
    if (area == NULL) {
        file = open("random", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        area = mmap(NULL, (PAGES + 2) * special_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (file < 0 || ftruncate(file, (off_t)((PAGES + LARGEST) * special_page)) != 0 || area == MAP_FAILED)
            abort();
        area += special_page;
    }
    for (long count = atol(rest); count > 0; count--)
        change();
    puts("OK");
    fflush(stdout);
}
