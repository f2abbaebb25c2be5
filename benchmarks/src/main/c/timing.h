/* SPDX-License-Identifier: Apache-2.0 */
/* What the C sides of the benchmarks share: a clock, medians, and one answer for each line of stdin. */
#ifndef TIMING_H
#define TIMING_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline void answer(double value)
{
    printf("%.3f\n", value);
    fflush(stdout);
}

static inline uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* A round of a peer: everything a user of it would do to have all mappings. */
static inline int serve_rounds(double (*round)(int pid))
{
    char line[64];

    while (fgets(line, sizeof line, stdin) != NULL)
        answer(round(atoi(line)));
    return 0;
}

#endif
