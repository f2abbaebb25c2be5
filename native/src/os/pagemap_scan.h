/* SPDX-License-Identifier: Apache-2.0 */
/* PAGEMAP_SCAN (include/uapi/linux/fs.h, Linux 6.7), for builds with older headers. */
#ifndef MF_PAGEMAP_SCAN_H
#define MF_PAGEMAP_SCAN_H

#include <linux/ioctl.h>
#include <stdint.h>

enum {
    MF_SCAN_FILE = 1u << 2,
    MF_SCAN_PRESENT = 1u << 3,
    MF_SCAN_SWAPPED = 1u << 4,
    MF_SCAN_ZERO = 1u << 5,  /* PAGE_IS_PFNZERO */
    MF_SCAN_HUGE = 1u << 6,  /* a page of hugetlbfs, or a huge page that is mapped as a whole */
    MF_SCAN_GUARD = 1u << 8, /* Linux 6.15+; -EINVAL before */
};

struct mf_pagemap_scan {
    uint64_t size;                /* in: size of this structure */
    uint64_t flags;               /* in */
    uint64_t start;               /* in: page-aligned */
    uint64_t end;                 /* in */
    uint64_t walk_end;            /* out: where the walk ended */
    uint64_t vec;                 /* in: address of the ranges */
    uint64_t vec_len;             /* in: number of ranges. 0 is a fault in kernels before 6.18 and their stable versions */
    uint64_t max_pages;           /* in: 0: no maximum */
    uint64_t category_inverted;   /* in: categories whose bit is inverted before it is compared */
    uint64_t category_mask;       /* in: a page has all of these */
    uint64_t category_anyof_mask; /* in: a page has one of these */
    uint64_t return_mask;         /* in */
};

_Static_assert(sizeof(struct mf_pagemap_scan) == 96, "the layout of the kernel");

#define MF_PAGEMAP_SCAN _IOWR('f', 16, struct mf_pagemap_scan)

#endif
