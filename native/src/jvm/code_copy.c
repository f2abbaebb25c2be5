/* SPDX-License-Identifier: Apache-2.0 */
/* Copying an image to another one without the oldest unloaded code. */
#include "jvm/code_image.h"

#include <string.h>

static mf_code_unit copy_name(struct mf_code_image *to, const struct mf_code_image *from, mf_code_unit name)
{
    return name == 0 ? 0 : mf_code_name_copy(to, from, name);
}

/* Names first: nothing may be appended between the begin of a record and its commit. False: the image is full. */
static bool copy_names(struct mf_code_image *to, const struct mf_code_image *from, const struct mf_code_record *record,
                       bool with_details)
{
    const struct mf_code_scope *const scopes = mf_code_scopes(record);

    if (mf_code_name_copy(to, from, record->name) == 0)
        return false;
    for (uint32_t i = 0; with_details && i < record->scopes; i++)
        if (scopes[i].name != 0 && mf_code_name_copy(to, from, scopes[i].name) == 0)
            return false;
    return true;
}

static bool copy_record(struct mf_code_image *to, const struct mf_code_image *from, const struct mf_code_record *record,
                        bool with_details)
{
    struct mf_code_record *copy;

    if (!copy_names(to, from, record, with_details))
        return false;
    copy = mf_code_begin(to, record->entry.kind, record->start, record->end, with_details ? record->pcs : 0);
    if (copy == NULL)
        return false;
    copy->loaded = record->loaded;
    copy->unloaded = record->unloaded;
    copy->name = copy_name(to, from, record->name);
    copy->tier = record->tier;
    copy->compile_id = record->compile_id;
    copy->entry_bci = record->entry_bci;
    copy->flags = record->flags | (with_details || record->pcs == 0 ? 0u : MF_CODE_NO_DETAILS);
    copy->round = record->round;
    copy->head = record->head;
    copy->blob_bytes = record->blob_bytes;
    memcpy(mf_code_pcs(copy), mf_code_pcs(record), copy->pcs * sizeof(struct mf_code_pc));
    for (uint32_t i = 0; with_details && i < record->scopes; i++) {
        struct mf_code_scope scope = mf_code_scopes(record)[i];

        scope.name = copy_name(to, from, scope.name);
        if (mf_code_scope_add(to, copy, scope) == MF_NO_SCOPE)
            return false;
    }
    mf_code_commit(to, copy);
    return true;
}

#define PARTS_SHIFT 8u
#define PARTS       (1u << PARTS_SHIFT)

/* Adds to each part of a time span, 1 << shift ns long, the units of the code that was unloaded in it. */
static void add_unloaded(const struct mf_code_image *image, uint64_t begin, unsigned shift, uint64_t parts[PARTS])
{
    const struct mf_code_entry *entry;

    for (mf_code_unit unit = image->log; unit < image->used; unit += entry->units) {
        const struct mf_code_record *const record = mf_code_read(image, unit);

        entry = &record->entry;
        if (entry->kind != MF_CODE_NAME && record->unloaded != 0 && (record->unloaded - begin) >> shift < PARTS)
            parts[(record->unloaded - begin) >> shift] += entry->units;
    }
}

/*
 * A time before which this many units of code were unloaded, and few more, unless all of these were unloaded at the same time.
 * The span that contains the time is divided until a part has few units.
 */
static uint64_t time_before(const struct mf_code_image *image, uint64_t units)
{
    uint64_t begin = 0, left = units;
    unsigned shift = 64 - PARTS_SHIFT;

    for (;; shift -= PARTS_SHIFT) {
        uint64_t parts[PARTS] = {0};
        uint64_t part = 0;

        add_unloaded(image, begin, shift, parts);
        for (; part < PARTS - 1 && parts[part] < left; part++)
            left -= parts[part];
        begin += part << shift;
        if (shift == 0 || parts[part] <= units / 16)
            return begin + ((uint64_t)1 << shift);
    }
}

bool mf_code_image_copy(struct mf_code_image *to, const struct mf_code_image *from, uint64_t history, bool with_details)
{
    const uint64_t before = from->unloaded_units > history ? time_before(from, from->unloaded_units - history) : 0;
    const struct mf_code_entry *entry;

    to->evicted_before = from->evicted_before;
    for (mf_code_unit unit = from->log; unit < from->used; unit += entry->units) {
        const struct mf_code_record *const record = mf_code_read(from, unit);

        entry = &record->entry;
        if (entry->kind == MF_CODE_NAME)
            continue;
        if (record->unloaded != 0 && record->unloaded < before) {
            if (record->unloaded > to->evicted_before)
                to->evicted_before = record->unloaded;
        } else if (!copy_record(to, from, record, with_details)) {
            return false;
        }
    }
    return true;
}
