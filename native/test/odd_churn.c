/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that change mappings at full speed, each in an area of its own. */
#include "odd_process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { THREADS = 2, PAGES = 512 };

static pthread_t threads[THREADS];
static atomic_long operations;
static struct timespec deadline;
static bool running;

static bool is_over(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline.tv_sec || (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec);
}

static void *churn(void *area)
{
    unsigned random = (unsigned)(uintptr_t)area | 1;
    long done = 0;

    while (!is_over()) {
        const size_t page = (random = random * 1103515245 + 12345) >> 16 & (PAGES - 8);
        char *const at = (char *)area + page * odd_page;

        switch (random >> 8 & 3) {
        case 0: /* split, or merge again */
            mprotect(at, 2 * odd_page, random & 0x10000 ? PROT_READ : PROT_NONE);
            break;
        case 1:
            munmap(at, odd_page);
            break;
        case 2:
            mmap(at, 4 * odd_page, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            break;
        default:
            mmap(at, odd_page, PROT_NONE, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        }
        done++;
    }
    atomic_fetch_add(&operations, done);
    return NULL;
}

void odd_churn(const char *milliseconds)
{
    const long wanted = atol(milliseconds);

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += wanted / 1000;
    deadline.tv_nsec += wanted % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    atomic_store(&operations, 0);
    running = true;
    for (int i = 0; i < THREADS; i++) {
        void *const area = mmap(NULL, PAGES * odd_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        pthread_create(&threads[i], NULL, churn, area);
    }
    puts("OK started");
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
