/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_INDEX_H
#define MF_INDEX_H

#include "mapfiles.h"

/* Returns the size of the search index of up to mapping_capacity mappings, in bytes: a multiple of 8. */
uint64_t mf_index_bytes(uint32_t mapping_capacity);

/* Builds the search index of the mappings of a snapshot, inside the snapshot. */
void mf_index_build(struct mf_snapshot *snapshot);

#endif
