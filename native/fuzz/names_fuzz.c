/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is the name of a mapping, as the kernel has it, and another name, which the kernel reports when it is queried. The
 * mapping in the snapshot is compared with the rules: the kernel shows a newline as \012 (seq_file_path()), the queried name
 * counts if the text shows it so, and the suffix is removed only on an internal device of the kernel.
 */
#include "fuzz.h"

#include "os/internal_devices.h"
#include "process/process.h"
#include "read/chunks.h"

#define SUFFIX    " (deleted)"
#define NAME_MAX_ 600u

FUZZ_INITIALIZE

static struct {
    const char *name;
    size_t length;
    long error;
} queried;

long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    (void)a, (void)d, (void)e, (void)f;
    if (queried.error != 0)
        return queried.error;
    if (number == SYS_readlinkat) {
        memcpy((char *)c, queried.name, queried.length);
        return (long)queried.length;
    }
    if (number == SYS_ioctl && b == (long)MF_PROCMAP_QUERY) {
        struct mf_procmap_query *const query = (struct mf_procmap_query *)c;

        memcpy((char *)(uintptr_t)query->vma_name_addr, queried.name, queried.length);
        ((char *)(uintptr_t)query->vma_name_addr)[queried.length] = '\0';
        query->vma_name_size = (uint32_t)queried.length + 1;
        return 0;
    }
    return -ENOSYS;
}

/* Shows a name as the kernel does. Returns the length. */
static size_t show(const char *name, size_t length, char *to)
{
    size_t at = 0;

    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\n')
            memcpy(to + at, "\\012", 4);
        else
            to[at] = name[i];
        at += name[i] == '\n' ? 4 : 1;
    }
    return at;
}

/* Takes a name without NUL: its length, then its bytes. */
static size_t take_name(struct input *input, char *to)
{
    size_t length = take(input, 1) % 200 + 1;

    length = length < input->left ? length : input->left;
    take_bytes(input, to + 1, length);
    to[0] = '/';
    for (size_t i = 0; i <= length; i++)
        to[i] = to[i] == '\0' ? 'x' : to[i];
    return length + 1;
}

static void check(const struct mf_snapshot *snapshot, bool is_internal, const char *shown, size_t shown_length)
{
    const struct mf_mapping *const mapping = mf_snapshot_mappings(snapshot);
    const bool suffixed = shown_length >= 10 && memcmp(shown + shown_length - 10, SUFFIX, 10) == 0;
    const bool deleted = suffixed && is_internal;
    const size_t kept = shown_length - (deleted ? 10 : 0);
    const char *expected = shown;
    size_t length = kept;
    bool escaped = false, ambiguous = memmem(shown, shown_length, "\\012", 4) != NULL;
    char again[4 * NAME_MAX_];

    /* The escape is searched before the suffix is removed, which has none. */
    if (ambiguous && queried.error == 0 && queried.length >= (deleted ? 10u : 0u) &&
        show(queried.name, queried.length - (deleted ? 10 : 0), again) == kept && memcmp(again, shown, kept) == 0) {
        ambiguous = false;
        expected = queried.name;
        length = queried.length - (deleted ? 10 : 0);
        escaped = memchr(expected, '\n', length) != NULL;
    }
    CHECK_IS(snapshot->mapping_count, 1, "mappings");
    CHECK_IS(!(mapping->flags & MF_DELETED), !deleted, "deleted");
    CHECK_IS(!(mapping->flags & MF_SUFFIXED), !(suffixed && !is_internal), "suffixed");
    CHECK_IS(!(mapping->flags & MF_AMBIGUOUS), !ambiguous, "ambiguous");
    CHECK_IS(!(mapping->flags & MF_ESCAPED), !escaped, "escaped");
    CHECK(mapping->name_length == length && memcmp(mf_snapshot_name(snapshot, mapping), expected, length) == 0,
          "the name: %.*s instead of %.*s", (int)mapping->name_length, mf_snapshot_name(snapshot, mapping), (int)length,
          expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const uint8_t choice = (uint8_t)take(&input, 1);
    /* A file on an internal device has no path, so the kernel always shows the suffix (d_path(), fs/d_path.c). */
    const bool is_internal = choice & 16, suffixed = choice & 2 || is_internal;
    struct mf_snapshot *const snapshot = new_snapshot(2, 8192);
    struct mf_process process;
    char name[NAME_MAX_], other[NAME_MAX_], shown[4 * NAME_MAX_], text[8192];
    size_t length = take_name(&input, name), other_length = take_name(&input, other);
    size_t shown_length, header;
    int rc;

    memset(&process, 0, sizeof process);
    *mf_state(&process) = (struct mf_process_state){
        .maps_fd = 1001, .files_fd = 1002, .traits = choice & 1 ? MF_TRAIT_QUERY : 0, .internal_devices = {mf_device(0, 1)}};
    if (suffixed) {
        memcpy(name + length, SUFFIX, 10);
        memcpy(other + other_length, SUFFIX, 10);
        length += 10;
        other_length += 10;
    }
    queried.name = choice & 4 ? other : name;
    queried.length = choice & 4 ? other_length : length;
    queried.error = choice & 8 ? -EPERM : 0;
    shown_length = show(name, length, shown);
    header = (size_t)snprintf(text, sizeof text, "%-72s ",
                              is_internal ? "00400000-00401000 r--p 00000000 00:01 77 "
                                          : "00400000-00401000 r--p 00000000 08:01 77 ");
    memcpy(text + header, shown, shown_length);
    text[header + shown_length] = '\n';
    rc = mf_chunks_parse(&process, text, header + shown_length + 1, 0, snapshot);
    CHECK_IS(rc, 1, "parse");
    if (rc == 1)
        check(snapshot, is_internal, shown, shown_length);
    free(snapshot);
    return end_run();
}
