/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIAL_PROCESS_H
#define SPECIAL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mapping, and the label of its report. */
struct special_mapping {
    const char *label;
    uintptr_t start;
    size_t size;
    char name[256]; /* of its file, relative to the directory */
};

extern size_t special_page;

/* Makes all mappings whose label starts with one of the prefixes (none: all) in the working directory, and reports them. */
void special_make_all(char **prefixes);

/* Returns the mapping with a label, or NULL. */
const struct special_mapping *special_find(const char *label);

/* Attaches a System V segment with an ID, if possible. The reply is the ID or the error. */
void special_segment(const char *wanted);

/*
 * Starts threads that map and unmap, split and merge, or remap, or all of it, for some milliseconds. The reply is the distance
 * of the pages that stay mapped, in bytes, and the first such page of each thread. special_join waits for the threads.
 */
void special_churn(const char *milliseconds_and_way);
void special_join(const char *unused);

/* Makes random changes of mappings, and replies after the last one. Equal seeds make equal changes. */
void special_random(const char *seed_and_count);

#endif
