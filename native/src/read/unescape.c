/* SPDX-License-Identifier: Apache-2.0 */
/* Reads names that contain \012 in the text: it is an escaped newline, or a backslash and digits. */
#include "read/unescape.h"

#include "files/entry.h"
#include "snapshot/mapping.h"

#include <string.h>

#define ESCAPE        "\\012"
#define ESCAPE_LENGTH (sizeof ESCAPE - 1)

static long name_by_query(const struct mf_process *process, const struct mf_mapping *mapping, char *name)
{
    struct mf_procmap_query query = {
        .query_addr = mapping->start,
        .vma_name_addr = (uintptr_t)name,
        .vma_name_size = MF_NAME_MAX,
    };
    const int rc = mf_traits(process) & MF_TRAIT_QUERY ? mf_maps_query(mf_state(process)->maps_fd, &query) : -ENOTTY;

    return rc < 0 ? rc : (long)query.vma_name_size - 1;
}

/* Whether the text shows the name @p raw as @p shown. If not, the mapping has changed since the text was read. */
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

/* Reads the raw name of a mapping into scratch. Returns its length, or -1 if it is unknown. */
static long raw_name(struct mf_process *process, const struct mf_builder *builder, const struct mf_mapping *mapping,
                     char *scratch)
{
    const size_t suffix = mapping->flags & MF_DELETED ? MF_SUFFIX_LENGTH : 0; /* the name of the mapping has none any more */
    long length = name_by_query(process, mapping, scratch);

    if (length < 0)
        length = mf_entry_call(process, mapping, MF_ENTRY_READLINK, scratch);
    if (length < (long)suffix || length >= MF_NAME_MAX)
        return -1;
    length -= (long)suffix;
    return is_shown_as(scratch, (size_t)length, builder->text + mapping->name_offset, mapping->name_length) ? length : -1;
}

uint64_t mf_unescape_names(struct mf_process *process, struct mf_builder *builder, char *scratch, uint64_t text_length)
{
    for (uint32_t i = 0; i < builder->count; i++) {
        struct mf_mapping *mapping = &builder->mappings[i];
        long length;

        if (!(mapping->flags & MF_AMBIGUOUS) || (length = raw_name(process, builder, mapping, scratch)) < 0)
            continue;
        mapping->flags &= ~(uint32_t)MF_AMBIGUOUS;
        if (memchr(scratch, '\n', (size_t)length) == NULL)
            continue; /* a backslash and digits, as in the text */
        mapping->flags |= MF_ESCAPED;
        if (text_length + (uint64_t)length <= builder->out->text_capacity) {
            memcpy(builder->text + text_length, scratch, (size_t)length);
            mapping->name_offset = (uint32_t)text_length;
            mapping->name_length = (uint32_t)length;
        }
        text_length += (uint64_t)length;
    }
    mf_builder_forget_files(builder);
    return text_length;
}
