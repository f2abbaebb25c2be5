/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of an image: appends records, and marks code unloaded. */
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
    return round_up(sizeof(struct mf_code_image) + segments_of(cache) * sizeof(mf_code_unit));
}

uint64_t mf_code_image_bytes(uint64_t cache, uint64_t log)
{
    return head_bytes(cache) + MF_NAME_BUCKETS * sizeof(mf_code_unit) + round_up(log);
}

void mf_code_image_init(struct mf_code_image *image, uint64_t bytes, uint64_t low, uint64_t cache)
{
    image->bytes = bytes;
    image->low = low;
    image->segments = (uint32_t)segments_of(cache);
    image->buckets = (mf_code_unit)(head_bytes(cache) / 8);
    image->log = (mf_code_unit)(image->buckets + MF_NAME_BUCKETS * sizeof(mf_code_unit) / 8);
    image->used = image->log;
}

/* The size of a record with these counts, in units. */
static uint64_t units_of(uint64_t segments, uint64_t pcs, uint64_t scopes)
{
    return (sizeof(struct mf_code_record) + segments * sizeof(mf_code_unit) + pcs * sizeof(struct mf_code_pc) +
            scopes * sizeof(struct mf_code_scope) + 7) /
           8;
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

static struct mf_code_record *record_at(const struct mf_code_image *image, mf_code_unit unit)
{
    return (struct mf_code_record *)mf_code_read(image, unit);
}

static mf_code_unit newest(const struct mf_code_image *image, uint32_t segment)
{
    return atomic_load_explicit(&image->table[segment], memory_order_acquire);
}

/* The record before this one in a segment; 0: none. */
static mf_code_unit older(const struct mf_code_record *record, uint32_t segment)
{
    return mf_code_below(record)[segment - record->first_segment];
}

static void set_unloaded(struct mf_code_image *image, struct mf_code_record *record, uint64_t time)
{
    atomic_store_explicit(&record->unloaded, time, memory_order_release);
    image->live--;
    image->unloaded++;
    image->unloaded_units += record->entry.units;
}

/* The JVM reports a blob and the stubs in it, so an existing stub does not replace the stubs that it contains. */
static bool is_replaced(const struct mf_code_record *old, const struct mf_code_record *added)
{
    const bool both_stubs = old->entry.kind == MF_CODE_STUB && added->entry.kind == MF_CODE_STUB;

    return old != added && old->unloaded == 0 && old->start < added->end && added->start < old->end &&
           !(both_stubs && added->flags & MF_CODE_BEFORE_START);
}

/* Whether an unloaded method had the whole segment: then all older code of the segment was unloaded before it. */
static bool had_all_of(const struct mf_code_image *image, const struct mf_code_record *record, uint32_t segment)
{
    const uint64_t start = image->low + ((uint64_t)segment << MF_SEGMENT_SHIFT);

    return record->entry.kind == MF_CODE_METHOD && record->unloaded != 0 && record->start <= start &&
           record->end >= start + (1u << MF_SEGMENT_SHIFT);
}

/* The record may be in the table already. */
static void unload_replaced(struct mf_code_image *image, const struct mf_code_record *new)
{
    for (uint32_t i = 0; i < new->segments; i++) {
        const uint32_t segment = new->first_segment + i;

        for (mf_code_unit unit = newest(image, segment); unit != 0;) {
            struct mf_code_record *const old = record_at(image, unit);

            if (had_all_of(image, old, segment))
                break;
            if (is_replaced(old, new))
                set_unloaded(image, old, new->loaded);
            unit = older(old, segment);
        }
    }
}

void mf_code_replace(struct mf_code_image *image, uint64_t start, uint64_t end, uint64_t time)
{
    const uint64_t first = (start - image->low) >> MF_SEGMENT_SHIFT;
    const struct mf_code_record place = {
        .entry.kind = MF_CODE_METHOD,
        .start = start,
        .end = end,
        .loaded = time,
        .first_segment = (uint32_t)first,
        .segments = (uint32_t)(((end - 1 - image->low) >> MF_SEGMENT_SHIFT) - first + 1),
    };

    unload_replaced(image, &place);
}

static mf_code_unit detail_units(const struct mf_code_record *record)
{
    return (mf_code_unit)((record->pcs * sizeof(struct mf_code_pc) + record->scopes * sizeof(struct mf_code_scope)) / 8);
}

void mf_code_commit(struct mf_code_image *image, struct mf_code_record *record)
{
    const mf_code_unit unit = image->used;

    record->entry.units = (uint32_t)units_of(record->segments, record->pcs, record->scopes);
    image->detail_units += detail_units(record);
    for (uint32_t i = 0; i < record->segments; i++)
        mf_code_below(record)[i] = newest(image, record->first_segment + i);
    /*
     * The table first: a reader finds the new code or the code that it replaces, and code that a reader of the log has seen is
     * found by its address.
     */
    for (uint32_t i = 0; i < record->segments; i++)
        atomic_store_explicit(&image->table[record->first_segment + i], unit, memory_order_release);
    if (record->unloaded == 0) {
        unload_replaced(image, record);
        image->live++;
    } else {
        image->unloaded++;
        image->unloaded_units += record->entry.units;
    }
    atomic_store_explicit(&image->used, unit + record->entry.units, memory_order_release);
}

/* The first live record, from one of a chain on, whose code starts at an address; NULL: none. */
static struct mf_code_record *live_from(const struct mf_code_image *image, mf_code_unit unit, uint64_t start)
{
    const uint64_t segment = (start - image->low) >> MF_SEGMENT_SHIFT;

    while (unit != 0) {
        struct mf_code_record *const record = record_at(image, unit);

        if (record->start == start && record->unloaded == 0)
            return record;
        unit = older(record, (uint32_t)segment);
    }
    return NULL;
}

static struct mf_code_record *first_live(const struct mf_code_image *image, uint64_t start)
{
    const uint64_t segment = (start - image->low) >> MF_SEGMENT_SHIFT;

    return segment >= image->segments ? NULL : live_from(image, newest(image, (uint32_t)segment), start);
}

static struct mf_code_record *next_live(const struct mf_code_image *image, const struct mf_code_record *record)
{
    return live_from(image, older(record, record->first_segment), record->start);
}

struct mf_code_record *mf_code_find_live(const struct mf_code_image *image, uint64_t start, uint64_t end, mf_code_unit name)
{
    struct mf_code_record *record = first_live(image, start);

    while (record != NULL && (record->end != end || record->name != name))
        record = next_live(image, record);
    return record;
}

static bool name_begins_with(const struct mf_code_image *image, mf_code_unit unit, const char *text)
{
    const struct mf_code_name *const name = mf_code_read(image, unit);
    const size_t length = strlen(text);

    return length <= name->name_length && memcmp(name->text + name->class_length, text, length) == 0;
}

struct mf_code_record *mf_code_find_live_stub(const struct mf_code_image *image, uint64_t start, uint64_t end, const char *name)
{
    struct mf_code_record *record = first_live(image, start);

    while (record != NULL &&
           (record->entry.kind != MF_CODE_STUB || record->end != end || !name_begins_with(image, record->name, name)))
        record = next_live(image, record);
    return record;
}

/* Names of method handle intrinsics have other keys than their jmethodID: the highest bit is set. */
static bool has_key(const struct mf_code_image *image, const struct mf_code_record *record, uint64_t key)
{
    const struct mf_code_name *const name = mf_code_read(image, record->name);

    return key == 0 || record->name == 0 || name->key == key || name->key >> 63 != 0;
}

bool mf_code_remove(struct mf_code_image *image, uint64_t start, uint64_t key, uint64_t time)
{
    struct mf_code_record *const record = first_live(image, start);

    if (record == NULL || record->entry.kind != MF_CODE_METHOD || !has_key(image, record, key))
        return false;
    set_unloaded(image, record, time);
    return true;
}

void mf_code_remove_unreported(struct mf_code_image *image, uint32_t round, uint64_t time)
{
    const struct mf_code_entry *entry;

    for (mf_code_unit unit = image->log; unit < image->used; unit += entry->units) {
        struct mf_code_record *const record = mf_code_at(image, unit);

        entry = &record->entry;
        if (entry->kind != MF_CODE_NAME && record->unloaded == 0 && record->round != round)
            set_unloaded(image, record, time);
    }
}
