/* SPDX-License-Identifier: Apache-2.0 */
/* How certain recorded code is: places that are used again before the JVM reports it, and memory that is full. */
#include "check.h"

#include "jvm/code_store.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#define CACHE  (1u << 16)
#define SECOND 1000000000ull
#define BLOCK  8u /* bytes of a block before its nmethod */

/* A simulated nmethod. Its code follows it. */
struct nmethod {
    int32_t size, compile_id;
};

static char cache[CACHE];
static struct mf_code_store *codes;

#define LOW ((uint64_t)(uintptr_t)cache)

static uint64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void new_codes(uint64_t log)
{
    const size_t bytes = mf_code_store_bytes(CACHE, log);

    codes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mf_code_store_init(codes, LOW, CACHE, log);
    codes->header = (struct mf_code_header){BLOCK, offsetof(struct nmethod, size), offsetof(struct nmethod, compile_id), 0};
}

/* Places an nmethod in a block. The JVM reports nothing yet. */
static void place(uint32_t block, int32_t compile_id, int32_t size)
{
    const struct nmethod nmethod = {size, compile_id};

    cache[block] = 1; /* in use */
    memcpy(cache + block + BLOCK, &nmethod, sizeof nmethod);
}

/* Records the method in a block as the agent does when the JVM reports it. Returns false if there is no room. */
static bool record(uint32_t block, int32_t compile_id, int32_t size, uint64_t time, uint32_t pcs)
{
    struct mf_code_image *const image = mf_code_store_current(codes);
    const uint64_t start = LOW + block + BLOCK + sizeof(struct nmethod);
    char name[16];
    const char *const texts[] = {"LHolder;", name, "()V"};
    struct mf_code_record *made = NULL;
    mf_code_unit unit;

    sprintf(name, "m%d", compile_id);
    unit = mf_code_name_add(image, (uint64_t)compile_id, texts);
    if (unit != 0)
        made = mf_code_begin(image, MF_CODE_METHOD, start, start + 64, pcs);
    if (made == NULL)
        return false;
    made->name = unit;
    made->loaded = time;
    made->compile_id = compile_id;
    made->head = sizeof(struct nmethod);
    made->blob_bytes = size;
    for (uint32_t i = 0; i < pcs; i++) {
        const uint32_t scope = mf_code_scope_add(image, made, (struct mf_code_scope){unit, (int32_t)i, MF_NO_SCOPE});

        if (scope == MF_NO_SCOPE)
            return false;
        mf_code_pcs(made)[i] = (struct mf_code_pc){i + 1, scope};
    }
    mf_code_commit(image, made);
    return true;
}

static void load(uint32_t block, int32_t compile_id, uint64_t time)
{
    place(block, compile_id, 100);
    CHECK(record(block, compile_id, 100, time, 0), "room for %d", compile_id);
}

/* Checks the compile ID and the flags at an address of the code of a block; or the error. */
static void check_at(uint32_t block, uint64_t time, int rc, int32_t compile_id, uint32_t flags, const char *what)
{
    struct mf_code code;

    CHECK_IS(mf_code_store_find(codes, LOW + block + 20, MF_CODE_RUNNING_AT, time, &code), rc, what);
    if (rc == 0) {
        CHECK_IS(code.compile_id, compile_id, what);
        CHECK_IS(code.flags, flags, what);
    }
}

static void live_code_is_compared_with_memory(void)
{
    const uint64_t now = clock_now();

    new_codes(1u << 16);
    load(0, 1, now - 60 * SECOND);
    check_at(0, MF_CODE_NOW, 0, 1, 0, "the same code");
    check_at(0, now, 0, 1, 0, "the same code, with a time");
    place(0, 2, 100);
    check_at(0, MF_CODE_NOW, 0, 1, MF_CODE_UNCERTAIN, "another compile ID");
    check_at(0, now, 0, 1, MF_CODE_UNCERTAIN, "another compile ID, with a time");
    check_at(0, now - 30 * SECOND, 0, 1, MF_CODE_UNCERTAIN, "it is unknown when it ended");
    place(0, 1, 200);
    check_at(0, MF_CODE_NOW, 0, 1, MF_CODE_UNCERTAIN, "another size");
    place(0, 1, 100);
    check_at(0, MF_CODE_NOW, 0, 1, 0, "the same code again");
    cache[0] = 0;
    check_at(0, MF_CODE_NOW, 0, 1, MF_CODE_UNCERTAIN, "a free block");
}

/* Other code may have run at an address for some time before the JVM reported the end of the first. */
static void code_before_a_reuse_is_uncertain(void)
{
    const uint64_t now = clock_now(), end = now - 20 * SECOND;

    new_codes(1u << 16);
    load(0, 1, now - 60 * SECOND);
    CHECK(mf_code_remove(mf_code_store_current(codes), LOW + BLOCK + sizeof(struct nmethod), 0, end), "unloaded");
    check_at(0, end - 1, 0, 1, 0, "no other code was reported in time");
    load(0, 2, end + SECOND);
    check_at(0, end - 1, 0, 1, MF_CODE_UNCERTAIN, "shortly before the end");
    check_at(0, end - 10 * SECOND, 0, 1, 0, "long before the end");
    check_at(0, end, 0, 2, MF_CODE_RECORDED_LATER, "at the end");
    check_at(0, MF_CODE_NOW, 0, 2, 0, "now");
    load(256, 3, now - 60 * SECOND);
    CHECK(mf_code_remove(mf_code_store_current(codes), LOW + 256 + BLOCK + sizeof(struct nmethod), 0, now), "unloaded");
    check_at(256, now - 1, 0, 3, MF_CODE_UNCERTAIN, "a report of other code may follow");
}

/* The end of a method is reported after another method was recorded in its place. */
static void a_late_end_is_not_that_of_the_next_method(void)
{
    new_codes(1u << 16);
    load(0, 1, 10);
    load(0, 2, 20);
    CHECK(!mf_code_remove(mf_code_store_current(codes), LOW + BLOCK + sizeof(struct nmethod), 1, 30), "not of the first");
    check_at(0, MF_CODE_NOW, 0, 2, 0, "the second is live");
    CHECK(mf_code_remove(mf_code_store_current(codes), LOW + BLOCK + sizeof(struct nmethod), 2, 40), "of the second");
}

/* Details are dropped before names. */
static void a_full_memory_drops_details_first(void)
{
    struct mf_code_frame frame;
    struct mf_code code;
    int32_t count = 0;

    new_codes(1u << 13);
    while (place((uint32_t)count * 256, count + 1, 100), record((uint32_t)count * 256, count + 1, 100, 10, 20))
        count++;
    CHECK(count > 3, "%d methods", count);
    CHECK_IS(mf_code_store_find(codes, LOW + 16, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code), 0, "the first");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 16, MF_CODE_RUNNING_AT, &frame, 1), 1, "frames");
    CHECK_IS(frame.bci, 0, "a bytecode");
    CHECK(mf_code_store_compact(codes), "details were dropped");
    CHECK(!mf_code_store_compact(codes), "there are no more details");
    for (int32_t i = 0; i < count; i++)
        check_at((uint32_t)i * 256, MF_CODE_NOW, 0, i + 1, MF_CODE_NO_DETAILS, "the method");
    CHECK_IS(mf_code_store_find(codes, LOW + 16, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code), 0, "the first");
    CHECK_IS(mf_code_store_frames(codes, &code, LOW + 16, MF_CODE_RUNNING_AT, &frame, 1), 1, "frames");
    CHECK_IS(frame.bci, -1, "no bytecode");
    CHECK(record((uint32_t)count * 256, count + 1, 100, 10, 20), "room for details of new code");
}

static void code_that_is_not_recorded_is_a_result(void)
{
    new_codes(1u << 16);
    load(0, 1, 10);
    mf_code_store_lose(codes, LOW + BLOCK, LOW + 200, 20);
    check_at(0, MF_CODE_NOW, -ENOSPC, 0, 0, "in its place");
    check_at(0, 15, 0, 1, MF_CODE_UNCERTAIN, "before");
    check_at(512, MF_CODE_NOW, -ENOENT, 0, 0, "elsewhere");
    mf_code_store_lose(codes, LOW + CACHE - 8, LOW + CACHE + 8, 20);
    mf_code_store_lose(codes, LOW - 100, LOW - 50, 20);
    CHECK_IS(codes->lost, 3, "counted");
    load(0, 2, 30);
    check_at(0, MF_CODE_NOW, 0, 2, 0, "recorded code");
}

int main(void)
{
    /* The clock begins at the boot of a machine. The times of the tests are up to a minute ago. */
    while (clock_now() <= 100 * SECOND)
        sleep(1);
    live_code_is_compared_with_memory();
    code_before_a_reuse_is_uncertain();
    a_late_end_is_not_that_of_the_next_method();
    a_full_memory_drops_details_first();
    code_that_is_not_recorded_is_a_result();
    return check_result();
}
