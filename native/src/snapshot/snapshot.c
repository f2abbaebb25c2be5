/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a snapshot, and parsing saved text into it. */
#include "snapshot/snapshot.h"

#include "snapshot/index.h"
#include "snapshot/maps_text.h"

#include <errno.h>
#include <string.h>

#define MF_MAGIC 0x31303070616e736dull /* "msnap001" in memory, little-endian */

/* Maximum size of a ByteBuffer. Offsets of names have 32 bits. */
#define MAX_BYTES 0x7fffffffull

struct layout {
    uint64_t index;
    uint64_t files;
    uint64_t text;
    uint64_t end;
};

static struct layout layout_of(uint32_t mapping_capacity, uint32_t text_capacity)
{
    struct layout layout;

    layout.index = sizeof(struct mf_snapshot) + (uint64_t)mapping_capacity * sizeof(struct mf_mapping);
    layout.files = layout.index + mf_index_bytes(mapping_capacity);
    layout.text = layout.files + mf_builder_slots(mapping_capacity) * sizeof(uint32_t);
    layout.end = (layout.text + text_capacity + 7) & ~7ull;
    return layout;
}

size_t mf_snapshot_bytes(uint32_t mapping_capacity, uint32_t text_capacity)
{
    const struct layout layout = layout_of(mapping_capacity, text_capacity);

    return layout.end > MAX_BYTES ? 0 : layout.end;
}

int mf_snapshot_init(void *memory, size_t bytes, uint32_t mapping_capacity, uint32_t text_capacity)
{
    const struct layout layout = layout_of(mapping_capacity, text_capacity);
    struct mf_snapshot *out = memory;

    if ((uintptr_t)memory % 8 != 0 || layout.end > MAX_BYTES || bytes < layout.end)
        return -EINVAL;
    *out = (struct mf_snapshot){
        .magic = MF_MAGIC,
        .bytes = layout.end,
        .mapping_capacity = mapping_capacity,
        .text_capacity = text_capacity,
        .index_offset = (uint32_t)layout.index,
        .files_offset = (uint32_t)layout.files,
        .text_offset = (uint32_t)layout.text,
    };
    mf_index_build(out);
    return 0;
}

bool mf_snapshot_is_initialised(const struct mf_snapshot *snapshot)
{
    return snapshot != NULL && snapshot->magic == MF_MAGIC;
}

bool mf_snapshot_is_same(const struct mf_snapshot *a, const struct mf_snapshot *b)
{
    if (a->mapping_count != b->mapping_count || a->file_count != b->file_count)
        return false;
    for (uint32_t i = 0; i < a->mapping_count; i++) {
        struct mf_mapping x = mf_snapshot_mappings(a)[i];
        const struct mf_mapping *const y = &mf_snapshot_mappings(b)[i];

        if (x.name_length != y->name_length || memcmp(mf_snapshot_name(a, &x), mf_snapshot_name(b, y), x.name_length) != 0)
            return false;
        x.name_offset = y->name_offset;
        if (memcmp(&x, y, sizeof x) != 0)
            return false;
    }
    return true;
}

uint32_t mf_snapshot_lines(const char *text, uint64_t length)
{
    const char *const end = text + length;
    uint32_t lines = 0;

    for (const char *at = text; at != end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    return lines;
}

int mf_snapshot_bad_line(struct mf_snapshot *out, uint64_t line, uint64_t length)
{
    const char *const text = mf_snapshot_text(out);
    const char *const newline = memchr(text + line, '\n', length - line);

    out->error_line = mf_snapshot_lines(text, line) + 1;
    out->error_offset = (uint32_t)line;
    out->error_length = (uint32_t)((newline ? newline : text + length) - (text + line));
    return -EBADMSG;
}

int mf_snapshot_parse_text(const char *text, size_t length, uint32_t options, const uint64_t *internal_devices,
                           struct mf_builder *builder, struct mf_snapshot *out)
{
    const char *const last = length != 0 ? memrchr(text, '\n', length) : NULL;
    const uint64_t whole = last ? (uint64_t)(last + 1 - text) : 0;
    uint64_t bad_line = whole;

    if (!mf_snapshot_is_initialised(out) || options & ~(MF_FILTER | MF_BY_TEXT))
        return -EINVAL;
    mf_builder_begin(builder, out, options, internal_devices);
    if (length > out->text_capacity) {
        builder->passed = mf_snapshot_lines(text, length);
        return mf_builder_end(builder, MF_BY_TEXT, length, length);
    }
    if (length != 0) /* an empty text may be NULL */
        memcpy(builder->text, text, length);
    if (mf_maps_text_parse(builder, 0, whole, &bad_line) < 0 || whole != length)
        return mf_snapshot_bad_line(out, bad_line, length);
    return 0;
}

int mf_snapshot_parse(const char *text, size_t length, uint32_t options, struct mf_snapshot *out)
{
    struct mf_builder builder;
    const int rc = mf_snapshot_parse_text(text, length, options, NULL, &builder, out);

    return rc == 0 ? mf_builder_end(&builder, MF_BY_TEXT, length, length) : rc;
}
