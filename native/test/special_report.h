/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that make special mappings: addresses, and the line that reports a mapping. */
#ifndef SPECIAL_REPORT_H
#define SPECIAL_REPORT_H

#include "special_process.h"

#include <sys/stat.h>

struct special_maker {
    const char *label;
    void (*make)(void);
};

extern const struct special_maker special_files[];
extern const struct special_maker special_memory[];
extern const struct special_maker special_kernel[];

/* The expected fields of a mapping beside its range. */
struct special_expected {
    const char *perms;
    const char *kind;
    const char *deleted;
    const char *name; /* NULL: none */
    uint64_t offset;
    const struct stat *file; /* NULL: none */
    const char *inode;       /* replaces the inode of the file; "-": unknown */
};

/* Returns an address far from other mappings and from the previous address: nothing merges, and stacks can grow. */
void *special_address(void);

/* Reports a mapping with the label of the current table entry and a suffix. */
void special_report(const char *suffix, const void *at, size_t size, const struct special_expected *expected);
struct special_mapping *special_last(void);

/* Reports that this machine cannot make a mapping, with errno. */
void special_skip(const char *what);

/* "r-xp" of mmap(2)'s prot and flags. */
const char *special_perms(int prot, int flags);

#endif
