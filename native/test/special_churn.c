/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that change mappings without a pause, each in its own area, in one way or in all. The last page of each group of
 * pages is a page of this program's file, which stays mapped.
 */
#include "special_process.h"

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
static bool has_deadline;
static atomic_bool is_joined;
static enum way only; /* WAYS: all */
static bool running;

static bool is_over(void)
{
    struct timespec now;

    if (!has_deadline)
        return atomic_load(&is_joined);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline.tv_sec || (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec);
}

/* Returns a page of an area. A mapping of LARGEST pages there does not reach the page that stays. */
static char *somewhere(char *area, unsigned random)
{
    const size_t in_group = random % (GROUP - LARGEST);

    return area + (random / GROUP % GROUPS * GROUP + in_group) * special_page;
}

static void change(char *area, enum way way, unsigned random)
{
    char *const at = somewhere(area, random >> 4);
    const bool more = random & 1;

    switch (way) {
    case MAP: /* replaces mappings, half of the time by a hole */
        if (more)
            munmap(at, special_page);
        else
            mmap(at, LARGEST * special_page, PROT_READ | PROT_WRITE,
                 MAP_FIXED | MAP_ANONYMOUS | (random & 2 ? MAP_PRIVATE : MAP_SHARED), -1, 0);
        break;
    case SPLIT: /* or merges */
        mprotect(at, 2 * special_page, more ? PROT_READ : PROT_NONE);
        break;
    default: /* moves; fails in a hole, which is then mapped */
        if (mremap(at, special_page, special_page, MREMAP_MAYMOVE | MREMAP_FIXED, somewhere(area, random >> 13)) ==
                MAP_FAILED ||
            more)
            mmap(at, special_page, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
    char *const area = mmap(NULL, PAGES * special_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    for (int group = 1; group <= GROUPS; group++)
        if (mmap(area + (group * GROUP - 1) * special_page, special_page, PROT_READ, MAP_FIXED | MAP_PRIVATE, file, 0) ==
            MAP_FAILED)
            abort();
    close(file);
    return area;
}

/* "MILLISECONDS", or "MILLISECONDS WAY". 0: until it is joined. */
void special_churn(const char *wanted)
{
    const char *const way = strchr(wanted, ' ');
    const long milliseconds = atol(wanted);

    only = MAP;
    while (only < WAYS && (way == NULL || strcmp(way + 1, names[only]) != 0))
        only++;
    has_deadline = milliseconds > 0;
    atomic_store(&is_joined, false);
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += milliseconds / 1000;
    deadline.tv_nsec += milliseconds % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    atomic_store(&operations, 0);
    running = true;
    printf("OK %zu", GROUP * special_page);
    for (int i = 0; i < THREADS; i++) {
        char *const area = new_area();

        printf(" %lx", (unsigned long)(area + (GROUP - 1) * special_page));
        pthread_create(&threads[i], NULL, churn, area);
    }
    puts("");
    fflush(stdout);
}

void special_join(const char *unused)
{
    (void)unused;
    atomic_store(&is_joined, true);
    for (int i = 0; running && i < THREADS; i++)
        pthread_join(threads[i], NULL);
    running = false;
    printf("OK %ld\n", atomic_load(&operations));
    fflush(stdout);
}
