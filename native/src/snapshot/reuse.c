/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/reuse.h"

#include "snapshot/mapping.h"
#include "snapshot/maps_text.h"

#include <string.h>

void mf_reuse_begin(struct mf_reuse *reuse, const struct mf_snapshot *earlier)
{
    /* With a filter a line may have no mapping. Names that are not in the text of the kernel may have changed unseen. */
    const bool is_whole = earlier != NULL && earlier->backend == MF_BY_TEXT && !(earlier->options & MF_FILTER) &&
                          !earlier->inconsistent && earlier->text_length == earlier->kernel_length;

    *reuse = (struct mf_reuse){.earlier = is_whole ? earlier : NULL};
}

static const struct mf_mapping *next_mapping(const struct mf_reuse *reuse)
{
    return reuse->next < reuse->earlier->mapping_count ? &mf_snapshot_mappings(reuse->earlier)[reuse->next] : NULL;
}

/* Whether the earlier text continues with these bytes. */
static bool continues_with(const struct mf_reuse *reuse, const char *bytes, uint64_t length)
{
    return length <= reuse->earlier->kernel_length - reuse->at &&
           memcmp(mf_snapshot_text(reuse->earlier) + reuse->at, bytes, length) == 0;
}

/* Adds the mappings of the next lines of the earlier text, which are equal to the lines at @p from. Returns false if full. */
static bool copy_lines(struct mf_reuse *reuse, struct mf_builder *builder, uint64_t from, uint64_t length)
{
    const struct mf_mapping *const first = &mf_snapshot_mappings(reuse->earlier)[reuse->next];
    const uint32_t left = reuse->earlier->mapping_count - reuse->next;
    const uint32_t distance = (uint32_t)(from - reuse->at); /* modulo 2^32: the sum below is right also if it is negative */
    struct mf_mapping *const to = mf_builder_next(builder);
    const uint32_t room = builder->out->mapping_capacity - builder->count;
    const uint64_t end = reuse->at + length;
    uint32_t count = 0;

    /* The name of a mapping, or the newline in place of one, is in its line. */
    for (; count < left && first[count].name_offset < end; count++) {
        if (count == room)
            return false;
        to[count] = first[count];
        to[count].name_offset += distance;
    }
    if (count == 0 || to[0].start < builder->last_end)
        return false;
    mf_builder_note(builder, &to[count - 1]); /* [vsyscall] is in the last line */
    builder->count += count;
    builder->passed += count;
    reuse->next += count;
    reuse->at = end;
    return true;
}

/* Skips the earlier lines of mappings that start at an address or below it. */
static void skip_lines(struct mf_reuse *reuse, uint64_t start)
{
    const char *const text = mf_snapshot_text(reuse->earlier);
    const struct mf_mapping *mapping;

    while ((mapping = next_mapping(reuse)) != NULL && mapping->start <= start) {
        const char *const newline = memchr(text + reuse->at, '\n', reuse->earlier->kernel_length - reuse->at);

        reuse->files_differ |= (mapping->flags & MF_FILE_BACKED) != 0;
        reuse->at = (uint64_t)(newline + 1 - text);
        reuse->next++;
    }
}

static bool parse_line(struct mf_reuse *reuse, struct mf_builder *builder, const char *line, const char *end)
{
    struct mf_mapping *const mapping = mf_builder_next(builder);

    if (builder->count == builder->out->mapping_capacity ||
        mf_maps_text_line(builder->text, line, end, builder->devices, mapping) == NULL || mapping->start < builder->last_end)
        return false;
    mf_builder_note(builder, mapping);
    builder->count++;
    builder->passed++;
    reuse->files_differ |= (mapping->flags & MF_FILE_BACKED) != 0;
    skip_lines(reuse, mapping->start);
    return true;
}

bool mf_reuse_lines(struct mf_reuse *reuse, struct mf_builder *builder, uint64_t from, uint64_t to)
{
    const char *const text = builder->text;

    if (from == to)
        return true;
    if (memchr(text + from, '\\', to - from) != NULL)
        return false;
    if (continues_with(reuse, text + from, to - from))
        return copy_lines(reuse, builder, from, to - from);
    while (from != to) {
        const char *const newline = memchr(text + from, '\n', to - from);
        const uint64_t after = (uint64_t)(newline + 1 - text);

        if (continues_with(reuse, text + from, after - from) ? !copy_lines(reuse, builder, from, after - from)
                                                             : !parse_line(reuse, builder, text + from, text + after))
            return false;
        from = after;
    }
    return true;
}

void mf_reuse_end(struct mf_reuse *reuse, struct mf_builder *builder)
{
    skip_lines(reuse, UINT64_MAX);
    if (reuse->files_differ)
        return;
    builder->indexed = builder->count;
    builder->file_count = reuse->earlier->file_count;
}
