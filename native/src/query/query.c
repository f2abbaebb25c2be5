/* SPDX-License-Identifier: Apache-2.0 */
/* Queries the kernel for the mapping of one address. */
#include "query/query.h"

#include "process/process.h"
#include "query/vsyscall.h"
#include "snapshot/mapping.h"

#include <string.h>

/* Maximum of execve(2) calls of the target during one query. After more of them the query returns -ESRCH. */
#define REOPENINGS 3

int mf_query_run(struct mf_process *process, struct mf_procmap_query *query)
{
    const int followed = mf_maps_follow(process);

    if (followed < 0)
        return followed;
    for (int reopened = 0;; reopened++) {
        int rc = mf_maps_query(mf_state(process)->maps_fd, query);

        if (rc != -ESRCH || reopened == REOPENINGS) /* after an error @p query is unchanged: do_procmap_query() */
            return rc;
        rc = mf_maps_reopen(process);
        if (rc < 0)
            return rc;
    }
}

static int query_vsyscall(struct mf_process *process, uint32_t options, struct mf_query_result *out)
{
    struct mf_mapping vsyscall;
    const int rc = mf_vsyscall_find(process, options, &vsyscall);

    if (rc <= 0)
        return rc < 0 ? rc : -ENOENT;
    memcpy(out->name, MF_VSYSCALL_NAME, sizeof MF_VSYSCALL_NAME);
    out->mapping = vsyscall;
    out->build_id_length = 0;
    return 0;
}

int mf_query(struct mf_process *process, uint64_t address, uint32_t options, struct mf_query_result *out)
{
    uint8_t build_id[MF_BUILD_ID_MAX];
    struct mf_procmap_query query = {
        .query_flags = mf_query_flags(options) | (options & MF_COVERING_OR_NEXT ? MF_QUERY_COVERING_OR_NEXT : 0),
        .query_addr = address,
        .vma_name_addr = (uintptr_t)out->name,
        .vma_name_size = MF_NAME_MAX,
        .build_id_addr = options & MF_WITH_BUILD_ID ? (uintptr_t)build_id : 0,
        .build_id_size = options & MF_WITH_BUILD_ID ? MF_BUILD_ID_MAX : 0,
    };
    int rc;

    if (options & ~(MF_FILTER | MF_COVERING_OR_NEXT | MF_WITH_BUILD_ID))
        return -EINVAL;
    if (!(mf_traits(process) & MF_TRAIT_QUERY))
        return -ENOTTY;
    rc = mf_query_run(process, &query);
    if (rc == -ENOENT && mf_vsyscall_is_near(address, options & MF_COVERING_OR_NEXT))
        return query_vsyscall(process, options, out);
    if (rc < 0)
        return rc;
    mf_query_to_mapping(&query, &out->mapping);
    mf_mapping_classify(&out->mapping, out->name, mf_state(process)->internal_devices);
    if (out->mapping.name_length != 0 && memchr(out->name, '\n', out->mapping.name_length) != NULL)
        out->mapping.flags |= MF_ESCAPED;
    if (out->mapping.flags & MF_FILE_BACKED)
        out->mapping.file_index = 0;
    out->name[out->mapping.name_length] = 0;
    out->build_id_length = options & MF_WITH_BUILD_ID ? query.build_id_size : 0;
    memcpy(out->build_id, build_id, out->build_id_length);
    return 0;
}
