/* SPDX-License-Identifier: Apache-2.0 */
/* Names as they are, where the text escapes a newline and so looks like a name with a real backslash. */
#include "read/unescape.h"

#include "files/entry.h"
#include "snapshot/mapping.h"

#include <string.h>

#define ESCAPE "\\012"
#define ESCAPE_LENGTH (sizeof ESCAPE - 1)

static long name_by_query(const struct mf_process *process, const struct mf_mapping *record, char *name)
{
    struct mf_procmap_query query = {
        .query_addr = record->start,
        .vma_name_addr = (uintptr_t)name,
        .vma_name_size = MF_NAME_MAX,
    };
    const int rc = mf_state(process)->traits & MF_TRAIT_QUERY ? mf_maps_query(mf_state(process)->maps_fd, &query) : -ENOTTY;

    return rc < 0 ? rc : (long)query.vma_name_size - 1;
}

/* Whether the text shows @p raw as @p shown: otherwise the mapping has changed since. */
static bool is_shown_as(const char *raw, size_t raw_length, const char *shown, size_t shown_length)
{
    const char *const end = shown + shown_length;

    for (size_t i = 0; i < raw_length; i++) {
        if (raw[i] == '\n' && (size_t)(end - shown) >= ESCAPE_LENGTH && memcmp(shown, ESCAPE, ESCAPE_LENGTH) == 0)
            shown += ESCAPE_LENGTH;
        else if (raw[i] == '\n' || shown == end || *shown++ != raw[i])
            return false;
    }
    return shown == end;
}

/* The raw name in scratch: its length, or -1 where the kernel does not tell. */
static long raw_name(struct mf_process *process, const struct mf_builder *fill, const struct mf_mapping *record,
                     char *scratch)
{
    const size_t suffix = record->flags & MF_DELETED ? MF_SUFFIX_LENGTH : 0; /* is off the record's name already */
    long length = name_by_query(process, record, scratch);

    if (length < 0)
        length = mf_entry_call(process, record, MF_ENTRY_READLINK, scratch);
    if (length < (long)suffix || length >= MF_NAME_MAX)
        return -1;
    length -= (long)suffix;
    return is_shown_as(scratch, (size_t)length, fill->text + record->name_offset, record->name_length) ? length : -1;
}

uint64_t mf_unescape_names(struct mf_process *process, struct mf_builder *fill, char *scratch, uint64_t text_length)
{
    for (uint32_t i = 0; i < fill->count; i++) {
        struct mf_mapping *record = &fill->records[i];
        long length;

        if (!(record->flags & MF_AMBIGUOUS) || (length = raw_name(process, fill, record, scratch)) < 0)
            continue;
        record->flags &= ~(uint32_t)MF_AMBIGUOUS;
        if (memchr(scratch, '\n', (size_t)length) == NULL)
            continue; /* really a backslash and digits: the text shows it as it is */
        record->flags |= MF_ESCAPED;
        if (text_length + (uint64_t)length <= fill->out->text_capacity) {
            memcpy(fill->text + text_length, scratch, (size_t)length);
            record->name_offset = (uint32_t)text_length;
            record->name_length = (uint32_t)length;
        }
        text_length += (uint64_t)length;
    }
    mf_builder_index_files(fill);
    return text_length;
}
