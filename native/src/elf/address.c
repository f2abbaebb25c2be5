/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF address of a mapped address: which segment of the file a mapping shows. */
#include "mapfiles_symbols.h"

#include <errno.h>
#include <stdbool.h>

/* The offsets of the file that the pages of a segment show. */
struct pages {
    uint64_t start, end;
};

static struct pages pages_of(const struct mf_elf *elf, const struct mf_elf_segment *segment)
{
    const uint64_t mask = elf->page_size - 1u;

    return (struct pages){segment->offset & ~mask, (segment->offset + segment->file_size + mask) & ~mask};
}

/* Whether the offsets of a mapping are possible for a file. */
static bool has_offsets(const struct mf_mapping *mapping)
{
    return mapping->offset <= INT64_MAX && mapping->end - mapping->start <= INT64_MAX - mapping->offset;
}

/* Whether a mapping shows only pages of a segment. */
static bool shows_only(const struct mf_elf *elf, const struct mf_elf_segment *segment, const struct mf_mapping *mapping)
{
    const struct pages pages = pages_of(elf, segment);

    return segment->file_size > 0 && mapping->offset >= pages.start &&
           mapping->offset + (mapping->end - mapping->start) <= pages.end;
}

/*
 * Whether the loader gives a part of a segment these permissions. It makes whole pages of PT_GNU_RELRO read-only: from the page
 * of its start to the page of its end, which is not included (_dl_protect_relro(), elf/dl-reloc.c of glibc).
 */
static bool has_permissions(const struct mf_elf *elf, const struct mf_elf_segment *segment, const struct mf_mapping *mapping)
{
    const uint64_t mask = elf->page_size - 1u;
    const uint32_t flags = mapping->flags & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE);
    const uint64_t start = mapping->offset - segment->offset + segment->address;
    const uint64_t end = start + (mapping->end - mapping->start);
    const bool is_relro = segment->flags & MF_WRITABLE && elf->relro_start < elf->relro_end &&
                          start >= (elf->relro_start & ~mask) && end <= (elf->relro_end & ~mask);

    return flags == (is_relro ? segment->flags & ~(uint32_t)MF_WRITABLE : segment->flags);
}

/* Segments whose result is the same count as one. */
struct choice {
    uint64_t difference; /* ELF address minus offset in the file */
    uint32_t count;
};

static void choose(struct choice *choice, const struct mf_elf_segment *segment)
{
    const uint64_t difference = segment->address - segment->offset;

    if (choice->count == 0 || choice->difference != difference)
        choice->count++;
    choice->difference = difference;
}

/* Which segments have a mapping, and a byte of it. */
struct choices {
    struct choice fitting;    /* the mapping shows only their pages, and has their permissions */
    struct choice first_page; /* of these, those whose first page is the first page of the mapping */
    struct choice same_page;  /* they have bytes in the page of the byte */
    bool is_in_segment;       /* the byte is in one */
};

/*
 * Without the offsets of the mapped file: the segments of code whose pages in memory are as many as those of the mapping. The
 * loader maps code as whole segments. It makes parts of data read-only (PT_GNU_RELRO), and bss is in no mapping of the file.
 */
static struct choices find_by_pages(const struct mf_elf *elf, const struct mf_mapping *mapping)
{
    const uint64_t mask = elf->page_size - 1u;
    const uint32_t flags = mapping->flags & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE);
    struct choices choices = {0};

    for (uint32_t i = 0; flags & MF_EXECUTABLE && i < elf->segment_count; i++) {
        const struct mf_elf_segment *const segment = &elf->segments[i];
        const uint64_t start = segment->address & ~mask;
        const uint64_t end = (segment->address + segment->memory_size + mask) & ~mask;
        const struct mf_elf_segment mapped = {.address = start, .offset = mapping->offset};

        if (end - start == mapping->end - mapping->start && flags == segment->flags)
            choose(&choices.fitting, &mapped);
    }
    return choices;
}

static struct choices find_segments(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t offset)
{
    struct choices choices = {0};

    if (!has_offsets(mapping))
        return choices;
    if (elf->lacks_code)
        return find_by_pages(elf, mapping);
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct mf_elf_segment *const segment = &elf->segments[i];
        const struct pages pages = pages_of(elf, segment);

        if (segment->file_size == 0 || offset < pages.start || offset >= pages.end)
            continue;
        choose(&choices.same_page, segment);
        choices.is_in_segment |= offset >= segment->offset && offset - segment->offset < segment->file_size;
        if (!shows_only(elf, segment, mapping) || !has_permissions(elf, segment, mapping))
            continue;
        choose(&choices.fitting, segment);
        if (mapping->offset == pages.start)
            choose(&choices.first_page, segment);
    }
    if (choices.fitting.count > 1)
        choices.fitting = choices.first_page.count == 1 ? choices.first_page : choices.fitting;
    return choices;
}

int mf_elf_load_bias(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t *out)
{
    const struct choices choices = find_segments(elf, mapping, mapping->offset);

    if (choices.fitting.count != 1)
        return -ENOENT;
    *out = mapping->start - mapping->offset - choices.fitting.difference;
    return 0;
}

int mf_elf_address(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t address, uint64_t *out)
{
    const uint64_t offset = address - mapping->start + mapping->offset;
    struct choices choices;
    struct choice choice;

    if (address < mapping->start || address >= mapping->end)
        return -EINVAL;
    choices = find_segments(elf, mapping, offset);
    choice = choices.fitting.count == 0 && choices.is_in_segment ? choices.same_page : choices.fitting;
    if (choice.count != 1)
        return -ENOENT;
    *out = offset + choice.difference;
    return 0;
}

/* ---- By the other mappings of the process ---- */

/* The load biases that a mapping may have: of each segment whose pages cover it. */
struct candidates {
    uint64_t bias[MF_ELF_SEGMENTS_MAX];
    bool has_permissions[MF_ELF_SEGMENTS_MAX]; /* the mapping has those of a segment with this load bias */
    uint32_t count;
};

static void add_candidate(struct candidates *candidates, uint64_t bias, bool has_permissions)
{
    uint32_t i = 0;

    while (i < candidates->count && candidates->bias[i] != bias)
        i++;
    if (i == candidates->count) {
        candidates->bias[candidates->count++] = bias;
        candidates->has_permissions[i] = false;
    }
    candidates->has_permissions[i] |= has_permissions;
}

static struct candidates find_candidates(const struct mf_elf *elf, const struct mf_mapping *mapping)
{
    struct candidates candidates = {.count = 0};

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct mf_elf_segment *const segment = &elf->segments[i];

        if (shows_only(elf, segment, mapping))
            add_candidate(&candidates, mapping->start - mapping->offset - (segment->address - segment->offset),
                          has_permissions(elf, segment, mapping));
    }
    return candidates;
}

static bool is_same_file(const struct mf_mapping *a, const struct mf_mapping *b)
{
    return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* 1: with this load bias each segment is where the loader maps it; 0: one is not; else the error of find. */
static int is_loaded_at(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t bias, mf_mapping_finder find,
                        void *context)
{
    const uint64_t mask = elf->page_size - 1u;

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const uint64_t address = bias + (elf->segments[i].address & ~mask);
        struct mf_mapping found;
        int rc;

        if (elf->segments[i].file_size == 0)
            continue;
        rc = find(context, address, &found);
        if (rc < 0)
            return rc == -ENOENT ? 0 : rc;
        if (!is_same_file(&found, mapping) || found.offset + (address - found.start) != (elf->segments[i].offset & ~mask))
            return 0;
    }
    return 1;
}

int mf_elf_load_bias_among(const struct mf_elf *elf, const struct mf_mapping *mapping, mf_mapping_finder find, void *context,
                           uint64_t *out)
{
    struct candidates candidates;
    uint32_t loaded = 0;
    uint64_t bias = 0;

    if (elf->lacks_code || !has_offsets(mapping))
        return mf_elf_load_bias(elf, mapping, out);
    candidates = find_candidates(elf, mapping);
    if (candidates.count == 1 && candidates.has_permissions[0]) {
        *out = candidates.bias[0];
        return 0;
    }
    for (uint32_t i = 0; i < candidates.count; i++) {
        const int rc = is_loaded_at(elf, mapping, candidates.bias[i], find, context);

        if (rc < 0)
            return rc;
        if (rc == 1) {
            bias = candidates.bias[i];
            loaded++;
        }
    }
    if (loaded != 1)
        return -ENOENT;
    *out = bias;
    return 0;
}
