/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded code, in two images that are used alternately. When an image is full, live code and the code that was unloaded last
 * are copied to the other one: a *compaction*. Compaction number n writes to image n & 1 and then publishes it. So what a
 * reader read in the image of compaction n is valid unless compaction n + 2 had begun by then.
 */
#ifndef MF_CODE_STORE_H
#define MF_CODE_STORE_H

#include "jvm/code_image.h"

/*
 * Where HotSpot describes a method, relative to its nmethod. An nmethod that was removed has a block that is not in use, and
 * another one in its place has another compile ID.
 */
struct mf_code_header {
    uint32_t used_before;   /* HeapBlock::Header::_used, one byte: bytes before the nmethod; 0: unknown, nothing is compared */
    uint32_t size_at;       /* CodeBlob::_size, four bytes */
    uint32_t compile_id_at; /* nmethod::_compile_id, four bytes */
    uint32_t reserved;
};

struct mf_code_store {
    _Atomic uint32_t compactions; /* finished: which image is published */
    _Atomic uint32_t compactions_begun;
    uint64_t image_bytes;
    uint64_t image_offset; /* of the first image, from the start of this structure; the second one follows it */
    uint64_t low;          /* first address of the code cache */
    uint64_t cache;        /* size of the code cache, in bytes */
    _Atomic uint64_t lost; /* pieces of code that were not recorded */
    struct mf_code_header header;
    uint64_t lost_offset; /* of a bit for each segment, from the start of this structure: code in it was not recorded */
};

/* Returns the size of both images with logs of @p log bytes each, for a code cache of @p cache bytes. */
uint64_t mf_code_store_bytes(uint64_t cache, uint64_t log);

/* Makes an empty store in whole pages of anonymous memory that are zero. */
void mf_code_store_init(struct mf_code_store *store, uint64_t low, uint64_t cache, uint64_t log);

/* Returns the image that the writer appends to. */
struct mf_code_image *mf_code_store_current(const struct mf_code_store *store);

/*
 * Compacts the store. Called by the writer. Unloaded code is evicted; if there is little, debug information is dropped. Returns
 * whether there is more room than before.
 */
bool mf_code_store_compact(struct mf_code_store *store);

/* Counts code that is not recorded, and marks its place. Called by the writer. */
void mf_code_store_lose(struct mf_code_store *store, uint64_t start, uint64_t end, uint64_t time);

/* Implement mf_code_find(), mf_code_frames(), mf_code_text() and mf_code_count(). */
int mf_code_store_find(const struct mf_code_store *store, uint64_t address, enum mf_code_address kind, uint64_t time,
                       struct mf_code *out);
int mf_code_store_frames(const struct mf_code_store *store, const struct mf_code *code, uint64_t address,
                         enum mf_code_address kind, struct mf_code_frame *out, uint32_t capacity);
int mf_code_store_text(const struct mf_code_store *store, const struct mf_code *code, uint32_t name,
                       enum mf_code_text_kind kind, char *out, uint32_t capacity);
void mf_code_store_count(const struct mf_code_store *store, struct mf_code_counts *out);

#endif
