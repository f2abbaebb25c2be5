/* SPDX-License-Identifier: Apache-2.0 */
/* Compaction, and reads that detect it. */
#include "jvm/code_store.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 65536u /* the largest page size of Linux */

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

uint64_t mf_code_store_bytes(uint64_t cache, uint64_t log)
{
    return PAGE + 2 * whole_pages(mf_code_image_bytes(cache, log));
}

static struct mf_code_image *image_of(const struct mf_code_store *store, uint32_t compaction)
{
    return (struct mf_code_image *)((char *)store + store->image_offset + (compaction & 1) * store->image_bytes);
}

void mf_code_store_init(struct mf_code_store *store, uint64_t low, uint64_t cache, uint64_t log)
{
    store->image_bytes = whole_pages(mf_code_image_bytes(cache, log));
    store->image_offset = PAGE;
    store->low = low;
    store->cache = cache;
    mf_code_image_init(image_of(store, 0), store->image_bytes, low, cache);
}

struct mf_code_image *mf_code_store_current(const struct mf_code_store *store)
{
    return image_of(store, atomic_load_explicit(&store->compactions, memory_order_relaxed));
}

bool mf_code_store_compact(struct mf_code_store *store)
{
    const uint32_t compaction = atomic_load_explicit(&store->compactions, memory_order_relaxed);
    const struct mf_code_image *const from = image_of(store, compaction);
    struct mf_code_image *const to = image_of(store, compaction + 1);
    const uint64_t capacity = from->bytes / 8 - from->log;

    /* Each compaction copies all live code, so it must free something. Half of a long history stays, nothing of a short one. */
    if (from->unloaded_units < capacity / 64)
        return false;
    atomic_store_explicit(&store->compactions_begun, compaction + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (madvise(to, store->image_bytes, MADV_DONTNEED) != 0)
        memset(to, 0, store->image_bytes);
    mf_code_image_init(to, store->image_bytes, store->low, store->cache);
    mf_code_image_copy(to, from, from->unloaded_units < capacity / 8 ? 0 : from->unloaded_units / 2);
    atomic_store_explicit(&store->compactions, compaction + 1, memory_order_release);
    return true;
}

/* Whether the image of a compaction had not been overwritten until now: called after reading. */
static bool was_whole(const struct mf_code_store *store, uint32_t compaction)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&store->compactions_begun, memory_order_relaxed) - compaction < 2;
}

static void copy_record(const struct mf_code_image *image, mf_code_unit unit, uint32_t flags, uint32_t compaction,
                        struct mf_code *out)
{
    const struct mf_code_record *const record = mf_code_read(image, unit);

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
        .record = unit,
        .compaction = compaction,
    };
}

static int find_in(const struct mf_code_image *image, uint64_t address, uint64_t time, uint32_t compaction, struct mf_code *out)
{
    uint32_t flags;
    const mf_code_unit unit = mf_code_search(image, address, time, &flags);

    if (time < image->evicted_before && (unit == 0 || flags & MF_CODE_RECORDED_LATER))
        return -ENODATA;
    if (unit == 0)
        return -ENOENT;
    copy_record(image, unit, flags, compaction, out);
    return 0;
}

int mf_code_store_find(const struct mf_code_store *store, uint64_t address, uint64_t time, struct mf_code *out)
{
    struct mf_code found;

    for (int attempt = 0; attempt < 3; attempt++) {
        const uint32_t compaction = atomic_load_explicit(&store->compactions, memory_order_acquire);
        const int rc = find_in(image_of(store, compaction), address, time, compaction, &found);

        if (was_whole(store, compaction)) {
            if (rc == 0)
                *out = found;
            return rc;
        }
    }
    return -EAGAIN;
}

int mf_code_store_frames(const struct mf_code_store *store, const struct mf_code *code, uint64_t address,
                         struct mf_code_frame *out, uint32_t capacity)
{
    int count = 0;

    if (!was_whole(store, code->compaction))
        return -ESTALE;
    if (code->kind == MF_CODE_METHOD)
        count = mf_code_read_frames(image_of(store, code->compaction), code->record, address, out, capacity);
    return was_whole(store, code->compaction) ? count : -ESTALE;
}

int mf_code_store_text(const struct mf_code_store *store, const struct mf_code *code, uint32_t name,
                       enum mf_code_text_kind kind, char *out, uint32_t capacity)
{
    int length;

    if (name == 0)
        return 0;
    if (!was_whole(store, code->compaction))
        return -ESTALE;
    length = mf_code_read_text(image_of(store, code->compaction), name, kind, out, capacity);
    return was_whole(store, code->compaction) ? length : -ESTALE;
}

void mf_code_store_count(const struct mf_code_store *store, struct mf_code_counts *out)
{
    const uint32_t compactions = atomic_load_explicit(&store->compactions, memory_order_acquire);
    const struct mf_code_image *const image = image_of(store, compactions);

    *out = (struct mf_code_counts){
        .live = image->live,
        .unloaded = image->unloaded,
        .names = image->names,
        .bytes = (uint64_t)(image->used - image->log) * 8,
        .capacity = image->bytes - (uint64_t)image->log * 8,
        .evicted_before = image->evicted_before,
        .lost = store->lost,
        .compactions = compactions,
    };
}
