/* SPDX-License-Identifier: Apache-2.0 */
/* A four-way cache: each page has four slots, and replaces the page in them that was read first. */
#include "memory/target_pages.h"

#include <stdbool.h>
#include <string.h>

/* Maximum of pages in one batch. They take 3 KiB of stack. */
#define BATCH 128u

#define WAYS 4u

#define NO_PAGE 1u /* no page has this address */

#define MAX_CLOCK (1u << 31)

struct tag {
    uint64_t page; /* first address of the page */
    int32_t got;   /* readable bytes from its start, or a negative errno */
    uint32_t read; /* value of the clock after it was read */
};

static struct tag *tags(struct mf_pages *pages)
{
    return (struct tag *)(pages + 1);
}

static uint64_t page_of(const struct mf_pages *pages, uint64_t address)
{
    return address & -(uint64_t)pages->bytes;
}

static char *bytes_of(struct mf_pages *pages, uint32_t slot)
{
    return (char *)(tags(pages) + pages->slots) + (size_t)slot * pages->bytes;
}

/* Slots that are adjacent. The hash separates addresses that differ by a large power of two, such as those of metaspace. */
static uint32_t first_slot_of(const struct mf_pages *pages, uint64_t page)
{
    return (uint32_t)(((page >> pages->shift) * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (pages->slots - 1) & ~(WAYS - 1);
}

/* The slot that has a page, or the one of its slots whose page was read first. A batch keeps the slots that it reads. */
static uint32_t slot_of(struct mf_pages *pages, uint64_t page)
{
    const uint32_t first = first_slot_of(pages, page);
    const struct tag *const ways = &tags(pages)[first];
    uint32_t oldest = 0;

    for (uint32_t i = 0; i < WAYS; i++)
        if (ways[i].page == page)
            return first + i;
    for (uint32_t i = 1; i < WAYS; i++)
        if (ways[oldest].got == -EINPROGRESS || (ways[i].got != -EINPROGRESS && ways[i].read < ways[oldest].read))
            oldest = i;
    return first + oldest;
}

static void remove_tags(struct mf_pages *pages)
{
    for (uint32_t i = 0; i < pages->slots; i++)
        tags(pages)[i] = (struct tag){.page = NO_PAGE};
    pages->clock = 0;
    pages->oldest = 0;
}

size_t mf_pages_bytes(uint32_t slots, uint32_t bytes)
{
    return sizeof(struct mf_pages) + (size_t)slots * (sizeof(struct tag) + bytes);
}

struct mf_pages *mf_pages_init(void *memory, uint32_t slots, uint32_t bytes, const struct mf_target_memory *from)
{
    struct mf_pages *const pages = memory;

    *pages = (struct mf_pages){.memory = from, .slots = slots, .bytes = bytes, .shift = (uint32_t)__builtin_ctz(bytes)};
    remove_tags(pages);
    return pages;
}

/* Takes constant time: a search reads few pages of a large cache. */
void mf_pages_clear(struct mf_pages *pages)
{
    if (pages->clock >= MAX_CLOCK)
        remove_tags(pages);
    pages->oldest = ++pages->clock;
}

/* Whether a slot has a page that need not be read again. */
static bool is_usable(const struct mf_pages *pages, const struct tag *tag, uint64_t page)
{
    return tag->page == page && tag->read >= pages->oldest;
}

void mf_pages_use_after(struct mf_pages *pages, uint64_t object, uint32_t bytes)
{
    const uint64_t first = page_of(pages, object);

    for (uint64_t page = first; page - first < bytes + (object - first); page += pages->bytes) {
        const struct tag *const tag = &tags(pages)[slot_of(pages, page)];

        if (tag->page == page && tag->read > pages->oldest)
            pages->oldest = tag->read;
    }
}

static void read_batch(struct mf_pages *pages, struct mf_piece *batch, uint32_t count)
{
    mf_target_memory_read_all(pages->memory, batch, count);
    pages->reads += count;
    for (uint32_t i = 0; i < count; i++) {
        struct tag *const tag = &tags(pages)[slot_of(pages, batch[i].address)]; /* no page of the batch has replaced it */

        tag->got = batch[i].got;
        tag->read = ++pages->clock;
    }
}

void mf_pages_prefetch(struct mf_pages *pages, const uint64_t *addresses, uint32_t count)
{
    struct mf_piece batch[BATCH];
    uint32_t batched = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t page = page_of(pages, addresses[i]);
        const uint32_t slot = slot_of(pages, page);
        struct tag *const tag = &tags(pages)[slot];

        if (is_usable(pages, tag, page) || tag->got == -EINPROGRESS) /* it is cached, or this batch uses its slots */
            continue;
        *tag = (struct tag){.page = page, .got = -EINPROGRESS};
        batch[batched++] = (struct mf_piece){page, bytes_of(pages, slot), pages->bytes, 0};
        if (batched == BATCH) {
            read_batch(pages, batch, batched);
            batched = 0;
        }
    }
    read_batch(pages, batch, batched);
}

/*
 * Returns the number of readable bytes from an address to the end of its page, or a negative errno. Sets @p bytes to the first.
 */
static int64_t fetch(struct mf_pages *pages, uint64_t address, const char **bytes)
{
    const uint64_t page = page_of(pages, address);
    const uint32_t slot = tags(pages)[pages->last].page == page ? pages->last : slot_of(pages, page);
    struct tag *const tag = &tags(pages)[slot];
    const int64_t at = (int64_t)(address - page);

    pages->last = slot;
    *bytes = bytes_of(pages, slot) + at;
    if (!is_usable(pages, tag, page)) {
        tag->page = page;
        tag->read = ++pages->clock;
        tag->got = mf_target_memory_read(pages->memory, page, (char *)*bytes - at, pages->bytes);
        pages->reads++;
    }
    if (tag->read > pages->newest)
        pages->newest = tag->read;
    return tag->got < 0 ? tag->got : tag->got > at ? tag->got - at : -EFAULT;
}

/* Most reads are of one field. A copy of constant size is one instruction, also if the compiler optimizes for size. */
static void copy(char *to, const char *from, uint32_t bytes)
{
    switch (bytes) {
    case 8:
        memcpy(to, from, 8);
        break;
    case 4:
        memcpy(to, from, 4);
        break;
    case 2:
        memcpy(to, from, 2);
        break;
    case 1:
        *to = *from;
        break;
    default:
        memcpy(to, from, bytes);
        break;
    }
}

int mf_pages_read(struct mf_pages *pages, uint64_t address, void *to, uint32_t bytes)
{
    while (bytes > 0) {
        const char *from;
        const int64_t available = fetch(pages, address, &from);
        const uint32_t some = available < (int64_t)bytes ? (uint32_t)available : bytes;

        if (available < 0)
            return (int)available;
        copy(to, from, some);
        to = (char *)to + some;
        address += some;
        bytes -= some;
    }
    return 0;
}

int32_t mf_pages_text(struct mf_pages *pages, uint64_t address, char *to, uint32_t capacity)
{
    uint32_t length = 0;

    while (length < capacity) {
        const char *from;
        const int64_t available = fetch(pages, address + length, &from);
        const uint32_t some = available < (int64_t)(capacity - length) ? (uint32_t)available : capacity - length;
        const char *end;

        if (available < 0)
            return (int32_t)available;
        end = memchr(from, 0, some);
        if (end != NULL) {
            memcpy(to + length, from, (size_t)(end - from) + 1);
            return (int32_t)(length + (uint32_t)(end - from));
        }
        memcpy(to + length, from, some);
        length += some;
    }
    return -ENAMETOOLONG;
}
