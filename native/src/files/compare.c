/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a process: read, and compared with a file. */
#include "files/compare.h"

#include "files/entry.h"
#include "query/validate.h"

#include <stdbool.h>
#include <string.h>

#define MEMORY "mem"
#define PAGES "pagemap"

/* Bits of a page in pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61)

/* Compared at a time; page sizes are multiples of it. */
#define PIECE 4096u

/* A larger mapping is not compared: each piece takes three system calls, and a file without data can have any size. */
#define COMPARED_MAX (16ull << 30)

long mf_memory_read(struct mf_process *process, uint64_t address, void *to, size_t bytes)
{
    const int fd = mf_maps_open_part(mf_state(process)->proc_fd, MEMORY, O_RDONLY);
    long got;

    if (fd < 0)
        return mf_maps_explain(mf_state(process)->proc_fd, fd);
    got = address > INT64_MAX ? -EIO : mf_sys_pread(fd, to, bytes, address);
    mf_sys_close(fd);
    return got == 0 && bytes > 0 ? mf_maps_explain(mf_state(process)->proc_fd, -EIO) : got; /* its memory is gone: mem_rw(), fs/proc/base.c */
}

struct comparison {
    int memory_fd;
    int pages_fd;
    int file_fd;
    uint64_t page_size;
    bool moving;    /* the memory changed while it was compared: neither the same nor different */
    bool undecided; /* and so it went on, somewhere */
    char memory[PIECE];
    char file[PIECE];
};

static uint64_t page_at(const struct comparison *with, uint64_t address)
{
    uint64_t page;
    const long got = mf_sys_pread(with->pages_fd, &page, sizeof page, address / with->page_size * sizeof page);

    return got == sizeof page ? page : PAGE_SWAPPED;
}

/* A private page is changed once it is no page of the file any more. A shared one is the file itself. */
static bool is_changed(const struct comparison *with, uint64_t address)
{
    const uint64_t page = page_at(with, address);

    return page & PAGE_SWAPPED || (page & PAGE_PRESENT && !(page & PAGE_OF_FILE));
}

/* As many files begin, or have holes: says nothing. */
static bool is_zero(const char *piece)
{
    return piece[0] == 0 && memcmp(piece, piece + 1, PIECE - 1) == 0;
}

/* enum mf_same, or an error of the file. */
static int compare_once(struct comparison *with, uint64_t address, uint64_t offset)
{
    long got = mf_sys_pread(with->memory_fd, with->memory, PIECE, address);

    if (got != PIECE) /* behind the end of the mapped file, or closed to everybody */
        return MF_NOT_COMPARED;
    got = mf_sys_pread(with->file_fd, with->file, PIECE, offset);
    if (got <= 0)
        return got == 0 ? MF_DIFFERENT : mf_entry_file_error(got);
    memset(with->file + got, 0, PIECE - (size_t)got); /* as a mapping shows what is behind the end */
    if (memcmp(with->memory, with->file, PIECE) == 0)
        return is_zero(with->memory) ? MF_NOT_COMPARED : MF_SAME;
    with->moving = mf_sys_pread(with->memory_fd, with->file, PIECE, address) == PIECE &&
                   memcmp(with->memory, with->file, PIECE) != 0;
    return MF_DIFFERENT;
}

/* Another thread, or the file's writers, may have been at work between the reads: a difference has to last. */
static int compare_piece(struct comparison *with, uint64_t address, uint64_t offset)
{
    int same = MF_DIFFERENT;

    for (int attempt = 0; attempt < 3 && same == MF_DIFFERENT; attempt++) {
        if (is_changed(with, address))
            return MF_NOT_COMPARED;
        with->moving = false;
        same = compare_once(with, address, offset);
    }
    if (same != MF_DIFFERENT)
        return same;
    if (is_changed(with, address))
        return MF_NOT_COMPARED;
    with->undecided |= with->moving;
    return with->moving ? MF_NOT_COMPARED : MF_DIFFERENT;
}

/*
 * The read of a page and the check of the record are two calls, between which the process may map another file and the first
 * one again. So the first pieces are each read between two checks. A process that maps two files in turn would have to do that in
 * time with all of them.
 */
#define SURROUNDED 16

/* Pages that are looked at to find some in memory. */
#define LOOKED_AT 1024

static int compare_all(struct mf_process *process, struct comparison *with, const struct mf_mapping *mapping)
{
    uint64_t address = mapping->start;
    uint64_t last = 0; /* address of a piece that was the same */
    unsigned surrounded = 0;

    while (address < mapping->end || (last != 0 && surrounded < SURROUNDED)) {
        const uint64_t at = address < mapping->end ? address : last; /* again, where there are few */
        const int same = compare_piece(with, at, mapping->offset + (at - mapping->start));
        const bool is_first_pass = address < mapping->end;
        int rc;

        if (same < 0 || same == MF_DIFFERENT || (same == MF_NOT_COMPARED && !is_first_pass))
            return same;
        if (same == MF_SAME) {
            last = at;
            rc = surrounded++ < SURROUNDED ? mf_validate(process, mapping) : 0;
            if (rc < 0)
                return rc;
        }
        address += is_first_pass ? PIECE : 0;
    }
    return with->undecided || last == 0 ? MF_NOT_COMPARED : MF_SAME;
}

/* Pages that are in memory only, some of them, evenly: nothing is loaded into the process, whatever the size of the mapping. */
static int compare_some(struct mf_process *process, struct comparison *with, const struct mf_mapping *mapping)
{
    const uint64_t step = ((mapping->end - mapping->start) / LOOKED_AT / PIECE + 1) * PIECE;
    unsigned compared = 0;

    for (uint64_t address = mapping->start; address < mapping->end && compared < SURROUNDED; address += step) {
        int same;

        if (!(page_at(with, address) & PAGE_PRESENT))
            continue;
        same = compare_piece(with, address, mapping->offset + (address - mapping->start));
        compared += same == MF_SAME;
        if (same == MF_DIFFERENT || same < 0) {
            const int rc = mf_validate(process, mapping); /* or it is of another mapping */

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
    with.undecided = false;
    with.page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    with.memory_fd = mf_maps_open_part(mf_state(process)->proc_fd, MEMORY, O_RDONLY);
    with.pages_fd = mf_maps_open_part(mf_state(process)->proc_fd, PAGES, O_RDONLY);
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
