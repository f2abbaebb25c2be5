/* SPDX-License-Identifier: Apache-2.0 */
#include "read/chunks.h"

#include "read/unescape.h"

int mf_chunks_open(const struct mf_process *process)
{
    return mf_maps_open(mf_state(process)->proc_fd);
}

long mf_chunks_read(int maps_fd, char *to, size_t capacity, uint64_t offset)
{
    size_t done = 0;

    while (done < capacity) {
        const long count = mf_sys_pread(maps_fd, to + done, capacity - done, offset + done);

        if (count < 0)
            return count;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (long)done;
}

int mf_chunks_is_whole(const struct mf_process *process, int maps_fd)
{
    return mf_maps_alive(maps_fd, mf_traits(process));
}

int mf_chunks_parse(struct mf_process *process, const char *text, size_t length, uint32_t options, struct mf_snapshot *out)
{
    struct mf_builder builder;
    uint64_t text_length = length;
    const int rc = mf_snapshot_parse_text(text, length, options, mf_state(process)->internal_devices, &builder, out);

    if (rc < 0)
        return rc;
    if (builder.ambiguous) {
        char scratch[MF_NAME_MAX];

        text_length = mf_unescape_names(process, &builder, scratch, length);
    }
    return mf_builder_end(&builder, MF_BY_TEXT, length, text_length);
}
