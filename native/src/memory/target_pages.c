/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a target's memory: a cache with one place for each page, which the last page that needs it takes. */
#include "memory/target_pages.h"

#include <string.h>

/* Pages in one batch: 1.5 KiB of stack. */
#define BATCH 64u

#define NO_PAGE 1u /* no page begins there */

struct tag {
    uint64_t page; /* its first address */
    int64_t got;   /* readable bytes from there on, or a negative errno */
};

static struct tag *tags(struct mf_pages *pages)
{
    return (struct tag *)(pages + 1);
}

static char *bytes_of(struct mf_pages *pages, uint32_t slot)
{
    return (char *)(tags(pages) + pages->slots) + (size_t)slot * MF_PAGE;
}

static uint32_t slot_of(const struct mf_pages *pages, uint64_t page)
{
    return (uint32_t)(page / MF_PAGE) & (pages->slots - 1);
}

size_t mf_pages_bytes(uint32_t slots)
{
    return sizeof(struct mf_pages) + (size_t)slots * (sizeof(struct tag) + MF_PAGE);
}

struct mf_pages *mf_pages_init(void *memory, uint32_t slots, const struct mf_target_memory *from)
{
    struct mf_pages *const pages = memory;

    *pages = (struct mf_pages){.memory = from, .slots = slots};
    mf_pages_forget(pages);
    return pages;
}

void mf_pages_forget(struct mf_pages *pages)
{
    for (uint32_t i = 0; i < pages->slots; i++)
        tags(pages)[i] = (struct tag){.page = NO_PAGE};
}

static void read_batch(struct mf_pages *pages, struct mf_piece *batch, uint32_t count)
{
    mf_target_memory_read_all(pages->memory, batch, count);
    pages->reads += count;
    for (uint32_t i = 0; i < count; i++)
        tags(pages)[slot_of(pages, batch[i].address)].got = batch[i].got;
}

void mf_pages_prefetch(struct mf_pages *pages, const uint64_t *addresses, uint32_t count)
{
    struct mf_piece batch[BATCH];
    uint32_t batched = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t page = addresses[i] & -(uint64_t)MF_PAGE;
        struct tag *const tag = &tags(pages)[slot_of(pages, page)];

        if (tag->page == page || tag->got == -EINPROGRESS) /* there, or its place is taken in this batch */
            continue;
        *tag = (struct tag){page, -EINPROGRESS};
        batch[batched++] = (struct mf_piece){page, bytes_of(pages, slot_of(pages, page)), MF_PAGE, 0};
        if (batched == BATCH) {
            read_batch(pages, batch, batched);
            batched = 0;
        }
    }
    read_batch(pages, batch, batched);
}

/* What there is of a page from an address on: how many bytes, or a negative errno. */
static int64_t fetch(struct mf_pages *pages, uint64_t address, const char **bytes)
{
    const uint64_t page = address & -(uint64_t)MF_PAGE;
    struct tag *const tag = &tags(pages)[slot_of(pages, page)];
    const int64_t at = (int64_t)(address - page);

    *bytes = bytes_of(pages, slot_of(pages, page)) + at;
    if (tag->page != page) {
        tag->page = page;
        tag->got = mf_target_memory_read(pages->memory, page, (char *)*bytes - at, MF_PAGE);
        pages->reads++;
    }
    return tag->got < 0 ? tag->got : tag->got > at ? tag->got - at : -EFAULT;
}

int mf_pages_read(struct mf_pages *pages, uint64_t address, void *to, uint32_t bytes)
{
    while (bytes > 0) {
        const char *from;
        const int64_t there = fetch(pages, address, &from);
        const uint32_t some = there < (int64_t)bytes ? (uint32_t)there : bytes;

        if (there < 0)
            return (int)there;
        memcpy(to, from, some);
        to = (char *)to + some;
        address += some;
        bytes -= some;
    }
    return 0;
}

int32_t mf_pages_text(struct mf_pages *pages, uint64_t address, char *to, uint32_t room)
{
    uint32_t length = 0;

    while (length < room) {
        const char *from;
        const int64_t there = fetch(pages, address + length, &from);
        const uint32_t some = there < (int64_t)(room - length) ? (uint32_t)there : room - length;
        const char *end;

        if (there < 0)
            return (int32_t)there;
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
