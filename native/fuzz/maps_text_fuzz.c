/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is saved maps text. The result is compared with a second parser, which reads the fields of a line loosely, prints
 * them with the format of the kernel (show_vma_header_prefix() and seq_pad() in fs/proc/task_mmu.c), and compares the text.
 */
#include "fuzz.h"

#include <errno.h>

#define MAPPINGS 64u
#define TEXT     8192u

FUZZ_INITIALIZE
CALLS_OF_KERNEL

/* Parses one line without its newline. Returns false if the kernel cannot have written it. */
static bool parse_line(const char *line, size_t length, struct mf_mapping *out, size_t *name)
{
    char copy[TEXT + 1], header[256], permissions[5] = "";
    unsigned long start, end, offset, inode;
    unsigned major, minor;
    size_t width;

    memcpy(copy, line, length);
    copy[length] = '\0';
    if (sscanf(copy, "%lx-%lx %4c %lx %x:%x %lu", &start, &end, permissions, &offset, &major, &minor, &inode) != 7)
        return false;
    for (int i = 0; i < 3; i++)
        if (permissions[i] != "rwx"[i] && permissions[i] != '-')
            return false;
    if ((permissions[3] != 's' && permissions[3] != 'p') || start >= end)
        return false;
    width = (size_t)snprintf(header, sizeof header, "%08lx-%08lx %s %08lx %02x:%02x %lu ", start, end, permissions, offset,
                             major, minor, inode);
    *name = length;
    if (length != width) { /* the name, which is not empty, is after column 72 and a blank */
        width += (size_t)snprintf(header + width, sizeof header - width, "%*s ", width < 72 ? (int)(72 - width) : 0, "");
        *name = width;
        if (length <= width)
            return false;
    }
    if (memcmp(header, copy, width) != 0)
        return false;
    *out =
        (struct mf_mapping){.start = start,
                            .end = end,
                            .offset = offset,
                            .inode = inode,
                            .dev_major = major,
                            .dev_minor = minor,
                            .flags = (permissions[0] == 'r' ? MF_READABLE : 0u) | (permissions[1] == 'w' ? MF_WRITABLE : 0u) |
                                     (permissions[2] == 'x' ? MF_EXECUTABLE : 0u) | (permissions[3] == 's' ? MF_SHARED : 0u)};
    return true;
}

/* Parses the text. Returns the number of mappings; or the number of the bad line, negative. */
static int parse_text(const char *text, size_t length, struct mf_mapping *out, size_t *names)
{
    uint64_t last_end = 0;
    int count = 0;

    for (size_t at = 0; at < length; count++) {
        const char *const newline = memchr(text + at, '\n', length - at);
        struct mf_mapping mapping;
        size_t name = 0;

        if (newline == NULL || (size_t)(newline - text) - at > TEXT ||
            !parse_line(text + at, (size_t)(newline - text) - at, &mapping, &name) || mapping.start < last_end)
            return -(count + 1);
        last_end = mapping.end;
        if (count < (int)MAPPINGS) {
            out[count] = mapping;
            names[count] = at + name;
        }
        at = (size_t)(newline - text) + 1;
    }
    return count;
}

static void compare(const struct mf_snapshot *snapshot, const char *text, const struct mf_mapping *expected,
                    const size_t *names)
{
    for (uint32_t i = 0; i < snapshot->mapping_count; i++) {
        const struct mf_mapping *const mapping = &mf_snapshot_mappings(snapshot)[i];
        const struct mf_mapping *const e = &expected[i];
        const char *const name = text + names[i];
        const size_t length = (size_t)((const char *)memchr(name, '\n', TEXT) - name);
        const bool is_file = (e->inode | e->dev_major | e->dev_minor) != 0 || (length > 0 && name[0] == '/');

        CHECK(mapping->start == e->start && mapping->end == e->end && mapping->offset == e->offset &&
                  mapping->inode == e->inode && mapping->dev_major == e->dev_major && mapping->dev_minor == e->dev_minor &&
                  (mapping->flags & 0xf) == e->flags,
              "the fields of mapping %u", i);
        CHECK(mapping->name_length == length && memcmp(mf_snapshot_name(snapshot, mapping), name, length) == 0,
              "the name of mapping %u", i);
        CHECK(!(mapping->flags & MF_FILE_BACKED) == !is_file, "whether mapping %u has a file", i);
        CHECK(!(mapping->flags & MF_SUFFIXED) ==
                  !(is_file && length >= 10 && memcmp(name + length - 10, " (deleted)", 10) == 0),
              "the suffix of mapping %u", i);
        CHECK(!(mapping->flags & MF_DELETED), "saved text decides no deletion");
        CHECK(!(mapping->flags & MF_AMBIGUOUS) == !(is_file && memmem(name, length, "\\012", 4) != NULL),
              "an escape in mapping %u", i);
        CHECK((mapping->file_index >= 0) == is_file && mapping->file_index < (int32_t)snapshot->file_count, "its file index");
        CHECK(mf_find(snapshot, mapping->start) == (int32_t)i && mf_find(snapshot, mapping->end - 1) == (int32_t)i,
              "mapping %u is found", i);
        CHECK(mf_find(snapshot, mapping->end) ==
                  (i + 1 < snapshot->mapping_count && mapping[1].start == mapping->end ? (int32_t)i + 1 : -1),
              "the end of mapping %u is exclusive", i);
    }
}

/* The same text with a filter: the mappings that pass it. */
static void filter(const char *text, size_t length, const struct mf_mapping *expected, int count)
{
    struct mf_snapshot *const snapshot = new_snapshot(MAPPINGS, TEXT);
    uint32_t at = 0;

    CHECK_IS(mf_snapshot_parse(text, length, MF_EXECUTABLE, snapshot), 1, "with a filter");
    for (int i = 0; i < count; i++)
        if (expected[i].flags & MF_EXECUTABLE)
            CHECK(at < snapshot->mapping_count && mf_snapshot_mappings(snapshot)[at++].start == expected[i].start, "it passes");
    CHECK_IS(at, snapshot->mapping_count, "no other passes");
    free(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mf_mapping expected[MAPPINGS];
    static size_t names[MAPPINGS];
    struct mf_snapshot *const snapshot = new_snapshot(MAPPINGS, TEXT);
    char *const text = malloc(size > 0 ? size : 1);
    int count, rc;

    if (size > TEXT || memchr(data, '\0', size) != NULL) { /* the kernel writes none, and the second parser stops there */
        memcpy(text, data, size);
        mf_snapshot_parse(text, size, 0, snapshot);
        free(text);
        free(snapshot);
        return 0;
    }
    memcpy(text, data, size);
    count = parse_text(text, size, expected, names);
    rc = mf_snapshot_parse(text, size, 0, snapshot);
    if (count < 0) {
        CHECK_IS(rc, -EBADMSG, "line that the kernel did not write");
        CHECK_IS(snapshot->error_line, -count, "its number");
    } else if (count > (int)MAPPINGS) {
        CHECK_IS(rc, -ENOBUFS, "more mappings than fit");
        CHECK(snapshot->needed_mappings >= (uint32_t)count, "the needed capacity");
    } else {
        CHECK_IS(rc, 1, "text of the kernel");
        CHECK_IS(snapshot->mapping_count, count, "mappings");
        if (check_failures == 0)
            compare(snapshot, text, expected, names);
        filter(text, size, expected, count);
    }
    free(text);
    free(snapshot);
    return end_run();
}
