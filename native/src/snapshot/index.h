/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_INDEX_H
#define MF_INDEX_H

#include "mapfiles.h"

/* Bytes of the search index of at most so many mappings, a multiple of 8. */
uint64_t mf_index_bytes(uint32_t mapping_capacity);

/* Builds the index of a snapshot's records, in the snapshot. */
void mf_index_build(struct mf_snapshot *snapshot);

#endif
