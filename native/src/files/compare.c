/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing the pages of a mapping with a file. */
#include "files/compare.h"

#include "files/entry.h"
#include "query/validate.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define MEMORY "mem"
#define PAGES  "pagemap"

/* Bits of a page in pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61)

/* Bytes that are compared at a time. Page sizes are multiples of it. */
#define PIECE 4096u

/* A larger mapping is not compared: each piece takes three system calls, and a sparse file can have any size. */
#define COMPARED_MAX (16ull << 30)

struct comparison {
    int memory_fd;
    int pages_fd;
    int file_fd;
    uint64_t page_size;
    bool is_changing;  /* the memory changed during the comparison: it is neither equal nor different */
    bool is_undecided; /* a piece was changing during each attempt */
    char memory[PIECE];
    char file[PIECE];
};

static uint64_t page_at(const struct comparison *with, uint64_t address)
{
    uint64_t page;
    const long got = mf_sys_pread(with->pages_fd, &page, sizeof page, address / with->page_size * sizeof page);

    return got == sizeof page ? page : PAGE_SWAPPED;
}

/* A private page that is no page of the file any more was modified. A shared page is a page of the file. */
static bool is_modified(const struct comparison *with, uint64_t address)
{
    const uint64_t page = page_at(with, address);

    return page & PAGE_SWAPPED || (page & PAGE_PRESENT && !(page & PAGE_OF_FILE));
}

/* A page of zeros verifies nothing: many files have some. */
static bool is_zero(const char *piece)
{
    return piece[0] == 0 && memcmp(piece, piece + 1, PIECE - 1) == 0;
}

/*
 * Reads a piece of the file as a mapping shows it: with zeros from the end of the file to the end of the page. Pages may be larger
 * than a piece. Returns whether a mapping of the file has this piece, or an error of the file.
 */
static int read_file(struct comparison *with, uint64_t offset)
{
    long got = mf_sys_pread(with->file_fd, with->file, PIECE, offset);

    if (got >= 0)
        memset(with->file + got, 0, PIECE - (size_t)got);
    if (got == 0 && offset % with->page_size != 0) {
        char first;

        got = mf_sys_pread(with->file_fd, &first, 1, offset - offset % with->page_size);
    }
    return got < 0 ? mf_entry_file_error(got) : got > 0;
}

/* enum mf_same, or an error of the file. */
static int compare_once(struct comparison *with, uint64_t address, uint64_t offset)
{
    int has_piece;

    /* Not readable: after the last page of the mapped file, for example. */
    if (mf_sys_pread(with->memory_fd, with->memory, PIECE, address) != PIECE)
        return MF_NOT_COMPARED;
    has_piece = read_file(with, offset);
    if (has_piece <= 0)
        return has_piece < 0 ? has_piece : MF_DIFFERENT;
    if (memcmp(with->memory, with->file, PIECE) == 0)
        return is_zero(with->memory) ? MF_NOT_COMPARED : MF_SAME;
    with->is_changing =
        mf_sys_pread(with->memory_fd, with->file, PIECE, address) == PIECE && memcmp(with->memory, with->file, PIECE) != 0;
    return MF_DIFFERENT;
}

/* The target or a writer of the file may make a change between the reads, so a difference must be found in each attempt. */
static int compare_piece(struct comparison *with, uint64_t address, uint64_t offset)
{
    int same = MF_DIFFERENT;

    for (int attempt = 0; attempt < 3 && same == MF_DIFFERENT; attempt++) {
        if (is_modified(with, address))
            return MF_NOT_COMPARED;
        with->is_changing = false;
        same = compare_once(with, address, offset);
    }
    if (same != MF_DIFFERENT)
        return same;
    if (is_modified(with, address))
        return MF_NOT_COMPARED;
    with->is_undecided |= with->is_changing;
    return with->is_changing ? MF_NOT_COMPARED : MF_DIFFERENT;
}

/* Equal pieces after each of which the mapping is checked, so that another mapping is noticed early. */
#define CHECKED_PIECES 16

/* Pages that are checked to find pages in memory. */
#define PAGES_CHECKED 1024

/* Reads of each piece, and checks of the mapping, that confirm one equal piece. More pieces need fewer of each. */
#define CONFIRMATIONS 48

/* Maximum of checks in one pass over all pieces, on average. */
#define CHECKS 128

/* Reads of each piece: a process that maps the other file seldom is not noticed by few checks, often not by many. */
static unsigned passes_over(uint64_t pieces)
{
    unsigned bits = 0;

    for (; pieces > 1 && bits < 8; pieces /= 2)
        bits++;
    return (CONFIRMATIONS + bits) / (1 + bits);
}

static uint64_t next_random(uint64_t *random) /* xorshift64 */
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/*
 * Between one read and one check the process may map another file, and the first one again. It may even do that in step with
 * this thread, because each waits for the lock of the other (mmap_lock). Files may differ in one piece only. So all pieces are
 * read again some times, and the mapping is checked at random places between them. All reads must be equal: one that differs is
 * not tried again, as in compare_piece(). @p equal is the number of pieces that were equal before.
 */
static int confirm(struct mf_process *process, struct comparison *with, const struct mf_mapping *mapping, uint64_t equal)
{
    const uint64_t pieces = (mapping->end - mapping->start) / PIECE;
    const uint64_t places = pieces < 2 * CHECKS ? 2 : pieces / CHECKS; /* one of these is checked */
    struct timespec now;
    uint64_t random;

    clock_gettime(CLOCK_MONOTONIC, &now);
    random = ((uint64_t)now.tv_nsec << 20 ^ mapping->start) * UINT64_C(0x9E3779B97F4A7C15) | 1;
    for (unsigned pass = passes_over(pieces); pass > 0; pass--) {
        uint64_t again = 0; /* equal pieces of this pass */

        for (uint64_t address = mapping->start; address < mapping->end; address += PIECE) {
            int same = MF_NOT_COMPARED;

            while ((next_random(&random) >> 32) % places == 0) {
                const int rc = mf_validate(process, mapping);

                if (rc < 0)
                    return rc;
            }
            if (!is_modified(with, address))
                same = compare_once(with, address, mapping->offset + (address - mapping->start));
            if (same < 0 || same == MF_DIFFERENT)
                return same < 0 ? same : MF_NOT_COMPARED;
            again += same == MF_SAME;
        }
        if (again < equal) /* a page was modified meanwhile, or is one of another mapping */
            return MF_NOT_COMPARED;
    }
    return MF_SAME;
}

static int compare_all(struct mf_process *process, struct comparison *with, const struct mf_mapping *mapping)
{
    uint64_t equal = 0;

    for (uint64_t address = mapping->start; address < mapping->end; address += PIECE) {
        const int same = compare_piece(with, address, mapping->offset + (address - mapping->start));

        if (same < 0 || same == MF_DIFFERENT)
            return same;
        if (same == MF_SAME) {
            const int rc = equal++ < CHECKED_PIECES ? mf_validate(process, mapping) : 0;

            if (rc < 0)
                return rc;
        }
    }
    return with->is_undecided || equal == 0 ? MF_NOT_COMPARED : confirm(process, with, mapping, equal);
}

/* Compares some pages, at equal distances, that are in memory: no page is loaded into the target. */
static int compare_some(struct mf_process *process, struct comparison *with, const struct mf_mapping *mapping)
{
    const uint64_t step = ((mapping->end - mapping->start) / PAGES_CHECKED / PIECE + 1) * PIECE;
    unsigned compared = 0;

    for (uint64_t address = mapping->start; address < mapping->end && compared < CHECKED_PIECES; address += step) {
        int same;

        if (!(page_at(with, address) & PAGE_PRESENT))
            continue;
        same = compare_piece(with, address, mapping->offset + (address - mapping->start));
        compared += same == MF_SAME;
        if (same == MF_DIFFERENT || same < 0) {
            const int rc = mf_validate(process, mapping); /* the page may be of another mapping */

            return rc < 0 ? rc : same;
        }
    }
    return compared > 0 ? MF_SAME : MF_NOT_COMPARED;
}

int mf_compare_mapping(struct mf_process *process, const struct mf_mapping *mapping, int fd, bool all)
{
    struct comparison with;
    int result = MF_NOT_COMPARED;

    if (mapping->end - mapping->start > COMPARED_MAX)
        return MF_NOT_COMPARED;
    with.file_fd = fd;
    with.is_undecided = false;
    with.page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    with.memory_fd = mf_maps_open_file(mf_state(process)->proc_fd, MEMORY, O_RDONLY);
    with.pages_fd = mf_maps_open_file(mf_state(process)->proc_fd, PAGES, O_RDONLY);
    if (with.memory_fd >= 0 && with.pages_fd >= 0)
        result = all ? compare_all(process, &with, mapping) : compare_some(process, &with, mapping);
    else if (mf_sys_is_shortage(with.memory_fd) || mf_sys_is_shortage(with.pages_fd))
        result = with.memory_fd < 0 ? with.memory_fd : with.pages_fd;
    if (with.memory_fd >= 0)
        mf_sys_close(with.memory_fd);
    if (with.pages_fd >= 0)
        mf_sys_close(with.pages_fd);
    return result;
}
