/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a snapshot from one mapping at a time. Both backends use it: text and PROCMAP_QUERY. */
#ifndef MF_BUILDER_H
#define MF_BUILDER_H

#include "mapfiles.h"

#include <stdbool.h>
#include <stddef.h>

struct mf_builder {
    struct mf_snapshot *out;
    struct mf_mapping *mappings;
    char *text;
    uint32_t *files;         /* hash table: see INDEX_BITS; 0: free slot */
    uint32_t files_mask;     /* slots in use minus one */
    const uint64_t *devices; /* of mf_internal_devices(); NULL: saved text */
    uint32_t options;
    uint32_t count;           /* mappings in the snapshot */
    uint32_t passed;          /* mappings that passed the filter: more than count if the snapshot is full */
    uint32_t max_passed;      /* highest value of passed before mappings were removed */
    uint32_t indexed;         /* the first of these mappings have their file index */
    uint32_t file_count;      /* of those */
    uint32_t last_file;       /* index of the newest mapping with a file, plus one; 0: none */
    uint32_t vsyscall;        /* flags of [vsyscall]; 0: it has not been added */
    uint64_t last_end;        /* of the newest mapping, whether or not it passed the filter */
    bool has_long_search;     /* a search of the table passed more than LONG_SEARCH slots */
    bool hashes_names;        /* the hash includes names */
    bool disordered;          /* a mapping started before the end of the mapping before it */
    bool ambiguous;           /* a name contains the text \012 */
    struct mf_mapping beyond; /* receives mappings when the snapshot is full */
};

/*
 * Initial size of the table of files. Most processes have few files: clearing the whole capacity would cost more than the
 * parsing.
 */
#define MF_BUILDER_FIRST_SLOTS 64u

/* Whether the table of files must double: at most two thirds of its slots are used. */
static inline bool mf_builder_is_crowded(uint64_t files, uint64_t slots)
{
    return files > slots / 3 * 2;
}

/* Returns the slots of a table for a number of files. */
static inline uint64_t mf_builder_slots(uint64_t files)
{
    uint64_t slots = MF_BUILDER_FIRST_SLOTS;

    while (mf_builder_is_crowded(files, slots))
        slots *= 2;
    return slots;
}

/* Begins a snapshot without mappings. */
void mf_builder_begin(struct mf_builder *builder, struct mf_snapshot *out, uint32_t options, const uint64_t *devices);

/* Returns the memory for the next mapping. */
static inline struct mf_mapping *mf_builder_next(struct mf_builder *builder)
{
    return builder->count < builder->out->mapping_capacity ? &builder->mappings[builder->count] : &builder->beyond;
}

/* Notes the newest mapping, whether or not it passes the filter. */
static inline void mf_builder_note(struct mf_builder *builder, const struct mf_mapping *mapping)
{
    builder->last_end = mapping->end;
    if (mf_mapping_kind(mapping) == MF_KIND_VSYSCALL)
        builder->vsyscall = mapping->flags;
}

/* Adds the mapping in that memory if it passes the filter. It must be classified, and its name must be in the text. */
void mf_builder_add(struct mf_builder *builder);

/* Sets the file index of the mappings that were added since the last call, while their names are in the cache. */
void mf_builder_index_new_files(struct mf_builder *builder);

/* Makes mf_builder_end() set the file index of all mappings: names have changed. */
void mf_builder_forget_files(struct mf_builder *builder);

/*
 * Completes the snapshot: indexes new files, writes the counts and builds the search index.
 *
 * @param kernel_length  length of the text that the kernel wrote, in bytes.
 * @param text_length    length of the text with the names that were appended, in bytes.
 * @retval 1         done
 * @retval -ENOBUFS  the capacity was too small; needed_mappings and needed_text are set
 */
int mf_builder_end(struct mf_builder *builder, uint32_t backend, uint64_t kernel_length, uint64_t text_length);

/* Whether the snapshot is full, so that mappings are missing. */
static inline bool mf_builder_is_short(const struct mf_builder *builder)
{
    return builder->passed > builder->count;
}

#endif
