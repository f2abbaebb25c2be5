/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions on a process and on the file of a mapping, with a kernel whose results are the input: no crash, no endless loop, no
 * use of a closed descriptor, no descriptor left open, and only errors that are documented as such: between -4095 and -1. The
 * name below map_files is compared with the format of the kernel.
 */
#include "made_up_kernel.h"

#include "jvm/perf_map.h"
#include "memory/target_memory.h"
#include "process/process.h"

#include "mapfiles_resident.h"
#include "mapfiles_target.h"

FUZZ_INITIALIZE

static struct mf_mapping mapping;
static char name[MF_NAME_MAX + 32];
static char text[8192];

/* A mapping, its name and a text of maps that has its line. */
static void make_mapping(struct input *input)
{
    const uint8_t choice = (uint8_t)take(input, 1);
    size_t length = take(input, 1) % 64;

    memset(&mapping, 0, sizeof mapping);
    mapping.start = take(input, choice & 1 ? 8 : 4) << 12;
    mapping.end = mapping.start + ((take(input, 1) + 1) << 12);
    if (mapping.end <= mapping.start)
        mapping.end = (mapping.start -= 0x200000) + 0x1000;
    mapping.offset = (uint64_t)(choice >> 4 & 3) << 12;
    mapping.inode = take(input, choice & 2 ? 8 : 1);
    mapping.dev_major = choice & 4 ? 8 : 0;
    mapping.dev_minor = (uint32_t)take(input, 1);
    mapping.flags = (uint32_t)take(input, 1) & 15;
    take_bytes(input, name + 1, length);
    name[0] = '/';
    for (size_t i = 1; i <= length; i++)
        name[i] = name[i] == '\0' || name[i] == '\n' ? 'x' : name[i];
    length++;
    if (choice & 8) {
        memcpy(name + length, " (deleted)", 10);
        length += 10;
    }
    name[length] = '\0';
    snprintf(text, sizeof text, "%08" PRIx64 "-%08" PRIx64 " r-xp %08" PRIx64 " %02x:%02x %" PRIu64 " %*s %s\n", mapping.start,
             mapping.end, mapping.offset, mapping.dev_major, mapping.dev_minor, mapping.inode, 0, "", name);
}

/* Reads the line as a snapshot, so that all fields of the mapping fit each other. */
static bool parse_mapping(struct mf_snapshot *snapshot)
{
    char line[sizeof text];
    const int header =
        snprintf(line, sizeof line, "%08" PRIx64 "-%08" PRIx64 " r-xp %08" PRIx64 " %02x:%02x %" PRIu64 " ", mapping.start,
                 mapping.end, mapping.offset, mapping.dev_major, mapping.dev_minor, mapping.inode);

    snprintf(text, sizeof text, "%-72s %s\n", line, name);
    if (header >= 72)
        snprintf(text, sizeof text, "%s %s\n", line, name);
    if (mf_snapshot_parse(text, strlen(text), 0, snapshot) != 1)
        return false;
    mapping.flags |= mf_snapshot_mappings(snapshot)->flags & ~15u;
    mapping.file_index = mf_snapshot_mappings(snapshot)->file_index;
    mapping.name_length = mf_snapshot_mappings(snapshot)->name_length;
    return true;
}

static void check_result_of(long rc, const char *what)
{
    CHECK(rc >= -4095, "%s: %ld", what, rc);
}

static void check_entry(void)
{
    char expected[64];

    snprintf(expected, sizeof expected, "%" PRIx64 "-%" PRIx64, mapping.start, mapping.end);
    CHECK(kernel.entry[0] == '\0' || strcmp(kernel.entry, expected) == 0, "entry %s instead of %s", kernel.entry, expected);
}

static void read_entry(struct mf_process *process, uint32_t requested)
{
    char *const target = malloc(MF_NAME_MAX);
    struct mf_entry entry;

    check_result_of(mf_entry_read(process, &mapping, name, requested, &entry, target), "entry");
    CHECK(entry.target_error != 0 || entry.target_length <= MF_NAME_MAX, "a target of %u bytes", entry.target_length);
    free(target);
    check_entry();
}

static void read_entries(struct mf_process *process, const struct mf_snapshot *snapshot, uint32_t requested)
{
    const size_t bytes = mf_entries_bytes(2, 64);
    struct mf_entries *const entries = malloc(bytes);

    CHECK_IS(mf_entries_init(entries, bytes, 2, 64), 0, "memory for entries");
    check_result_of(mf_entries_read(process, snapshot, requested, entries), "entries");
    CHECK(entries->text_length <= 64 && entries->entry_count <= 2, "entries inside");
    free(entries);
}

static void open_file(struct mf_process *process, uint32_t options)
{
    int fd;
    const int rc = mf_file_open(process, &mapping, name, options, &fd);

    check_result_of(rc, "open");
    CHECK((rc >= 0) == (fd >= 0), "a descriptor exactly if it succeeds: %d, %d", rc, fd);
    if (fd >= 0)
        mf_sys_close(fd);
}

static void close_returned(long fd, const char *what)
{
    check_result_of(fd, what);
    if (fd >= 0)
        mf_sys_close((int)fd);
}

static void read_snapshot(struct mf_process *process, uint32_t options)
{
    struct mf_snapshot *const out = new_snapshot(8, 4096);
    const int rc = mf_snapshot_read(process, options, NULL, out);

    check_result_of(rc, "snapshot");
    for (uint32_t i = 0; rc == 1 && i < out->mapping_count; i++) {
        const struct mf_mapping *const each = &mf_snapshot_mappings(out)[i];

        CHECK((uint64_t)each->name_offset + each->name_length <= out->text_length, "name %u is inside", i);
        CHECK(memchr(mf_snapshot_name(out, each), '\0', each->name_length) == NULL, "name %u has no NUL", i);
    }
    free(out);
}

static void read_memory(const struct mf_process *process)
{
    struct mf_target_memory memory;
    const int rc = mf_target_memory_open(process, &memory);
    char bytes[6][16];
    struct mf_piece pieces[6];

    check_result_of(rc, "memory");
    if (rc != 0)
        return;
    for (int i = 0; i < 6; i++)
        pieces[i] = (struct mf_piece){(uint64_t)i << 12, bytes[i], sizeof bytes[i], 0};
    mf_target_memory_read_all(&memory, pieces, 6);
    for (int i = 0; i < 6; i++)
        CHECK(pieces[i].got <= (int)sizeof bytes[i], "piece %d: %d", i, pieces[i].got);
    mf_target_memory_close(&memory);
}

static void read_pages(const struct mf_process *process, const struct mf_snapshot *snapshot)
{
    struct mf_resident_walk walk = {.next = mapping.start, .end = mapping.end};
    struct mf_page_range ranges[4];
    struct mf_smaps smaps[2];
    uint32_t count;

    for (int i = 0; i < 8; i++) {
        const int32_t rc = mf_resident_read(process, snapshot, &walk, ranges, 4);

        check_result_of(rc, "pages");
        if (rc < 0 || walk.next == walk.end)
            break;
    }
    check_result_of(mf_smaps_read(process, smaps, 2, &count), "smaps");
    check_result_of(mf_smaps_total(process, smaps), "the total");
}

static void ask(struct mf_process *process, struct mf_snapshot *snapshot, uint8_t operation, uint8_t options)
{
    struct mf_query_result *result;

    switch (operation % 14) {
    case 0:
        read_entry(process, options & 7);
        break;
    case 1:
        read_entries(process, snapshot, options & 31);
        break;
    case 2:
        open_file(process, options & 7);
        break;
    case 3: /* a descriptor of the caller */
        kernel.is_open[FDS - 1] = true;
        check_result_of(mf_file_verify(process, &mapping, FIRST_FD + FDS - 1), "verify");
        CHECK(kernel.is_open[FDS - 1], "the caller's descriptor stays open");
        kernel.is_open[FDS - 1] = false;
        break;
    case 4:
        check_result_of(mf_file_quick_verify(process, &mapping, name), "quick verify");
        break;
    case 5:
        check_result_of(mf_file_state(process, &mapping, name), "state");
        break;
    case 6:
        check_result_of(mf_deletion(process, &mapping, name), "deletion");
        break;
    case 7:
        check_result_of(mf_file_sharing_domain(process, &mapping, name) < 0 ? -1 : 0, "domain");
        break;
    case 8:
        close_returned(mf_file_open_in_root(process, name), "open in the root");
        close_returned(mf_file_open_path(process, name, options & 1), "open by path");
        break;
    case 9:
        result = malloc(sizeof *result);
        check_result_of(mf_query(process, mapping.start, options & 1 ? MF_COVERING_OR_NEXT | MF_WITH_BUILD_ID : 0, result),
                        "query");
        free(result);
        check_result_of(mf_mapping_validate(process, &mapping), "validate");
        break;
    case 10:
        read_snapshot(process, options & 1 ? MF_BY_TEXT : options & 2 ? MF_BY_QUERY : 0);
        break;
    case 11:
        read_memory(process);
        break;
    case 12:
        read_pages(process, snapshot);
        break;
    default:
        check_result_of(mf_entries_list_access(process), "list");
        check_result_of(mf_entries_follow_access(), "follow");
        check_result_of(mf_denial_reasons(42), "reasons");
        check_result_of(mf_events_denial_reasons(), "reasons of events");
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const uint8_t operation = (uint8_t)take(&input, 1), options = (uint8_t)take(&input, 1);
    struct mf_snapshot *const snapshot = new_snapshot(8, 4096);
    struct mf_perf_map_owner owner;
    struct mf_statx file;
    struct mf_process process;
    int rc;

    make_mapping(&input);
    if (!parse_mapping(snapshot)) {
        free(snapshot);
        return 0;
    }
    begin_kernel(input, &mapping, name, strlen(name));
    kernel.text = text;
    kernel.text_length = strlen(text);
    rc = operation & 128 ? mf_process_open_self(&process) : mf_process_open_pid(42, &process);
    check_result_of(rc, "process");
    if (rc == 0) {
        kernel.entry[0] = '\0';
        ask(&process, snapshot, operation, options);
        mf_process_close(&process);
    } else {
        close_returned(mf_perf_map_open_of(42, &owner, &file), "perf map");
    }
    CHECK_IS(open_descriptors(), 0, "descriptors are open at the end");
    free(snapshot);
    return end_run();
}
