/* SPDX-License-Identifier: Apache-2.0 */
/* Compaction, and reads that detect it. */
#include "jvm/code_store.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE 65536u /* the largest page size of Linux */

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* The size of a bit for each segment. */
static uint64_t lost_bytes(uint64_t cache)
{
    return whole_pages((cache >> (MF_SEGMENT_SHIFT + 3)) + 1);
}

uint64_t mf_code_store_bytes(uint64_t cache, uint64_t log)
{
    return PAGE + lost_bytes(cache) + 2 * whole_pages(mf_code_image_bytes(cache, log));
}

static struct mf_code_image *image_of(const struct mf_code_store *store, uint32_t compaction)
{
    return (struct mf_code_image *)((char *)store + store->image_offset + (compaction & 1) * store->image_bytes);
}

void mf_code_store_init(struct mf_code_store *store, uint64_t low, uint64_t cache, uint64_t log)
{
    store->image_bytes = whole_pages(mf_code_image_bytes(cache, log));
    store->lost_offset = PAGE;
    store->image_offset = PAGE + lost_bytes(cache);
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

    const bool with_details = from->unloaded_units >= capacity / 64;

    /* Each compaction copies all live code, so it must free something. Half of a long history stays, nothing of a short one. */
    if (!with_details && from->detail_units < capacity / 64)
        return false;
    atomic_store_explicit(&store->compactions_begun, compaction + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (madvise(to, store->image_bytes, MADV_DONTNEED) != 0)
        memset(to, 0, store->image_bytes);
    mf_code_image_init(to, store->image_bytes, store->low, store->cache);
    mf_code_image_copy(to, from, from->unloaded_units < capacity / 8 ? 0 : from->unloaded_units / 2, with_details);
    atomic_store_explicit(&store->compactions, compaction + 1, memory_order_release);
    return true;
}

/* Whether the image of a compaction had not been overwritten until now: called after reading. */
static bool was_whole(const struct mf_code_store *store, uint32_t compaction)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&store->compactions_begun, memory_order_relaxed) - compaction < 2;
}

/* A byte of the bits of lost code. */
static _Atomic uint8_t *lost_byte(const struct mf_code_store *store, uint64_t segment)
{
    return (_Atomic uint8_t *)((char *)store + store->lost_offset + segment / 8);
}

void mf_code_store_lose(struct mf_code_store *store, uint64_t start, uint64_t end, uint64_t time)
{
    store->lost++;
    if (!mf_code_covers(mf_code_store_current(store), start, end))
        return;
    /* The bits first: a reader that finds no code any more reads them afterwards. */
    for (uint64_t i = (start - store->low) >> MF_SEGMENT_SHIFT; i <= (end - 1 - store->low) >> MF_SEGMENT_SHIFT; i++)
        atomic_fetch_or_explicit(lost_byte(store, i), (uint8_t)(1u << i % 8), memory_order_relaxed);
    mf_code_replace(mf_code_store_current(store), start, end, time);
}

static bool is_lost(const struct mf_code_store *store, uint64_t instruction)
{
    const uint64_t offset = instruction - store->low, segment = offset >> MF_SEGMENT_SHIFT;

    return offset < store->cache && atomic_load_explicit(lost_byte(store, segment), memory_order_relaxed) >> segment % 8 & 1;
}

/* What find_in() copies from a record. */
struct found {
    struct mf_code code;
    uint64_t next_loaded;
    uint32_t head;
    int32_t blob_bytes;
};

static void copy_record(const struct mf_code_image *image, const struct mf_code_match *match, uint32_t compaction,
                        struct found *out)
{
    const struct mf_code_record *const record = mf_code_read(image, match->record);

    out->code = (struct mf_code){
        .start = record->start,
        .end = record->end,
        .loaded = record->loaded,
        .unloaded = record->unloaded,
        .kind = record->entry.kind,
        .flags = match->flags | record->flags | (record->entry_bci >= 0 ? MF_CODE_OSR : 0u),
        .name = record->name,
        .tier = record->tier,
        .compile_id = record->compile_id,
        .entry_bci = record->entry_bci,
        .record = match->record,
        .compaction = compaction,
    };
    out->next_loaded = match->next_loaded;
    out->head = record->head;
    out->blob_bytes = record->blob_bytes;
}

static int find_in(const struct mf_code_image *image, uint64_t instruction, uint64_t time, uint32_t compaction,
                   struct found *out)
{
    const struct mf_code_match match = mf_code_search(image, instruction, time);

    if (time < image->evicted_before && (match.record == 0 || match.flags & MF_CODE_RECORDED_LATER))
        return -ENODATA;
    if (match.record == 0)
        return -ENOENT;
    copy_record(image, &match, compaction, out);
    return 0;
}

static int32_t int_at(uint64_t address)
{
    return *(const volatile int32_t *)(uintptr_t)address;
}

/* Whether a method is still in its place. The JVM never returns memory of the code cache to the kernel. */
static bool is_there(const struct mf_code_store *store, const struct found *found)
{
    const struct mf_code_header *const header = &store->header;
    const uint64_t nmethod = found->code.start - found->head;

    return header->used_before == 0 || found->head == 0 ||
           (*(const volatile uint8_t *)(uintptr_t)(nmethod - header->used_before) != 0 &&
            int_at(nmethod + header->size_at) == found->blob_bytes &&
            int_at(nmethod + header->compile_id_at) == found->code.compile_id);
}

/* The reports of the JVM are not later than this, in nanoseconds: ten times what was seen. */
#define MAX_DELAY 5000000000u

static bool is_recent(uint64_t time)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return time + MAX_DELAY > (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Whether other code may have been at the address at that time, which the JVM had not reported yet. */
static bool is_uncertain(const struct mf_code_store *store, const struct found *found, uint64_t instruction, uint64_t time)
{
    if (found->code.kind != MF_CODE_METHOD || found->code.flags & MF_CODE_RECORDED_LATER)
        return false;
    if (found->code.unloaded == 0)
        return !is_there(store, found); /* its end is not reported yet, so when it ended is unknown */
    if (time + MAX_DELAY < found->code.unloaded)
        return false;
    if (found->next_loaded != 0)
        return found->next_loaded <= time + MAX_DELAY;
    return is_lost(store, instruction) || is_recent(time);
}

int mf_code_store_find(const struct mf_code_store *store, uint64_t address, enum mf_code_address kind, uint64_t time,
                       struct mf_code *out)
{
    const uint64_t instruction = address - (kind == MF_CODE_RETURNS_TO);
    struct found found;

    found.blob_bytes = 0; /* set whenever it is used; GCC 12 for AArch64 does not find that out */
    for (int attempt = 0; attempt < 3; attempt++) {
        const uint32_t compaction = atomic_load_explicit(&store->compactions, memory_order_acquire);
        const int rc = find_in(image_of(store, compaction), instruction, time, compaction, &found);

        if (!was_whole(store, compaction))
            continue;
        if (rc == 0) {
            if (is_uncertain(store, &found, instruction, time))
                found.code.flags |= MF_CODE_UNCERTAIN;
            *out = found.code;
        }
        return rc == -ENOENT && is_lost(store, instruction) ? -ENOSPC : rc;
    }
    return -EAGAIN;
}

int mf_code_store_frames(const struct mf_code_store *store, const struct mf_code *code, uint64_t address,
                         enum mf_code_address kind, struct mf_code_frame *out, uint32_t capacity)
{
    int count = 0;

    if (!was_whole(store, code->compaction))
        return -ESTALE;
    if (code->kind == MF_CODE_METHOD)
        count = mf_code_read_frames(image_of(store, code->compaction), code->record, address - (kind == MF_CODE_RETURNS_TO),
                                    out, capacity);
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
