/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_BLOB_H
#define MF_TARGET_BLOB_H

#include "jvm/target_code.h"

/* Parts of reading code that a search and a walk share. */

/* Reads all code heaps again. Returns 0; otherwise as mf_target_code_find(). */
int mf_target_heaps_read(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants);

/* Returns the size of the part of a blob, from its start, that has the fields which are read: up to MF_TARGET_HEAD. */
uint32_t mf_target_head_bytes(const struct mf_code_layout *layout);

/*
 * Reads the blob of a block. What it refers to is read after mf_pages_use_after(): the memory of its Method may have been that
 * of another one before this code was created.
 *
 * Returns 0; -ENOENT: the block is free; other errors as mf_target_code_find().
 */
int mf_target_blob_read(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                        const struct mf_code_heap *heap, uint64_t block, struct mf_target_code *out);

/*
 * Returns the piece of memory with the fields that identify code. It has 0 bytes if they are too far from each other.
 *
 * @param head  MF_TARGET_HEAD bytes for the start of the blob.
 */
struct mf_piece mf_target_identity(const struct mf_code_layout *layout, const struct mf_target_code *code, void *head);

/* Returns whether the fields that were read by a piece have the values that they had before. */
int mf_target_is_identical(const struct mf_code_layout *layout, const struct mf_target_code *code, const struct mf_piece *piece,
                           const void *head);

#endif
