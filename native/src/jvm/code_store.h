/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded code, in two images that are used alternately. When an image is full, live code and the code that was unloaded last
 * are copied to the other one: a *compaction*. Compaction number n writes to image n & 1 and then publishes it. So what a
 * reader read in the image of compaction n is valid unless compaction n + 2 had begun by then.
 */
#ifndef MF_CODE_STORE_H
#define MF_CODE_STORE_H

#include "jvm/code_image.h"

struct mf_code_store {
    _Atomic uint32_t compactions;       /* finished: which image is published */
    _Atomic uint32_t compactions_begun;
    uint64_t image_bytes;
    uint64_t image_offset; /* of the first image, from the start of this structure; the second one follows it */
    uint64_t low;          /* first address of the code cache */
    uint64_t cache;        /* size of the code cache, in bytes */
    _Atomic uint64_t lost; /* pieces of code that were not recorded */
};

/* Returns the size of both images with logs of @p log bytes each, for a code cache of @p cache bytes. */
uint64_t mf_code_store_bytes(uint64_t cache, uint64_t log);

/* Makes an empty store in whole pages of anonymous memory that are zero. */
void mf_code_store_init(struct mf_code_store *store, uint64_t low, uint64_t cache, uint64_t log);

/* Returns the image that the writer appends to. */
struct mf_code_image *mf_code_store_current(const struct mf_code_store *store);

/* Compacts the store. Called by the writer. Returns whether there is more room than before. */
bool mf_code_store_compact(struct mf_code_store *store);

/* Implement mf_code_find(), mf_code_frames(), mf_code_text() and mf_code_count(). */
int mf_code_store_find(const struct mf_code_store *store, uint64_t address, uint64_t time, struct mf_code *out);
int mf_code_store_frames(const struct mf_code_store *store, const struct mf_code *code, uint64_t address,
                         struct mf_code_frame *out, uint32_t capacity);
int mf_code_store_text(const struct mf_code_store *store, const struct mf_code *code, uint32_t name,
                       enum mf_code_text_kind kind, char *out, uint32_t capacity);
void mf_code_store_count(const struct mf_code_store *store, struct mf_code_counts *out);

#endif
