/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that change mappings at full speed, each in an area of its own: in one way, or in all. In each group of pages the last
 * one is a page of this program's file, which stands all the time.
 */
#include "odd_process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 2, GROUP = 32, GROUPS = 16, PAGES = GROUP * GROUPS, LARGEST = 4 };

enum way { MAP, SPLIT, REMAP, WAYS };
static const char *const names[WAYS] = {"map", "split", "remap"};

static pthread_t threads[THREADS];
static atomic_long operations;
static struct timespec deadline;
static enum way only; /* WAYS: all */
static bool running;

static bool is_over(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline.tv_sec || (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec);
}

/* Some pages of an area from which so many up to LARGEST do not reach the one that stands. */
static char *somewhere(char *area, unsigned random)
{
    const size_t in_group = random % (GROUP - LARGEST);

    return area + (random / GROUP % GROUPS * GROUP + in_group) * odd_page;
}

static void change(char *area, enum way way, unsigned random)
{
    char *const at = somewhere(area, random >> 4);
    const bool more = random & 1;

    switch (way) {
    case MAP: /* what was there goes; half of the time nothing comes in its place */
        if (more)
            munmap(at, odd_page);
        else
            mmap(at, LARGEST * odd_page, PROT_READ | PROT_WRITE,
                 MAP_FIXED | MAP_ANONYMOUS | (random & 2 ? MAP_PRIVATE : MAP_SHARED), -1, 0);
        break;
    case SPLIT: /* and, the other way, merge again */
        mprotect(at, 2 * odd_page, more ? PROT_READ : PROT_NONE);
        break;
    default: /* moves, and fails where there is a hole: then there is something to move the next time */
        if (mremap(at, odd_page, odd_page, MREMAP_MAYMOVE | MREMAP_FIXED, somewhere(area, random >> 13)) == MAP_FAILED || more)
            mmap(at, odd_page, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
}

static void *churn(void *area)
{
    uint64_t random = (uintptr_t)area | 1;
    long done = 0;

    while (!is_over()) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        change(area, only == WAYS ? (enum way)((random >> 60) % WAYS) : only, (unsigned)(random >> 32));
        done++;
    }
    atomic_fetch_add(&operations, done);
    return NULL;
}

static char *new_area(void)
{
    char *const area = mmap(NULL, PAGES * odd_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    for (int group = 1; group <= GROUPS; group++)
        if (mmap(area + (group * GROUP - 1) * odd_page, odd_page, PROT_READ, MAP_FIXED | MAP_PRIVATE, file, 0) == MAP_FAILED)
            abort();
    close(file);
    return area;
}

/* "MILLISECONDS", or "MILLISECONDS WAY". */
void odd_churn(const char *wanted)
{
    const char *const way = strchr(wanted, ' ');
    const long milliseconds = atol(wanted);

    only = MAP;
    while (only < WAYS && (way == NULL || strcmp(way + 1, names[only]) != 0))
        only++;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += milliseconds / 1000;
    deadline.tv_nsec += milliseconds % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    atomic_store(&operations, 0);
    running = true;
    printf("OK %zu", GROUP * odd_page);
    for (int i = 0; i < THREADS; i++) {
        char *const area = new_area();

        printf(" %lx", (unsigned long)(area + (GROUP - 1) * odd_page));
        pthread_create(&threads[i], NULL, churn, area);
    }
    puts("");
    fflush(stdout);
}

void odd_join(const char *unused)
{
    (void)unused;
    for (int i = 0; running && i < THREADS; i++)
        pthread_join(threads[i], NULL);
    running = false;
    printf("OK %ld\n", atomic_load(&operations));
    fflush(stdout);
}
