/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a snapshot by PROCMAP_QUERY: one system call for each mapping that passes the filter. */
#include "query/query.h"
#include "query/vsyscall.h"
#include "read/read_snapshot.h"
#include "snapshot/mapping.h"

#include <string.h>

struct walk {
    struct mf_process *process;
    int maps_fd;
    struct mf_builder builder;
    uint64_t length;      /* of all names so far, in bytes: more than the capacity if that is too small */
    uint64_t last_offset; /* of the newest name in the text: neighbours often have the same name */
    uint32_t last_length;
    char scratch[MF_NAME_MAX]; /* receives names if the text is full */
};

/* Appends a name to the text, unless the mapping before has the same name. The kernel may have written it there already. */
static void append_name(struct walk *walk, const char *name, uint32_t length, struct mf_mapping *mapping)
{
    char *const text = walk->builder.text;

    if (length == 0) {
        mapping->name_offset = 0;
        return;
    }
    if (length != walk->last_length || memcmp(text + walk->last_offset, name, length) != 0) {
        const bool fits = walk->length + length <= walk->builder.out->text_capacity;

        walk->last_offset = fits ? walk->length : 0;
        walk->last_length = fits ? length : 0;
        if (fits && name != text + walk->length)
            memcpy(text + walk->length, name, length);
        walk->length += length;
        if (!fits)
            mapping->name_length = 0; /* from here on only sizes are counted: the name is not in the text */
    }
    mapping->name_offset = (uint32_t)walk->last_offset;
}

static void add(struct walk *walk, struct mf_mapping *mapping, const char *name)
{
    const uint32_t full_length = mapping->name_length;

    mf_mapping_classify(mapping, name, mf_state(walk->process)->internal_devices);
    append_name(walk, name, full_length, mapping);
    if (full_length != 0 && memchr(name, '\n', full_length) != NULL)
        mapping->flags |= MF_ESCAPED;
    mf_builder_add(&walk->builder);
}

static int add_vsyscall(struct walk *walk)
{
    struct mf_mapping *const vsyscall = mf_builder_next(&walk->builder);
    const int rc = mf_vsyscall_find(walk->process, walk->builder.options, vsyscall);

    if (rc > 0)
        add(walk, vsyscall, MF_VSYSCALL_NAME);
    return rc < 0 ? rc : 0;
}

static int walk_all(struct walk *walk)
{
    struct mf_procmap_query query = {.query_flags = mf_query_flags(walk->builder.options) | MF_QUERY_COVERING_OR_NEXT};

    for (;;) {
        const uint64_t capacity = walk->builder.out->text_capacity;
        char *const name = walk->length + MF_NAME_MAX <= capacity ? walk->builder.text + walk->length : walk->scratch;
        struct mf_mapping *const mapping = mf_builder_next(&walk->builder);
        int rc;

        query.vma_name_addr = (uintptr_t)name;
        query.vma_name_size = MF_NAME_MAX;
        rc = mf_maps_query(walk->maps_fd, &query);
        if (rc == -ENOENT)
            return add_vsyscall(walk);
        if (rc < 0)
            return rc;
        mf_query_to_mapping(&query, mapping);
        add(walk, mapping, name);
        if (walk->length > MF_TEXT_MAX || walk->builder.passed > MF_TEXT_MAX / sizeof *mapping)
            return 0; /* more than a snapshot holds: the process may create mappings above this address for ever */
        query.query_addr = query.vma_end;
    }
}

int mf_read_query(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                  struct mf_snapshot *out)
{
    struct walk walk;
    int rc;

    walk.process = process;
    walk.maps_fd = maps_fd;
    walk.length = walk.last_offset = walk.last_length = 0;
    mf_builder_begin(&walk.builder, out, options, mf_state(process)->internal_devices);
    rc = walk_all(&walk);
    if (rc == 0)
        rc = mf_builder_end(&walk.builder, MF_BY_QUERY, walk.length, walk.length);
    if (rc == 1 && previous != NULL && previous->backend == MF_BY_QUERY && previous->options == options &&
        !previous->inconsistent && mf_snapshot_is_same(previous, out))
        return 0;
    return rc;
}
