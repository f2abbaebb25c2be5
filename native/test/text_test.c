/* SPDX-License-Identifier: Apache-2.0 */
/* Saved text: valid lines, the value of each field, and the number of the line that is invalid. */
#include "check.h"

#include <errno.h>

static struct mf_snapshot *snapshot;

static int parse(const char *text)
{
    return mf_snapshot_parse(text, strlen(text), 0, snapshot);
}

static const struct mf_mapping *record(uint32_t index)
{
    return &mf_snapshot_mappings(snapshot)[index];
}

static void every_field_is_parsed(void)
{
    CHECK_IS(parse("7f0000001000-7f0000003000 r-xs 0000a000 fd:1f 4711                       /usr/lib/libx.so\n"
                   "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n"),
             1, "two lines");
    CHECK_IS(snapshot->mapping_count, 2, "records");
    CHECK_IS(record(0)->start, 0x7f0000001000, "start");
    CHECK_IS(record(0)->end, 0x7f0000003000, "end");
    CHECK_IS(record(0)->offset, 0xa000, "offset");
    CHECK_IS(record(0)->dev_major, 0xfd, "major");
    CHECK_IS(record(0)->dev_minor, 0x1f, "minor");
    CHECK_IS(record(0)->inode, 4711, "inode");
    CHECK_IS(record(0)->flags & 0xffff, MF_READABLE | MF_EXECUTABLE | MF_SHARED | MF_FILE_BACKED, "flags");
    CHECK_IS(mf_mapping_kind(record(0)), MF_KIND_FILE, "kind");
    CHECK_IS(record(0)->file_index, 0, "file index");
    CHECK(name_is(snapshot, record(0), "/usr/lib/libx.so"), "name");
    CHECK_IS(mf_mapping_kind(record(1)), MF_KIND_VSYSCALL, "kind of [vsyscall]");
    CHECK_IS(record(1)->file_index, -1, "no file");
    CHECK_IS(mf_find(snapshot, 0xffffffffff600fffu), 1, "an address above 2^63 is found");
}

/* Kernel: "%-72s %s", so blanks of a name start in column 73 and end at the newline. */
static void blanks_in_a_name_are_kept(void)
{
    CHECK_IS(parse("00400000-00401000 r--p 00000000 08:01 77                                  /a\n"), 1, "leading blank");
    CHECK(name_is(snapshot, record(0), " /a"), "leading blank kept: %u bytes", record(0)->name_length);
    CHECK_IS(parse("00400000-00401000 r--p 00000000 08:01 77                                 /a b  \n"), 1, "trailing blanks");
    CHECK(name_is(snapshot, record(0), "/a b  "), "trailing blanks kept");
    CHECK_IS(parse("ffffffff00400000-ffffffff00401000 r--p 1234567890abcdef 08:01 18446744073709551615  /x\n"), 1,
             "a header longer than the column");
    CHECK_IS(record(0)->inode, -1, "greatest inode");
    CHECK(name_is(snapshot, record(0), "/x"), "name behind a long header");
}

static void kinds_are_derived_from_names(void)
{
    static const struct {
        const char *tail; /* device, inode and name */
        enum mf_kind kind;
        uint32_t flags;
    } cases[] = {
        {"00:00 0 ", MF_KIND_ANONYMOUS, 0},
        {"00:00 0                                  [heap]", MF_KIND_HEAP, 0},
        {"00:00 0                                  [stack]", MF_KIND_STACK, 0},
        {"00:00 0                                  [vdso]", MF_KIND_VDSO, 0},
        {"00:00 0                                  [vvar]", MF_KIND_VVAR, 0},
        {"00:00 0                                  [vvar_vclock]", MF_KIND_VVAR, 0},
        {"00:00 0                                  [anon:scudo]", MF_KIND_NAMED_ANONYMOUS, 0},
        {"00:00 0                                  [uprobes]", MF_KIND_OTHER, 0},
        {"08:01 5                                  /lib/x.so (deleted)", MF_KIND_FILE, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:31 5                                  /lib/x.so (deleted)", MF_KIND_FILE, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:01 5                                  /memfd:a (deleted)", MF_KIND_MEMFD, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:01 0                                  /SYSV00000000 (deleted)", MF_KIND_SYSV, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:01 9                                  /dev/zero (deleted)", MF_KIND_SHARED_ANONYMOUS,
         MF_FILE_BACKED | MF_SUFFIXED},
        {"00:01 9                                  [anon_shmem:x]", MF_KIND_SHARED_ANONYMOUS, MF_FILE_BACKED},
        {"00:0f 9                                  anon_inode:[perf_event]", MF_KIND_ANON_INODE, MF_FILE_BACKED},
        {"00:0f 9                                  /[aio] (deleted)", MF_KIND_AIO, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:0f 9                                  /anon_hugepage (deleted)", MF_KIND_HUGETLB, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:05 9                                  /dev/zero", MF_KIND_FILE, MF_FILE_BACKED},
        {"00:00 0                                  /lib/x.so", MF_KIND_FILE, MF_FILE_BACKED},
        {"00:00 0                                  /lib/x.so (deleted)", MF_KIND_FILE, MF_FILE_BACKED | MF_SUFFIXED},
        {"00:00 0                                  /memfd:a (deleted)", MF_KIND_MEMFD, MF_FILE_BACKED | MF_SUFFIXED},
        {"08:01 9                                  /memfd:real file (deleted)", MF_KIND_FILE, MF_FILE_BACKED | MF_SUFFIXED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[256];

        snprintf(line, sizeof line, "00400000-00401000 ---p 00000000 %s\n", cases[i].tail);
        CHECK_IS(parse(line), 1, line);
        CHECK_IS(mf_mapping_kind(record(0)), cases[i].kind, line);
        CHECK_IS(record(0)->flags & 0xffff, cases[i].flags, line);
    }
}

static void a_bad_line_is_reported(void)
{
#define GOOD "00400000-00401000 r--p 00000000 08:01 77 \n"
    static const char *const bad[] = {
        "\n",
        " \n",
        "00400000\n",
        "00400000-00401000\n",
        "00400000-00401000 r--p\n",
        "0040000-00401000 r--p 00000000 08:01 77 \n",  /* seven digits */
        "00400000-00401000 r--p 00000000 08:01 77\n",  /* no blank at the end */
        "00401000-00401000 r--p 00000000 08:01 77 \n", /* empty */
        "00402000-00401000 r--p 00000000 08:01 77 \n", /* end before start */
        "00400000-00401000 R--p 00000000 08:01 77 \n",
        "00400000-00401000 r--x 00000000 08:01 77 \n",
        "00400000-00401000 rr-p 00000000 08:01 77 \n",
        "00400000-0040100G r--p 00000000 08:01 77 \n",
        "0040000A-00401000 r--p 00000000 08:01 77 \n",
        "004000`0-00401000 r--p 00000000 08:01 77 \n",
        "004000g0-00401000 r--p 00000000 08:01 77 \n",
        "004000:0-00401000 r--p 00000000 08:01 77 \n",
        "000400000-000401000 r--p 00000000 08:01 77 \n", /* more digits than the kernel pads to */
        "00400000-00401000 r--p 000000000 08:01 77 \n",
        "00400000-00401000 r--p 00000000 008:01 77 \n",
        "00400000-00401000 r--p 00000000 08:01 077 \n",
        "00400000-00401000 r--p 00000000 08:123456789 77 \n",
        "00000000000400000-00000000000401000 r--p 00000000 08:01 77 \n", /* 17 digits */
        "00400000-00401000 r--p 00000000 8:1 77 \n",
        "00400000-00401000 r--p 00000000 08:01 x \n",
        "00400000-00401000 r--p 00000000 08:01 18446744073709551616 \n", /* larger than 64 bits */
        "00400000-00401000 r--p 00000000 08:01 99999999999999999999 \n",
        "00400000-00401000 r--p 00000000 08:01 77 /early\n", /* a name before its column */
        "00400000-00401000 r--p 00000000 08:01 77  \n",
        "00400000-00401000 r--p 00000000 08:01 77                                 \n", /* padded, without a name */
        "00400000-00401000 r--p 00000000 08:01 77 ",                                   /* no newline */
        "00400000-00401000 r--p 00000000 08:01 77                                  /cut",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        const size_t length = strlen(bad[i]);

        snprintf(text, sizeof text, "%s%s", "00300000-00301000 rw-p 00000000 00:00 0 \n", bad[i]);
        CHECK_IS(parse(text), -EBADMSG, bad[i]);
        CHECK_IS(snapshot->error_line, 2, bad[i]);
        CHECK_IS(snapshot->error_length, bad[i][length - 1] == '\n' ? length - 1 : length, bad[i]);
        CHECK(memcmp(mf_snapshot_text(snapshot) + snapshot->error_offset, bad[i], snapshot->error_length) == 0, "%s", bad[i]);
    }
}

static void disorder_in_saved_text_is_an_error(void)
{
    CHECK_IS(parse("00400000-00402000 r--p 00000000 08:01 77 \n00401000-00403000 r--p 00000000 08:01 77 \n"), -EBADMSG,
             "overlap");
    CHECK_IS(snapshot->error_line, 2, "its line");
    CHECK_IS(parse("00500000-00502000 r--p 00000000 08:01 77 \n00401000-00403000 r--p 00000000 08:01 77 \n"), -EBADMSG,
             "order");
}

static void a_nul_in_saved_text_is_an_error(void)
{
    static const char text[] = "00300000-00301000 rw-p 00000000 00:00 0 \n"
                               "00400000-00402000 r--p 00000000 08:01 77                                 /a\0b\n";

    CHECK_IS(mf_snapshot_parse(text, sizeof text - 1, 0, snapshot), -EBADMSG, "a NUL byte");
    CHECK_IS(snapshot->error_line, 2, "its line");
}

static void a_small_snapshot_reports_the_needed_capacity(void)
{
    struct mf_snapshot *small = new_snapshot(1, 64);
    const char *const text = GOOD "00500000-00502000 r--p 00000000 08:01 77 \n";

    CHECK_IS(mf_snapshot_parse(text, strlen(text), 0, small), -ENOBUFS, "two lines in room for one");
    CHECK_IS(small->needed_mappings, 2, "mappings");
    CHECK_IS(small->needed_text, strlen(text), "text");
    free(small);
    small = new_snapshot(2, (uint32_t)strlen(text));
    CHECK_IS(mf_snapshot_parse(text, strlen(text), 0, small), 1, "just enough");
    CHECK_IS(mf_snapshot_parse(NULL, 0, 0, small), 1, "no text");
    free(small);
}

static void filters_select(void)
{
    const char *const text = "00400000-00401000 r--p 00000000 08:01 77 \n00401000-00402000 r-xp 00000000 08:01 77 \n"
                             "00402000-00403000 rwxs 00000000 00:00 0 \n";

    CHECK_IS(mf_snapshot_parse(text, strlen(text), MF_EXECUTABLE, snapshot), 1, "executable");
    CHECK_IS(snapshot->mapping_count, 2, "executable");
    CHECK_IS(mf_snapshot_parse(text, strlen(text), MF_EXECUTABLE | MF_FILE_BACKED, snapshot), 1, "with a file");
    CHECK_IS(snapshot->mapping_count, 1, "with a file");
    CHECK_IS(mf_find(snapshot, 0x402000), -1, "excluded mappings are not found");
    CHECK_IS(mf_snapshot_parse(text, strlen(text), MF_BY_QUERY, snapshot), -EINVAL, "saved text cannot be queried");
    CHECK_IS(mf_snapshot_parse("", 0, 0, snapshot), 1, "no text");
    CHECK_IS(snapshot->mapping_count, 0, "no text");
    CHECK_IS(mf_find(snapshot, 0), -1, "no mapping in empty text");
}

static void escapes_stay_ambiguous_in_saved_text(void)
{
    CHECK_IS(parse("00400000-00401000 r--p 00000000 08:01 77                                 /a\\012b\n"), 1, "escape");
    CHECK(record(0)->flags & MF_AMBIGUOUS, "flags %x", record(0)->flags);
    CHECK(name_is(snapshot, record(0), "/a\\012b"), "as it was written");
    CHECK_IS(parse("00400000-00401000 r--p 00000000 08:01 77                                 /a\\013b\n"), 1, "no escape");
    CHECK(!(record(0)->flags & MF_AMBIGUOUS), "another backslash");
}

/* The inode of a memfd and the ID of a SysV segment may be equal on the same device. */
static void one_inode_with_two_names_is_two_files(void)
{
    CHECK_IS(parse("00400000-00401000 r--p 00000000 00:01 77                                 /memfd:a (deleted)\n"
                   "00401000-00402000 r--p 00000000 00:01 77                                 /SYSV00000001 (deleted)\n"
                   "00402000-00403000 r--p 00000000 00:01 77                                 /memfd:a (deleted)\n"),
             1, "text");
    CHECK_IS(snapshot->file_count, 2, "files");
    CHECK_IS(record(2)->file_index, 0, "the first again");
    CHECK_IS(record(1)->file_index, 1, "the other");
}

int main(void)
{
    snapshot = new_snapshot(64, 8192);
    every_field_is_parsed();
    blanks_in_a_name_are_kept();
    kinds_are_derived_from_names();
    a_bad_line_is_reported();
    disorder_in_saved_text_is_an_error();
    a_nul_in_saved_text_is_an_error();
    a_small_snapshot_reports_the_needed_capacity();
    filters_select();
    escapes_stay_ambiguous_in_saved_text();
    one_inode_with_two_names_is_two_files();
    free(snapshot);
    return check_result();
}
