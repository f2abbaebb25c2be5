/* SPDX-License-Identifier: Apache-2.0 */
/* Code that is loaded and unloaded: the code at an address and time is found, or is reported as evicted. */
#include "check.h"

#include "jvm/code_store.h"

#include <errno.h>
#include <sys/mman.h>

#define LOW   0x7f0000000000ull
#define CACHE (1u << 20)
#define LOG   (1u << 20)

static struct mf_code_store *new_codes(uint64_t log)
{
    const size_t bytes = mf_code_store_bytes(CACHE, log);
    struct mf_code_store *const codes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mf_code_store_init(codes, LOW, CACHE, log);
    return codes;
}

/* Loads a method whose name is its number. */
static bool load(struct mf_code_store *codes, unsigned number, uint64_t start, uint64_t size, uint64_t time)
{
    struct mf_code_image *const image = mf_code_store_current(codes);
    char name[32];
    const char *const texts[] = {"LHolder;", name, "()V"};
    struct mf_code_record *record;

    sprintf(name, "method%u", number);
    record = NULL;
    {
        const mf_code_unit place = mf_code_name_add(image, number + 1, texts);

        if (place != 0)
            record = mf_code_begin(image, MF_CODE_METHOD, LOW + start, LOW + start + size, 0);
        if (record == NULL)
            return false;
        record->name = place;
    }
    record->loaded = time;
    mf_code_commit(image, record);
    return true;
}

static void stub(struct mf_code_store *codes, const char *name, uint64_t start, uint64_t size, uint64_t time, uint32_t flags)
{
    struct mf_code_image *const image = mf_code_store_current(codes);
    const char *const texts[] = {"", name, ""};
    const mf_code_unit place = mf_code_name_add(image, 0, texts);
    struct mf_code_record *const record = mf_code_begin(image, MF_CODE_STUB, LOW + start, LOW + start + size, 0);

    record->name = place;
    record->loaded = time;
    record->flags = flags;
    mf_code_commit(image, record);
}

/* Returns the name at an address and time, or that of the error. */
static const char *name_at(const struct mf_code_store *codes, uint64_t offset, uint64_t time)
{
    static char name[64];
    struct mf_code code;
    const int rc = mf_code_store_find(codes, LOW + offset, MF_CODE_RUNNING_AT, time, &code);
    int length;

    if (rc == -ENOENT)
        return "none";
    if (rc == -ENODATA)
        return "forgotten";
    if (rc != 0)
        return "wrong";
    length = mf_code_store_text(codes, &code, code.name, MF_CODE_TEXT_NAME, name, sizeof name - 2);
    if (length < 0)
        return "stale";
    name[length] = '\0';
    if (code.flags & MF_CODE_RECORDED_LATER)
        strcat(name, "?");
    return name;
}

#define CHECK_NAME(codes, offset, time, expected)                                                                            \
    do {                                                                                                                     \
        const char *const found_ = name_at(codes, offset, time);                                                             \
        CHECK(strcmp(found_, expected) == 0, "at %#llx, %llu: %s", (unsigned long long)(offset), (unsigned long long)(time), \
              found_);                                                                                                       \
    } while (0)

static void the_end_of_a_range_is_exclusive(void)
{
    struct mf_code_store *const codes = new_codes(LOG);

    CHECK_NAME(codes, 0, MF_CODE_NOW, "none");
    load(codes, 1, 1000, 700, 10);
    CHECK_NAME(codes, 999, MF_CODE_NOW, "none");
    CHECK_NAME(codes, 1000, MF_CODE_NOW, "method1");
    CHECK_NAME(codes, 1699, MF_CODE_NOW, "method1");
    CHECK_NAME(codes, 1700, MF_CODE_NOW, "none");
    CHECK_NAME(codes, -1ull, MF_CODE_NOW, "none");
    CHECK_NAME(codes, CACHE, MF_CODE_NOW, "none");
    load(codes, 2, CACHE - 1, 1, 10);
    CHECK_NAME(codes, CACHE - 1, MF_CODE_NOW, "method2");
    CHECK_IS(mf_code_covers(mf_code_store_current(codes), LOW + CACHE - 1, LOW + CACHE + 1), false, "behind the end");
    CHECK_IS(mf_code_covers(mf_code_store_current(codes), LOW - 1, LOW + 1), false, "before the start");
    CHECK_IS(mf_code_covers(mf_code_store_current(codes), LOW, LOW), false, "nothing");
}

static void a_sample_is_resolved_as_of_its_time(void)
{
    struct mf_code_store *const codes = new_codes(LOG);
    struct mf_code_image *const image = mf_code_store_current(codes);

    load(codes, 1, 1000, 700, 10);
    CHECK_IS(mf_code_remove(image, LOW + 1000, 0, 20), true, "it was there");
    CHECK_IS(mf_code_remove(image, LOW + 1000, 0, 21), false, "it went already");
    CHECK_NAME(codes, 1200, MF_CODE_NOW, "none");
    load(codes, 2, 1100, 300, 30);
    CHECK_NAME(codes, 1200, 9, "method1?");
    CHECK_NAME(codes, 1200, 10, "method1");
    CHECK_NAME(codes, 1200, 19, "method1");
    CHECK_NAME(codes, 1200, 20, "method2?");
    CHECK_NAME(codes, 1200, 29, "method2?");
    CHECK_NAME(codes, 1200, 30, "method2");
    CHECK_NAME(codes, 1200, MF_CODE_NOW, "method2");
    CHECK_NAME(codes, 1050, 15, "method1");
    CHECK_NAME(codes, 1050, 25, "none");
}

static void new_code_at_a_range_unloads_the_old_code(void)
{
    struct mf_code_store *const codes = new_codes(LOG);

    load(codes, 1, 1000, 700, 10);
    load(codes, 2, 1600, 400, 20); /* the unloading of the first was not reported */
    CHECK_NAME(codes, 1100, 19, "method1");
    CHECK_NAME(codes, 1100, 20, "none");
    CHECK_NAME(codes, 1650, MF_CODE_NOW, "method2");
    CHECK_IS(mf_code_store_current(codes)->live, 1, "living");
    CHECK_IS(mf_code_store_current(codes)->unloaded, 1, "unloaded");
}

static void the_smallest_stub_of_a_blob_is_found(void)
{
    struct mf_code_store *const codes = new_codes(LOG);

    stub(codes, "small", 1010, 20, 1, MF_CODE_BEFORE_START);
    stub(codes, "blob", 1000, 500, 1, MF_CODE_BEFORE_START);
    stub(codes, "other", 1040, 30, 1, MF_CODE_BEFORE_START);
    load(codes, 1, 1500, 40, 2);
    CHECK_NAME(codes, 1010, MF_CODE_NOW, "small");
    CHECK_NAME(codes, 1030, MF_CODE_NOW, "blob");
    CHECK_NAME(codes, 1041, 5, "other");
    CHECK_NAME(codes, 1041, 0, "other?");
    CHECK_NAME(codes, 1499, MF_CODE_NOW, "blob");
    CHECK_NAME(codes, 1500, MF_CODE_NOW, "method1");
    load(codes, 2, 1020, 10, 9); /* the blob of a stub was freed, which is not reported */
    CHECK_NAME(codes, 1025, 9, "method2");
    CHECK_NAME(codes, 1400, MF_CODE_NOW, "none");
    CHECK_NAME(codes, 1400, 8, "blob");
}

static void code_that_is_not_reported_again_is_unloaded(void)
{
    struct mf_code_store *const codes = new_codes(LOG);
    struct mf_code_image *const image = mf_code_store_current(codes);

    load(codes, 1, 1000, 100, 10);
    load(codes, 2, 2000, 100, 10);
    CHECK(mf_code_find_live(image, LOW + 1000, LOW + 1101, 1) == NULL, "another size");
    mf_code_find_live(image, LOW + 1000, LOW + 1100, mf_code_name_find(image, 2))->round = 7;
    mf_code_remove_unreported(image, 7, 50);
    CHECK_NAME(codes, 1000, MF_CODE_NOW, "method1");
    CHECK_NAME(codes, 2000, MF_CODE_NOW, "none");
    CHECK_NAME(codes, 2000, 49, "method2");
}

/* On request the JVM reports stubs with shorter names, and no freed stubs. */
static void stubs_reported_again_are_not_added(void)
{
    struct mf_code_store *const codes = new_codes(LOG);
    struct mf_code_image *const image = mf_code_store_current(codes);
    struct mf_code_record *known;

    stub(codes, "adapters(0x12)", 1000, 100, 5, 0);
    stub(codes, "upcall", 2000, 100, 6, 0);
    load(codes, 1, 3000, 100, 7);
    CHECK(mf_code_find_live_stub(image, LOW + 1000, LOW + 1100, "adapters(0x12).") == NULL, "a longer name");
    CHECK(mf_code_find_live_stub(image, LOW + 1000, LOW + 1099, "adapters") == NULL, "another size");
    CHECK(mf_code_find_live_stub(image, LOW + 3000, LOW + 3100, "method") == NULL, "a method");
    known = mf_code_find_live_stub(image, LOW + 1000, LOW + 1100, "adapters");
    CHECK(known != NULL, "the same with a shorter name");
    known->round = 7;
    mf_code_remove_unreported(image, 7, 50);
    CHECK_NAME(codes, 1000, MF_CODE_NOW, "adapters(0x12)");
    CHECK_NAME(codes, 2000, MF_CODE_NOW, "none");
    CHECK_NAME(codes, 2000, 49, "upcall");
}

static void inlined_frames_are_innermost_first(void)
{
    struct mf_code_store *const codes = new_codes(LOG);
    struct mf_code_image *const image = mf_code_store_current(codes);
    const char *const outer[] = {"LA;", "outer", "()V"}, *const inner[] = {"LB;", "inner", "(I)I"};
    const mf_code_unit outer_name = mf_code_name_add(image, 1, outer), inner_name = mf_code_name_add(image, 2, inner);
    struct mf_code_record *const record = mf_code_begin(image, MF_CODE_METHOD, LOW, LOW + 100, 2);
    struct mf_code_frame frames[2];
    struct mf_code code;
    uint32_t caller;

    record->name = outer_name;
    record->loaded = 1;
    caller = mf_code_scope_add(image, record, (struct mf_code_scope){outer_name, 5, MF_NO_SCOPE});
    mf_code_pcs(record)[0] =
        (struct mf_code_pc){10, mf_code_scope_add(image, record, (struct mf_code_scope){inner_name, 3, caller})};
    mf_code_pcs(record)[1] = (struct mf_code_pc){20, caller};
    mf_code_commit(image, record);
    CHECK_IS(mf_code_store_find(codes, LOW + 10, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code), 0, "found");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 10, MF_CODE_RETURNS_TO, frames, 2), 2, "frames at 10");
    CHECK(frames[0].name == inner_name && frames[0].bci == 3, "innermost first");
    CHECK(frames[1].name == outer_name && frames[1].bci == 5, "its caller");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW, MF_CODE_RUNNING_AT, frames, 1), 2, "room for one");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 9, MF_CODE_RUNNING_AT, frames, 2), 2, "running at 9");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 10, MF_CODE_RUNNING_AT, frames, 2), 1, "running at 10");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 11, MF_CODE_RETURNS_TO, frames, 2), 1, "frames at 11");
    CHECK(frames[0].name == outer_name && frames[0].bci == 5, "outer alone");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 20, MF_CODE_RUNNING_AT, frames, 2), 1, "after all debug information");
    CHECK(frames[0].name == outer_name && frames[0].bci == -1, "an unknown bytecode");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 21, MF_CODE_RETURNS_TO, frames, 2), 1, "after all debug information");
    CHECK(frames[0].name == outer_name && frames[0].bci == -1, "an unknown bytecode");
    CHECK_IS(mf_code_store_find(codes, LOW + 100, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code), -ENOENT, "running at its end");
    CHECK_IS(mf_code_store_find(codes, LOW, MF_CODE_RETURNS_TO, MF_CODE_NOW, &code), -ENOENT, "returning to its start");
    CHECK_IS(mf_code_store_find(codes, LOW + 100, MF_CODE_RETURNS_TO, MF_CODE_NOW, &code), 0, "returning to its end");
    CHECK_IS(mf_code_store_text(codes, &code, outer_name, MF_CODE_TEXT_NAME, NULL, 0), 5, "its name's length");
    CHECK_IS(mf_code_store_text(codes, &code, 0, MF_CODE_TEXT_NAME, NULL, 0), 0, "no name");
}

/* Much more code than memory: loaded code is found; unloaded code is right or reported as evicted. */
static void memory_is_bounded(void)
{
    enum { PLACES = 64, ROUNDS = 40000 };
    struct mf_code_store *const codes = new_codes(1u << 16);
    unsigned lives[PLACES] = {0}, checked = 0;
    uint64_t since[PLACES] = {0};
    struct mf_code_counts counts;
    char expected[32];

    for (unsigned i = 1; i <= ROUNDS; i++) {
        const unsigned place = i * 2654435761u >> 26;

        if (lives[place] != 0)
            mf_code_remove(mf_code_store_current(codes), LOW + place * 4096, 0, 10ull * i);
        if (!load(codes, i, place * 4096, 300, 10ull * i + 5)) {
            CHECK(mf_code_store_compact(codes), "round %u: there is something to forget", i);
            CHECK(load(codes, i, place * 4096, 300, 10ull * i + 5), "round %u: there is room then", i);
        }
        if (lives[place] != 0) {
            const char *const before = name_at(codes, place * 4096, 10ull * i - 1);

            sprintf(expected, "method%u", lives[place]);
            CHECK(strcmp(before, expected) == 0 || strcmp(before, "forgotten") == 0, "%s, not %s", before, expected);
            checked += strcmp(before, expected) == 0;
        }
        lives[place] = i;
        since[place] = 10ull * i + 5;
        if (i % 1000 == 0)
            for (unsigned p = 0; p < PLACES; p++) {
                sprintf(expected, "method%u", lives[p]);
                if (lives[p] != 0)
                    CHECK_NAME(codes, p * 4096 + 299, since[p], expected);
            }
    }
    CHECK_NAME(codes, 0, 20, "forgotten");
    mf_code_store_count(codes, &counts);
    CHECK(counts.compactions > 10, "tidied %llu times", (unsigned long long)counts.compactions);
    CHECK_IS(counts.live, PLACES, "living");
    CHECK(counts.bytes <= counts.capacity, "within the bound");
    CHECK(checked > ROUNDS / 2, "%u of the latest past were right", checked);
}

/* Code that was unloaded last is kept, however early it was loaded, and other addresses have no code. */
static void the_oldest_unloaded_code_is_evicted_first(void)
{
    struct mf_code_store *const codes = new_codes(1u << 16);
    uint64_t time = 1000;
    struct mf_code_counts counts;

    load(codes, 1, 0, 512, 100);
    while (load(codes, 2, 4096, 128, time)) {
        mf_code_remove(mf_code_store_current(codes), LOW + 4096, 0, time + 5);
        time += 10;
    }
    mf_code_remove(mf_code_store_current(codes), LOW, 0, time);
    mf_code_store_count(codes, &counts);
    CHECK(mf_code_store_compact(codes), "much went");
    CHECK_NAME(codes, 16, time - 1, "method1");
    CHECK_NAME(codes, 16, 500, "method1");
    CHECK_NAME(codes, 16, 50, "forgotten");
    CHECK_NAME(codes, 9000, time - 50, "none");
    CHECK_NAME(codes, 4096, time - 8, "method2");
    CHECK_NAME(codes, 4096, 1001, "forgotten");
    const uint64_t before = counts.unloaded;
    mf_code_store_count(codes, &counts);
    CHECK(counts.unloaded > before * 2 / 5 && counts.unloaded < before * 3 / 5, "about half stays: %llu of %llu",
          (unsigned long long)counts.unloaded, (unsigned long long)before);
}

static void live_code_is_not_evicted(void)
{
    struct mf_code_store *const codes = new_codes(1u << 16);
    unsigned count = 0;

    while (load(codes, count, count * 512, 100, count + 1))
        count++;
    CHECK(count > 100, "%u methods fit", count);
    CHECK(!mf_code_store_compact(codes), "no code was unloaded: no code is evicted");
    CHECK_NAME(codes, 0, MF_CODE_NOW, "method0");
}

static void a_result_detects_reused_memory(void)
{
    struct mf_code_store *const codes = new_codes(1u << 16);
    struct mf_code code;
    struct mf_code_frame frame;
    char text[16];
    unsigned count = 0;

    load(codes, 0, 0, 100, 1);
    CHECK_IS(mf_code_store_find(codes, LOW, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code), 0, "found");
    for (int attempt = 0; attempt < 2; attempt++) {
        CHECK_IS(mf_code_store_text(codes, &code, code.name, MF_CODE_TEXT_CLASS, text, sizeof text), 8, "the class' length");
        CHECK_IS(mf_code_store_frames(codes, &code, LOW, MF_CODE_RETURNS_TO, &frame, 1), 1, "itself");
        while (load(codes, ++count, 4096, 100, 2)) /* each evicts the previous one */
            continue;
        CHECK(mf_code_store_compact(codes), "tidied");
    }
    CHECK_IS(mf_code_store_text(codes, &code, code.name, MF_CODE_TEXT_CLASS, text, sizeof text), -ESTALE, "text");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW, MF_CODE_RETURNS_TO, &frame, 1), -ESTALE, "frames");
    CHECK_NAME(codes, 0, MF_CODE_NOW, "method0");
}

int main(void)
{
    the_end_of_a_range_is_exclusive();
    a_sample_is_resolved_as_of_its_time();
    new_code_at_a_range_unloads_the_old_code();
    the_smallest_stub_of_a_blob_is_found();
    code_that_is_not_reported_again_is_unloaded();
    stubs_reported_again_are_not_added();
    inlined_frames_are_innermost_first();
    memory_is_bounded();
    the_oldest_unloaded_code_is_evicted_first();
    live_code_is_not_evicted();
    a_result_detects_reused_memory();
    return check_result();
}
