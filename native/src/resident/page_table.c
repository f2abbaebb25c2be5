/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a process, from the two sources of the kernel (fs/proc/task_mmu.c). */
#include "resident/page_table.h"

#include "os/pagemap_scan.h"
#include "os/system_calls.h"

#include <string.h>

_Static_assert(MF_PAGE_FILE == (int)MF_SCAN_FILE && MF_PAGE_PRESENT == (int)MF_SCAN_PRESENT &&
                   MF_PAGE_SWAPPED == (int)MF_SCAN_SWAPPED && MF_PAGE_ZERO == (int)MF_SCAN_ZERO &&
                   MF_PAGE_HUGE == (int)MF_SCAN_HUGE,
               "the kernel writes the categories to the caller's memory");

/* Entries of pagemap in one read: the kernel walks 2 MiB at a time, which are 512 pages of 4 KiB (PAGEMAP_WALK_SIZE). */
#define ENTRIES 512u

/* Bits of an entry of pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_FILE    (1ull << 61)
#define ENTRY_GUARD   (1ull << 58) /* Linux 6.15+ */

int mf_page_table_alive(int fd)
{
    uint64_t entry;
    const long got = mf_sys_pread(fd, &entry, sizeof entry, 0);

    return got < 0 ? (int)got : got > 0;
}

/* Index of the first mapping that ends above an address. */
static uint32_t first_mapping(const struct mf_snapshot *snapshot, uint64_t address)
{
    const struct mf_mapping *const mappings = mf_snapshot_mappings(snapshot);
    uint32_t from = 0;
    uint32_t to = snapshot->mapping_count;

    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;

        if (mappings[middle].end > address)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

/*
 * Which pages mappings have. To distinguish a page of a file from an anonymous one, the kernel reads the structure of the page
 * (pagemap_page_category(), fs/proc/task_mmu.c), which takes seven times as long as all else. It is needed only in private
 * mappings of files, and in those of the kernel.
 */
enum pages {
    PAGES_BOTH,
    PAGES_ANONYMOUS,
    PAGES_FILE, /* or shared memory */
};

static enum pages pages_of(const struct mf_mapping *mapping, uint32_t unneeded)
{
    const enum pages both = unneeded & MF_PAGE_FILE ? PAGES_FILE : PAGES_BOTH;

    if (mapping->flags & MF_SHARED)
        return PAGES_FILE;
    switch (mf_mapping_kind(mapping)) {
    case MF_KIND_ANONYMOUS:
    case MF_KIND_HEAP:
    case MF_KIND_STACK:
    case MF_KIND_NAMED_ANONYMOUS:
        return mapping->flags & MF_FILE_BACKED ? both : PAGES_ANONYMOUS;
    default:
        return both;
    }
}

/* A part of a walk: neighbouring mappings that one PAGEMAP_SCAN reads. */
struct part {
    const struct mf_mapping *first;
    const struct mf_mapping *last; /* exclusive */
    uint64_t end;
    uint32_t changes; /* how often two neighbours differ in their pages: at most as many ranges are divided */
    bool has_both;    /* the kernel distinguishes the pages */
};

struct scanner {
    struct mf_page_reader *reader;
    uint64_t guard; /* MF_SCAN_GUARD, or 0 if the kernel does not know it (before Linux 6.15) */
    uint32_t pages_left;
};

/* The longest part that begins with a mapping. Its ranges fit in memory, also if they are divided. */
static struct part part_of(const struct mf_mapping *first, const struct mf_mapping *last, const struct mf_page_reader *reader)
{
    enum pages pages = pages_of(first, reader->unneeded);
    struct part part = {.first = first, .last = first, .has_both = pages == PAGES_BOTH};

    for (; part.last < last && part.last->start < reader->end; part.last++) {
        const enum pages next = pages_of(part.last, reader->unneeded);

        if ((next == PAGES_BOTH) != part.has_both)
            break;
        if (next != pages) {
            if (part.changes + 1 == reader->capacity - reader->count)
                break;
            part.changes++;
            pages = next;
        }
        part.end = part.last->end < reader->end ? part.last->end : reader->end;
    }
    return part;
}

/* One PAGEMAP_SCAN of a part. Returns the number of ranges or a negative errno. */
static long scan(struct scanner *scanner, const struct part *part, struct mf_page_range *out, uint64_t *walk_end)
{
    struct mf_page_reader *const reader = scanner->reader;
    struct mf_pagemap_scan scan = {
        .size = sizeof scan,
        .start = reader->next,
        .end = part->end,
        .vec = (uintptr_t)out,
        .vec_len = (uint64_t)(reader->out + reader->capacity - out),
        .max_pages = scanner->pages_left,
        /* A guard page has a marker in the page table, which counts as swapped. */
        .category_inverted = scanner->guard,
        .category_mask = scanner->guard,
        .category_anyof_mask = MF_SCAN_PRESENT | MF_SCAN_SWAPPED,
        .return_mask = MF_SCAN_PRESENT | MF_SCAN_SWAPPED | MF_SCAN_ZERO | MF_SCAN_HUGE | (part->has_both ? MF_SCAN_FILE : 0),
    };
    long rc = MF_SYS(SYS_ioctl, reader->fd, MF_PAGEMAP_SCAN, &scan);

    if (rc == -EINVAL && scanner->guard != 0) {
        scanner->guard = scan.category_inverted = scan.category_mask = 0;
        rc = MF_SYS(SYS_ioctl, reader->fd, MF_PAGEMAP_SCAN, &scan);
    }
    *walk_end = scan.walk_end;
    return rc;
}

/* Adds a range, or joins it with the one before it. */
static void add_range(struct mf_page_reader *reader, struct mf_page_range range)
{
    struct mf_page_range *const end = reader->out + reader->count;

    if (reader->count > 0 && end[-1].end == range.start && end[-1].categories == range.categories) {
        end[-1].end = range.end;
    } else {
        *end = range;
        reader->count++;
    }
}

/*
 * Adds ranges of a part, which are after the free memory for its changes. Divides them where the pages of mappings differ, and
 * marks those of files. A gap belongs to the mapping before it.
 */
static void take_ranges(struct scanner *scanner, const struct part *part, const struct mf_page_range *ranges, uint32_t count)
{
    struct mf_page_reader *const reader = scanner->reader;
    const struct mf_mapping *mapping = part->first; /* the last one that starts at the range or below */

    for (uint32_t i = 0; i < count; i++) {
        struct mf_page_range range = ranges[i];
        const uint64_t end = range.end, categories = range.categories;

        scanner->pages_left -= (uint32_t)((end - range.start) / reader->page_size);
        for (; range.start < end; range.start = range.end) {
            enum pages pages;

            while (mapping + 1 < part->last && mapping[1].start <= range.start)
                mapping++;
            pages = pages_of(mapping, reader->unneeded);
            while (mapping + 1 < part->last && mapping[1].start < end && pages_of(mapping + 1, reader->unneeded) == pages)
                mapping++;
            range.end = mapping + 1 < part->last && mapping[1].start < end ? mapping[1].start : end;
            /* The zero page is of no file: shared mappings do not have it, but for some of devices (DAX). */
            range.categories = categories | (pages == PAGES_FILE && !(categories & MF_SCAN_ZERO) ? MF_SCAN_FILE : 0);
            add_range(reader, range);
        }
    }
}

/*
 * Scans a part. Sets next to where the walk ended. The kernel collects up to 512 ranges, copies them and goes on: if it then
 * reaches the end, it reports where it went on, which is before ranges that it has copied (do_pagemap_scan(),
 * fs/proc/task_mmu.c, in all versions up to 6.18).
 */
static int scan_part(struct scanner *scanner, const struct part *part)
{
    struct mf_page_reader *const reader = scanner->reader;
    struct mf_page_range *const ranges = reader->out + reader->count + part->changes;
    uint64_t walk_end;
    const long rc = scan(scanner, part, ranges, &walk_end);

    if (rc < 0)
        return (int)rc;
    if (rc > 0 && walk_end < ranges[rc - 1].end)
        walk_end = ranges[rc - 1].end;
    take_ranges(scanner, part, ranges, (uint32_t)rc);
    /* The walk ends before the end if the ranges or the pages are used up. If it made no step, the other source is used. */
    if (walk_end <= reader->next)
        return -EIO;
    reader->next = walk_end;
    return 0;
}

int mf_page_table_scan(const struct mf_snapshot *snapshot, struct mf_page_reader *reader)
{
    const struct mf_mapping *const all = mf_snapshot_mappings(snapshot);
    const struct mf_mapping *const last = all + first_mapping(snapshot, 1ull << 63); /* after it is only [vsyscall] */
    const struct mf_mapping *mapping = all + first_mapping(snapshot, reader->next);
    struct scanner scanner = {.reader = reader, .guard = MF_SCAN_GUARD, .pages_left = MF_PAGES_PER_CALL};

    for (uint32_t scans = 0; mapping < last && mapping->start < reader->end; scans++) {
        struct part part;
        int rc;

        if (reader->count == reader->capacity || scanner.pages_left == 0 || scans == MF_SCANS_PER_CALL)
            return 0;
        if (reader->next < mapping->start)
            reader->next = mapping->start;
        /* A part includes the gaps between its mappings: they have no pages, unless memory was mapped since the snapshot. */
        part = part_of(mapping, last, reader);
        rc = scan_part(&scanner, &part);
        if (rc < 0)
            return rc;
        mapping = reader->next < part.end ? all + first_mapping(snapshot, reader->next) : part.last;
    }
    reader->next = reader->end;
    return 0;
}

static uint64_t categories_of(uint64_t entry)
{
    const uint64_t file = entry & ENTRY_FILE ? MF_PAGE_FILE : 0;

    if (entry & ENTRY_PRESENT)
        return MF_PAGE_PRESENT | file;
    return (entry & (ENTRY_SWAPPED | ENTRY_GUARD)) == ENTRY_SWAPPED ? MF_PAGE_SWAPPED | file : 0;
}

/* Adds a page at next. Returns false if the ranges are used up. */
static bool add_page(struct mf_page_reader *reader, uint64_t categories)
{
    struct mf_page_range *const end = reader->out + reader->count;

    if (reader->count > 0 && end[-1].end == reader->next && end[-1].categories == categories) {
        end[-1].end += reader->page_size;
    } else if (categories != 0) {
        if (reader->count == reader->capacity)
            return false;
        *end = (struct mf_page_range){reader->next, reader->next + reader->page_size, categories};
        reader->count++;
    }
    reader->next += reader->page_size;
    return true;
}

int mf_page_table_read(const struct mf_snapshot *snapshot, struct mf_page_reader *reader)
{
    const struct mf_mapping *mapping = mf_snapshot_mappings(snapshot) + first_mapping(snapshot, reader->next);
    const struct mf_mapping *const last = mf_snapshot_mappings(snapshot) + snapshot->mapping_count;
    uint32_t left = MF_PAGES_PER_CALL;
    uint64_t entries[ENTRIES];

    for (; mapping < last && mapping->start < reader->end; mapping++) {
        const uint64_t end = mapping->end < reader->end ? mapping->end : reader->end;

        if (reader->next < mapping->start)
            reader->next = mapping->start;
        while (reader->next < end) {
            const uint64_t pages = (end - reader->next) / reader->page_size;
            uint64_t wanted = ENTRIES;
            long got;

            if (left == 0)
                return 0;
            wanted = pages < wanted ? pages : wanted;
            wanted = left < wanted ? left : wanted;
            got =
                mf_sys_pread(reader->fd, entries, wanted * sizeof *entries, reader->next / reader->page_size * sizeof *entries);
            if (got < 0)
                return (int)got;
            if (got < (long)sizeof *entries) { /* above the end of the address space: [vsyscall] */
                reader->next = end;
                break;
            }
            for (uint64_t i = 0; i < (uint64_t)got / sizeof *entries; i++) {
                if (!add_page(reader, categories_of(entries[i])))
                    return 0;
            }
            left -= (uint32_t)((uint64_t)got / sizeof *entries);
        }
    }
    reader->next = reader->end;
    return 0;
}
