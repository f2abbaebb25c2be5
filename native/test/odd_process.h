/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ODD_PROCESS_H
#define ODD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mapping that was made, under the label it was reported with. */
struct odd_made {
    const char *label;
    uintptr_t start;
    size_t size;
    char name[256]; /* of its file, relative to the directory */
};

extern size_t odd_page;

/* Makes all mappings whose label begins with one of the prefixes (none: all), in the working directory, and reports them. */
void odd_make_all(char **prefixes);

/* The mapping of a label, or NULL. */
const struct odd_made *odd_find(const char *label);

/* Maps a System V segment of a certain id, as far as the kernel lets: a command that answers with it, or why not. */
void odd_segment(const char *wanted);

/*
 * Threads that map and unmap, split and merge, or remap, or all of it, for so many milliseconds: a command that answers with how
 * far apart pages are that stand all the time, in bytes, and where the first of each thread is. And waiting for them.
 */
void odd_churn(const char *milliseconds_and_way);
void odd_join(const char *unused);

/* Changes mappings at random, as often as asked: a command that answers when it is done. The same seed makes the same changes. */
void odd_random(const char *seed_and_count);

#endif
