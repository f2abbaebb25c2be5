/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's bytes to records: show_map_vma() in fs/proc/task_mmu.c, read backwards. No I/O. */
#include "text.h"

#include "record.h"

#include <errno.h>
#include <string.h>

/* A name begins behind this column, or behind the header and a blank where that is longer (seq_setwidth()). */
#define NAME_PAD 72

static const char blanks[NAME_PAD + 1] = "                                                                        ";

/* Value of each lower-case hexadecimal digit, plus one; 0 for other bytes: one look-up tells both. */
static const uint8_t digit_plus_one[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Reads a number up to @p terminator: the byte behind that, or NULL. Stops at the newline at the latest. */
static inline const char *read_hex(const char *at, char terminator, uint64_t *out)
{
    const char *const first = at;
    uint64_t value = 0;
    unsigned digit;

    while ((digit = digit_plus_one[(uint8_t)*at]) != 0) {
        value = value << 4 | (digit - 1);
        at++;
    }
    *out = value;
    return (size_t)(at - first) - 1 < 16 && *at == terminator ? at + 1 : NULL;
}

static inline const char *read_decimal(const char *at, uint64_t *out)
{
    const char *const first = at;
    uint64_t value = 0;
    unsigned digit;

    while ((digit = (unsigned)(uint8_t)*at - '0') < 10u) {
        if (value > (UINT64_MAX - digit) / 10)
            return NULL;
        value = value * 10 + digit;
        at++;
    }
    *out = value;
    return at != first && *at == ' ' ? at + 1 : NULL;
}

/* "r-xp ": the byte behind it, or NULL. */
static inline const char *read_permissions(const char *at, uint32_t *flags)
{
    static const char letters[] = "rwx";
    uint32_t bits = 0;

    for (int i = 0; i < 3; i++, at++) {
        if (*at == letters[i])
            bits |= 1u << i;
        else if (*at != '-')
            return NULL;
    }
    if (*at == 's')
        bits |= MF_SHARED;
    else if (*at != 'p')
        return NULL;
    *flags = bits;
    return at[1] == ' ' ? at + 2 : NULL;
}

/* Everything before the name: the byte behind the blank that follows the inode, or NULL. */
static inline const char *read_header(const char *at, struct mf_mapping *out)
{
    uint64_t major = 0;
    uint64_t minor = 0;

    if ((at = read_hex(at, '-', &out->start)) == NULL || (at = read_hex(at, ' ', &out->end)) == NULL ||
        (at = read_permissions(at, &out->flags)) == NULL || (at = read_hex(at, ' ', &out->offset)) == NULL ||
        (at = read_hex(at, ':', &major)) == NULL || (at = read_hex(at, ' ', &minor)) == NULL ||
        (at = read_decimal(at, &out->inode)) == NULL)
        return NULL;
    if (out->start >= out->end || (major | minor) > UINT32_MAX)
        return NULL;
    out->dev_major = (uint32_t)major;
    out->dev_minor = (uint32_t)minor;
    return at;
}

/* A newline in a name is written \012 (seq_file_path()); so is a real backslash followed by 012. */
static bool holds_escape(const char *name, uint32_t length)
{
    return memmem(name, length, "\\012", 4) != NULL;
}

const char *mf_text_line(const char *text, const char *line, const char *to, const uint64_t *devices,
                         struct mf_mapping *out)
{
    const char *const after_header = read_header(line, out);
    const char *name;
    const char *end;
    size_t header;

    if (after_header == NULL)
        return NULL;
    header = (size_t)(after_header - line);
    name = line + (header > NAME_PAD ? header : NAME_PAD) + 1;
    if (*after_header == '\n') {
        name = end = after_header;
    } else {
        const size_t padding = (size_t)(name - after_header);

        if ((size_t)(to - after_header) <= padding || memcmp(after_header, blanks, padding) != 0)
            return NULL;
        end = memchr(name, '\n', (size_t)(to - name));
    }
    out->name_offset = (uint32_t)(name - text);
    out->name_length = (uint32_t)(end - name);
    out->file_index = -1;
    out->reserved[0] = out->reserved[1] = 0;
    mf_record_classify(out, name, devices);
    return end + 1;
}

int mf_text_parse(struct mf_fill *fill, uint64_t from, uint64_t to, uint64_t *bad_line)
{
    const char *const text = fill->text;
    const char *const end = text + to;
    const char *at = text + from;
    const bool backslash = at != end && memchr(at, '\\', (size_t)(end - at)) != NULL;

    while (at != end) {
        struct mf_mapping mapping;
        const char *next = mf_text_line(text, at, end, fill->devices, &mapping);

        /* The address space of a live process may move under the reader; in saved text disorder is an error. */
        if (next == NULL || (fill->devices == NULL && mapping.start < fill->last_end)) {
            *bad_line = (uint64_t)(at - text);
            return -EBADMSG;
        }
        if (backslash && mapping.flags & MF_FILE_BACKED && holds_escape(text + mapping.name_offset, mapping.name_length))
            mapping.flags |= MF_AMBIGUOUS;
        mf_fill_add(fill, &mapping);
        at = next;
    }
    return 0;
}
