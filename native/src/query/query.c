/* SPDX-License-Identifier: Apache-2.0 */
/* One address, asked of the kernel now. */
#include "query/query.h"

#include "process/process.h"
#include "query/vsyscall.h"
#include "snapshot/mapping.h"

#include <string.h>

/* How often a process may call execve(2) under one options before that is its answer. */
#define REOPENINGS 3

int mf_query_ask(struct mf_process *process, struct mf_procmap_query *query)
{
    for (int reopened = 0;; reopened++) {
        int rc = mf_maps_query(mf_state(process)->maps_fd, query);

        if (rc != -ESRCH || reopened == REOPENINGS) /* an error leaves the options as it was: do_procmap_query() */
            return rc;
        rc = mf_maps_reopen(process);
        if (rc < 0)
            return rc;
    }
}

static int answer_gate(struct mf_process *process, uint32_t how, struct mf_query_result *out)
{
    struct mf_mapping gate;
    const int rc = mf_vsyscall_find(process, how, &gate);

    if (rc <= 0)
        return rc < 0 ? rc : -ENOENT;
    memcpy(out->name, MF_VSYSCALL_NAME, sizeof MF_VSYSCALL_NAME);
    out->mapping = gate;
    out->build_id_length = 0;
    return 0;
}

int mf_query(struct mf_process *process, uint64_t address, uint32_t how, struct mf_query_result *out)
{
    uint8_t build_id[MF_BUILD_ID_MAX];
    struct mf_procmap_query query = {
        .query_flags = mf_query_flags(how) | (how & MF_COVERING_OR_NEXT ? MF_QUERY_COVERING_OR_NEXT : 0),
        .query_addr = address,
        .vma_name_addr = (uintptr_t)out->name,
        .vma_name_size = MF_NAME_MAX,
        .build_id_addr = how & MF_WITH_BUILD_ID ? (uintptr_t)build_id : 0,
        .build_id_size = how & MF_WITH_BUILD_ID ? MF_BUILD_ID_MAX : 0,
    };
    int rc;

    if (how & ~(MF_FILTER | MF_COVERING_OR_NEXT | MF_WITH_BUILD_ID))
        return -EINVAL;
    if (!(mf_state(process)->traits & MF_TRAIT_QUERY))
        return -ENOTTY;
    rc = mf_query_ask(process, &query);
    if (rc == -ENOENT && mf_vsyscall_is_near(address, how & MF_COVERING_OR_NEXT))
        return answer_gate(process, how, out);
    if (rc < 0)
        return rc;
    mf_query_record(&query, &out->mapping);
    mf_record_classify(&out->mapping, out->name, mf_state(process)->internal_devices);
    if (out->mapping.name_length != 0 && memchr(out->name, '\n', out->mapping.name_length) != NULL)
        out->mapping.flags |= MF_ESCAPED;
    if (out->mapping.flags & MF_FILE_BACKED)
        out->mapping.file_index = 0;
    out->name[out->mapping.name_length] = 0;
    out->build_id_length = how & MF_WITH_BUILD_ID ? query.build_id_size : 0;
    memcpy(out->build_id, build_id, out->build_id_length);
    return 0;
}
