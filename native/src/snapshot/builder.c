/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/builder.h"

#include "snapshot/index.h"
#include "snapshot/mapping.h"

#include <errno.h>
#include <string.h>

/*
 * Slots that one search may pass before the hash is changed. In a table that is two thirds full a search passes about five. It
 * passes all of them where a process maps one file by many names, or has chosen its files for that.
 */
#define LONG_SEARCH 256u

static void clear_files(struct mf_builder *fill)
{
    memset(fill->files, 0, (size_t)(fill->files_mask + 1) * sizeof *fill->files);
}

void mf_builder_begin(struct mf_builder *fill, struct mf_snapshot *out, uint32_t options, const uint64_t *devices)
{
    char *block = (char *)out;

    *fill = (struct mf_builder){
        .out = out,
        .records = (struct mf_mapping *)(out + 1),
        .text = block + out->text_offset,
        .files = (uint32_t *)(block + out->files_offset),
        .files_mask = MF_BUILDER_FIRST_SLOTS - 1,
        .devices = devices,
        .options = options,
    };
    clear_files(fill);
    out->options = options;
    out->backend = 0;
    out->mapping_count = out->file_count = 0;
    out->text_length = out->kernel_length = 0;
    out->needed_mappings = out->needed_text = 0;
    out->error_line = out->error_offset = out->error_length = 0;
    out->inconsistent = 0;
}

/* One file under one name: device and inode alone can be those of a memfd and of a SysV segment at once. */
static bool is_same_file(const char *text, const struct mf_mapping *a, const struct mf_mapping *b)
{
    return a->inode == b->inode && a->dev_minor == b->dev_minor && a->dev_major == b->dev_major &&
           a->name_length == b->name_length &&
           (a->name_offset == b->name_offset || memcmp(text + a->name_offset, text + b->name_offset, a->name_length) == 0);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    const unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Includes the name, because a file may have 65,000 hard links. The multiplier depends on an address of this process, which the
 * target cannot predict: so it cannot choose files that all have one hash.
 */
static uint64_t hash_with_name(const struct mf_builder *fill, const struct mf_mapping *record, uint64_t key)
{
    const uint64_t multiplier = (uint64_t)(uintptr_t)fill->out * 0x9e3779b97f4a7c15u | 1;
    const char *name = fill->text + record->name_offset;

    for (size_t left = record->name_length; left > 0;) {
        uint64_t word = 0;
        const size_t bytes = left < sizeof word ? left : sizeof word;

        memcpy(&word, name, bytes);
        key = mix(key ^ word, multiplier);
        name += bytes;
        left -= bytes;
    }
    return mix(key, multiplier);
}

static uint32_t hash_of(const struct mf_builder *fill, const struct mf_mapping *record)
{
    const uint64_t key = record->inode ^ (uint64_t)record->dev_minor << 40 ^ (uint64_t)record->name_length << 52;

    return (uint32_t)((fill->hashes_names ? hash_with_name(fill, record, key) : key * 0x9e3779b97f4a7c15u) >> 32);
}

/* The slot of a record's file, or the free one where it belongs. */
static uint32_t *slot_of(struct mf_builder *fill, const struct mf_mapping *record)
{
    const uint32_t first = hash_of(fill, record) & fill->files_mask;
    uint32_t slot = first;

    while (fill->files[slot] != 0 && !is_same_file(fill->text, &fill->records[fill->files[slot] - 1], record))
        slot = (slot + 1) & fill->files_mask;
    fill->has_long_search |= ((slot - first) & fill->files_mask) > LONG_SEARCH;
    return &fill->files[slot];
}

static void double_files(struct mf_builder *fill, uint32_t records)
{
    int32_t next = 0;

    fill->files_mask = fill->files_mask * 2 + 1;
    clear_files(fill);
    for (uint32_t at = 0; at < records; at++) {
        if (fill->records[at].file_index == next) { /* the first record of a file */
            *slot_of(fill, &fill->records[at]) = at + 1;
            next++;
        }
    }
}

/* false: the search was long, so the hash includes names from now on, and all records have to be indexed again. */
static bool index_file(struct mf_builder *fill, uint32_t at)
{
    struct mf_mapping *const record = &fill->records[at];
    const struct mf_mapping *const last = fill->last_file != 0 ? &fill->records[fill->last_file - 1] : NULL;
    uint32_t *slot;

    record->file_index = -1;
    if (!(record->flags & MF_FILE_BACKED))
        return true;
    fill->last_file = at + 1;
    if (last != NULL && is_same_file(fill->text, last, record)) { /* segments of one library stand side by side */
        record->file_index = last->file_index;
        return true;
    }
    slot = slot_of(fill, record);
    if (fill->has_long_search && !fill->hashes_names) {
        fill->hashes_names = true;
        return false;
    }
    if (*slot != 0) {
        record->file_index = fill->records[*slot - 1].file_index;
        return true;
    }
    *slot = at + 1;
    record->file_index = (int32_t)fill->file_count++;
    if (!mf_builder_is_crowded(fill->file_count, fill->files_mask + 1))
        return true;
    if (fill->file_count > at + 1) /* those of records that gave way are counted, and memory has no room for more than records */
        mf_builder_index_files(fill);
    else
        double_files(fill, at + 1);
    return true;
}

void mf_builder_index_files(struct mf_builder *fill)
{
    uint32_t at;

    do {
        clear_files(fill);
        fill->file_count = 0;
        fill->last_file = 0;
        for (at = 0; at < fill->count && index_file(fill, at);)
            at++;
    } while (at < fill->count); /* a second time at most: after that the hash stays */
}

static void append(struct mf_builder *fill)
{
    fill->passed++;
    if (fill->count == fill->out->mapping_capacity)
        return;
    fill->ambiguous |= (fill->records[fill->count].flags & MF_AMBIGUOUS) != 0;
    if (!index_file(fill, fill->count++))
        mf_builder_index_files(fill);
}

/* The newer word of the kernel holds: earlier records give way where the new mapping lies. */
static void put_in_order(struct mf_builder *fill, bool passes)
{
    const struct mf_mapping newer = *mf_builder_next(fill);

    fill->disordered = true;
    if (fill->passed > fill->most)
        fill->most = fill->passed;
    while (fill->count > 0 && fill->records[fill->count - 1].start >= newer.start) {
        fill->count--;
        fill->passed--;
    }
    if (fill->count > 0 && fill->records[fill->count - 1].end > newer.start)
        fill->records[fill->count - 1].end = newer.start;
    *mf_builder_next(fill) = newer;
    if (passes)
        append(fill);
}

void mf_builder_add(struct mf_builder *fill)
{
    struct mf_mapping *const mapping = mf_builder_next(fill);
    const bool passes = mf_record_passes(mapping, fill->options);
    const uint64_t before = fill->last_end;

    fill->last_end = mapping->end;
    if (mf_mapping_kind(mapping) == MF_KIND_VSYSCALL)
        fill->gate = mapping->flags;
    if (mapping->start < before)
        put_in_order(fill, passes);
    else if (passes)
        append(fill);
}

int mf_builder_end(struct mf_builder *fill, uint32_t backend, uint64_t kernel_length, uint64_t text_length)
{
    struct mf_snapshot *out = fill->out;

    if (mf_builder_is_short(fill) || text_length > out->text_capacity) {
        out->needed_mappings = fill->passed > fill->most ? fill->passed : fill->most;
        out->needed_text = text_length > UINT32_MAX ? UINT32_MAX : (uint32_t)text_length;
        return -ENOBUFS;
    }
    if (fill->disordered)
        mf_builder_index_files(fill); /* the table still knows records that gave way */
    out->inconsistent = fill->disordered;
    out->backend = backend;
    out->mapping_count = fill->count;
    out->file_count = fill->file_count;
    out->kernel_length = (uint32_t)kernel_length;
    out->text_length = (uint32_t)text_length;
    mf_index_build(out);
    return 1;
}
