/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_QUERY_H
#define MF_QUERY_H

#include "mapfiles.h"
#include "os/procmap_query.h"

/* Returns the query_flags of PROCMAP_QUERY for the filter bits of options. */
static inline uint64_t mf_query_flags(uint32_t options)
{
    _Static_assert((int)MF_QUERY_READABLE == MF_READABLE && (int)MF_QUERY_WRITABLE == MF_WRITABLE &&
                       (int)MF_QUERY_EXECUTABLE == MF_EXECUTABLE && (int)MF_QUERY_SHARED == MF_SHARED,
                   "the same bits");
    return (options & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE | MF_SHARED)) |
           (options & MF_FILE_BACKED ? MF_QUERY_FILE_BACKED : 0);
}

/* Makes one PROCMAP_QUERY on the memory that the process has now, also after execve(2). Returns 0 or a negative errno. */
int mf_query_run(struct mf_process *process, struct mf_procmap_query *query);

/* Converts the result of PROCMAP_QUERY to a mapping. The mapping is not classified, and its name_offset is 0. */
static inline void mf_query_to_mapping(const struct mf_procmap_query *query, struct mf_mapping *out)
{
    *out = (struct mf_mapping){
        .start = query->vma_start,
        .end = query->vma_end,
        .offset = query->vma_offset,
        .inode = query->inode,
        .dev_major = query->dev_major,
        .dev_minor = query->dev_minor,
        .flags = (uint32_t)query->vma_flags & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE | MF_SHARED),
        .name_length = query->vma_name_size > 0 ? query->vma_name_size - 1 : 0,
        .file_index = -1,
    };
}

#endif
