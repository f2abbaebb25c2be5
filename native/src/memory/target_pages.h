/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_PAGES_H
#define MF_TARGET_PAGES_H

#include "memory/target_memory.h"

/*
 * Pages of a target's memory, read once and kept in the caller's memory: for walks that read many small fields. What is
 * read is as of the first read of its page, until mf_pages_forget(). Pages have 4 KiB here, whatever the machine's are.
 *
 * No lock, no allocation. Of one thread.
 */
#define MF_PAGE 4096u

struct mf_pages {
    const struct mf_target_memory *memory;
    uint32_t slots; /* a power of two */
    uint32_t reads; /* pages read so far */
};

/* Bytes that so many slots take, a power of two from 8 on. */
size_t mf_pages_bytes(uint32_t slots);

/* Begins without any page. @p memory is aligned to 16 and has mf_pages_bytes(slots) bytes. */
struct mf_pages *mf_pages_init(void *memory, uint32_t slots, const struct mf_target_memory *from);

/* Drops all pages, so that the next reads are of what is there then. */
void mf_pages_forget(struct mf_pages *pages);

/* Reads the pages that hold these addresses, in one system call. What cannot be read is no error here. */
void mf_pages_prefetch(struct mf_pages *pages, const uint64_t *addresses, uint32_t count);

/* Reads all of it. Returns 0; -EFAULT: some of it cannot be read; -ESRCH: the target has exited. */
int mf_pages_read(struct mf_pages *pages, uint64_t address, void *to, uint32_t bytes);

/*
 * Reads a text with the NUL at its end. Returns its length without that; -ENAMETOOLONG: there is none within @p room bytes;
 * otherwise as mf_pages_read().
 */
int32_t mf_pages_text(struct mf_pages *pages, uint64_t address, char *to, uint32_t room);

#endif
