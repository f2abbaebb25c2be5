/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a snapshot by the maps text: reads it, and compares it with the previous snapshot. From the first difference on, lines
 * that are not in the previous snapshot are parsed.
 */
#include "query/vsyscall.h"
#include "read/read_snapshot.h"
#include "read/unescape.h"
#include "snapshot/mapping.h"
#include "snapshot/maps_text.h"
#include "snapshot/reuse.h"

#include <string.h>

struct reading {
    struct mf_process *process;
    int maps_fd;
    const struct mf_snapshot *previous; /* NULL after the first difference */
    struct mf_builder builder;
    struct mf_reuse reuse;
    uint64_t length; /* bytes read */
    uint64_t parsed; /* bytes parsed, in whole lines */
    uint32_t lines;  /* lines that were read after the text was full */
    bool full;       /* the text exceeds its capacity: the rest is only counted */
    char scratch[MF_NAME_MAX];
};

static int parse_whole_lines(struct reading *reading)
{
    const char *const text = reading->builder.text;
    const char *const last = memrchr(text + reading->parsed, '\n', reading->length - reading->parsed);
    uint64_t bad_line;
    uint64_t to;

    if (last == NULL)
        return 0;
    to = (uint64_t)(last + 1 - text);
    if (reading->reuse.earlier != NULL) {
        if (mf_reuse_lines(&reading->reuse, &reading->builder, reading->parsed, to)) {
            reading->parsed = to;
            return 0;
        }
        reading->reuse.earlier = NULL;
        reading->parsed = 0;
        mf_builder_begin(&reading->builder, reading->builder.out, reading->builder.options, reading->builder.devices);
    }
    if (mf_maps_text_parse(&reading->builder, reading->parsed, to, &bad_line) < 0)
        return mf_snapshot_bad_line(reading->builder.out, bad_line, to);
    reading->parsed = to;
    return 0;
}

/* Copies the text up to the first difference from the previous snapshot: it was compared there, and not stored. */
static int begin_to_differ(struct reading *reading)
{
    const char *const before = mf_snapshot_text(reading->previous);

    reading->previous = NULL;
    if (reading->length > reading->builder.out->text_capacity) {
        reading->full = true;
        reading->lines = mf_snapshot_lines(before, reading->length);
        return 0;
    }
    memcpy(reading->builder.text, before, reading->length);
    return parse_whole_lines(reading);
}

/* Compares or stores the bytes in scratch. */
static int take_scratch(struct reading *reading, uint64_t count)
{
    const struct mf_snapshot *const previous = reading->previous;
    int rc = 0;

    if (previous != NULL) {
        if (count <= previous->kernel_length - reading->length &&
            memcmp(mf_snapshot_text(previous) + reading->length, reading->scratch, count) == 0) {
            reading->length += count;
            return 0;
        }
        rc = begin_to_differ(reading);
    }
    if (!reading->full && count > reading->builder.out->text_capacity - reading->length)
        reading->full = true;
    if (reading->full)
        reading->lines += mf_snapshot_lines(reading->scratch, count);
    else
        memcpy(reading->builder.text + reading->length, reading->scratch, count);
    reading->length += count;
    return rc < 0 || reading->full ? rc : parse_whole_lines(reading);
}

static int read_all(struct reading *reading)
{
    const uint64_t capacity = reading->builder.out->text_capacity;

    for (;;) {
        const bool in_place = reading->previous == NULL && !reading->full && reading->length < capacity;
        char *const to = in_place ? reading->builder.text + reading->length : reading->scratch;
        const uint64_t bytes = in_place ? capacity - reading->length : sizeof reading->scratch;
        const long count = mf_sys_pread(reading->maps_fd, to, bytes, reading->length);
        int rc;

        if (count <= 0 || reading->length > MF_TEXT_MAX)
            return count < 0 ? (int)count : 0;
        if (in_place) {
            reading->length += (uint64_t)count;
            rc = parse_whole_lines(reading);
        } else {
            rc = take_scratch(reading, (uint64_t)count);
        }
        if (rc < 0)
            return rc;
    }
}

/*
 * Returns 1 if the text is complete, 0 if not, or a negative errno. If the process exits or calls execve(2), the text ends
 * early without an error. [vsyscall] is always the last line. Without that line the descriptor is checked for memory.
 */
static int is_whole(const struct reading *reading)
{
    if (reading->length == 0)
        return 0;
    if (reading->previous != NULL && reading->length == reading->previous->kernel_length)
        return 1; /* equal to a complete text */
    return reading->builder.vsyscall != 0 ? 1 : mf_maps_alive(reading->maps_fd, mf_traits(reading->process));
}

static int finish(struct reading *reading)
{
    struct mf_builder *const builder = &reading->builder;
    uint64_t text_length = reading->length;

    if (reading->full) {
        builder->passed += reading->lines;
        return mf_builder_end(builder, MF_BY_TEXT, text_length, text_length);
    }
    if (reading->parsed != reading->length)
        return mf_snapshot_bad_line(builder->out, reading->parsed, reading->length);
    if (reading->reuse.earlier != NULL)
        mf_reuse_end(&reading->reuse, builder);
    mf_vsyscall_record(reading->process, builder->vsyscall);
    if (builder->ambiguous)
        text_length = mf_unescape_names(reading->process, builder, reading->scratch, text_length);
    return mf_builder_end(builder, MF_BY_TEXT, reading->length, text_length);
}

int mf_read_text(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                 struct mf_snapshot *out)
{
    struct reading reading;
    int rc;

    reading.process = process;
    reading.maps_fd = maps_fd;
    reading.previous =
        previous != NULL && previous->backend == MF_BY_TEXT && previous->options == options && !previous->inconsistent
            ? previous
            : NULL;
    reading.length = reading.parsed = reading.lines = 0;
    reading.full = false;
    mf_reuse_begin(&reading.reuse, reading.previous);
    mf_builder_begin(&reading.builder, out, options, mf_state(process)->internal_devices);
    rc = read_all(&reading);
    if (rc < 0)
        return rc;
    rc = is_whole(&reading);
    if (rc <= 0)
        return rc < 0 ? rc : MF_MEMORY_ENDED;
    if (reading.previous != NULL && reading.length == reading.previous->kernel_length)
        return 0;
    if (reading.previous != NULL && (rc = begin_to_differ(&reading)) < 0)
        return rc;
    return finish(&reading);
}
