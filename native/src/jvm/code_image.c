/* SPDX-License-Identifier: Apache-2.0 */
/* Code that comes and goes, appended to an image. */
#include "jvm/code_image.h"

#include <string.h>

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 7) & ~7ull;
}

static uint64_t segments_of(uint64_t cache)
{
    return (cache + (1u << MF_SEGMENT_SHIFT) - 1) >> MF_SEGMENT_SHIFT;
}

static uint64_t head_bytes(uint64_t cache)
{
    return round_up(sizeof(struct mf_code_image) + segments_of(cache) * sizeof(mf_place));
}

uint64_t mf_code_image_bytes(uint64_t cache, uint64_t log)
{
    return head_bytes(cache) + MF_NAME_BUCKETS * sizeof(mf_place) + round_up(log);
}

void mf_code_image_init(struct mf_code_image *image, uint64_t bytes, uint64_t low, uint64_t cache)
{
    image->bytes = bytes;
    image->low = low;
    image->segments = (uint32_t)segments_of(cache);
    image->buckets = (mf_place)(head_bytes(cache) / 8);
    image->log = (mf_place)(image->buckets + MF_NAME_BUCKETS * sizeof(mf_place) / 8);
    image->used = image->log;
}

/* What a record takes, in units, with this many of each. */
static uint64_t units_of(uint64_t segments, uint64_t pcs, uint64_t scopes)
{
    return (sizeof(struct mf_code_record) + segments * sizeof(mf_place) + pcs * sizeof(struct mf_code_pc) +
            scopes * sizeof(struct mf_code_scope) + 7) / 8;
}

static bool has_room(const struct mf_code_image *image, uint64_t units)
{
    return units < UINT32_MAX && ((uint64_t)image->used + units) * 8 <= image->bytes;
}

bool mf_code_covers(const struct mf_code_image *image, uint64_t start, uint64_t end)
{
    const uint64_t limit = (uint64_t)image->segments << MF_SEGMENT_SHIFT;

    return start < end && start - image->low < limit && end - image->low <= limit;
}

struct mf_code_record *mf_code_begin(struct mf_code_image *image, enum mf_code_kind kind, uint64_t start, uint64_t end,
                                     uint32_t pcs)
{
    const uint64_t first = (start - image->low) >> MF_SEGMENT_SHIFT;
    const uint64_t segments = ((end - 1 - image->low) >> MF_SEGMENT_SHIFT) - first + 1;
    struct mf_code_record *const record = mf_code_at(image, image->used);

    if (!has_room(image, units_of(segments, pcs, 0)))
        return NULL;
    memset(record, 0, sizeof *record);
    record->entry.kind = kind;
    record->start = start;
    record->end = end;
    record->first_segment = (uint32_t)first;
    record->segments = (uint32_t)segments;
    record->pcs = pcs;
    record->tier = -1;
    record->compile_id = -1;
    record->entry_bci = -1;
    return record;
}

uint32_t mf_code_scope_add(struct mf_code_image *image, struct mf_code_record *record, struct mf_code_scope scope)
{
    if (!has_room(image, units_of(record->segments, record->pcs, (uint64_t)record->scopes + 1)))
        return MF_NO_SCOPE;
    mf_code_scopes(record)[record->scopes] = scope;
    return record->scopes++;
}

static struct mf_code_record *record_at(const struct mf_code_image *image, mf_place place)
{
    return (struct mf_code_record *)mf_code_read(image, place);
}

static mf_place top(const struct mf_code_image *image, uint32_t segment)
{
    return atomic_load_explicit(&image->table[segment], memory_order_acquire);
}

/* What was in a segment before this record came. */
static mf_place below(const struct mf_code_record *record, uint32_t segment)
{
    return mf_code_below(record)[segment - record->first_segment];
}

static void set_unloaded(struct mf_code_image *image, struct mf_code_record *record, uint64_t time)
{
    atomic_store_explicit(&record->unloaded, time, memory_order_release);
    image->live--;
    image->gone++;
    image->gone_units += record->entry.units;
}

/* Stubs that were there stay within a larger one: the JVM tells of a blob, and of its parts. */
static bool makes_way(const struct mf_code_record *old, const struct mf_code_record *new)
{
    const bool both_stubs = old->entry.kind == MF_CODE_STUB && new->entry.kind == MF_CODE_STUB;

    return old->unloaded == 0 && old->start < new->end && new->start < old->end &&
           !(both_stubs && new->flags & MF_CODE_BEFORE_START);
}

/* Whether a method that went had a whole segment: then what was there before it went earlier. */
static bool cleared(const struct mf_code_image *image, const struct mf_code_record *record, uint32_t segment)
{
    const uint64_t start = image->low + ((uint64_t)segment << MF_SEGMENT_SHIFT);

    return record->entry.kind == MF_CODE_METHOD && record->unloaded != 0 && record->start <= start &&
           record->end >= start + (1u << MF_SEGMENT_SHIFT);
}

static void make_way(struct mf_code_image *image, const struct mf_code_record *new)
{
    for (uint32_t i = 0; i < new->segments; i++) {
        const uint32_t segment = new->first_segment + i;

        for (mf_place place = top(image, segment); place != 0;) {
            struct mf_code_record *const old = record_at(image, place);

            if (cleared(image, old, segment))
                break;
            if (makes_way(old, new))
                set_unloaded(image, old, new->loaded);
            place = below(old, segment);
        }
    }
}

void mf_code_commit(struct mf_code_image *image, struct mf_code_record *record)
{
    const mf_place place = image->used;

    if (record->unloaded == 0)
        make_way(image, record);
    record->entry.units = (uint32_t)units_of(record->segments, record->pcs, record->scopes);
    for (uint32_t i = 0; i < record->segments; i++)
        mf_code_below(record)[i] = top(image, record->first_segment + i);
    atomic_store_explicit(&image->used, place + record->entry.units, memory_order_release);
    for (uint32_t i = 0; i < record->segments; i++)
        atomic_store_explicit(&image->table[record->first_segment + i], place, memory_order_release);
    if (record->unloaded == 0) {
        image->live++;
    } else {
        image->gone++;
        image->gone_units += record->entry.units;
    }
}

/* The next piece of code, from a place down a segment's chain on, that is there and starts at this address; NULL: none. */
static struct mf_code_record *living_from(const struct mf_code_image *image, mf_place place, uint64_t start)
{
    const uint64_t segment = (start - image->low) >> MF_SEGMENT_SHIFT;

    while (place != 0) {
        struct mf_code_record *const record = record_at(image, place);

        if (record->start == start && record->unloaded == 0)
            return record;
        place = below(record, (uint32_t)segment);
    }
    return NULL;
}

static struct mf_code_record *first_living(const struct mf_code_image *image, uint64_t start)
{
    const uint64_t segment = (start - image->low) >> MF_SEGMENT_SHIFT;

    return segment >= image->segments ? NULL : living_from(image, top(image, (uint32_t)segment), start);
}

static struct mf_code_record *next_living(const struct mf_code_image *image, const struct mf_code_record *record)
{
    return living_from(image, below(record, record->first_segment), record->start);
}

struct mf_code_record *mf_code_known(const struct mf_code_image *image, uint64_t start, uint64_t end, mf_place name)
{
    struct mf_code_record *record = first_living(image, start);

    while (record != NULL && (record->end != end || record->name != name))
        record = next_living(image, record);
    return record;
}

static bool name_begins_with(const struct mf_code_image *image, mf_place place, const char *text)
{
    const struct mf_code_name *const name = mf_code_read(image, place);
    const size_t length = strlen(text);

    return length <= name->name_length && memcmp(name->text + name->class_length, text, length) == 0;
}

struct mf_code_record *mf_code_known_stub(const struct mf_code_image *image, uint64_t start, uint64_t end, const char *name)
{
    struct mf_code_record *record = first_living(image, start);

    while (record != NULL &&
           (record->entry.kind != MF_CODE_STUB || record->end != end || !name_begins_with(image, record->name, name)))
        record = next_living(image, record);
    return record;
}

bool mf_code_remove(struct mf_code_image *image, uint64_t start, uint64_t time)
{
    struct mf_code_record *const record = first_living(image, start);

    if (record == NULL || record->entry.kind != MF_CODE_METHOD)
        return false;
    set_unloaded(image, record, time);
    return true;
}

void mf_code_remove_untold(struct mf_code_image *image, uint32_t round, uint64_t time)
{
    const struct mf_code_entry *entry;

    for (mf_place place = image->log; place < image->used; place += entry->units) {
        struct mf_code_record *const record = mf_code_at(image, place);

        entry = &record->entry;
        if (entry->kind != MF_CODE_NAME && record->unloaded == 0 && record->told != round)
            set_unloaded(image, record, time);
    }
}

/* ---- Readers: the image may be overwritten under them, so that nothing is followed which is not checked ---- */

/* The next place down a segment's chain; 0: the end. */
static mf_place next_down(const struct mf_code_image *image, mf_place place, uint32_t segment)
{
    const struct mf_code_record *const record = record_at(image, place);
    const uint64_t at = segment - record->first_segment; /* wraps: then it is far too large */
    mf_place next;

    if (at >= record->segments || !mf_code_is_within(image, place, sizeof *record + (at + 1) * sizeof next))
        return 0;
    next = mf_code_below(record)[at];
    return next < place ? next : 0;
}

static bool was_there(uint64_t loaded, uint64_t unloaded, uint64_t time)
{
    return time == MF_CODE_NOW ? unloaded == 0 : loaded <= time && (unloaded == 0 || time < unloaded);
}

/* The next record of a segment, from a place down its chain on, that covers an address; 0: none. */
static mf_place next_covering(const struct mf_code_image *image, mf_place place, uint32_t segment, uint64_t address)
{
    for (; mf_code_is_within(image, place, sizeof(struct mf_code_record)); place = next_down(image, place, segment)) {
        const struct mf_code_record *const record = record_at(image, place);

        if (address - record->start < record->end - record->start)
            return place;
    }
    return 0;
}

/*
 * The smallest stub at an address that was loaded after one time and before another; @p before 0: at any time after. Of equal stubs
 * the newest.
 */
static mf_place smallest_stub(const struct mf_code_image *image, uint32_t segment, uint64_t address, uint64_t after, uint64_t before)
{
    uint64_t smallest = UINT64_MAX;
    mf_place found = 0;

    for (mf_place place = next_covering(image, top(image, segment), segment, address); place != 0;
         place = next_covering(image, next_down(image, place, segment), segment, address)) {
        const struct mf_code_record *const record = record_at(image, place);
        const uint64_t size = record->end - record->start;

        if (record->loaded <= after)
            break;
        if (record->entry.kind != MF_CODE_METHOD && (before == 0 || record->loaded < before) && size < smallest) {
            smallest = size;
            found = place;
        }
    }
    return found;
}

/* @p first: the first code that was loaded at an address after a time. If it is a stub, a smaller one may have been there with it. */
static mf_place reported_later(const struct mf_code_image *image, mf_place first, uint32_t segment, uint64_t address, uint64_t time)
{
    const struct mf_code_record *const record = record_at(image, first);
    const mf_place found = record->entry.kind == MF_CODE_METHOD
                               ? first
                               : smallest_stub(image, segment, address, time,
                                               atomic_load_explicit(&record->unloaded, memory_order_acquire));

    return found == 0 ? first : found; /* 0: the image was written to again meanwhile */
}

mf_place mf_code_search(const struct mf_code_image *image, uint64_t address, uint64_t time, uint32_t *flags)
{
    const uint64_t at = (address - image->low) >> MF_SEGMENT_SHIFT;
    const uint32_t segment = (uint32_t)at;
    mf_place found = 0, later = 0;
    uint64_t smallest = UINT64_MAX;

    *flags = 0;
    if (at >= image->segments)
        return 0;
    for (mf_place place = next_covering(image, top(image, segment), segment, address); place != 0;
         place = next_covering(image, next_down(image, place, segment), segment, address)) {
        const struct mf_code_record *const record = record_at(image, place);
        const uint64_t unloaded = atomic_load_explicit(&record->unloaded, memory_order_acquire);
        const bool is_method = record->entry.kind == MF_CODE_METHOD;

        if (was_there(record->loaded, unloaded, time)) {
            if (is_method)
                return place;
            if (record->end - record->start < smallest) { /* of stubs within stubs the smallest is meant */
                smallest = record->end - record->start;
                found = place;
            }
        } else if (time < record->loaded) {
            later = place;
        } else if (is_method) {
            break; /* it had gone by then, and all below it before that */
        }
    }
    if (found != 0 || later == 0)
        return found;
    *flags = MF_CODE_RECORDED_LATER;
    return reported_later(image, later, segment, address, time);
}
