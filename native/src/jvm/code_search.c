/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an image without a lock. The image may be overwritten meanwhile, so each unit and count that is read is checked
 * before it is used.
 */
#include "jvm/code_image.h"

#include <errno.h>
#include <string.h>

static const struct mf_code_record *record_at(const struct mf_code_image *image, mf_code_unit unit)
{
    return mf_code_read(image, unit);
}

static mf_code_unit newest(const struct mf_code_image *image, uint32_t segment)
{
    return atomic_load_explicit(&image->table[segment], memory_order_acquire);
}

/* The record before this one in the chain of a segment; 0: none. */
static mf_code_unit next_older(const struct mf_code_image *image, mf_code_unit unit, uint32_t segment)
{
    const struct mf_code_record *const record = record_at(image, unit);
    const uint64_t index = segment - record->first_segment; /* wraps below 0, and is too large then */
    mf_code_unit next;

    if (index >= record->segments || !mf_code_is_within(image, unit, sizeof *record + (index + 1) * sizeof next))
        return 0;
    next = mf_code_below(record)[index];
    return next < unit ? next : 0;
}

/* The first record, from one of a segment's chain on, that covers an address; 0: none. */
static mf_code_unit next_covering(const struct mf_code_image *image, mf_code_unit unit, uint32_t segment, uint64_t address)
{
    for (; mf_code_is_within(image, unit, sizeof(struct mf_code_record)); unit = next_older(image, unit, segment)) {
        const struct mf_code_record *const record = record_at(image, unit);

        if (address - record->start < record->end - record->start)
            return unit;
    }
    return 0;
}

static bool was_loaded_at(uint64_t loaded, uint64_t unloaded, uint64_t time)
{
    return time == MF_CODE_NOW ? unloaded == 0 : loaded <= time && (unloaded == 0 || time < unloaded);
}

/*
 * The smallest stub at an address that was loaded after one time and before another; @p before 0: at any time after. Of equal
 * stubs the newest.
 */
static mf_code_unit smallest_stub(const struct mf_code_image *image, uint32_t segment, uint64_t address, uint64_t after,
                                  uint64_t before)
{
    uint64_t smallest = UINT64_MAX;
    mf_code_unit found = 0;

    for (mf_code_unit unit = next_covering(image, newest(image, segment), segment, address); unit != 0;
         unit = next_covering(image, next_older(image, unit, segment), segment, address)) {
        const struct mf_code_record *const record = record_at(image, unit);
        const uint64_t size = record->end - record->start;

        if (record->loaded <= after)
            break;
        if (record->entry.kind != MF_CODE_METHOD && (before == 0 || record->loaded < before) && size < smallest) {
            smallest = size;
            found = unit;
        }
    }
    return found;
}

/*
 * @p first: the first code that was loaded at an address after a time. A stub may contain a smaller one that was loaded with
 * it.
 */
static mf_code_unit recorded_later(const struct mf_code_image *image, mf_code_unit first, uint32_t segment, uint64_t address,
                                   uint64_t time)
{
    const struct mf_code_record *const record = record_at(image, first);
    const mf_code_unit found =
        record->entry.kind == MF_CODE_METHOD
            ? first
            : smallest_stub(image, segment, address, time, atomic_load_explicit(&record->unloaded, memory_order_acquire));

    return found == 0 ? first : found; /* 0: the image has been overwritten meanwhile */
}

struct mf_code_match mf_code_search(const struct mf_code_image *image, uint64_t address, uint64_t time)
{
    const uint64_t index = (address - image->low) >> MF_SEGMENT_SHIFT;
    const uint32_t segment = (uint32_t)index;
    mf_code_unit top, found, later;
    uint64_t smallest, next_loaded;

    if (index >= image->segments)
        return (struct mf_code_match){0, 0, 0};
    do {
        top = newest(image, segment);
        found = later = 0;
        smallest = UINT64_MAX;
        next_loaded = 0;
        for (mf_code_unit unit = next_covering(image, top, segment, address); unit != 0;
             unit = next_covering(image, next_older(image, unit, segment), segment, address)) {
            const struct mf_code_record *const record = record_at(image, unit);
            const uint64_t unloaded = atomic_load_explicit(&record->unloaded, memory_order_acquire);
            const bool is_method = record->entry.kind == MF_CODE_METHOD;

            if (was_loaded_at(record->loaded, unloaded, time)) {
                if (is_method)
                    return (struct mf_code_match){unit, 0, next_loaded};
                if (record->end - record->start < smallest) { /* stubs contain smaller stubs: the smallest is the result */
                    smallest = record->end - record->start;
                    found = unit;
                }
            } else if (time < record->loaded) {
                later = unit;
                next_loaded = record->loaded;
            } else if (is_method) {
                break; /* it was unloaded by then, and older code before it */
            }
        }
        /* A record that was added meanwhile may have replaced one that was found unloaded. Units grow, so this ends. */
    } while (newest(image, segment) > top);
    if (found != 0 || later == 0)
        return (struct mf_code_match){found, 0, 0};
    return (struct mf_code_match){recorded_later(image, later, segment, address, time), MF_CODE_RECORDED_LATER, 0};
}

/* A record's arrays and their counts. Counts are read once, because they may change, and fit into the image. */
struct parts {
    const struct mf_code_pc *pcs;
    const struct mf_code_scope *scopes;
    uint32_t pc_count;
    uint32_t scope_count;
    uint64_t start;
    mf_code_unit name;
};

static bool read_parts(const struct mf_code_image *image, mf_code_unit unit, struct parts *out)
{
    const struct mf_code_record *const record = mf_code_read(image, unit);
    uint64_t pcs_offset, scopes_offset;

    if (!mf_code_is_within(image, unit, sizeof *record))
        return false;
    *out = (struct parts){NULL, NULL, record->pcs, record->scopes, record->start, record->name};
    pcs_offset = sizeof *record + (uint64_t)record->segments * sizeof(mf_code_unit);
    scopes_offset = pcs_offset + (uint64_t)out->pc_count * sizeof(struct mf_code_pc);
    out->pcs = (const void *)((const char *)record + pcs_offset);
    out->scopes = (const void *)((const char *)record + scopes_offset);
    return mf_code_is_within(image, unit, scopes_offset + (uint64_t)out->scope_count * sizeof(struct mf_code_scope));
}

/* The number of the scope of an instruction at an offset: that of the first debug record above it, which marks its end. */
static uint32_t scope_at(const struct parts *parts, uint64_t offset)
{
    uint32_t low = 0, high = parts->pc_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (parts->pcs[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < parts->pc_count ? parts->pcs[low].scope : MF_NO_SCOPE;
}

int mf_code_read_frames(const struct mf_code_image *image, mf_code_unit record, uint64_t instruction, struct mf_code_frame *out,
                        uint32_t capacity)
{
    struct parts parts;
    uint32_t scope, count = 0;

    if (!read_parts(image, record, &parts))
        return -ESTALE;
    scope = scope_at(&parts, instruction - parts.start);
    for (; scope < parts.scope_count && count < parts.scope_count; count++) {
        if (count < capacity)
            out[count] = (struct mf_code_frame){parts.scopes[scope].name, parts.scopes[scope].bci};
        scope = parts.scopes[scope].caller;
    }
    if (count == 0) {
        if (capacity > 0)
            *out = (struct mf_code_frame){parts.name, -1};
        count = 1;
    }
    return (int)count;
}

int mf_code_read_text(const struct mf_code_image *image, mf_code_unit unit, enum mf_code_text_kind kind, char *out,
                      uint32_t capacity)
{
    const struct mf_code_name *const name = mf_code_read(image, unit);
    uint32_t lengths[3], offset = 0;

    if ((uint32_t)kind > MF_CODE_TEXT_SIGNATURE || !mf_code_is_within(image, unit, sizeof *name))
        return -ESTALE;
    lengths[MF_CODE_TEXT_CLASS] = name->class_length;
    lengths[MF_CODE_TEXT_NAME] = name->name_length;
    lengths[MF_CODE_TEXT_SIGNATURE] = name->signature_length;
    for (int i = 0; i < (int)kind; i++)
        offset += lengths[i];
    if (!mf_code_is_within(image, unit, sizeof *name + offset + lengths[kind]))
        return -ESTALE;
    if (capacity > 0)
        memcpy(out, name->text + offset, lengths[kind] < capacity ? lengths[kind] : capacity);
    return (int)lengths[kind];
}
