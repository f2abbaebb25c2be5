/* SPDX-License-Identifier: Apache-2.0 */
#include "mapfiles_resident.h"
#include "process/process.h"
#include "resident/page_table.h"
#include "snapshot/snapshot.h"

#include <stdbool.h>

/* Reads from one source, or from the other if the first fails. */
static int read_pages(const struct mf_snapshot *snapshot, struct mf_page_reader *reader, uint32_t *known)
{
    const uint64_t next = reader->next;

    *known = (MF_PAGE_FILE | MF_PAGE_PRESENT | MF_PAGE_SWAPPED | MF_PAGE_ZERO | MF_PAGE_HUGE) & ~reader->unneeded;
    if (mf_page_table_scan(snapshot, reader) == 0)
        return 0;
    *known = MF_PAGE_FILE | MF_PAGE_PRESENT | MF_PAGE_SWAPPED;
    reader->next = next;
    reader->count = 0;
    return mf_page_table_read(snapshot, reader);
}

/* Reads through a new descriptor. Returns 1: done; 0: the memory was released during the call; or a negative errno. */
static int read_once(int proc_fd, const struct mf_snapshot *snapshot, struct mf_page_reader *reader, uint32_t *known)
{
    int rc;

    reader->fd = mf_maps_open_file(proc_fd, "pagemap", O_RDONLY);
    if (reader->fd < 0)
        return mf_maps_explain(proc_fd, reader->fd == -ENOENT ? -ENOTSUP : reader->fd);
    rc = read_pages(snapshot, reader, known);
    /* PAGEMAP_SCAN returns no error for released memory: it finds no pages. */
    if (rc == 0)
        rc = mf_page_table_alive(reader->fd);
    mf_sys_close(reader->fd);
    return rc;
}

int32_t mf_resident_read(const struct mf_process *process, const struct mf_snapshot *snapshot, struct mf_resident_walk *walk,
                         struct mf_page_range *out, uint32_t capacity)
{
    const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t end = walk->end > UINT64_MAX - page_size ? walk->end : (walk->end + page_size - 1) & -page_size;
    const int proc_fd = mf_state(process)->proc_fd;

    if (capacity == 0 || capacity > INT32_MAX || !mf_snapshot_is_initialised(snapshot) || walk->next > walk->end ||
        (walk->unneeded & ~(uint32_t)MF_PAGE_FILE) != 0)
        return -EINVAL;
    if (walk->next == walk->end)
        return 0;
    for (int attempt = 0; attempt < 2; attempt++) { /* after execve(2) a new descriptor is of the new memory */
        struct mf_page_reader reader = {
            .page_size = page_size,
            .next = walk->next & -page_size,
            .end = end,
            .out = out,
            .capacity = capacity,
            .unneeded = walk->unneeded,
        };
        uint32_t known = 0;
        const int rc = read_once(proc_fd, snapshot, &reader, &known);

        if (rc < 0)
            return rc;
        if (rc > 0) {
            walk->next = reader.next < end ? reader.next : walk->end;
            walk->known = known;
            return (int32_t)reader.count;
        }
    }
    return mf_maps_explain(proc_fd, -ESRCH);
}

/* Index of the first range that ends above an address. */
static uint32_t first_range(const struct mf_page_range *ranges, uint32_t count, uint64_t address)
{
    uint32_t from = 0;
    uint32_t to = count;

    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;

        if (ranges[middle].end > address)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

static void add_bytes(uint64_t bytes, uint64_t categories, struct mf_resident_bytes *sums)
{
    if (!(categories & MF_PAGE_PRESENT)) {
        sums->swapped += bytes;
        return;
    }
    sums->present += bytes;
    if (categories & MF_PAGE_ZERO) {
        sums->zero += bytes;
        return;
    }
    if (categories & MF_PAGE_HUGE)
        sums->huge += bytes;
    if (categories & MF_PAGE_FILE)
        sums->file += bytes;
    else
        sums->anonymous += bytes;
}

void mf_resident_add(const struct mf_page_range *ranges, uint32_t count, uint64_t start, uint64_t end,
                     struct mf_resident_bytes *sums)
{
    for (uint32_t i = first_range(ranges, count, start); i < count && ranges[i].start < end; i++) {
        const uint64_t from = ranges[i].start > start ? ranges[i].start : start;
        const uint64_t to = ranges[i].end < end ? ranges[i].end : end;

        if (from < to)
            add_bytes(to - from, ranges[i].categories, sums);
    }
}
