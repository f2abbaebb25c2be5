/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target whose mappings change while they are read. It prints "ready". Then each line of stdin is "WAY PAUSE MILLISECONDS",
 * and it prints the changes per second that it made. WAY is map, split or remap. PAUSE is the time between two changes in
 * microseconds, 0 for none. A thousand pages of its file stay mapped, each after a few pages that change, so each read of the
 * text may meet a change.
 */
#include "timing.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, GROUP = 4, GROUPS = 1000 };

static char *area;

static void change(char way, uint64_t random)
{
    char *const at = area + (random >> 8) % GROUPS * GROUP * PAGE + (random >> 4) % (GROUP - 2) * PAGE;
    char *const other = area + (random >> 24) % GROUPS * GROUP * PAGE;
    const int more = random & 1;

    if (way == 's') /* changes the protection of two of three pages: splits and merges */
        mprotect(at, 2 * PAGE, more ? PROT_READ : PROT_NONE);
    else if (way == 'm' && more)
        munmap(at, PAGE);
    else if (way == 'm' || mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other) == MAP_FAILED) /* unmapped */
        mmap(at, PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static double churn(char way, long pause, double milliseconds)
{
    const struct timespec sleep = {0, pause * 1000};
    const double begin = now_ns();
    uint64_t random = 1;
    long changes = 0;

    while (now_ns() - begin < milliseconds * 1e6) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        change(way, random >> 20);
        changes++;
        if (pause > 0)
            nanosleep(&sleep, NULL);
    }
    return (double)changes / (now_ns() - begin) * 1e9;
}

int main(void)
{
    const int file = open("/proc/self/exe", O_RDONLY);
    char line[64], way[16];
    long pause, milliseconds;

    area = mmap(NULL, (size_t)GROUPS * GROUP * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 1; i <= GROUPS; i++)
        if (mmap(area + (i * GROUP - 1) * PAGE, PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE, file, 0) == MAP_FAILED)
            return 1;
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL && sscanf(line, "%15s %ld %ld", way, &pause, &milliseconds) == 3)
        print_result(churn(way[0], pause, (double)milliseconds));
    return 0;
}
