/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a text that contradict each other, as a changing process causes them: the later line is kept. */
#include "check.h"

#include "snapshot/maps_text.h"

static struct mf_snapshot *snapshot;

/* Fills the snapshot as the reader of a live process does. */
static void fill(const char *text, uint32_t options)
{
    static const uint64_t devices[5];
    const size_t length = strlen(text);
    struct mf_builder state;
    uint64_t bad_line;

    mf_builder_begin(&state, snapshot, options, devices);
    memcpy(state.text, text, length);
    CHECK_IS(mf_maps_text_parse(&state, 0, length, &bad_line), 0, text);
    CHECK_IS(mf_builder_end(&state, MF_BY_TEXT, length, length), 1, text);
}

static void check_record(uint32_t index, uint64_t start, uint64_t end, const char *what)
{
    const struct mf_mapping *const mapping = &mf_snapshot_mappings(snapshot)[index];

    CHECK(index < snapshot->mapping_count, "%s: record %u of %u", what, index, snapshot->mapping_count);
    CHECK_IS(mapping->start, start, what);
    CHECK_IS(mapping->end, end, what);
    CHECK_IS(mf_find(snapshot, start), index, what);
    CHECK_IS(mf_find(snapshot, end - 1), index, what);
}

/* The reported capacity is larger than the given one, and is enough. */
static void need_room(const char *text, uint32_t capacity, uint32_t needed)
{
    static const uint64_t devices[5];
    struct mf_snapshot *const whole = snapshot;
    struct mf_builder state;
    uint64_t bad_line;

    snapshot = new_snapshot(capacity, 8192);
    mf_builder_begin(&state, snapshot, 0, devices);
    memcpy(state.text, text, strlen(text));
    CHECK_IS(mf_maps_text_parse(&state, 0, strlen(text), &bad_line), 0, text);
    CHECK_IS(mf_builder_end(&state, MF_BY_TEXT, strlen(text), strlen(text)), -105 /* ENOBUFS */, text);
    CHECK_IS(snapshot->needed_mappings, needed, text);
    free(snapshot);
    snapshot = new_snapshot(needed, 8192);
    fill(text, 0);
    free(snapshot);
    snapshot = whole;
}

#define LINE(range, perms, inode) range " " perms " 00000000 08:01 " inode " \n"

int main(void)
{
    static char text[1 << 17];
    size_t length = 0;

    snapshot = new_snapshot(64, 8192);
    fill(LINE("00001000-00002000", "r--p", "1") LINE("00002000-00003000", "r--p", "2"), 0);
    CHECK_IS(snapshot->inconsistent, 0, "in order");

    fill(LINE("00001000-00002000", "r--p", "1") LINE("00001000-00003000", "r--p", "2"), 0);
    CHECK_IS(snapshot->inconsistent, 1, "grown over the first");
    CHECK_IS(snapshot->mapping_count, 1, "the first is removed");
    check_record(0, 0x1000, 0x3000, "grown over the first");
    CHECK_IS(snapshot->file_count, 1, "its file is removed too");

    fill(LINE("00001000-00003000", "r--p", "1") LINE("00002000-00004000", "r--p", "2"), 0);
    CHECK_IS(snapshot->mapping_count, 2, "overlap");
    check_record(0, 0x1000, 0x2000, "the older one is shortened");
    check_record(1, 0x2000, 0x4000, "the newer one is whole");
    CHECK_IS(mf_snapshot_mappings(snapshot)[1].file_index, 1, "two files");

    fill(LINE("00001000-00002000", "r--p", "1") LINE("00002000-00003000", "r--p", "2") LINE("00004000-00005000", "r--p", "1")
             LINE("00002000-00006000", "r--p", "3") LINE("00006000-00007000", "r--p", "1"),
         0);
    CHECK_IS(snapshot->mapping_count, 3, "merged over two");
    check_record(1, 0x2000, 0x6000, "merged over two");
    CHECK_IS(mf_snapshot_mappings(snapshot)[2].file_index, 0, "the first file again");

    fill(LINE("00001000-00002000", "r-xp", "1") LINE("00001000-00003000", "r--p", "2"), MF_EXECUTABLE);
    CHECK_IS(snapshot->mapping_count, 0, "mappings that the filter excludes replace others");
    CHECK_IS(snapshot->inconsistent, 1, "the snapshot is inconsistent too");
    need_room(LINE("00001000-00002000", "r--p", "1") LINE("00002000-00003000", "r--p", "2")
                  LINE("00003000-00004000", "r--p", "3") LINE("00001000-00005000", "r--p", "4"),
              2, 3);
    /* The table of files does not grow into the text after it, for any number of replaced mappings. */
    for (int round = 0; round < 20; round++) {
        for (int i = 60 * round + 1; i <= 60 * round + 60; i++)
            length += (size_t)sprintf(text + length, "%08x-%08x r--p 00000000 08:01 %d \n", (i % 60 == 1 ? 1 : i) * 0x1000,
                                      (i + 1) * 0x1000, i);
    }
    free(snapshot);
    snapshot = new_snapshot(64, sizeof text);
    fill(text, 0);
    CHECK(memcmp(mf_snapshot_text(snapshot), text, length) == 0, "the text is as it was");
    CHECK_IS(snapshot->mapping_count, 60, "the last round's");
    CHECK_IS(snapshot->file_count, 60, "and their files");
    free(snapshot);
    return check_result();
}
