/* SPDX-License-Identifier: Apache-2.0 */
/* Queries of one address: ends, holes, filters, build ID, and a signal handler. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static struct mf_process process;
static struct mf_query_result result;
static size_t page;

/* Four pages: hole, read-only, read-write, hole. */
static char *hole_and_two(void)
{
    char *const at = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(at + page, page, PROT_READ);
    mprotect(at + 2 * page, page, PROT_READ | PROT_WRITE);
    munmap(at, page);
    munmap(at + 3 * page, page);
    return at;
}

static void the_end_of_a_range_is_exclusive(void)
{
    char *const at = hole_and_two();
    const uint64_t base = (uintptr_t)at;

    CHECK_IS(mf_query(&process, base, MF_COVERING, &result), -ENOENT, "hole before");
    CHECK_IS(mf_query(&process, base + page, MF_COVERING, &result), 0, "first byte");
    CHECK_IS(result.mapping.start, base + page, "start");
    CHECK_IS(result.mapping.end, base + 2 * page, "end");
    CHECK_IS(result.mapping.flags, MF_READABLE, "flags");
    CHECK_IS(mf_query(&process, base + 2 * page - 1, MF_COVERING, &result), 0, "last byte");
    CHECK_IS(result.mapping.start, base + page, "still the first");
    CHECK_IS(mf_query(&process, base + 2 * page, MF_COVERING, &result), 0, "the end is the next mapping's");
    CHECK_IS(result.mapping.flags, MF_READABLE | MF_WRITABLE, "the next one's flags");
    CHECK_IS(mf_query(&process, base + 3 * page, MF_COVERING, &result), -ENOENT, "hole behind");
    CHECK_IS(mf_query(&process, base, MF_COVERING_OR_NEXT, &result), 0, "or next");
    CHECK_IS(result.mapping.start, base + page, "the next one");
    CHECK_IS(mf_query(&process, base, MF_COVERING_OR_NEXT | MF_WRITABLE, &result), 0, "or next writable");
    CHECK_IS(result.mapping.start, base + 2 * page, "the writable one");
    CHECK_IS(mf_query(&process, base + page, MF_COVERING | MF_WRITABLE, &result), -ENOENT, "covered, not writable");
    munmap(at + page, 2 * page);
}

static void code_has_a_name_and_a_build_id(void)
{
    const uint64_t here = (uintptr_t)code_has_a_name_and_a_build_id;
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    path[length > 0 ? length : 0] = 0;
    CHECK_IS(mf_query(&process, here, MF_COVERING | MF_WITH_BUILD_ID, &result), 0, "our code");
    CHECK(strcmp(result.name, path) == 0, "%s is not %s", result.name, path);
    CHECK_IS(result.mapping.name_length, strlen(path), "length of the name");
    CHECK_IS(mf_mapping_kind(&result.mapping), MF_KIND_FILE, "kind");
    CHECK(result.build_id_length == 20 || result.build_id_length == 0, "length %u", result.build_id_length);
    CHECK_IS(mf_query(&process, here, MF_COVERING, &result), 0, "without");
    CHECK_IS(result.build_id_length, 0, "no build ID without a request");
}

static void vsyscall_is_found_as_in_the_text(void)
{
    struct mf_snapshot *snapshot = new_snapshot(1024, 1 << 18);
    const uint64_t gate = 0xffffffffff600000u;
    int32_t found;

    CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT, NULL, snapshot), 1, "text");
    found = mf_find(snapshot, gate);
    CHECK_IS(mf_query(&process, gate, MF_COVERING, &result), found < 0 ? -ENOENT : 0, "[vsyscall]");
    CHECK_IS(mf_query(&process, gate - 1, MF_COVERING_OR_NEXT, &result), found < 0 ? -ENOENT : 0, "[vsyscall] as next");
    if (found >= 0)
        CHECK_IS(result.mapping.flags, mf_snapshot_mappings(snapshot)[found].flags, "its flags");
    if (found >= 0)
        CHECK_IS(mf_mapping_validate(&process, &mf_snapshot_mappings(snapshot)[found]), 1, "[vsyscall] stands");
    CHECK_IS(mf_query(&process, gate, MF_COVERING | MF_FILE_BACKED, &result), -ENOENT, "it has no file");
    CHECK_IS(mf_query(&process, UINT64_MAX, MF_COVERING_OR_NEXT, &result), -ENOENT, "nothing behind it");
    CHECK_IS(mf_query(&process, 0, MF_COVERING, &result), -ENOENT, "address 0");
    CHECK_IS(mf_query(&process, 0, MF_COVERING_OR_NEXT, &result), 0, "the first mapping");
    CHECK_IS(result.mapping.start, mf_snapshot_mappings(snapshot)[0].start, "is the text's first");
    CHECK_IS(mf_query(&process, 0, 1u << 20, &result), -EINVAL, "a bit that means nothing");
    free(snapshot);
}

/* The kernel returns the text in pieces of a page: some length makes the last line a separate piece. */
static void vsyscall_is_found_after_a_long_text(void)
{
    const uint64_t gate = 0xffffffffff600000u;
    const int expected = mf_query(&process, gate, MF_COVERING, &result);
    char *const made = mmap(NULL, 240 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (int lines = 0; lines < 120; lines++) {
        struct mf_process fresh;

        mprotect(made + 2 * (size_t)lines * page, page, PROT_READ);
        CHECK_IS(mf_process_open_self(&fresh), 0, "open");
        CHECK_IS(mf_query(&fresh, gate, MF_COVERING, &result), expected, "[vsyscall] of a process just opened");
        mf_process_close(&fresh);
    }
    munmap(made, 240 * page);
}

static volatile int errno_in_handler;
static volatile int rc_in_handler;

static void query_in_handler(int signal)
{
    static struct mf_query_result in_handler;

    (void)signal;
    rc_in_handler = mf_query(&process, 0, MF_COVERING, &in_handler);
    errno_in_handler = errno;
}

static void a_query_from_a_handler_preserves_errno(void)
{
    signal(SIGUSR1, query_in_handler);
    errno = 4711;
    raise(SIGUSR1);
    CHECK_IS(rc_in_handler, -ENOENT, "the hole at 0");
    CHECK_IS(errno_in_handler, 4711, "errno in the handler");
    CHECK_IS(errno, 4711, "errno of the interrupted code");
}

int main(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    if (mf_process_open_self(&process) != 0)
        return 1;
    if (mf_query(&process, 0, MF_COVERING, &result) == -ENOTTY) {
        puts("skipped: this kernel has no PROCMAP_QUERY");
        return CHECK_SKIPPED;
    }
    the_end_of_a_range_is_exclusive();
    code_has_a_name_and_a_build_id();
    vsyscall_is_found_as_in_the_text();
    vsyscall_is_found_after_a_long_text();
    a_query_from_a_handler_preserves_errno();
    mf_process_close(&process);
    return check_result();
}
