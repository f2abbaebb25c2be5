/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbouring mappings of all kinds, whose pages one system call reads: each page is counted in its mapping, with its kind,
 * whatever room for ranges there is.
 */
#include "child.h"
#include "lacking.h"
#include "mapfiles_resident.h"

#include <sys/mman.h>

#define MAPPINGS 24u
#define PAGES    3u /* of each mapping */
#define CAPACITY 256u

enum { ANONYMOUS, SHARED, COPIED, KINDS }; /* of a file, with a private copy of its first page */

static size_t page;
static char *place;
static struct mf_process process;
static struct mf_snapshot *snapshot;
static struct mf_page_range ranges[CAPACITY];

static char *address_of(uint32_t mapping)
{
    return place + mapping * PAGES * page;
}

/* Neighbours differ, but for some. */
static uint32_t kind_of(uint32_t mapping)
{
    return mapping / 2 % 4 == 3 ? ANONYMOUS : mapping % KINDS;
}

static void make_mappings(void)
{
    const int fd = open("pages", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    CHECK_IS(ftruncate(fd, (off_t)(PAGES * page)), 0, "a file");
    place = mmap(NULL, MAPPINGS * PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint32_t i = 0; i < MAPPINGS; i++) {
        const bool is_file = kind_of(i) == COPIED;
        const int flags = MAP_FIXED | (kind_of(i) == SHARED ? MAP_SHARED : MAP_PRIVATE) | (is_file ? 0 : MAP_ANONYMOUS);
        volatile char *const at = mmap(address_of(i), PAGES * page, PROT_READ | PROT_WRITE, flags, is_file ? fd : -1, 0);

        CHECK((char *)at == address_of(i), "mmap");
        for (uint32_t k = 0; k < PAGES; k++) {
            (void)at[k * page];
            if (!is_file || k == 0)
                at[k * page] = 1;
        }
    }
    munmap(address_of(10), PAGES * page); /* a gap */
    close(fd);
}

static uint32_t read_ranges(uint32_t room, uint32_t unneeded, uint32_t *known)
{
    struct mf_resident_walk walk = {.next = (uintptr_t)place, .end = (uintptr_t)address_of(MAPPINGS), .unneeded = unneeded};
    uint32_t count = 0;

    for (*known = UINT32_MAX; walk.next < walk.end && count < CAPACITY - room; *known &= walk.known) {
        const int32_t got = mf_resident_read(&process, snapshot, &walk, ranges + count, room);

        CHECK(got >= 0, "read: %d", got);
        if (got < 0)
            break;
        for (int32_t i = 0; i < got; i++, count++)
            CHECK(count == 0 || ranges[count].start >= ranges[count - 1].end, "range %u of %u", count, room);
    }
    CHECK_IS((int64_t)walk.next, (int64_t)walk.end, "the end");
    return count;
}

static void is_as_made(uint32_t count, uint32_t mapping, uint32_t room, bool has_copies)
{
    const uint64_t start = (uintptr_t)address_of(mapping);
    const uint64_t pages = mapping == 10 ? 0 : PAGES;
    const uint32_t kind = kind_of(mapping);
    const uint64_t anonymous = kind == ANONYMOUS ? pages : kind == COPIED && has_copies && pages > 0 ? 1 : 0;
    struct mf_resident_bytes sum = {0};

    mf_resident_add(ranges, count, start, start + PAGES * page, &sum);
    CHECK(sum.present == pages * page && sum.anonymous == anonymous * page && sum.file == (pages - anonymous) * page,
          "mapping %u with room for %u: %" PRIu64 " present, %" PRIu64 " anonymous, %" PRIu64 " file", mapping, room,
          sum.present / page, sum.anonymous / page, sum.file / page);
}

static void test(void)
{
    make_mappings();
    snapshot = new_snapshot(1024, 1 << 18);
    CHECK_IS(mf_process_open_pid(getpid(), &process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    for (uint32_t unneeded = 0; unneeded <= MF_PAGE_FILE; unneeded += MF_PAGE_FILE)
        for (uint32_t room = 1; room < 2 * MAPPINGS; room++) {
            uint32_t known;
            const uint32_t count = read_ranges(room, unneeded, &known);

            CHECK(unneeded != 0 || known & MF_PAGE_FILE, "copies are distinguished");
            for (uint32_t i = 0; i < MAPPINGS; i++)
                is_as_made(count, i, room, (known & MF_PAGE_FILE) != 0);
        }
    mf_process_close(&process);
}

int main(void)
{
    skip_if_emulated();
    page = (size_t)sysconf(_SC_PAGESIZE);
    return run_in_directory("resident_parts", test);
}
