/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of smaps and smaps_rollup (proc_pid_smaps(5)). */
#include "mapfiles_resident.h"
#include "os/digits.h"
#include "process/process.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of a line that matter: the two addresses of a mapping, or a name and a number. */
#define LINE 64u

/* Maximum of reads. After an execve(2) during each of them the result is -ESRCH. */
#define ATTEMPTS 4

struct parser {
    struct mf_smaps *out;
    uint32_t capacity;
    uint32_t count;  /* mappings that have begun */
    bool sums;       /* add all mappings to the first */
    uint32_t length; /* bytes of the current line in line, the rest is skipped */
    char line[LINE];
};

static uint64_t get_hex(const char **at)
{
    uint64_t value = 0;

    for (;; (*at)++) {
        const char digit = **at;

        if (digit >= '0' && digit <= '9')
            value = value << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (uint64_t)(digit - 'a' + 10);
        else
            return value;
    }
}

/* Returns the mapping that numbers are written to, or NULL. */
static struct mf_smaps *current(const struct parser *parser)
{
    if (parser->count == 0)
        return NULL;
    return parser->sums ? parser->out : parser->count <= parser->capacity ? &parser->out[parser->count - 1] : NULL;
}

/* "START-END PERMISSIONS ...": names of numbers begin with a capital, addresses are in lower case. */
static void begin_mapping(struct parser *parser)
{
    const char *at = parser->line;
    const uint64_t start = get_hex(&at);
    const bool is_first = parser->count++ == 0;
    struct mf_smaps *const usage = current(parser);

    if (usage == NULL || *at++ != '-')
        return;
    if (is_first || !parser->sums)
        *usage = (struct mf_smaps){.start = start};
    usage->end = get_hex(&at);
}

/* "NAME:   NUMBER kB" */
static void add_number(struct parser *parser)
{
    static const struct {
        char name[16];
        uint32_t offset;
    } fields[] = {
#define FIELD(name, field) {name, offsetof(struct mf_smaps, field)}
        FIELD("Rss:", rss),
        FIELD("Pss:", pss),
        FIELD("Shared_Clean:", shared_clean),
        FIELD("Shared_Dirty:", shared_dirty),
        FIELD("Private_Clean:", private_clean),
        FIELD("Private_Dirty:", private_dirty),
        FIELD("Swap:", swap),
#undef FIELD
    };
    struct mf_smaps *const usage = current(parser);

    for (size_t i = 0; usage != NULL && i < sizeof fields / sizeof *fields; i++) {
        const size_t length = strlen(fields[i].name);
        const char *at = parser->line + length;
        int64_t kibibytes;

        if (strncmp(parser->line, fields[i].name, length) != 0)
            continue;
        at += strspn(at, " \t");
        kibibytes = mf_get_decimal(at, INT64_MAX >> 12);
        if (kibibytes > 0)
            *(uint64_t *)(void *)((char *)usage + fields[i].offset) += (uint64_t)kibibytes << 10;
    }
}

static void take_text(struct parser *parser, const char *text, long length)
{
    for (long i = 0; i < length; i++) {
        if (text[i] != '\n') {
            if (parser->length < LINE - 1)
                parser->line[parser->length++] = text[i];
            continue;
        }
        parser->line[parser->length] = 0;
        parser->length = 0;
        if (parser->line[0] >= 'A' && parser->line[0] <= 'Z')
            add_number(parser);
        else
            begin_mapping(parser);
    }
}

static int read_text(int fd, struct parser *parser)
{
    char text[4096]; /* the kernel returns at most a page of text, whatever the size is */
    uint64_t offset = 0;
    long got;

    while ((got = mf_sys_pread(fd, text, sizeof text, offset)) > 0) {
        offset += (uint64_t)got;
        if (offset > MF_TEXT_MAX)
            return -EFBIG;
        take_text(parser, text, got);
    }
    return (int)got;
}

/*
 * Whether the memory that a file was opened on still exists. If the process exits or calls execve(2), the text of smaps ends early
 * without an error. A read of the first line of smaps takes as long as the pages of its mapping, so the descriptor of the process
 * is checked first. It may be of other memory: that of the parent, or if another thread has replaced it, that after execve(2).
 *
 * @param reopenings  number of reopenings before the file was opened.
 */
static bool is_whole(const struct mf_process *process, int fd, uint32_t reopenings)
{
    const uint32_t traits = mf_traits(process);
    char byte;

    return ((traits & (MF_TRAIT_QUERY | MF_TRAIT_SHARES_MEMORY)) == MF_TRAIT_QUERY &&
            mf_maps_alive(mf_state(process)->maps_fd, traits) > 0 &&
            __atomic_load_n(&mf_state(process)->reopenings_begun, __ATOMIC_SEQ_CST) == reopenings) ||
           mf_sys_pread(fd, &byte, 1, 0) > 0;
}

/* Reads a file with one descriptor. -ESRCH: the memory that it shows was released. */
static int read_once(const struct mf_process *process, const char *name, bool may_end_early, struct parser *parser)
{
    const int proc_fd = mf_state(process)->proc_fd;
    const uint32_t reopenings = __atomic_load_n(&mf_state(process)->reopenings_done, __ATOMIC_SEQ_CST);
    const int fd = mf_maps_open_file(proc_fd, name, O_RDONLY);
    int rc;

    if (fd < 0)
        return mf_maps_explain(proc_fd, fd == -ENOENT ? -ENOTSUP : fd);
    parser->count = parser->length = 0;
    rc = read_text(fd, parser);
    if (rc == 0 && (parser->count == 0 || (may_end_early && !is_whole(process, fd, reopenings))))
        rc = -ESRCH;
    mf_sys_close(fd);
    return rc;
}

/* After an execve(2) a new descriptor is of the new memory. */
static int read_file(const struct mf_process *process, const char *name, bool may_end_early, struct parser *parser)
{
    int rc = -ESRCH;

    for (int attempt = 0; rc == -ESRCH && attempt < ATTEMPTS; attempt++) {
        int why;

        rc = read_once(process, name, may_end_early, parser);
        why = rc == -ESRCH ? mf_maps_explain(mf_state(process)->proc_fd, 0) : 0;
        if (why < 0)
            return why;
    }
    return rc;
}

int mf_smaps_read(const struct mf_process *process, struct mf_smaps *out, uint32_t capacity, uint32_t *count)
{
    struct parser parser = {.out = out, .capacity = capacity};
    const int rc = read_file(process, "smaps", true, &parser);

    if (rc < 0)
        return rc;
    *count = parser.count;
    return parser.count <= capacity ? 0 : -ENOBUFS;
}

int mf_smaps_total(const struct mf_process *process, struct mf_smaps *out)
{
    struct parser parser = {.out = out, .capacity = 1, .sums = true};
    int rc = read_file(process, "smaps_rollup", false, &parser);

    if (rc != -ENOTSUP)
        return rc;
    parser = (struct parser){.out = out, .capacity = 1, .sums = true};
    return read_file(process, "smaps", true, &parser);
}
