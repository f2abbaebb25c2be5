/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the C programs of the benchmarks: a clock, random numbers, and the output of results. */
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

/* Prints one result, for one line of stdin. */
static inline void print_result(double value)
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

/*
 * Runs the benchmark of another library: each line of stdin is a PID. @p round reads all mappings of this process as a user of
 * the library would, and returns the nanoseconds.
 */
static inline int serve_rounds(double (*round)(int pid))
{
    char line[64];

    while (fgets(line, sizeof line, stdin) != NULL)
        print_result(round(atoi(line)));
    return 0;
}

#endif
