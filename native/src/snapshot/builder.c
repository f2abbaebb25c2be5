/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/builder.h"

#include "snapshot/index.h"
#include "snapshot/mapping.h"

#include <errno.h>
#include <string.h>

/*
 * Slots that one search may pass before the hash is changed. In a table that is two thirds full a search passes about five. It
 * passes all used slots if the target maps one file under many names, or files that it has chosen to have the same hash.
 */
#define LONG_SEARCH 256u

/*
 * The lower bits of a slot are the index of the first mapping of a file, plus one. The upper bits are those of the hash, so a
 * search reads few mappings of other files: in large snapshots these are not in the cache. A snapshot holds fewer than 2^25
 * mappings (mf_snapshot_bytes()).
 */
#define INDEX_BITS 26u
#define INDEX      ((1u << INDEX_BITS) - 1)

/* Mappings whose files are looked up together. */
#define BATCH 32u

/* From this number of slots on, a search may wait for a distant cache. */
#define FAR_SLOTS 4096u

static void clear_files(struct mf_builder *builder)
{
    memset(builder->files, 0, (size_t)(builder->files_mask + 1) * sizeof *builder->files);
}

/* Returns the slots of the table at first: those for the files of the snapshot before in this memory. */
static uint32_t first_slots(const struct mf_snapshot *out)
{
    return (uint32_t)mf_builder_slots(out->file_count < out->mapping_capacity ? out->file_count : out->mapping_capacity);
}

void mf_builder_begin(struct mf_builder *builder, struct mf_snapshot *out, uint32_t options, const uint64_t *devices)
{
    char *block = (char *)out;

    *builder = (struct mf_builder){
        .out = out,
        .mappings = (struct mf_mapping *)(out + 1),
        .text = block + out->text_offset,
        .files = (uint32_t *)(block + out->files_offset),
        .files_mask = first_slots(out) - 1,
        .devices = devices,
        .options = options,
    };
    clear_files(builder);
    out->options = options;
    out->backend = 0;
    out->mapping_count = out->file_count = 0;
    out->text_length = out->kernel_length = 0;
    out->needed_mappings = out->needed_text = 0;
    out->error_line = out->error_offset = out->error_length = 0;
    out->inconsistent = 0;
}

/*
 * Whether two mappings have the same file under the same name. A memfd and a SysV segment may have the same device and inode.
 */
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
 * Returns a hash of file and name: one file may have 65,000 hard links. The multiplier depends on an address of the calling
 * process. The target cannot predict it, so it cannot choose files that have the same hash.
 */
static uint64_t hash_with_name(const struct mf_builder *builder, const struct mf_mapping *mapping, uint64_t key)
{
    const uint64_t multiplier = (uint64_t)(uintptr_t)builder->out * 0x9e3779b97f4a7c15u | 1;
    const char *name = builder->text + mapping->name_offset;

    for (size_t left = mapping->name_length; left > 0;) {
        uint64_t word = 0;
        const size_t bytes = left < sizeof word ? left : sizeof word;

        memcpy(&word, name, bytes);
        key = mix(key ^ word, multiplier);
        name += bytes;
        left -= bytes;
    }
    return mix(key, multiplier);
}

static uint32_t hash_of(const struct mf_builder *builder, const struct mf_mapping *mapping)
{
    const uint64_t key = mapping->inode ^ (uint64_t)mapping->dev_minor << 40 ^ (uint64_t)mapping->name_length << 52;

    return (uint32_t)((builder->hashes_names ? hash_with_name(builder, mapping, key) : key * 0x9e3779b97f4a7c15u) >> 32);
}

/* Returns the first mapping of the file of a slot in use. */
static struct mf_mapping *first_of(const struct mf_builder *builder, uint32_t slot)
{
    return &builder->mappings[(slot & INDEX) - 1];
}

static bool has_bits_of(uint32_t slot, uint32_t hash)
{
    return (slot ^ hash) >> INDEX_BITS == 0;
}

/* Whether a slot in use is that of the file of a mapping. */
static bool is_slot_of(const struct mf_builder *builder, uint32_t slot, const struct mf_mapping *mapping, uint32_t hash)
{
    return has_bits_of(slot, hash) && is_same_file(builder->text, first_of(builder, slot), mapping);
}

/* Returns the slot of the file of a mapping, or the free slot for it. */
static uint32_t *slot_of(struct mf_builder *builder, const struct mf_mapping *mapping, uint32_t hash)
{
    const uint32_t first = hash & builder->files_mask;
    uint32_t slot = first;

    while (builder->files[slot] != 0 && !is_slot_of(builder, builder->files[slot], mapping, hash))
        slot = (slot + 1) & builder->files_mask;
    builder->has_long_search |= ((slot - first) & builder->files_mask) > LONG_SEARCH;
    return &builder->files[slot];
}

static uint32_t slot_for(uint32_t at, uint32_t hash)
{
    return (hash & ~INDEX) | (at + 1);
}

static void double_files(struct mf_builder *builder, uint32_t count)
{
    int32_t next = 0;

    builder->files_mask = builder->files_mask * 2 + 1;
    clear_files(builder);
    for (uint32_t at = 0; at < count; at++) {
        if (builder->mappings[at].file_index == next) { /* the first mapping of its file */
            const uint32_t hash = hash_of(builder, &builder->mappings[at]);

            *slot_of(builder, &builder->mappings[at], hash) = slot_for(at, hash);
            next++;
        }
    }
}

/*
 * Sets the file index of a mapping, which has a file. Returns false after the first long search: the hash includes names from
 * then on, and all mappings are indexed again.
 */
static bool index_file(struct mf_builder *builder, uint32_t at, uint32_t hash)
{
    struct mf_mapping *const mapping = &builder->mappings[at];
    const struct mf_mapping *const last = builder->last_file != 0 ? &builder->mappings[builder->last_file - 1] : NULL;
    uint32_t *slot;

    builder->last_file = at + 1;
    if (last != NULL && is_same_file(builder->text, last, mapping)) { /* the segments of a library are neighbours */
        mapping->file_index = last->file_index;
        return true;
    }
    slot = slot_of(builder, mapping, hash);
    if (builder->has_long_search && !builder->hashes_names) {
        builder->hashes_names = true;
        return false;
    }
    if (*slot != 0) {
        mapping->file_index = first_of(builder, *slot)->file_index;
        return true;
    }
    *slot = slot_for(at, hash);
    mapping->file_index = (int32_t)builder->file_count++;
    if (mf_builder_is_crowded(builder->file_count, builder->files_mask + 1))
        double_files(builder, at + 1);
    return true;
}

/* Requests what the searches for some files read, so that these wait once and not each for itself. */
static void prefetch_files(const struct mf_builder *builder, const uint32_t *hashes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(&builder->files[hashes[i] & builder->files_mask]);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t slot = builder->files[hashes[i] & builder->files_mask];

        if (slot != 0 && has_bits_of(slot, hashes[i]))
            __builtin_prefetch(first_of(builder, slot));
    }
}

/* Sets the file index of the next mappings. Returns false as index_file(). */
static bool index_batch(struct mf_builder *builder)
{
    const uint32_t first = builder->indexed;
    const uint32_t left = builder->count - first;
    const uint32_t count = left < BATCH ? left : BATCH;
    uint32_t hashes[BATCH];

    for (uint32_t i = 0; i < count; i++)
        hashes[i] = hash_of(builder, &builder->mappings[first + i]);
    if (builder->files_mask >= FAR_SLOTS)
        prefetch_files(builder, hashes, count);
    builder->indexed += count;
    for (uint32_t i = 0; i < count; i++) {
        builder->mappings[first + i].file_index = -1;
        if (builder->mappings[first + i].flags & MF_FILE_BACKED && !index_file(builder, first + i, hashes[i]))
            return false;
    }
    return true;
}

void mf_builder_index_new_files(struct mf_builder *builder)
{
    if (builder->disordered)
        return; /* the table has files of mappings that were removed: mf_builder_end() indexes all */
    while (builder->indexed < builder->count) {
        if (!index_batch(builder))
            mf_builder_forget_files(builder); /* at most once: the hash changes once */
    }
}

void mf_builder_forget_files(struct mf_builder *builder)
{
    clear_files(builder);
    builder->indexed = 0;
    builder->file_count = 0;
    builder->last_file = 0;
}

static void append(struct mf_builder *builder)
{
    builder->passed++;
    if (builder->count == builder->out->mapping_capacity)
        return;
    builder->ambiguous |= (builder->mappings[builder->count].flags & MF_AMBIGUOUS) != 0;
    builder->count++;
}

/*
 * Adds a mapping that starts before the end of earlier ones: these are removed or cut, because the newer mapping is the current
 * one.
 */
static void put_in_order(struct mf_builder *builder, bool passes)
{
    const struct mf_mapping newer = *mf_builder_next(builder);

    builder->disordered = true;
    if (builder->passed > builder->max_passed)
        builder->max_passed = builder->passed;
    while (builder->count > 0 && builder->mappings[builder->count - 1].start >= newer.start) {
        builder->count--;
        builder->passed--;
    }
    if (builder->count > 0 && builder->mappings[builder->count - 1].end > newer.start)
        builder->mappings[builder->count - 1].end = newer.start;
    *mf_builder_next(builder) = newer;
    if (passes)
        append(builder);
}

void mf_builder_add(struct mf_builder *builder)
{
    struct mf_mapping *const mapping = mf_builder_next(builder);
    const bool passes = mf_mapping_passes(mapping, builder->options);
    const uint64_t before = builder->last_end;

    mf_builder_note(builder, mapping);
    if (mapping->start < before)
        put_in_order(builder, passes);
    else if (passes)
        append(builder);
}

int mf_builder_end(struct mf_builder *builder, uint32_t backend, uint64_t kernel_length, uint64_t text_length)
{
    struct mf_snapshot *out = builder->out;

    if (mf_builder_is_short(builder) || text_length > out->text_capacity) {
        out->needed_mappings = builder->passed > builder->max_passed ? builder->passed : builder->max_passed;
        out->needed_text = text_length > UINT32_MAX ? UINT32_MAX : (uint32_t)text_length;
        return -ENOBUFS;
    }
    out->inconsistent = builder->disordered;
    if (builder->disordered) {
        builder->disordered = false;
        mf_builder_forget_files(builder);
    }
    mf_builder_index_new_files(builder);
    out->backend = backend;
    out->mapping_count = builder->count;
    out->file_count = builder->file_count;
    out->kernel_length = (uint32_t)kernel_length;
    out->text_length = (uint32_t)text_length;
    mf_index_build(out);
    return 1;
}
