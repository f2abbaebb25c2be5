/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the text that show_map_vma() (fs/proc/task_mmu.c) writes. */
#include "snapshot/maps_text.h"

#include "snapshot/mapping.h"

#include <errno.h>
#include <string.h>

/* A name begins after this column; or, if the header is longer, after the header and a blank (seq_setwidth()). */
#define NAME_PAD 72

#define EACH_BYTE(value) ((value)*0x0101010101010101u)

static inline uint64_t load_8(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/*
 * Parses eight lower-case hexadecimal digits together; the first is in the lowest byte. Digit by digit, each step waits for the
 * one before, which takes half of the time of a line.
 */
static inline bool hex_8(uint64_t digits, uint64_t *out)
{
    const uint64_t letters = digits >> 6 & EACH_BYTE(0x01); /* 'a' is 0x61, '0' is 0x30 */
    const uint64_t high = (digits & EACH_BYTE(0xf0)) ^ (letters * 0x30 + EACH_BYTE(0x30));
    uint64_t value = (digits & EACH_BYTE(0x0f)) + letters * 9; /* 0 to 15 in each byte if all are right */
    const uint64_t range = ((value + EACH_BYTE(0x06)) >> 4 & EACH_BYTE(0x01)) ^ letters; /* letters are 10 and above */

    if ((high | range | (value & EACH_BYTE(0x10))) != 0)
        return false;
    value = (value << 4 | value >> 8) & 0x00ff00ff00ff00ffu;
    value = (value << 8 | value >> 16) & 0x0000ffff0000ffffu;
    *out = (value << 16 | value >> 32) & 0xffffffffu;
    return true;
}

/* The value of each lower-case hexadecimal digit plus one; 0 for other bytes. */
static const uint8_t digit_plus_one[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/*
 * Reads the digits of a number after its padded part, up to @p terminator. Returns the end, after the terminator, or NULL.
 * There are at most eight of them, and none if the number begins with 0: the kernel pads only to a fixed width.
 */
static inline const char *read_digits(const char *at, char begin, char terminator, uint64_t *out)
{
    const char *const first = at;
    const size_t maximum = begin == '0' ? 0 : 8;
    unsigned digit;

    while ((digit = digit_plus_one[(uint8_t)*at]) != 0) {
        *out = *out << 4 | (digit - 1);
        at++;
    }
    return (size_t)(at - first) <= maximum && *at == terminator ? at + 1 : NULL;
}

/* Reads a number that the kernel pads to eight digits: an address or offset. */
static inline const char *read_wide(const char *at, const char *to, char terminator, uint64_t *out)
{
    return to - at > 8 && hex_8(load_8(at), out) ? read_digits(at + 8, *at, terminator, out) : NULL;
}

/* Reads a number that the kernel pads to two digits: a device number. */
static inline const char *read_narrow(const char *at, char terminator, uint64_t *out)
{
    const unsigned high = digit_plus_one[(uint8_t)at[0]];
    const unsigned low = high != 0 ? digit_plus_one[(uint8_t)at[1]] : 0;

    *out = (high - 1) << 4 | (low - 1);
    return low != 0 ? read_digits(at + 2, *at, terminator, out) : NULL;
}

static inline const char *read_decimal(const char *at, uint64_t *out)
{
    const char *const first = at;
    uint64_t value = 0;
    unsigned digit;

    while ((digit = (unsigned)(uint8_t)*at - '0') < 10u) {
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) || __builtin_add_overflow(value, (uint64_t)digit, &value))
            return NULL;
        at++;
    }
    *out = value;
    return at != first && *at == ' ' && (*first != '0' || at == first + 1) ? at + 1 : NULL;
}

/* Reads permissions such as "r-xp ". Returns the end, or NULL. */
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

/* Reads all fields before the name. Returns the end of the blank after the inode, or NULL. */
static inline const char *read_header(const char *at, const char *to, struct mf_mapping *out)
{
    uint64_t major = 0;
    uint64_t minor = 0;

    if ((at = read_wide(at, to, '-', &out->start)) == NULL || (at = read_wide(at, to, ' ', &out->end)) == NULL ||
        (at = read_permissions(at, &out->flags)) == NULL || (at = read_wide(at, to, ' ', &out->offset)) == NULL ||
        (at = read_narrow(at, ':', &major)) == NULL || (at = read_narrow(at, ' ', &minor)) == NULL ||
        (at = read_decimal(at, &out->inode)) == NULL || out->start >= out->end || (major | minor) > UINT32_MAX)
        return NULL;
    out->dev_major = (uint32_t)major;
    out->dev_minor = (uint32_t)minor;
    return at;
}

static inline bool is_blank(const char *at, const char *to)
{
    for (; to - at >= 8; at += 8) {
        if (load_8(at) != EACH_BYTE(' '))
            return false;
    }
    while (at != to && *at == ' ')
        at++;
    return at == to;
}

/* The kernel writes a newline in a name as \012 (seq_file_path()). A name may also contain a backslash and 012. */
static bool contains_escape(const char *name, uint32_t length)
{
    return memmem(name, length, "\\012", 4) != NULL;
}

static inline const char *read_line(const char *text, const char *line, const char *to, const uint64_t *devices,
                                    struct mf_mapping *out)
{
    const char *const after_header = read_header(line, to, out);
    const char *name;
    const char *end;
    size_t header;

    if (after_header == NULL)
        return NULL;
    header = (size_t)(after_header - line);
    if (*after_header == '\n') {
        name = end = after_header;
    } else {
        const size_t column = (header > NAME_PAD ? header : NAME_PAD) + 1;

        name = line + column;
        if ((size_t)(to - line) <= column || !is_blank(after_header, name) || *name == '\n')
            return NULL;
        end = memchr(name, '\n', (size_t)(to - name));
    }
    out->name_offset = (uint32_t)(name - text);
    out->name_length = (uint32_t)(end - name);
    out->file_index = -1;
    out->reserved[0] = out->reserved[1] = 0;
    mf_mapping_classify(out, name, devices);
    return end + 1;
}

const char *mf_maps_text_line(const char *text, const char *line, const char *to, const uint64_t *devices,
                              struct mf_mapping *out)
{
    return read_line(text, line, to, devices, out);
}

int mf_maps_text_parse(struct mf_builder *builder, uint64_t from, uint64_t to, uint64_t *bad_line)
{
    const char *const text = builder->text;
    const char *const end = text + to;
    const char *at = text + from;
    const bool backslash = at != end && memchr(at, '\\', (size_t)(end - at)) != NULL;
    const bool is_saved = builder->devices == NULL;
    /* No name has a NUL byte. After a crash of the system some file systems leave them in place of what was not written. */
    const bool has_nul = is_saved && at != end && memchr(at, '\0', (size_t)(end - at)) != NULL;

    while (at != end) {
        struct mf_mapping *const mapping = mf_builder_next(builder);
        const char *const next = read_line(text, at, end, builder->devices, mapping);

        /* The mappings of a live process may change during the read. In saved text a wrong order is an error. */
        if (next == NULL || (is_saved && mapping->start < builder->last_end) ||
            (has_nul && memchr(at, '\0', (size_t)(next - at)) != NULL)) {
            *bad_line = (uint64_t)(at - text);
            return -EBADMSG;
        }
        if (backslash && mapping->flags & MF_FILE_BACKED && contains_escape(text + mapping->name_offset, mapping->name_length))
            mapping->flags |= MF_AMBIGUOUS;
        mf_builder_add(builder);
        at = next;
    }
    mf_builder_index_new_files(builder);
    return 0;
}
