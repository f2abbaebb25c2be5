/* SPDX-License-Identifier: Apache-2.0 */
/* Resident pages of a process: as it made them, as smaps counts them, and the same from both sources of the kernel. */
#include "child.h"
#include "lacking.h"
#include "mapfiles_resident.h"
#include "os/pagemap_scan.h"

#include <pthread.h>
#include <sys/mman.h>

#define CAPACITY 65536u
#define MAX_MADE 32u

struct made {
    char label[32];
    uint64_t start, end;
    long long file, anonymous, zero, huge, swapped; /* expected bytes; -1: unknown */
};

static size_t page;
static struct made made[MAX_MADE];
static size_t made_count;
static struct mf_process process;
static struct mf_snapshot *snapshot;
static struct mf_page_range ranges[CAPACITY];
static uint32_t known;
static uint32_t unneeded;

static long long expected(const char *text)
{
    return *text == '-' ? -1 : atoll(text);
}

/* Starts the target and reads its report. Returns its PID. */
static pid_t start_target(FILE **input)
{
    const char *const program = getenv("RESIDENT_TARGET");
    int in[2], out[2];
    char line[256];
    pid_t pid;
    FILE *report;

    if (program == NULL || pipe(in) != 0 || pipe(out) != 0)
        abort();
    pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        execl(program, program, "file", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *input = fdopen(in[1], "w");
    report = fdopen(out[0], "r");
    while (fgets(line, sizeof line, report) != NULL && strcmp(line, "READY\n") != 0) {
        struct made *const to = &made[made_count];
        char file[24], anonymous[24], zero[24], huge[24], swapped[24];

        if (sscanf(line, "MADE %31s %" SCNx64 " %" SCNx64 " %23s %23s %23s %23s %23s", to->label, &to->start, &to->end, file,
                   anonymous, zero, huge, swapped) != 8) {
            printf("%s", line);
            continue;
        }
        to->file = expected(file);
        to->anonymous = expected(anonymous);
        to->zero = expected(zero);
        to->huge = expected(huge);
        to->swapped = expected(swapped);
        made_count++;
    }
    fclose(report);
    CHECK(made_count >= 6, "%zu mappings", made_count);
    CHECK(await_state_of(pid, 'S'), "the target waits for its input: until then it touches pages");
    return pid;
}

/* Reads all ranges, with room for some in each call, and checks their order. Returns their number or an error. */
static int32_t read_ranges(uint64_t start, uint64_t end, uint32_t room)
{
    struct mf_resident_walk walk = {.next = start, .end = end, .unneeded = unneeded};
    uint32_t count = 0;

    do {
        const uint64_t before = walk.next;
        const uint32_t left = CAPACITY - count;
        const int32_t got = mf_resident_read(&process, snapshot, &walk, ranges + count, room < left ? room : left);

        if (got < 0)
            return got;
        CHECK(walk.next > before || walk.end == before, "no step at %" PRIx64, before);
        CHECK(walk.next <= walk.end, "%" PRIx64 " is after the end", walk.next);
        for (int32_t i = 0; i < got; i++, count++) {
            const struct mf_page_range *const range = &ranges[count];

            CHECK(range->start < range->end && range->start % page == 0 && range->end % page == 0, "range %u", count);
            CHECK(count == 0 || range[-1].end <= range->start, "range %u begins in the one before", count);
            CHECK(!(range->categories & MF_PAGE_PRESENT) != !(range->categories & MF_PAGE_SWAPPED), "range %u", count);
        }
        CHECK(count < CAPACITY, "too many ranges");
    } while (walk.next < walk.end && count < CAPACITY);
    known = walk.known;
    return (int32_t)count;
}

static struct mf_resident_bytes sum_of(int32_t count, uint64_t start, uint64_t end)
{
    struct mf_resident_bytes sum = {0};

    mf_resident_add(ranges, (uint32_t)count, start, end, &sum);
    CHECK(sum.present + sum.swapped <= end - start, "more bytes than the range has");
    CHECK(sum.present == sum.file + sum.anonymous + sum.zero, "the parts are not the whole");
    return sum;
}

static void is_as_made(const struct made *mapping, struct mf_resident_bytes sum)
{
    if (!(known & MF_PAGE_ZERO)) { /* counted as anonymous, the huge zero page as file */
        CHECK_IS(sum.anonymous + sum.file, mapping->anonymous + mapping->zero + mapping->file, mapping->label);
        CHECK_IS(sum.zero + sum.huge, 0, mapping->label);
    } else {
        CHECK_IS(sum.anonymous, mapping->anonymous, mapping->label);
        CHECK_IS(sum.zero, mapping->zero, mapping->label);
        CHECK_IS(sum.huge, mapping->huge, mapping->label);
    }
    if (mapping->zero == 0)
        CHECK_IS(sum.file, mapping->file, mapping->label);
    CHECK_IS(sum.swapped, mapping->swapped, mapping->label);
}

static void all_is_as_made(void)
{
    const int32_t count = read_ranges(0, UINT64_MAX, CAPACITY);

    CHECK(count > 0, "got %d", count);
    for (size_t i = 0; i < made_count; i++)
        is_as_made(&made[i], sum_of(count, made[i].start, made[i].end));
}

/* Every mapping has what smaps reports, but for hugetlbfs, which smaps reports apart. */
static void agrees_with_smaps(void)
{
    static struct mf_smaps usage[4096];
    const int32_t count = read_ranges(0, UINT64_MAX, CAPACITY);
    struct mf_smaps total;
    uint64_t rss = 0, swap = 0;
    uint32_t mappings = 0;

    CHECK_IS(mf_smaps_read(&process, usage, 4096, &mappings), 0, "smaps");
    CHECK(mappings >= snapshot->mapping_count - 1, "%u mappings of %u", mappings, snapshot->mapping_count);
    for (uint32_t i = 0; i < mappings; i++) {
        const struct mf_mapping *const mapping = mapping_at(snapshot, usage[i].start);
        const struct mf_resident_bytes sum = sum_of(count, usage[i].start, usage[i].end);

        CHECK(mapping != NULL && mapping->start == usage[i].start && mapping->end == usage[i].end, "mapping %u", i);
        CHECK(usage[i].rss == usage[i].shared_clean + usage[i].shared_dirty + usage[i].private_clean + usage[i].private_dirty,
              "mapping %u: the parts are not the whole", i);
        CHECK(usage[i].pss <= usage[i].rss, "mapping %u: pss", i);
        rss += usage[i].rss;
        swap += usage[i].swap;
        if (mapping == NULL || mf_mapping_kind(mapping) == MF_KIND_HUGETLB || !(known & MF_PAGE_ZERO))
            continue;
        CHECK(sum.present - sum.zero == usage[i].rss, "%.*s: %" PRIu64 " bytes, smaps has %" PRIu64, (int)mapping->name_length,
              mf_snapshot_name(snapshot, mapping), sum.present - sum.zero, usage[i].rss);
        CHECK(sum.swapped == usage[i].swap, "swap of mapping %u", i);
    }
    CHECK_IS(mf_smaps_total(&process, &total), 0, "smaps_rollup");
    CHECK_IS(total.rss, rss, "rss in smaps_rollup");
    CHECK_IS(total.swap, swap, "swap in smaps_rollup");
    CHECK(total.pss > 0 && total.pss <= total.rss, "pss in smaps_rollup");
    CHECK_IS(mf_smaps_read(&process, usage, 3, &mappings), -ENOBUFS, "room for three");
    CHECK(mappings >= snapshot->mapping_count - 1, "%u mappings", mappings);
}

/* If copies need not be distinguished, all but files and copies is the same. */
static void copies_may_be_unneeded(void)
{
    const int32_t count = read_ranges(0, UINT64_MAX, CAPACITY);
    const struct mf_resident_bytes all = sum_of(count, 0, UINT64_MAX);
    struct mf_resident_bytes sum;

    unneeded = MF_PAGE_FILE;
    sum = sum_of(read_ranges(0, UINT64_MAX, CAPACITY), 0, UINT64_MAX);
    unneeded = 0;
    CHECK(sum.present == all.present && sum.swapped == all.swapped && sum.zero == all.zero && sum.huge == all.huge,
          "%" PRIu64 " bytes present, not %" PRIu64, sum.present, all.present);
    CHECK(!(known & MF_PAGE_FILE) != !(known & MF_PAGE_ZERO), "known categories %x", known);
    for (size_t i = 0; i < made_count; i++) {
        const bool is_file = strcmp(made[i].label, "file") == 0;
        const int32_t now = (unneeded = MF_PAGE_FILE, read_ranges(made[i].start, made[i].end, CAPACITY));

        unneeded = 0;
        sum = sum_of(now, made[i].start, made[i].end);
        if (is_file && !(known & MF_PAGE_FILE))
            CHECK_IS(sum.file, made[i].end - made[i].start, made[i].label);
        else if (known & MF_PAGE_ZERO && strcmp(made[i].label, "hugetlb") != 0)
            CHECK_IS(sum.anonymous, made[i].anonymous, made[i].label);
    }
}

/* Whatever room a call has, the sums are the same. */
static void any_room_is_enough(void)
{
    const int32_t count = read_ranges(0, UINT64_MAX, CAPACITY);
    const struct mf_resident_bytes whole = sum_of(count, 0, UINT64_MAX);

    for (uint32_t room = 1; room < 700; room = room * 2 + 1) {
        const int32_t again = read_ranges(0, UINT64_MAX, room);
        const struct mf_resident_bytes sum = sum_of(again, 0, UINT64_MAX);

        CHECK(memcmp(&sum, &whole, sizeof sum) == 0, "room for %u: %" PRIu64 " bytes, not %" PRIu64, room, sum.present,
              whole.present);
    }
}

/* Ranges that are not aligned, empty, unmapped or of the kernel. */
static void any_range_is_read(void)
{
    const struct made *const some = &made[0]; /* its first 40 pages are written */
    int32_t count = read_ranges(some->start + 10, some->start + page + 1, 8);
    struct mf_resident_walk walk = {.next = some->start, .end = some->end};

    CHECK_IS(sum_of(count, 0, UINT64_MAX).present, 2 * page, "two pages");
    CHECK_IS(sum_of(count, some->start + 10, some->start + page + 1).present, page - 9, "a part");
    count = read_ranges(some->start + 40 * page, some->end, 8);
    CHECK_IS(count, 0, "not written to");
    CHECK_IS(read_ranges(some->start, some->start, 8), 0, "an empty range");
    CHECK_IS(read_ranges(UINT64_MAX - page, UINT64_MAX, 8), 0, "the end of all addresses");
    CHECK_IS(read_ranges(1ull << 63, UINT64_MAX, 8), 0, "addresses of the kernel");
#ifdef __x86_64__
    const uint64_t end_of_addresses = 1ull << 47;
#else
    const uint64_t end_of_addresses = 1ull << 48;
#endif
    CHECK_IS(read_ranges(end_of_addresses - page, (1ull << 62) + 5, 8), 0, "above the address space");
    CHECK_IS(read_ranges(0, page, 8), 0, "the first page");
    CHECK_IS(mf_resident_read(&process, snapshot, &walk, ranges, 0), -EINVAL, "no room");
    CHECK_IS(mf_resident_read(&process, snapshot, &walk, ranges, 1u << 31), -EINVAL, "too much room");
    walk.unneeded = MF_PAGE_ZERO;
    CHECK_IS(mf_resident_read(&process, snapshot, &walk, ranges, 8), -EINVAL, "another category is unneeded");
    walk.unneeded = 0;
    walk.next = walk.end + 1;
    CHECK_IS(mf_resident_read(&process, snapshot, &walk, ranges, 8), -EINVAL, "the end is before the start");
}

static struct mf_resident_bytes scanned[1024]; /* of each mapping, by PAGEMAP_SCAN */

static void scan_mappings(void)
{
    const int32_t count = read_ranges(0, UINT64_MAX, CAPACITY);

    for (uint32_t i = 0; i < snapshot->mapping_count && i < 1024; i++)
        scanned[i] = sum_of(count, mf_snapshot_mappings(snapshot)[i].start, mf_snapshot_mappings(snapshot)[i].end);
}

/* The kernel reports files in pagemap. PAGEMAP_SCAN is not asked where the mapping has the answer. */
static void both_sources_agree(void)
{
    const int32_t count = read_ranges(0, UINT64_MAX, CAPACITY);

    for (uint32_t i = 0; i < snapshot->mapping_count && i < 1024; i++) {
        const struct mf_mapping *const mapping = &mf_snapshot_mappings(snapshot)[i];
        const struct mf_resident_bytes sum = sum_of(count, mapping->start, mapping->end);

        CHECK_IS(sum.present, scanned[i].present, "present");
        CHECK_IS(sum.swapped, scanned[i].swapped, "swapped");
        CHECK(sum.file == scanned[i].file || scanned[i].zero >= 2u << 20,
              "%" PRIx64 ": %" PRIu64 " bytes of files, not %" PRIu64, mapping->start, scanned[i].file, sum.file);
    }
}

/* Runs checks in a process for which PAGEMAP_SCAN fails, as before Linux 6.7. */
static void without_scan(uint32_t error)
{
    pid_t child;
    int status = 1;

    scan_mappings();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        FILTER_CALLS(LOAD(CALL), WHERE(SYS_ioctl, 0, 3), LOAD(ARGUMENT(1)), WHERE(MF_PAGEMAP_SCAN, 0, 1), FAIL(error), ALLOW);
        all_is_as_made();
        both_sources_agree();
        CHECK_IS(known, MF_PAGE_FILE | MF_PAGE_PRESENT | MF_PAGE_SWAPPED, "known categories");
        any_room_is_enough();
        any_range_is_read();
        exit(check_failures == 0 ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0, "without PAGEMAP_SCAN: wait status %x", (unsigned)status);
}

static volatile bool ends;

static void *churn(void *unused)
{
    (void)unused;
    while (!ends) {
        char *const at = mmap(NULL, 100 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        for (size_t i = 0; i < 100; i += 2)
            at[i * page] = 1;
        madvise(at + 10 * page, 50 * page, MADV_DONTNEED);
        munmap(at, 100 * page);
    }
    return NULL;
}

/* Reads everything and checks the sum of each mapping. */
static void whole_process_is_bounded(void)
{
    const int32_t count = read_ranges(0, UINT64_MAX, 257);

    CHECK(count > 0, "got %d", count);
    for (uint32_t k = 0; k < snapshot->mapping_count; k++)
        sum_of(count, mf_snapshot_mappings(snapshot)[k].start, mf_snapshot_mappings(snapshot)[k].end);
}

/* The same without the terabytes of a sanitizer: a kernel without PAGEMAP_SCAN would return 8 bytes for each of their pages. */
static void small_mappings_are_bounded(void)
{
    for (uint32_t k = 0; k < snapshot->mapping_count; k++) {
        const struct mf_mapping *const mapping = &mf_snapshot_mappings(snapshot)[k];

        if (mapping->end - mapping->start <= 1u << 30 && mapping->start < 1ull << 63)
            sum_of(read_ranges(mapping->start, mapping->end, 257), mapping->start, mapping->end);
    }
}

/* While memory is mapped, touched and unmapped, no sum exceeds its range: sum_of() checks it. */
static void moving_memory_is_bounded(bool has_scan)
{
    pthread_t thread;

    CHECK_IS(mf_process_open_self(&process), 0, "self");
    if (pthread_create(&thread, NULL, churn, NULL) != 0)
        abort();
    for (unsigned i = 0; i < rounds(300); i++) {
        CHECK_IS(read_growing(&process, 0, &snapshot) > 0, 1, "read");
        if (has_scan)
            whole_process_is_bounded();
        else
            small_mappings_are_bounded();
    }
    ends = true;
    pthread_join(thread, NULL);
    mf_process_close(&process);
}

static void exited_process_is_an_error(void)
{
    struct mf_smaps usage;
    uint32_t count;
    const pid_t child = start_child();

    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    kill(child, SIGKILL);
    while (mf_mapping_validate(&process, &mf_snapshot_mappings(snapshot)[0]) !=
           -ECHILD) /* -ESRCH: it has no memory, but ends */
        usleep(1000);
    CHECK_IS(read_ranges(0, UINT64_MAX, 8), -ECHILD, "pages of a zombie");
    CHECK_IS(mf_smaps_read(&process, &usage, 1, &count), -ECHILD, "smaps of a zombie");
    CHECK_IS(mf_smaps_total(&process, &usage), -ECHILD, "smaps_rollup of a zombie");
    waitpid(child, NULL, 0);
    CHECK_IS(read_ranges(0, UINT64_MAX, 8), -ESRCH, "pages");
    CHECK_IS(mf_smaps_read(&process, &usage, 1, &count), -ESRCH, "smaps");
    CHECK_IS(mf_smaps_total(&process, &usage), -ESRCH, "smaps_rollup");
    mf_process_close(&process);
}

/* Opens the process of another user, then loses the permission to read it. */
static void denied_process_is_an_error(pid_t target)
{
    pid_t child;
    int status = 1;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct mf_smaps usage;
        uint32_t count;

        CHECK_IS(mf_process_open_pid(target, &process), 0, "open");
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
            exit(CHECK_SKIPPED);
        CHECK_IS(read_ranges(0, UINT64_MAX, 8), -EACCES, "pages");
        CHECK_IS(mf_smaps_read(&process, &usage, 1, &count), -EACCES, "smaps");
        CHECK_IS(mf_smaps_total(&process, &usage), -EACCES, "smaps_rollup");
        CHECK(mf_denial_reasons(target) & MF_DENIED_USER, "the reason");
        exit(check_failures == 0 ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "wait status %x", (unsigned)status);
    if (WEXITSTATUS(status) == CHECK_SKIPPED)
        puts("skipped: denied access, because this user cannot become another one");
    else
        CHECK_IS(WEXITSTATUS(status), 0, "denied access");
}

static void test(void)
{
    FILE *input;
    const pid_t target = start_target(&input);
    bool has_scan;

    snapshot = new_snapshot(1024, 1 << 18);
    CHECK_IS(mf_process_open_pid(target, &process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    all_is_as_made();
    has_scan = (known & MF_PAGE_ZERO) != 0;
    if (!has_scan)
        puts("skipped: zero and huge pages, because the kernel has no PAGEMAP_SCAN (before Linux 6.7)");
    agrees_with_smaps();
    copies_may_be_unneeded();
    any_room_is_enough();
    any_range_is_read();
    without_scan(ENOTTY);
    without_scan(EPERM);
    denied_process_is_an_error(target);
    mf_process_close(&process);
    fclose(input);
    waitpid(target, NULL, 0);
    exited_process_is_an_error();
    moving_memory_is_bounded(has_scan);
}

int main(void)
{
    skip_if_emulated();
    page = (size_t)sysconf(_SC_PAGESIZE);
    return run_in_directory("resident", test);
}
