/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of lines that an earlier snapshot has: the result is that of parsing the whole text, for random changes of random
 * lines, which are read in random pieces.
 */
#include "check.h"

#include "snapshot/builder.h"
#include "snapshot/index_layout.h"
#include "snapshot/reuse.h"

#include <stdlib.h>

#define MAX_LINES 400u
#define TEXT      (1u << 16)
#define ROUNDS    20000u

struct line {
    uint64_t start;
    uint32_t pages;
    uint32_t permissions;
    uint32_t offset;
    uint32_t file; /* 0: anonymous */
};

static struct line lines[MAX_LINES];
static uint32_t count;
static char text[TEXT];
static struct mf_snapshot *earlier, *fresh, *reused;
static uint32_t reuses, fallbacks;

static uint32_t random_below(uint32_t limit)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % limit;
}

static struct line random_line(uint64_t start, uint64_t end)
{
    const uint64_t pages = (end - start) >> 12;

    return (struct line){
        .start = start,
        .pages = 1 + random_below(pages > 64 ? 64 : (uint32_t)pages),
        .permissions = random_below(16),
        .offset = random_below(4),
        .file = random_below(3) == 0 ? 0 : random_below(12),
    };
}

static uint64_t end_of(const struct line *line)
{
    return line->start + ((uint64_t)line->pages << 12);
}

/* Changes one line, or removes or adds some. */
static void change(void)
{
    const uint32_t at = random_below(count);
    const uint64_t begin = at == 0 ? 0x1000 : end_of(&lines[at - 1]);
    const uint64_t end = at + 1 < count ? lines[at + 1].start : lines[at].start + (1u << 20);

    switch (random_below(4)) {
    case 0: /* another mapping at the same place, or near it */
        lines[at] = random_line(random_below(2) ? lines[at].start : begin, end);
        break;
    case 1: { /* some are removed */
        const uint32_t removed = 1 + random_below(3);

        if (at + removed <= count && removed < count) {
            memmove(&lines[at], &lines[at + removed], (count - at - removed) * sizeof *lines);
            count -= removed;
        }
        break;
    }
    case 2: /* one is added */
        if (count < MAX_LINES && begin < lines[at].start) {
            memmove(&lines[at + 1], &lines[at], (count - at) * sizeof *lines);
            lines[at] = random_line(begin, lines[at + 1].start);
            count++;
        }
        break;
    default: /* one grows or shrinks, as a heap does */
        lines[at].pages = 1 + random_below((uint32_t)((end - lines[at].start) >> 12));
        break;
    }
}

/* Writes the text as the kernel does (show_vma_header_prefix() in fs/proc/task_mmu.c). Returns its length. */
static uint32_t write_text(bool has_vsyscall, bool has_backslash)
{
    uint32_t length = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct line *const line = &lines[i];
        int header =
            snprintf(text + length, TEXT - length, "%08lx-%08lx %c%c%c%c %08x %02x:%02x %u ", (unsigned long)line->start,
                     (unsigned long)end_of(line), line->permissions & 1 ? 'r' : '-', line->permissions & 2 ? 'w' : '-',
                     line->permissions & 4 ? 'x' : '-', line->permissions & 8 ? 's' : 'p', line->file ? line->offset << 12 : 0,
                     line->file ? 8 : 0, line->file ? 1 : 0, line->file ? 100 + line->file / 2 : 0);

        if (line->file != 0)
            header +=
                snprintf(text + length + header, TEXT - length - (uint32_t)header, "%*s/lib/%s%u.so%s", 73 - header, "",
                         has_backslash && line->file == 3 ? "\\012" : "", line->file, line->file % 3 == 0 ? " (deleted)" : "");
        text[length + (uint32_t)header] = '\n';
        length += (uint32_t)header + 1;
    }
    if (has_vsyscall)
        length += (uint32_t)snprintf(text + length, TEXT - length, "%-73s[vsyscall]\n",
                                     "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0");
    return length;
}

/* Reads the text in pieces of whole lines. Returns whether all mappings of equal lines could be reused. */
static bool read_in_pieces(uint32_t length)
{
    struct mf_builder builder;
    struct mf_reuse reuse;
    uint32_t from = 0;

    mf_builder_begin(&builder, reused, 0, NULL);
    memcpy(builder.text, text, length);
    mf_reuse_begin(&reuse, earlier);
    CHECK(reuse.earlier == earlier, "the earlier snapshot is complete");
    while (from < length) {
        uint32_t to = from + 1 + random_below(4096);

        if (to > length)
            to = length;
        while (text[to - 1] != '\n')
            to++;
        if (!mf_reuse_lines(&reuse, &builder, from, to))
            return false;
        from = to;
    }
    mf_reuse_end(&reuse, &builder);
    CHECK_IS(builder.passed, builder.count, "all fit");
    CHECK_IS(mf_builder_end(&builder, MF_BY_TEXT, length, length), 1, "the end");
    return true;
}

static const struct mf_index *index_of(const struct mf_snapshot *snapshot)
{
    return (const void *)((const char *)snapshot + snapshot->index_offset);
}

static void compare(void)
{
    CHECK_IS(reused->mapping_count, fresh->mapping_count, "mappings");
    for (uint32_t i = 0; i < fresh->mapping_count; i++)
        CHECK(memcmp(&mf_snapshot_mappings(reused)[i], &mf_snapshot_mappings(fresh)[i], sizeof(struct mf_mapping)) == 0,
              "mapping %u of %u", i, fresh->mapping_count);
    CHECK_IS(reused->file_count, fresh->file_count, "files");
    CHECK_IS(reused->kernel_length, fresh->kernel_length, "length");
    CHECK(memcmp(index_of(reused), index_of(fresh), index_of(fresh)->words * sizeof(uint64_t)) == 0, "the index");
}

static void random_changes(void)
{
    bool has_vsyscall = false, has_backslash = false;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct mf_snapshot *const last = earlier;

        if (round % 1000 == 0) {
            for (count = 0; count < MAX_LINES / 2; count++) {
                const uint64_t begin = count == 0 ? 0x400000 : end_of(&lines[count - 1]) + 4096ull * random_below(3);

                lines[count] = random_line(begin, begin + (1u << 20));
            }
        }
        for (uint32_t changes = random_below(4); changes > 0 && count > 4; changes--)
            change();
        has_vsyscall ^= random_below(50) == 0;
        has_backslash = random_below(50) == 0;
        const uint32_t length = write_text(has_vsyscall, has_backslash);

        CHECK_IS(mf_snapshot_parse(text, length, 0, fresh), 1, "the text of the test is valid");
        if (round > 0 && read_in_pieces(length)) {
            CHECK(!has_backslash || strchr(text, '\\') == NULL || strchr(text, '\\') > text + length, "names are read again");
            reuses++;
            compare();
        } else {
            fallbacks++;
        }
        earlier = fresh;
        fresh = last;
    }
    CHECK(fallbacks < ROUNDS / 20, "%u of %u texts were parsed", fallbacks, ROUNDS);
}

static void set_lines(uint32_t lines_of_text)
{
    count = lines_of_text;
    for (uint32_t i = 0; i < count; i++)
        lines[i] = (struct line){.start = 0x400000 + 0x2000ull * i, .pages = 1, .file = i % 2};
}

/* These are parsed: a filter, lines in disorder, lines that are invalid, and too little memory. */
static void what_cannot_be_reused_is_parsed(void)
{
    struct mf_snapshot *const few = new_snapshot(10, TEXT);
    struct mf_builder builder;
    struct mf_reuse reuse;
    uint32_t length;

    set_lines(10);
    length = write_text(true, false);
    CHECK_IS(mf_snapshot_parse(text, length, MF_EXECUTABLE, earlier), 1, "a filter");
    mf_reuse_begin(&reuse, earlier);
    CHECK(reuse.earlier == NULL, "a filter");
    mf_reuse_begin(&reuse, NULL);
    CHECK(reuse.earlier == NULL, "no snapshot");

    CHECK_IS(mf_snapshot_parse(text, length, 0, earlier), 1, "all lines");
    for (int wrong = 0; wrong < 4; wrong++) {
        mf_builder_begin(&builder, wrong == 3 ? few : reused, 0, NULL);
        memcpy(builder.text, text, length);
        mf_reuse_begin(&reuse, earlier);
        if (wrong == 1) /* the second line is the first */
            memcpy(builder.text + strcspn(text, "\n") + 1, text, 17);
        if (wrong == 2)
            builder.text[length - 3] = '\n';
        CHECK(mf_reuse_lines(&reuse, &builder, 0, length) == (wrong == 0), "case %d", wrong);
    }
    free(few);
}

int main(void)
{
    earlier = new_snapshot(MAX_LINES + 1, TEXT);
    fresh = new_snapshot(MAX_LINES + 1, TEXT);
    reused = new_snapshot(MAX_LINES + 1, TEXT);
    random_changes();
    what_cannot_be_reused_is_parsed();
    free(earlier);
    free(fresh);
    free(reused);
    return check_result();
}
