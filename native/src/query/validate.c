/* SPDX-License-Identifier: Apache-2.0 */
/* Checks whether a process still has a mapping. */
#include "query/validate.h"

#include "os/digits.h"
#include "query/query.h"
#include "snapshot/mapping.h"

#include <stdbool.h>
#include <string.h>

/* Maximum length of a line of maps up to its inode: show_vma_header_prefix(), fs/proc/task_mmu.c. */
#define HEADER_MAX 128

static char *put_padded(char *to, uint64_t value, unsigned width)
{
    char digits[20];
    const size_t length = (size_t)(mf_put_hex(digits, value) - digits);

    for (size_t i = length; i < width; i++)
        *to++ = '0';
    memcpy(to, digits, length);
    return to + length;
}

/*
 * Writes the line of a mapping up to its inode; up to its offset if device and inode were not recorded. Sets @p permissions to
 * the position of the permissions, which are not compared: they may change. Returns the length.
 */
static size_t put_header(char *line, const struct mf_mapping *mapping, size_t *permissions)
{
    char *to = put_padded(line, mapping->start, 8);

    *to++ = '-';
    to = put_padded(to, mapping->end, 8);
    *to++ = ' ';
    *permissions = (size_t)(to - line);
    memcpy(to, "rwxp ", 5);
    to = put_padded(to + 5, mapping->offset, 8);
    if (mf_mapping_is_unnumbered(mapping))
        return (size_t)(to - line);
    *to++ = ' ';
    to = put_padded(to, mapping->dev_major, 2);
    *to++ = ':';
    to = put_padded(to, mapping->dev_minor, 2);
    *to++ = ' ';
    to = mf_put_decimal(to, mapping->inode);
    return (size_t)(to - line);
}

static bool is_header(const char *line, const char *header, size_t length, size_t permissions)
{
    return memcmp(line, header, permissions) == 0 &&
           memcmp(line + permissions + 4, header + permissions + 4, length - permissions - 4) == 0 &&
           (line[length] == ' ' || line[length] == '\n');
}

/* A block of text after the incomplete line of the block before it. The start of each line is compared. */
struct reader {
    char text[4096 + HEADER_MAX];
    size_t kept;   /* bytes of an incomplete line that is too short to be compared */
    bool skipping; /* the next block begins inside a line that was compared */
};

static bool contains(struct reader *reader, size_t got, const struct mf_mapping *mapping)
{
    char header[HEADER_MAX];
    size_t permissions;
    const size_t length = put_header(header, mapping, &permissions);
    const char *const end = reader->text + reader->kept + got;
    const char *line = reader->text;

    for (;;) {
        const char *const newline = memchr(line, '\n', (size_t)(end - line));

        if (!reader->skipping && (size_t)(end - line) > length) {
            if (is_header(line, header, length, permissions))
                return true;
            reader->skipping = true;
        }
        if (newline == NULL)
            break;
        line = newline + 1;
        reader->skipping = false;
    }
    reader->kept = reader->skipping ? 0 : (size_t)(end - line);
    memmove(reader->text, line, reader->kept);
    return false;
}

/*
 * Reads the text through a descriptor of its own, because another thread may be reading through the descriptor of the process.
 */
static int validate_by_text(const struct mf_process *process, const struct mf_mapping *mapping)
{
    const int fd = mf_maps_open(mf_state(process)->proc_fd);
    struct reader reader;
    uint64_t offset = 0;
    long got;

    if (fd < 0)
        return fd;
    reader.kept = 0;
    reader.skipping = false;
    while ((got = mf_sys_pread(fd, reader.text + reader.kept, 4096, offset)) > 0 && !contains(&reader, (size_t)got, mapping)) {
        offset += (uint64_t)got;
        if (offset > MF_TEXT_MAX) {
            got = -EFBIG;
            break;
        }
    }
    mf_sys_close(fd);
    return got > 0 ? 1 : (int)got;
}

static bool is_same_file(const struct mf_procmap_query *now, const struct mf_mapping *mapping)
{
    return now->inode == mapping->inode && now->dev_major == mapping->dev_major && now->dev_minor == mapping->dev_minor;
}

static bool is_same(const struct mf_procmap_query *now, const struct mf_mapping *mapping)
{
    return now->vma_start == mapping->start && now->vma_end == mapping->end && now->vma_offset == mapping->offset &&
           (mf_mapping_is_unnumbered(mapping) || is_same_file(now, mapping));
}

/* Runs a query at the start of a mapping. 0: it is of this mapping; -ESTALE: the process does not have it any more; or an error. */
static int query_same(struct mf_process *process, const struct mf_mapping *mapping, struct mf_procmap_query *query)
{
    const int rc = mf_query_run(process, query);

    if (rc < 0)
        return rc == -ENOENT ? -ESTALE : rc;
    return is_same(query, mapping) ? 0 : -ESTALE;
}

int mf_mapping_validate(struct mf_process *process, const struct mf_mapping *mapping)
{
    struct mf_procmap_query now = {.query_addr = mapping->start};
    int rc;

    /* PROCMAP_QUERY does not report [vsyscall]. */
    if (!(mf_traits(process) & MF_TRAIT_QUERY) || mf_mapping_kind(mapping) == MF_KIND_VSYSCALL)
        return validate_by_text(process, mapping);
    rc = query_same(process, mapping, &now);
    return rc == 0 ? 1 : rc == -ESTALE ? 0 : rc;
}

int mf_validate(struct mf_process *process, const struct mf_mapping *mapping)
{
    const int rc = mf_mapping_validate(process, mapping);

    return rc == 0 ? -ESTALE : rc < 0 ? rc : 0;
}

int mf_validate_build_id(struct mf_process *process, const struct mf_mapping *mapping, uint8_t *build_id)
{
    struct mf_procmap_query now = {
        .query_addr = mapping->start,
        .build_id_addr = (uintptr_t)build_id,
        .build_id_size = MF_BUILD_ID_MAX,
    };
    int rc;

    if (!(mf_traits(process) & MF_TRAIT_QUERY))
        return 0;
    rc = query_same(process, mapping, &now);
    return rc < 0 ? rc : (int)now.build_id_size;
}

long mf_validate_name(struct mf_process *process, const struct mf_mapping *mapping, char *name)
{
    struct mf_procmap_query now = {
        .query_addr = mapping->start,
        .vma_name_addr = (uintptr_t)name,
        .vma_name_size = MF_NAME_MAX,
    };
    int rc;

    if (!(mf_traits(process) & MF_TRAIT_QUERY))
        return -ENOTTY;
    rc = query_same(process, mapping, &now);
    if (rc < 0)
        return rc;
    return now.vma_name_size > 0 ? (long)now.vma_name_size - 1 : -ESTALE;
}
