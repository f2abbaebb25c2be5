/* SPDX-License-Identifier: Apache-2.0 */
/* From an address to the CodeBlob that it is in, through code heaps and their segment maps (codeCache.cpp, heap.cpp). */
#include "jvm/target_code.h"

#include "jvm/segment_map.h"

#include <stdbool.h>
#include <string.h>

#define MAX_HEAPS  16u /* HotSpot has up to three */
#define MAX_BLOB   (1u << 30)
#define MIN_SHIFT  3 /* log2 of the segment size: HotSpot's are 6 and 7 */
#define MAX_SHIFT  20
#define MAX_NAME   64u  /* bytes of a name that is compared */
#define HEAD_BYTES 512u /* of a blob: its fields are in them */

/*
 * Maximum of steps from a segment to the first one of its block. One step spans up to 254 segments. Merged blocks have shorter
 * steps, and HotSpot rebuilds the map after 10,000 of them (CodeHeap::fragmentation_limit). All code heaps together have up to
 * 2 GiB (CODE_CACHE_SIZE_LIMIT): 2^25 segments of 64 bytes.
 */
#define MAX_STEPS    (1u << 17)
#define MAX_SEGMENTS (1u << 25)

struct heap {
    uint64_t low, high; /* committed */
    uint64_t map;
    uint64_t segments;
    int32_t shift;
};

static int read_space(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t space, uint64_t *low,
                      uint64_t *high)
{
    const int rc = mf_field_read(pages, layout, space, MF_SPACE_LOW, low);

    return rc != 0 ? rc : mf_field_read(pages, layout, space, MF_SPACE_HIGH, high);
}

/* Reads the code heap with a number. -ENOENT: there is none. */
static int read_heap(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t number, struct heap *out)
{
    uint64_t list, data, heap, map_end;
    int32_t count;
    int rc = mf_code_layout_has(layout, MF_HEAP_MEMORY) && mf_code_layout_has(layout, MF_HEAP_SEGMAP) ? 0 : -ENOENT;

    if (rc == 0)
        rc = mf_field_read(pages, layout, 0, MF_CODE_HEAPS, &list);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, list, MF_LIST_LENGTH, &count);
    if (rc == 0 && (count < 0 || number >= (uint64_t)count || number >= MAX_HEAPS))
        rc = -ENOENT;
    if (rc == 0)
        rc = mf_field_read(pages, layout, list, MF_LIST_DATA, &data);
    if (rc == 0)
        rc = mf_pages_read(pages, data + number * sizeof heap, &heap, sizeof heap);
    if (rc == 0)
        rc = read_space(pages, layout, heap + layout->fields[MF_HEAP_MEMORY].offset, &out->low, &out->high);
    if (rc == 0)
        rc = read_space(pages, layout, heap + layout->fields[MF_HEAP_SEGMAP].offset, &out->map, &map_end);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, heap, MF_HEAP_SHIFT, &out->shift);
    if (rc == 0 && (out->shift < MIN_SHIFT || out->shift > MAX_SHIFT || out->low > out->high || out->map > map_end))
        rc = -EINVAL;
    if (rc == 0) {
        out->segments = (out->high - out->low) >> out->shift;
        if (out->segments > map_end - out->map)
            out->segments = map_end - out->map;
        if (out->segments > MAX_SEGMENTS)
            out->segments = MAX_SEGMENTS;
    }
    return rc;
}

/* The start of the block that a segment is in. */
static int find_block(struct mf_pages *pages, const struct heap *heap, uint64_t segment, uint64_t *block)
{
    for (uint32_t i = 0; i < MAX_STEPS; i++) {
        uint8_t distance;
        int rc = mf_pages_read(pages, heap->map + segment, &distance, sizeof distance);

        if (rc != 0)
            return rc;
        rc = mf_segment_step(distance, &segment);
        if (rc < 0)
            return rc;
        if (rc > 0) {
            *block = heap->low + (segment << heap->shift);
            return 0;
        }
    }
    return -EINVAL;
}

/* The range of the code of a blob. */
static int read_range(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t blob, struct mf_target_code *out)
{
    int32_t code, data;
    int rc;

    if (mf_code_layout_has(layout, MF_CODE_BEGIN)) {
        rc = mf_field_read(pages, layout, blob, MF_CODE_BEGIN, &out->start);
        return rc != 0 ? rc : mf_field_read(pages, layout, blob, MF_CODE_END, &out->end);
    }
    rc = mf_field_read_int(pages, layout, blob, MF_CODE_OFFSET, &code);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, blob, MF_DATA_OFFSET, &data);
    if (rc == 0) {
        out->start = blob + (uint64_t)(int64_t)code;
        out->end = blob + (uint64_t)(int64_t)data;
    }
    return rc;
}

/* HotSpot gives these two names to all compiled methods (nmethod.cpp), and to nothing else. */
static int read_kind(struct mf_pages *pages, struct mf_target_code *code)
{
    char name[MAX_NAME];
    const int32_t length = mf_pages_text(pages, code->name, name, sizeof name);

    if (length == -ESRCH)
        return length;
    if (length >= 0 && (strcmp(name, "nmethod") == 0 || strcmp(name, "native nmethod") == 0))
        code->kind = MF_TARGET_METHOD;
    else
        code->kind = length >= 0 && strcmp(name, "Interpreter") == 0 ? MF_TARGET_INTERPRETER : MF_TARGET_STUB;
    return 0;
}

/* A field that is missing or not plausible is unknown. */
static void read_method(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_code *out)
{
    if (mf_field_read(pages, layout, out->blob, MF_NMETHOD_METHOD, &out->method) != 0)
        out->method = 0;
    if (mf_field_read_int(pages, layout, out->blob, MF_COMP_LEVEL, &out->tier) != 0 || out->tier < 0 || out->tier > 4)
        out->tier = -1;
    if (mf_field_read_int(pages, layout, out->blob, MF_COMPILE_ID, &out->compile_id) != 0 || out->compile_id < 0)
        out->compile_id = -1;
    if (mf_field_read_int(pages, layout, out->blob, MF_ENTRY_BCI, &out->entry_bci) != 0 || out->entry_bci < 0)
        out->entry_bci = -1;
}

/* Reads the blob of a block. -ENOENT: the block is free. */
static int read_blob(struct mf_pages *pages, const struct mf_code_layout *layout, const struct heap *heap, uint64_t block,
                     struct mf_target_code *out)
{
    uint64_t used = 1;
    int32_t size = 0;
    int rc;

    *out = (struct mf_target_code){.blob = block + layout->block_bytes, .tier = -1, .compile_id = -1, .entry_bci = -1};
    if (layout->block_bytes == 0)
        return -ENOENT;
    rc = mf_code_layout_has(layout, MF_BLOCK_USED) ? mf_field_read(pages, layout, block, MF_BLOCK_USED, &used) : 0;
    if (rc == 0 && used == 0)
        return -ENOENT;
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, out->blob, MF_BLOB_SIZE, &size);
    if (rc == 0)
        rc = mf_field_read(pages, layout, out->blob, MF_BLOB_NAME, &out->name);
    if (rc == 0)
        rc = read_range(pages, layout, out->blob, out);
    if (rc != 0)
        return rc;
    out->blob_end = out->blob + (uint64_t)(int64_t)size;
    if (size <= 0 || (uint32_t)size > MAX_BLOB || out->blob_end > heap->high || out->start < out->blob ||
        out->start > out->end || out->end > out->blob_end)
        return -ENOENT; /* it is being created, or was freed */
    rc = read_kind(pages, out);
    if (rc == 0 && out->kind == MF_TARGET_METHOD)
        read_method(pages, layout, out);
    /* The memory of its Method may have been that of another one before this code was created. */
    mf_pages_use_after(pages, out->blob, HEAD_BYTES);
    return rc;
}

int mf_target_code_find(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t address,
                        enum mf_code_address kind, struct mf_target_code *out)
{
    const uint64_t instruction = address - (kind == MF_CODE_RETURNS_TO);
    struct heap heap;
    uint64_t block = 0;
    int rc;

    for (uint64_t number = 0; (rc = read_heap(pages, layout, number, &heap)) == 0; number++) {
        const uint64_t segment = (instruction - heap.low) >> heap.shift;

        if (instruction < heap.low || instruction >= heap.high || segment >= heap.segments)
            continue;
        rc = find_block(pages, &heap, segment, &block);
        if (rc == 0)
            rc = read_blob(pages, layout, &heap, block, out);
        return rc != 0 ? rc : instruction >= out->start && instruction < out->end ? 0 : -ENOENT;
    }
    return rc;
}

/* ---- A walk over all code ---- */

#define BATCH       32u /* blocks whose pages are read in one system call */
#define MAX_DAMAGED (1u << 16)

/* Reads the pages of the next blocks in one system call. */
static void prefetch_blocks(struct mf_pages *pages, const struct mf_code_layout *layout, const struct heap *heap,
                            struct mf_target_walk *walk)
{
    uint64_t addresses[2 * BATCH];
    uint32_t count = 0;
    uint64_t segment = walk->segment;

    for (; segment < heap->segments && count < 2 * BATCH; segment++) {
        uint8_t distance;

        if (mf_pages_read(pages, heap->map + segment, &distance, sizeof distance) != 0)
            break;
        if (distance == 0) {
            addresses[count] = heap->low + (segment << heap->shift);
            addresses[count + 1] = addresses[count] + layout->block_bytes + HEAD_BYTES;
            count += 2;
        }
    }
    walk->prefetched = segment;
    mf_pages_prefetch(pages, addresses, count);
}

/* Reads the next code of one heap. -ENOENT: there is no more. */
static int next_in_heap(struct mf_pages *pages, const struct mf_code_layout *layout, const struct heap *heap,
                        struct mf_target_walk *walk, struct mf_target_code *out)
{
    while (walk->segment < heap->segments) {
        uint8_t distance;
        int rc = mf_pages_read(pages, heap->map + walk->segment, &distance, sizeof distance);

        if (rc != 0)
            return rc == -ESRCH ? rc : -ENOENT; /* the map is one range of memory: the rest is unreadable too */
        if (distance == 0) {
            if (++walk->blocks > MF_TARGET_MAX_BLOCKS)
                return -EINVAL;
            if (walk->segment >= walk->prefetched)
                prefetch_blocks(pages, layout, heap, walk);
            rc = read_blob(pages, layout, heap, heap->low + (walk->segment << heap->shift), out);
            if (rc == 0)
                walk->segment += (out->blob_end - 1 - heap->low - (walk->segment << heap->shift)) >> heap->shift;
        }
        walk->segment++;
        if (distance == 0 && (rc == 0 || rc == -ESRCH))
            return rc;
        if (distance == 0 && ++walk->damaged > MAX_DAMAGED)
            return -EINVAL;
    }
    return -ENOENT;
}

int mf_target_code_next(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_walk *walk,
                        struct mf_target_code *out)
{
    struct heap heap;
    int rc;

    for (; (rc = read_heap(pages, layout, walk->heap, &heap)) == 0; walk->heap++) {
        rc = next_in_heap(pages, layout, &heap, walk, out);
        if (rc != -ENOENT)
            return rc;
        walk->segment = 0;
        walk->prefetched = 0;
    }
    return rc;
}

int mf_target_code_is_there(const struct mf_pages *pages, const struct mf_code_layout *layout,
                            const struct mf_target_code *code)
{
    static const enum mf_code_field fields[] = {MF_BLOB_NAME, MF_BLOB_SIZE, MF_NMETHOD_METHOD, MF_COMPILE_ID};
    const uint64_t expected[] = {code->name, code->blob_end - code->blob, code->method, (uint64_t)(int64_t)code->compile_id};
    const uint32_t count = code->kind != MF_TARGET_METHOD ? 2 : code->compile_id == -1 ? 3 : 4;
    uint64_t values[4];
    struct mf_piece pieces[4];

    for (uint32_t i = 0; i < count; i++)
        pieces[i] = (struct mf_piece){code->blob + layout->fields[fields[i]].offset, &values[i],
                                      mf_field_width(&layout->fields[fields[i]]), 0};
    if (mf_target_memory_read_all(pages->memory, pieces, count) == -ESRCH)
        return -ESRCH;
    for (uint32_t i = 0; i < count; i++)
        if (pieces[i].bytes > 0 && (pieces[i].got != (int32_t)pieces[i].bytes ||
                                    mf_field_value(&layout->fields[fields[i]], &values[i]) != expected[i]))
            return 0;
    return 1;
}
