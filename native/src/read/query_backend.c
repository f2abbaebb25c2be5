/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot by walking with PROCMAP_QUERY: one system call for each mapping that passes the filter. */
#include "query/query.h"
#include "query/vsyscall.h"
#include "read/read_snapshot.h"
#include "snapshot/mapping.h"

#include <string.h>

struct walk {
    struct mf_process *process;
    int maps_fd;
    struct mf_builder fill;
    uint64_t length;       /* of the names so far, more than the room where that is short */
    uint64_t last_offset;  /* of the newest name: neighbours often have the same */
    uint32_t last_length;
    char scratch[MF_NAME_MAX]; /* for names that find no room */
};

/* Keeps a name that the kernel wrote to @p name behind the names so far, once. */
static void keep_name(struct walk *walk, const char *name, uint32_t length, struct mf_mapping *mapping)
{
    char *const text = walk->fill.text;

    if (length == 0) {
        mapping->name_offset = 0;
        return;
    }
    if (length != walk->last_length || memcmp(text + walk->last_offset, name, length) != 0) {
        const bool has_room = walk->length + length <= walk->fill.out->text_capacity;

        walk->last_offset = has_room ? walk->length : 0;
        walk->last_length = has_room ? length : 0;
        if (has_room && name != text + walk->length)
            memcpy(text + walk->length, name, length);
        walk->length += length;
        if (!has_room)
            mapping->name_length = 0; /* only sizes are counted now; no name is there that files could be told by */
    }
    mapping->name_offset = (uint32_t)walk->last_offset;
}

static void add(struct walk *walk, struct mf_mapping *mapping, const char *name)
{
    const uint32_t full_length = mapping->name_length;

    mf_record_classify(mapping, name, mf_state(walk->process)->internal_devices);
    keep_name(walk, name, full_length, mapping);
    if (full_length != 0 && memchr(name, '\n', full_length) != NULL)
        mapping->flags |= MF_ESCAPED;
    mf_builder_add(&walk->fill);
}

static int add_gate(struct walk *walk)
{
    struct mf_mapping *const gate = mf_builder_next(&walk->fill);
    const int rc = mf_vsyscall_find(walk->process, walk->fill.options, gate);

    if (rc > 0)
        add(walk, gate, MF_VSYSCALL_NAME);
    return rc < 0 ? rc : 0;
}

static int walk_all(struct walk *walk)
{
    struct mf_procmap_query query = {.query_flags = mf_query_flags(walk->fill.options) | MF_QUERY_COVERING_OR_NEXT};

    for (;;) {
        const uint64_t capacity = walk->fill.out->text_capacity;
        char *const name = walk->length + MF_NAME_MAX <= capacity ? walk->fill.text + walk->length : walk->scratch;
        struct mf_mapping *const mapping = mf_builder_next(&walk->fill);
        int rc;

        query.vma_name_addr = (uintptr_t)name;
        query.vma_name_size = MF_NAME_MAX;
        rc = mf_maps_query(walk->maps_fd, &query);
        if (rc == -ENOENT)
            return add_gate(walk);
        if (rc < 0)
            return rc;
        mf_query_record(&query, mapping);
        add(walk, mapping, name);
        if (walk->length > MF_TEXT_MAX || walk->fill.passed > MF_TEXT_MAX / sizeof *mapping)
            return 0; /* more than a snapshot holds; the process may map ahead for ever */
        query.query_addr = query.vma_end;
    }
}

static bool is_same_picture(const struct mf_snapshot *a, const struct mf_snapshot *b)
{
    return a->mapping_count == b->mapping_count && a->text_length == b->text_length &&
           memcmp(mf_snapshot_mappings(a), mf_snapshot_mappings(b), a->mapping_count * sizeof(struct mf_mapping)) == 0 &&
           memcmp(mf_snapshot_text(a), mf_snapshot_text(b), a->text_length) == 0;
}

int mf_read_query(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                  struct mf_snapshot *out)
{
    struct walk walk;
    int rc;

    walk.process = process;
    walk.maps_fd = maps_fd;
    walk.length = walk.last_offset = walk.last_length = 0;
    mf_builder_begin(&walk.fill, out, options, mf_state(process)->internal_devices);
    rc = walk_all(&walk);
    if (rc == 0)
        rc = mf_builder_end(&walk.fill, MF_BY_QUERY, walk.length, walk.length);
    if (rc == 1 && previous != NULL && previous->backend == MF_BY_QUERY && previous->options == options &&
        !previous->inconsistent && is_same_picture(previous, out))
        return 0;
    return rc;
}
