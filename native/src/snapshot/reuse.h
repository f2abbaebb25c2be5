/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the mappings of lines that are equal to lines of an earlier snapshot from there: only new lines are parsed. */
#ifndef MF_REUSE_H
#define MF_REUSE_H

#include "snapshot/builder.h"

struct mf_reuse {
    const struct mf_snapshot *earlier; /* NULL: nothing can be reused, the text must be parsed */
    uint64_t at;                       /* offset in the text of @p earlier: the lines before it are used or skipped */
    uint32_t next;                     /* index of the mapping of the line there */
    bool files_differ;                 /* a line of a file was added or removed */
};

/* Begins a text of the same process with the same options. @p earlier may be NULL, and must not change until the end. */
void mf_reuse_begin(struct mf_reuse *reuse, const struct mf_snapshot *earlier);

/*
 * Adds the mappings of whole lines as mf_maps_text_parse() does, which follow those of earlier calls. The result is the same.
 *
 * Returns false if the lines must be parsed: the caller begins the snapshot again and parses all of its text. That is so for
 * lines that are invalid or in disorder, for names that contain a backslash, and if the capacity is too small.
 */
bool mf_reuse_lines(struct mf_reuse *reuse, struct mf_builder *builder, uint64_t from, uint64_t to);

/* Completes the file indices after the last line. */
void mf_reuse_end(struct mf_reuse *reuse, struct mf_builder *builder);

#endif
