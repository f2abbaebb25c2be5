/* SPDX-License-Identifier: Apache-2.0 */
/* PROCMAP_QUERY (include/uapi/linux/fs.h, Linux 6.11), for builds with older headers. */
#ifndef MF_PROCMAP_QUERY_H
#define MF_PROCMAP_QUERY_H

#include <linux/ioctl.h>
#include <stdint.h>

enum {
    MF_QUERY_READABLE = 0x01,
    MF_QUERY_WRITABLE = 0x02,
    MF_QUERY_EXECUTABLE = 0x04,
    MF_QUERY_SHARED = 0x08,
    MF_QUERY_COVERING_OR_NEXT = 0x10,
    MF_QUERY_FILE_BACKED = 0x20,
};

struct mf_procmap_query {
    uint64_t size;        /* in: size of this structure */
    uint64_t query_flags; /* in */
    uint64_t query_addr;  /* in */
    uint64_t vma_start;   /* out, like all fields up to dev_minor */
    uint64_t vma_end;
    uint64_t vma_flags;
    uint64_t vma_page_size;
    uint64_t vma_offset;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t vma_name_size; /* in: capacity in bytes; out: length with the final NUL, 0 without a name */
    uint32_t build_id_size; /* in: capacity in bytes; out: length, 0 without a build ID */
    uint64_t vma_name_addr; /* in */
    uint64_t build_id_addr; /* in */
};

_Static_assert(sizeof(struct mf_procmap_query) == 104, "the layout of the kernel");

#define MF_PROCMAP_QUERY _IOWR('f', 17, struct mf_procmap_query)

#endif
