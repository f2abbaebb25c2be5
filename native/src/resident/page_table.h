/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_PAGE_TABLE_H
#define MF_PAGE_TABLE_H

#include "mapfiles_resident.h"

/*
 * Maximum of pages in one call. Their page tables are locked for reading meanwhile, for a few milliseconds: 2^18 pages of 4 KiB
 * are a gigabyte.
 */
#define MF_PAGES_PER_CALL (1u << 18)

/* Maximum of parts in one call, each with a system call. */
#define MF_SCANS_PER_CALL 4096u

/* A part of a walk: what was read of it, and where the next part begins. */
struct mf_page_reader {
    int fd; /* of /proc/PID/pagemap */
    uint64_t page_size;
    uint64_t next; /* page-aligned */
    uint64_t end;  /* page-aligned, or UINT64_MAX */
    struct mf_page_range *out;
    uint32_t capacity; /* at least 1 */
    uint32_t unneeded; /* 0 or MF_PAGE_FILE */
    uint32_t count;
};

/*
 * Reads ranges by PAGEMAP_SCAN, from the first to the last mapping of the snapshot. One scan reads neighbouring mappings: those
 * in which the kernel distinguishes pages of files from others, or those in which it need not. Returns 0 or a negative errno:
 * -ENOTTY before Linux 6.7.
 */
int mf_page_table_scan(const struct mf_snapshot *snapshot, struct mf_page_reader *reader);

/* Reads ranges by reading pagemap, where the snapshot has mappings. Returns 0 or a negative errno. */
int mf_page_table_read(const struct mf_snapshot *snapshot, struct mf_page_reader *reader);

/* Returns 1 if the memory that the descriptor was opened on still exists, 0 if not, or a negative errno. */
int mf_page_table_alive(int fd);

#endif
