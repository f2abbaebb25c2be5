/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot from the text: read, compare with the picture before, parse what is new. */
#include "query/vsyscall.h"
#include "read/read_snapshot.h"
#include "read/unescape.h"
#include "snapshot/mapping.h"
#include "snapshot/maps_text.h"

#include <string.h>

struct reading {
    struct mf_process *process;
    int maps_fd;
    const struct mf_snapshot *previous; /* while all that was read is as it was then, else NULL */
    struct mf_builder fill;
    uint64_t length;   /* bytes the kernel has given */
    uint64_t parsed;   /* of these, in whole lines */
    uint32_t lines;    /* that found no room */
    bool full;         /* the text has outgrown its room: the rest is only counted */
    char scratch[MF_NAME_MAX];
};

static int parse_whole_lines(struct reading *reading)
{
    const char *const text = reading->fill.text;
    const char *const last = memrchr(text + reading->parsed, '\n', reading->length - reading->parsed);
    uint64_t bad_line;
    uint64_t to;

    if (last == NULL)
        return 0;
    to = (uint64_t)(last + 1 - text);
    if (mf_maps_text_parse(&reading->fill, reading->parsed, to, &bad_line) < 0)
        return mf_snapshot_bad_line(reading->fill.out, bad_line, to);
    reading->parsed = to;
    return 0;
}

/* What was the same so far stands in the previous picture only: takes it over. */
static int begin_to_differ(struct reading *reading)
{
    const char *const before = mf_snapshot_text(reading->previous);

    reading->previous = NULL;
    if (reading->length > reading->fill.out->text_capacity) {
        reading->full = true;
        reading->lines = mf_snapshot_lines(before, reading->length);
        return 0;
    }
    memcpy(reading->fill.text, before, reading->length);
    return parse_whole_lines(reading);
}

/* Takes in bytes that stand in scratch. */
static int take(struct reading *reading, uint64_t count)
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
    if (!reading->full && count > reading->fill.out->text_capacity - reading->length)
        reading->full = true;
    if (reading->full)
        reading->lines += mf_snapshot_lines(reading->scratch, count);
    else
        memcpy(reading->fill.text + reading->length, reading->scratch, count);
    reading->length += count;
    return rc < 0 || reading->full ? rc : parse_whole_lines(reading);
}

static int read_all(struct reading *reading)
{
    const uint64_t capacity = reading->fill.out->text_capacity;

    for (;;) {
        const bool in_place = reading->previous == NULL && !reading->full && reading->length < capacity;
        char *const to = in_place ? reading->fill.text + reading->length : reading->scratch;
        const uint64_t room = in_place ? capacity - reading->length : sizeof reading->scratch;
        const long count = mf_sys_pread(reading->maps_fd, to, room, reading->length);
        int rc;

        if (count <= 0 || reading->length > MF_TEXT_MAX)
            return count < 0 ? (int)count : 0;
        if (in_place) {
            reading->length += (uint64_t)count;
            rc = parse_whole_lines(reading);
        } else {
            rc = take(reading, (uint64_t)count);
        }
        if (rc < 0)
            return rc;
    }
}

/*
 * A program replaced by execve(2), and one that ends, end the text early: nothing in it says so. [vsyscall], always the
 * last, does; else the kernel is asked whether the memory is still there.
 */
static int is_whole(const struct reading *reading)
{
    if (reading->length == 0)
        return 0;
    if (reading->previous != NULL && reading->length == reading->previous->kernel_length)
        return 1; /* as whole as that was */
    return reading->fill.gate != 0 ? 1 : mf_maps_alive(reading->maps_fd, mf_state(reading->process)->traits);
}

static int finish(struct reading *reading)
{
    struct mf_builder *const fill = &reading->fill;
    uint64_t text_length = reading->length;

    if (reading->full) {
        fill->passed += reading->lines;
        return mf_builder_end(fill, MF_BY_TEXT, text_length, text_length);
    }
    if (reading->parsed != reading->length)
        return mf_snapshot_bad_line(fill->out, reading->parsed, reading->length);
    mf_vsyscall_remember(reading->process, fill->gate);
    if (fill->ambiguous)
        text_length = mf_unescape_names(reading->process, fill, reading->scratch, text_length);
    return mf_builder_end(fill, MF_BY_TEXT, reading->length, text_length);
}

int mf_read_text(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                 struct mf_snapshot *out)
{
    struct reading reading;
    int rc;

    reading.process = process;
    reading.maps_fd = maps_fd;
    reading.previous = previous != NULL && previous->backend == MF_BY_TEXT && previous->options == options &&
                       !previous->inconsistent ? previous : NULL;
    reading.length = reading.parsed = reading.lines = 0;
    reading.full = false;
    mf_builder_begin(&reading.fill, out, options, mf_state(process)->internal_devices);
    rc = read_all(&reading);
    if (rc < 0)
        return rc;
    rc = is_whole(&reading);
    if (rc <= 0)
        return rc < 0 ? rc : MF_MEMORY_GONE;
    if (reading.previous != NULL && reading.length == previous->kernel_length)
        return 0;
    if (reading.previous != NULL && (rc = begin_to_differ(&reading)) < 0)
        return rc;
    return finish(&reading);
}
