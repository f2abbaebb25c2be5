/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_PAGES_H
#define MF_TARGET_PAGES_H

#include "memory/target_memory.h"

/*
 * A cache of pages of a target's memory, in memory of the caller: for code that reads many small fields. A page keeps the bytes
 * of its first read until mf_pages_clear() is called. The caller sets the size of pages, which is not that of the machine: small
 * pages cost less to copy, large ones take fewer system calls.
 *
 * The functions take no lock and allocate nothing. A cache belongs to one thread.
 */
#define MF_PAGE 4096u /* the maximum */

struct mf_pages {
    const struct mf_target_memory *memory;
    uint32_t slots;  /* a power of two */
    uint32_t bytes;  /* of a page */
    uint32_t reads;  /* pages read so far */
    uint32_t clock;  /* is larger after each read of a page */
    uint32_t oldest; /* pages that were read before this value of the clock are read again */
    uint32_t newest; /* value of the clock after the newest page was read that was used since the caller set this to 0 */
    uint32_t last;   /* slot of the last read: the next one is often of the same object */
    uint32_t shift;  /* log2 of bytes: a division takes longer than the rest of a search */
};

/*
 * Returns the size of a cache, in bytes. @p slots is a power of two, 8 or more. @p bytes is the size of a page: a power of two,
 * from 512 to MF_PAGE.
 */
size_t mf_pages_bytes(uint32_t slots, uint32_t bytes);

/* Makes an empty cache. @p memory is aligned to 16 bytes and has mf_pages_bytes(slots, bytes) bytes. */
struct mf_pages *mf_pages_init(void *memory, uint32_t slots, uint32_t bytes, const struct mf_target_memory *from);

/* Removes all pages from the cache. */
void mf_pages_clear(struct mf_pages *pages);

/*
 * Makes later reads use no page that was read before the pages of an object. If the caller finds the object unchanged after
 * these reads, it has existed during all of them, and so have the objects that it refers to.
 */
void mf_pages_use_after(struct mf_pages *pages, uint64_t object, uint32_t bytes);

/* Reads the pages that contain these addresses, up to 128 with one system call. Unreadable pages are no error. */
void mf_pages_prefetch(struct mf_pages *pages, const uint64_t *addresses, uint32_t count);

/* Reads bytes. Returns 0; -EFAULT: not all of them can be read; -ESRCH: the target has exited. */
int mf_pages_read(struct mf_pages *pages, uint64_t address, void *to, uint32_t bytes);

/*
 * Reads a text that ends with a NUL. Returns its length without the NUL; -ENAMETOOLONG: there is no NUL within @p capacity
 * bytes; or an error of mf_pages_read().
 */
int32_t mf_pages_text(struct mf_pages *pages, uint64_t address, char *to, uint32_t capacity);

#endif
