/* SPDX-License-Identifier: Apache-2.0 */
/* What the makers of odd mappings share: a place for each mapping, and the line that reports it. */
#ifndef ODD_REPORT_H
#define ODD_REPORT_H

#include "odd_process.h"

#include <sys/stat.h>

struct odd_maker {
    const char *label;
    void (*make)(void);
};

extern const struct odd_maker odd_files[];
extern const struct odd_maker odd_memory[];
extern const struct odd_maker odd_kernel[];

/* What is to be said of a mapping beside its range. */
struct odd_told {
    const char *perms;
    const char *kind;
    const char *deleted;
    const char *name; /* NULL: none */
    uint64_t offset;
    const struct stat *file; /* NULL: none */
    const char *inode;       /* where no file tells: "-" not known */
};

/* Far from where the kernel and malloc put theirs, each far from the next: nothing merges, stacks have room to grow. */
void *odd_place(void);

/* Reports a mapping under the label of the table entry at work and a suffix. */
void odd_report(const char *suffix, const void *at, size_t size, const struct odd_told *told);
struct odd_made *odd_last(void);

/* Reports that this machine cannot do it, with errno. */
void odd_skip(const char *what);

/* "r-xp" of mmap(2)'s prot and flags. */
const char *odd_perms(int prot, int flags);

#endif
