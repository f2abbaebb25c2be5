/* SPDX-License-Identifier: Apache-2.0 */
/* From an address to the CodeBlob that it is in, through code heaps and their segment maps (codeCache.cpp, heap.cpp). */
#include "jvm/target_code.h"

#include "jvm/segment_map.h"
#include "jvm/target_blob.h"

#include <stdbool.h>
#include <string.h>

#define MAX_BLOB  (1u << 30)
#define MIN_SHIFT 3 /* log2 of the segment size: HotSpot's are 6 and 7 */
#define MAX_SHIFT 20
#define MAX_NAME  64u /* bytes of a name that is compared */

/*
 * Maximum of steps from a segment to the first one of its block. One step spans up to 254 segments. Merged blocks have shorter
 * steps, and HotSpot rebuilds the map after 10,000 of them (CodeHeap::fragmentation_limit). All code heaps together have up to
 * 2 GiB (CODE_CACHE_SIZE_LIMIT): 2^25 segments of 64 bytes.
 */
#define MAX_STEPS    (1u << 17)
#define MAX_SEGMENTS (1u << 25)

static int read_space(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t space, uint64_t *low,
                      uint64_t *high)
{
    const int rc = mf_field_read(pages, layout, space, MF_SPACE_LOW, low);

    return rc != 0 ? rc : mf_field_read(pages, layout, space, MF_SPACE_HIGH, high);
}

/* Reads the code heap with a number. -ENOENT: there is none. */
static int read_heap(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t number, struct mf_code_heap *out)
{
    uint64_t list, data, heap, map_end;
    int32_t count;
    int rc = mf_code_layout_has(layout, MF_HEAP_MEMORY) && mf_code_layout_has(layout, MF_HEAP_SEGMAP) ? 0 : -ENOENT;

    if (rc == 0)
        rc = mf_field_read(pages, layout, 0, MF_CODE_HEAPS, &list);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, list, MF_LIST_LENGTH, &count);
    if (rc == 0 && (count < 0 || number >= (uint64_t)count || number >= MF_TARGET_MAX_HEAPS))
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
static int find_block(struct mf_pages *pages, const struct mf_code_heap *heap, uint64_t segment, uint64_t *block)
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

/* HotSpot gives these two names to all compiled methods (nmethod.cpp), and to nothing else. They are constants of libjvm. */
static int read_kind(struct mf_pages *pages, struct mf_target_constants *constants, struct mf_target_code *code)
{
    char name[MAX_NAME];
    int32_t length;

    code->kind = MF_TARGET_METHOD;
    if (code->name == constants->method_name && code->name != 0)
        return 0;
    length = mf_pages_text(pages, code->name, name, sizeof name);
    if (length == -ESRCH)
        return length;
    if (length >= 0 && strcmp(name, "nmethod") == 0)
        constants->method_name = code->name;
    else if (length >= 0 && strcmp(name, "native nmethod") == 0)
        return 0;
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

int mf_target_blob_read(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                        const struct mf_code_heap *heap, uint64_t block, struct mf_target_code *out)
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
    rc = read_kind(pages, constants, out);
    if (rc == 0 && out->kind == MF_TARGET_METHOD)
        read_method(pages, layout, out);
    return rc;
}

uint32_t mf_target_head_bytes(const struct mf_code_layout *layout)
{
    static const enum mf_code_field fields[] = {MF_BLOB_SIZE,   MF_BLOB_NAME,      MF_CODE_BEGIN, MF_CODE_END,   MF_CODE_OFFSET,
                                                MF_DATA_OFFSET, MF_NMETHOD_METHOD, MF_COMP_LEVEL, MF_COMPILE_ID, MF_ENTRY_BCI};
    uint64_t bytes = 1;

    for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct mf_field_layout *const field = &layout->fields[fields[i]];
        const uint64_t end = field->offset + mf_field_width(field);

        if (field->bytes != 0 && end > bytes && end <= MF_TARGET_HEAD) /* a target's offset is any number */
            bytes = end;
    }
    return (uint32_t)bytes;
}

int mf_target_heaps_read(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants)
{
    struct mf_code_heap heap;
    int rc;

    constants->heap_count = 0;
    while ((rc = read_heap(pages, layout, constants->heap_count, &heap)) == 0)
        constants->heaps[constants->heap_count++] = heap;
    return rc == -ENOENT && constants->heap_count > 0 ? 0 : rc;
}

/* The code heap of an instruction, or NULL. */
static const struct mf_code_heap *heap_of(const struct mf_target_constants *constants, uint64_t instruction)
{
    for (uint32_t i = 0; i < constants->heap_count; i++) {
        const struct mf_code_heap *const heap = &constants->heaps[i];

        if (instruction >= heap->low && instruction < heap->high && (instruction - heap->low) >> heap->shift < heap->segments)
            return heap;
    }
    return NULL;
}

int mf_target_code_find(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                        uint64_t address, enum mf_code_address kind, struct mf_target_code *out)
{
    const uint64_t instruction = address - (kind == MF_CODE_RETURNS_TO);
    const struct mf_code_heap *heap = heap_of(constants, instruction);
    uint64_t block = 0;
    int rc = 0;

    if (heap == NULL) { /* they may be larger than before */
        rc = mf_target_heaps_read(pages, layout, constants);
        heap = heap_of(constants, instruction);
    }
    if (heap == NULL)
        return rc == 0 ? -ENOENT : rc;
    rc = find_block(pages, heap, (instruction - heap->low) >> heap->shift, &block);
    if (rc == 0)
        rc = mf_target_blob_read(pages, layout, constants, heap, block, out);
    if (rc == 0)
        mf_pages_use_after(pages, out->blob, mf_target_head_bytes(layout));
    return rc != 0 ? rc : instruction >= out->start && instruction < out->end ? 0 : -ENOENT;
}

/* Where the fields are that identify code, from the start of its blob. */
static const enum mf_code_field identity[] = {MF_BLOB_NAME, MF_BLOB_SIZE, MF_NMETHOD_METHOD, MF_COMPILE_ID};
#define IDENTITIES 4u

static uint32_t identity_count(const struct mf_target_code *code)
{
    return code->kind != MF_TARGET_METHOD ? 2 : code->compile_id == -1 ? 3 : 4;
}

struct mf_piece mf_target_identity(const struct mf_code_layout *layout, const struct mf_target_code *code, void *head)
{
    uint64_t low = UINT64_MAX, high = 0;

    for (uint32_t i = 0; i < identity_count(code); i++) {
        const struct mf_field_layout *const field = &layout->fields[identity[i]];

        if (field->bytes == 0)
            continue;
        if (field->is_static || field->offset > MF_TARGET_HEAD - mf_field_width(field)) /* a target's offset is any number */
            return (struct mf_piece){code->blob, head, 0, 0};
        low = field->offset < low ? field->offset : low;
        high = field->offset + mf_field_width(field) > high ? field->offset + mf_field_width(field) : high;
    }
    if (low > high)
        return (struct mf_piece){code->blob, head, 0, 0};
    return (struct mf_piece){code->blob + low, (char *)head + low, (uint32_t)(high - low), 0};
}

int mf_target_is_identical(const struct mf_code_layout *layout, const struct mf_target_code *code, const struct mf_piece *piece,
                           const void *head)
{
    const uint64_t expected[IDENTITIES] = {code->name, code->blob_end - code->blob, code->method,
                                           (uint64_t)(int64_t)code->compile_id};

    if (piece->bytes == 0 || piece->got != (int32_t)piece->bytes)
        return 0;
    for (uint32_t i = 0; i < identity_count(code); i++) {
        const struct mf_field_layout *const field = &layout->fields[identity[i]];

        if (field->bytes != 0 && mf_field_value(field, (const char *)head + field->offset) != expected[i])
            return 0;
    }
    return 1;
}

int mf_target_code_is_there(const struct mf_pages *pages, const struct mf_code_layout *layout,
                            const struct mf_target_code *code)
{
    unsigned char head[MF_TARGET_HEAD];
    struct mf_piece piece = mf_target_identity(layout, code, head);

    if (mf_target_memory_read_all(pages->memory, &piece, 1) == -ESRCH)
        return -ESRCH;
    return mf_target_is_identical(layout, code, &piece, head);
}
