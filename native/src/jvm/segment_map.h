/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment map of a code heap (CodeHeap, heap.cpp): one byte for each segment. The byte is the distance in segments to an
 * earlier segment of the same block, 0 for the first one. Free memory has another value.
 */
#ifndef MF_SEGMENT_MAP_H
#define MF_SEGMENT_MAP_H

#include <errno.h>
#include <stdint.h>

#define MF_SEGMENT_FREE 0xFFu /* CodeHeap::free_sentinel */

/*
 * Goes one step back to the first segment of a block.
 *
 * @param distance         the byte of the segment.
 * @param[in,out] segment  its number.
 *
 * Returns 1: the segment is the first one; 0: *segment is an earlier one of the block; -ENOENT: the segment is free, or the map
 * leads below its begin.
 */
static inline int mf_segment_step(uint8_t distance, uint64_t *segment)
{
    if (distance == MF_SEGMENT_FREE || distance > *segment)
        return -ENOENT;
    *segment -= distance;
    return distance == 0;
}

#endif
