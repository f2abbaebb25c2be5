/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a snapshot one mapping at a time, whoever tells of it: the text or the query. */
#ifndef MF_BUILDER_H
#define MF_BUILDER_H

#include "mapfiles.h"

#include <stdbool.h>
#include <stddef.h>

struct mf_builder {
    struct mf_snapshot *out;
    struct mf_mapping *records;
    char *text;
    uint32_t *files;          /* hash table: index of the first record of a file, plus one */
    uint32_t files_mask;
    const uint64_t *devices;  /* of the kernel's own mounts; NULL: saved text */
    uint32_t options;
    uint32_t count;           /* records there is room for */
    uint32_t passed;          /* mappings that passed the filter: more than count where room is short */
    uint32_t most;            /* of these at once, before others gave way */
    uint32_t file_count;
    uint32_t last_file;       /* index of the newest record with a file, plus one */
    uint32_t gate;            /* permissions of [vsyscall] if it was seen, else 0 */
    uint64_t last_end;        /* of the newest mapping, filtered out or not */
    bool has_long_search;     /* a search of the table passed many other files */
    bool hashes_names;        /* the hash includes names */
    bool disordered;          /* a mapping began before the end of the one before it */
    bool ambiguous;           /* a name holds \012 */
    struct mf_mapping beyond; /* where mappings go that there is no room for */
};

/* Few files are the rule, whatever the room: clearing all of it would cost a small process more than its text. */
#define MF_BUILDER_FIRST_SLOTS 64u

/* Whether the table of files must double: it is kept two thirds full at most. */
static inline bool mf_builder_is_crowded(uint64_t files, uint64_t slots)
{
    return files > slots / 3 * 2;
}

/* Begins a picture: no mapping yet. */
void mf_builder_begin(struct mf_builder *fill, struct mf_snapshot *out, uint32_t options, const uint64_t *devices);

/* Where the next mapping is to be written. */
static inline struct mf_mapping *mf_builder_next(struct mf_builder *fill)
{
    return fill->count < fill->out->mapping_capacity ? &fill->records[fill->count] : &fill->beyond;
}

/* Adds what was written there: a classified mapping whose name is in the text; if the filter lets it through. */
void mf_builder_add(struct mf_builder *fill);

/* Gives all records their file indices anew: names were changed. */
void mf_builder_index_files(struct mf_builder *fill);

/*
 * Ends a picture: writes counts and index, or says what was short.
 *
 * @param kernel_length  bytes the kernel wrote; the whole text with names appended is as long as text_length.
 * @return 1, or -ENOBUFS.
 */
int mf_builder_end(struct mf_builder *fill, uint32_t backend, uint64_t kernel_length, uint64_t text_length);

static inline bool mf_builder_is_short(const struct mf_builder *fill)
{
    return fill->passed > fill->count;
}

#endif
