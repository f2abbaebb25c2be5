/* SPDX-License-Identifier: Apache-2.0 */
/* Code in two images: tidying, and answers that notice it. */
#include "jvm/code_store.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 65536u /* the largest there is */

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

uint64_t mf_codes_bytes(uint64_t cache, uint64_t log)
{
    return PAGE + 2 * whole_pages(mf_code_image_bytes(cache, log));
}

static struct mf_code_image *image_of(const struct mf_codes *codes, uint32_t turn)
{
    return (struct mf_code_image *)((char *)codes + codes->image_offset + (turn & 1) * codes->image_bytes);
}

void mf_codes_init(struct mf_codes *codes, uint64_t low, uint64_t cache, uint64_t log)
{
    codes->image_bytes = whole_pages(mf_code_image_bytes(cache, log));
    codes->image_offset = PAGE;
    codes->low = low;
    codes->cache = cache;
    mf_code_image_init(image_of(codes, 0), codes->image_bytes, low, cache);
}

struct mf_code_image *mf_codes_current(const struct mf_codes *codes)
{
    return image_of(codes, atomic_load_explicit(&codes->turn, memory_order_relaxed));
}

/* ---- Tidying ---- */

/* What keeps its names' places right in the other image. Whether there was room, which the smaller log guarantees. */
static bool copy_names(struct mf_code_image *to, const struct mf_code_image *from, const struct mf_code_record *record)
{
    const struct mf_code_scope *const scopes = mf_code_scopes(record);

    if (mf_code_name_copy(to, from, record->name) == 0)
        return false;
    for (uint32_t i = 0; i < record->scopes; i++)
        if (scopes[i].name != 0 && mf_code_name_copy(to, from, scopes[i].name) == 0)
            return false;
    return true;
}

static mf_place renamed(struct mf_code_image *to, const struct mf_code_image *from, mf_place name)
{
    return name == 0 ? 0 : mf_code_name_copy(to, from, name);
}

static bool copy_record(struct mf_code_image *to, const struct mf_code_image *from, const struct mf_code_record *record)
{
    struct mf_code_record *copy;

    if (!copy_names(to, from, record))
        return false;
    copy = mf_code_begin(to, record->entry.kind, record->start, record->end, record->pcs);
    if (copy == NULL)
        return false;
    copy->loaded = record->loaded;
    copy->unloaded = record->unloaded;
    copy->name = renamed(to, from, record->name);
    copy->tier = record->tier;
    copy->compile_id = record->compile_id;
    copy->entry_bci = record->entry_bci;
    copy->flags = record->flags;
    copy->told = record->told;
    memcpy(mf_code_pcs(copy), mf_code_pcs(record), record->pcs * sizeof(struct mf_code_pc));
    for (uint32_t i = 0; i < record->scopes; i++) {
        struct mf_code_scope scope = mf_code_scopes(record)[i];

        scope.name = renamed(to, from, scope.name);
        if (mf_code_scope_add(to, copy, scope) == MF_NO_SCOPE)
            return false;
    }
    mf_code_commit(to, copy);
    return true;
}

#define PARTS_SHIFT 8u

/* Adds to each part of a stretch of time, 1 << shift long, the units of what went in it. */
static void add_gone(const struct mf_code_image *image, uint64_t begin, unsigned shift, uint64_t parts[1u << PARTS_SHIFT])
{
    const struct mf_code_entry *entry;

    for (mf_place place = image->log; place < image->used; place += entry->units) {
        const struct mf_code_record *const record = mf_code_read(image, place);

        entry = &record->entry;
        if (entry->kind != MF_CODE_NAME && record->unloaded != 0 && (record->unloaded - begin) >> shift < 1u << PARTS_SHIFT)
            parts[(record->unloaded - begin) >> shift] += entry->units;
    }
}

/*
 * A time before which so many units of code went, and few more, unless all of these went at once: the stretch that it lies in is
 * divided until a part is small.
 */
static uint64_t time_before(const struct mf_code_image *image, uint64_t units)
{
    uint64_t begin = 0, still = units;
    unsigned shift = 64 - PARTS_SHIFT;

    for (;; shift -= PARTS_SHIFT) {
        uint64_t parts[1u << PARTS_SHIFT] = {0};
        uint64_t part = 0;

        add_gone(image, begin, shift, parts);
        for (; part < (1u << PARTS_SHIFT) - 1 && parts[part] < still; part++)
            still -= parts[part];
        begin += part << shift;
        if (shift == 0 || parts[part] <= units / 16)
            return begin + ((uint64_t)1 << shift);
    }
}

/* Copies what lives, and of what went the latest that take no more than keep units. */
static bool copy_image(struct mf_code_image *to, const struct mf_code_image *from, uint64_t keep)
{
    const uint64_t before = from->gone_units > keep ? time_before(from, from->gone_units - keep) : 0;
    const struct mf_code_entry *entry;

    to->forgotten = from->forgotten;
    for (mf_place place = from->log; place < from->used; place += entry->units) {
        const struct mf_code_record *const record = mf_code_read(from, place);

        entry = &record->entry;
        if (entry->kind == MF_CODE_NAME)
            continue;
        if (record->unloaded != 0 && record->unloaded < before) {
            if (record->unloaded > to->forgotten)
                to->forgotten = record->unloaded;
        } else if (!copy_record(to, from, record)) {
            return false;
        }
    }
    return true;
}

bool mf_codes_tidy(struct mf_codes *codes)
{
    const uint32_t turn = atomic_load_explicit(&codes->turn, memory_order_relaxed);
    const struct mf_code_image *const from = image_of(codes, turn);
    struct mf_code_image *const to = image_of(codes, turn + 1);
    const uint64_t room = (from->bytes / 8 - from->log);

    /* Each tidying copies what lives, so it must gain something. While there is much history half of it stays, else none. */
    if (from->gone_units < room / 64)
        return false;
    atomic_store_explicit(&codes->begun, turn + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (madvise(to, codes->image_bytes, MADV_DONTNEED) != 0)
        memset(to, 0, codes->image_bytes);
    mf_code_image_init(to, codes->image_bytes, codes->low, codes->cache);
    copy_image(to, from, from->gone_units < room / 8 ? 0 : from->gone_units / 2);
    atomic_store_explicit(&codes->turn, turn + 1, memory_order_release);
    return true;
}

/* ---- Answers ---- */

/* Whether what was read in the image of a turn was whole: asked after reading it. */
static bool was_whole(const struct mf_codes *codes, uint32_t turn)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&codes->begun, memory_order_relaxed) - turn < 2;
}

static int fill(const struct mf_code_image *image, mf_place place, uint32_t flags, uint32_t turn, struct mf_code *out)
{
    const struct mf_code_record *const record = mf_code_read(image, place);

    *out = (struct mf_code){
        .start = record->start,
        .end = record->end,
        .loaded = record->loaded,
        .unloaded = record->unloaded,
        .kind = record->entry.kind,
        .flags = flags | record->flags | (record->entry_bci >= 0 ? MF_CODE_OSR : 0u),
        .name = record->name,
        .tier = record->tier,
        .compile_id = record->compile_id,
        .entry_bci = record->entry_bci,
        .record = place,
        .turn = turn,
    };
    return 0;
}

static int find_in(const struct mf_code_image *image, uint64_t address, uint64_t time, uint32_t turn, struct mf_code *out)
{
    uint32_t flags;
    const mf_place place = mf_code_search(image, address, time, &flags);

    if (time < image->forgotten && (place == 0 || flags & MF_CODE_RECORDED_LATER))
        return -ENODATA;
    return place == 0 ? -ENOENT : fill(image, place, flags, turn, out);
}

int mf_codes_find(const struct mf_codes *codes, uint64_t address, uint64_t time, struct mf_code *out)
{
    struct mf_code found;

    for (int attempt = 0; attempt < 3; attempt++) {
        const uint32_t turn = atomic_load_explicit(&codes->turn, memory_order_acquire);
        const int rc = find_in(image_of(codes, turn), address, time, turn, &found);

        if (was_whole(codes, turn)) {
            if (rc == 0)
                *out = found;
            return rc;
        }
    }
    return -EAGAIN;
}

/* What stands behind a record, by numbers that were read once and fit into the image: they may change meanwhile. */
struct parts {
    const struct mf_code_pc *pcs;
    const struct mf_code_scope *scopes;
    uint32_t pc_count;
    uint32_t scope_count;
    uint64_t start;
    mf_place name;
};

static bool take_parts(const struct mf_code_image *image, mf_place place, struct parts *out)
{
    const struct mf_code_record *const record = mf_code_read(image, place);
    uint64_t pcs_at, scopes_at;

    if (!mf_code_is_within(image, place, sizeof *record))
        return false;
    *out = (struct parts){NULL, NULL, record->pcs, record->scopes, record->start, record->name};
    pcs_at = sizeof *record + (uint64_t)record->segments * sizeof(mf_place);
    scopes_at = pcs_at + (uint64_t)out->pc_count * sizeof(struct mf_code_pc);
    out->pcs = (const void *)((const char *)record + pcs_at);
    out->scopes = (const void *)((const char *)record + scopes_at);
    return mf_code_is_within(image, place, scopes_at + (uint64_t)out->scope_count * sizeof(struct mf_code_scope));
}

/* The number of the scope at an offset: of the first record of debug information that is not before it. */
static uint32_t scope_at(const struct parts *parts, uint64_t offset)
{
    uint32_t low = 0, high = parts->pc_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (parts->pcs[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < parts->pc_count ? parts->pcs[low].scope : MF_NO_SCOPE;
}

static uint32_t walk_scopes(const struct parts *parts, uint32_t scope, struct mf_code_frame *out, uint32_t room)
{
    uint32_t count = 0;

    for (; scope < parts->scope_count && count < parts->scope_count; count++) {
        if (count < room)
            out[count] = (struct mf_code_frame){parts->scopes[scope].name, parts->scopes[scope].bci};
        scope = parts->scopes[scope].caller;
    }
    return count;
}

int mf_codes_frames(const struct mf_codes *codes, const struct mf_code *code, uint64_t address, struct mf_code_frame *out,
                    uint32_t room)
{
    struct parts parts;
    uint32_t count = 0;

    if (!was_whole(codes, code->turn) || !take_parts(image_of(codes, code->turn), code->record, &parts))
        return -ESTALE;
    if (code->kind == MF_CODE_METHOD)
        count = walk_scopes(&parts, scope_at(&parts, address - parts.start), out, room);
    if (code->kind == MF_CODE_METHOD && count == 0) {
        if (room > 0)
            *out = (struct mf_code_frame){parts.name, -1};
        count = 1;
    }
    return was_whole(codes, code->turn) ? (int)count : -ESTALE;
}

int mf_codes_text(const struct mf_codes *codes, const struct mf_code *code, uint32_t place, enum mf_code_text_kind part, char *out,
                  uint32_t room)
{
    const struct mf_code_image *const image = image_of(codes, code->turn);
    const struct mf_code_name *const name = mf_code_read(image, place);
    uint32_t lengths[3], at = 0;

    if (place == 0)
        return 0;
    if (!was_whole(codes, code->turn) || (uint32_t)part > MF_CODE_TEXT_SIGNATURE || !mf_code_is_within(image, place, sizeof *name))
        return -ESTALE;
    lengths[MF_CODE_TEXT_CLASS] = name->class_length;
    lengths[MF_CODE_TEXT_NAME] = name->name_length;
    lengths[MF_CODE_TEXT_SIGNATURE] = name->signature_length;
    for (int i = 0; i < (int)part; i++)
        at += lengths[i];
    if (!mf_code_is_within(image, place, sizeof *name + at + lengths[part]))
        return -ESTALE;
    if (room > 0)
        memcpy(out, name->text + at, lengths[part] < room ? lengths[part] : room);
    return was_whole(codes, code->turn) ? (int)lengths[part] : -ESTALE;
}

void mf_codes_count(const struct mf_codes *codes, struct mf_code_counts *out)
{
    const uint32_t turn = atomic_load_explicit(&codes->turn, memory_order_acquire);
    const struct mf_code_image *const image = image_of(codes, turn);

    *out = (struct mf_code_counts){
        .live = image->live,
        .gone = image->gone,
        .names = image->names,
        .bytes = (uint64_t)(image->used - image->log) * 8,
        .capacity = image->bytes - (uint64_t)image->log * 8,
        .forgotten = image->forgotten,
        .lost = codes->lost,
        .turns = turn,
    };
}
