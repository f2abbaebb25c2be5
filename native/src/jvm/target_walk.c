/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over all code of a target, many pieces of code at a time: their blobs, methods and names in a few system calls. */
#include "jvm/target_code.h"

#include "jvm/target_blob.h"

#include <errno.h>
#include <string.h>

#define MAP_BYTES   1024u /* of a segment map that are searched at a time */
#define MAX_DAMAGED (1u << 16)

/* Collects the starts of the next blocks of a code heap, up to one batch. Returns 0, -EINVAL or -ESRCH. */
static int find_blocks(struct mf_pages *pages, const struct mf_code_heap *heap, struct mf_target_walk *walk, uint64_t *blocks,
                       uint32_t *count)
{
    unsigned char map[MAP_BYTES];

    for (*count = 0; walk->segment < heap->segments && *count < MF_TARGET_BATCH;) {
        const uint64_t left = heap->segments - walk->segment;
        const uint32_t some = left < MAP_BYTES ? (uint32_t)left : MAP_BYTES;
        const int rc = mf_pages_read(pages, heap->map + walk->segment, map, some);
        const unsigned char *at = map;

        if (rc == -ESRCH)
            return rc;
        if (rc != 0) { /* the map is one range of memory: the rest is unreadable too */
            walk->damaged++;
            walk->segment = heap->segments;
            break;
        }
        while (*count < MF_TARGET_BATCH && (at = memchr(at, 0, (size_t)(map + some - at))) != NULL) {
            if (++walk->blocks > MF_TARGET_MAX_BLOCKS)
                return -EINVAL;
            blocks[(*count)++] = heap->low + ((walk->segment + (uint64_t)(at - map)) << heap->shift);
            at++;
        }
        walk->segment += at == NULL ? some : (uint64_t)(at - map);
    }
    return 0;
}

/* Reads the blobs of blocks. A block that begins in the code before it is none. */
static int read_blobs(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                      const struct mf_code_heap *heap, struct mf_target_walk *walk, const uint64_t *blocks, uint32_t count)
{
    const uint32_t head = mf_target_head_bytes(layout);
    uint64_t addresses[2 * MF_TARGET_BATCH];

    for (uint32_t i = 0; i < count; i++) {
        addresses[2 * i] = blocks[i];
        addresses[2 * i + 1] = blocks[i] + layout->block_bytes + head - 1;
    }
    mf_pages_prefetch(pages, addresses, 2 * count);
    for (uint32_t i = 0; i < count; i++) {
        struct mf_target_code *const code = &walk->codes[walk->count];
        int rc;

        if (blocks[i] < walk->end)
            continue;
        rc = mf_target_blob_read(pages, layout, constants, heap, blocks[i], code);
        if (rc == -ESRCH || (rc != 0 && rc != -ENOENT && ++walk->damaged > MAX_DAMAGED)) /* -ENOENT: a free block */
            return rc == -ESRCH ? rc : -EINVAL;
        if (rc != 0)
            continue;
        walk->frames[walk->count++] = (struct mf_target_frame){.method = code->method, .bci = -1};
        walk->end = code->blob_end;
    }
    for (uint32_t i = 0; i < walk->count; i++)
        mf_pages_use_after(pages, walk->codes[i].blob, head);
    return 0;
}

/* Reads the codes again, and sets the kind of each one that has changed to 0. */
static int check_codes(const struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_walk *walk)
{
    struct mf_piece pieces[MF_TARGET_BATCH];

    for (uint32_t i = 0; i < walk->count; i++)
        pieces[i] = mf_target_identity(layout, &walk->codes[i], walk->heads[i]);
    walk->checked = pages->clock;
    if (mf_target_memory_read_all(pages->memory, pieces, walk->count) == -ESRCH)
        return -ESRCH;
    for (uint32_t i = 0; i < walk->count; i++)
        if (!mf_target_is_identical(layout, &walk->codes[i], &pieces[i], walk->heads[i]))
            walk->codes[i].kind = 0;
    return 0;
}

/* Reads the pages of the names of code that is no method. */
static void prefetch_names(struct mf_pages *pages, const struct mf_target_walk *walk)
{
    uint64_t names[MF_TARGET_BATCH];
    uint32_t count = 0;

    for (uint32_t i = 0; i < walk->count; i++)
        if (walk->codes[i].kind != MF_TARGET_METHOD)
            names[count++] = walk->codes[i].name;
    mf_pages_prefetch(pages, names, count);
}

int mf_target_code_batch(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                         struct mf_target_walk *walk)
{
    uint64_t blocks[MF_TARGET_BATCH];
    uint32_t count;
    int rc = 0;

    walk->count = walk->next = 0;
    if (walk->blocks == 0) /* the walk begins */
        rc = mf_target_heaps_read(pages, layout, constants);
    while (rc == 0 && walk->count == 0 && walk->heap < constants->heap_count) {
        const struct mf_code_heap *const heap = &constants->heaps[walk->heap];

        rc = find_blocks(pages, heap, walk, blocks, &count);
        if (rc == 0)
            rc = read_blobs(pages, layout, constants, heap, walk, blocks, count);
        if (walk->segment >= heap->segments) {
            walk->heap++;
            walk->segment = 0;
            walk->end = 0;
        }
    }
    if (rc == 0 && walk->count == 0)
        rc = walk->damaged > 0 ? -EFAULT : -ENOENT;
    if (rc != 0)
        return rc;
    prefetch_names(pages, walk);
    mf_target_method_prefetch(pages, layout, walk->frames, walk->count);
    return check_codes(pages, layout, walk);
}
