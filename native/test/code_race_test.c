/* SPDX-License-Identifier: Apache-2.0 */
/* Readers without locks, while code is loaded and unloaded and memory is compacted: each result is consistent. */
#include "check.h"

#include "jvm/code_store.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#define LOW     0x7f0000000000ull
#define CACHE   (1u << 20)
#define PLACES  128u
#define STEP    4096u
#define READERS 3
#define KEPT    0u /* a place whose code is never removed: other code replaces it */

static struct mf_code_store *codes;
static _Atomic bool is_done;
static _Atomic unsigned wrong;
static _Atomic unsigned lost;
static _Atomic unsigned uncovered;
static _Atomic uint64_t listed;
static _Atomic uint64_t covered;
static _Atomic uint64_t found[READERS];

static uint64_t start_of(unsigned number)
{
    return LOW + (number % 4 == 0 ? KEPT : number % PLACES) * STEP;
}

/* Name, size and debug information of a method are derived from its number, and its range from its position. */
static bool load(unsigned number, uint64_t time)
{
    struct mf_code_image *const image = mf_code_store_current(codes);
    const uint64_t start = start_of(number);
    char name[32];
    const char *const texts[] = {"LHolder;", name, "()V"};
    struct mf_code_record *record;
    mf_code_unit place;

    sprintf(name, "%u", number);
    place = mf_code_name_add(image, number + 1, texts);
    record = place == 0 ? NULL : mf_code_begin(image, MF_CODE_METHOD, start, start + 100 + number % 1000, 1);
    if (record == NULL || mf_code_scope_add(image, record, (struct mf_code_scope){place, (int)number, MF_NO_SCOPE}) != 0)
        return false;
    mf_code_pcs(record)[0] = (struct mf_code_pc){50, 0};
    record->name = place;
    record->loaded = time;
    record->compile_id = (int)number;
    mf_code_commit(image, record);
    return true;
}

static bool is_whole(const struct mf_code *code, uint64_t address)
{
    struct mf_code_frame frame;
    char text[16];
    const unsigned number = (unsigned)code->compile_id;
    const int frames = mf_code_store_frames(codes, code, code->start + 50, MF_CODE_RETURNS_TO, &frame, 1);
    const int length = mf_code_store_text(codes, code, code->name, MF_CODE_TEXT_NAME, text, sizeof text - 1);

    if (address < code->start || address >= code->end || code->start != start_of(number) ||
        code->end - code->start != 100 + number % 1000)
        return false;
    if (frames != -ESTALE && (frames != 1 || frame.bci != (int)number || frame.name != code->name))
        return false;
    if (length < 0)
        return length == -ESTALE;
    text[length] = '\0';
    return (unsigned)atoi(text) == number;
}

static void *read_all(void *own)
{
    _Atomic uint64_t *const count = own;

    for (unsigned i = 0; !is_done; i++) {
        const uint64_t address = LOW + i * 2654435761u % PLACES * STEP + i % 100;
        struct mf_code code;

        if (mf_code_store_find(codes, address, MF_CODE_RUNNING_AT, i & 1 ? MF_CODE_NOW : i % 5000, &code) != 0)
            continue;
        if (!is_whole(&code, address))
            wrong++;
        ++*count;
    }
    return NULL;
}

/* A record in the log is in the table of each of its segments: what is listed is found. */
static void *find_listed(void *unused)
{
    uint32_t compaction = UINT32_MAX;
    const struct mf_code_image *image = NULL;
    mf_code_unit unit = 0;

    (void)unused;
    while (!is_done) {
        const struct mf_code_record *record;
        struct mf_code code;
        uint64_t end, loaded;

        if (codes->compactions_begun != compaction) {
            compaction = codes->compactions;
            image = mf_code_store_current(codes);
            unit = image->log;
        }
        if (unit >= image->used)
            continue;
        record = mf_code_read(image, unit);
        end = record->end;
        loaded = record->loaded;
        unit += record->entry.units;
        if (record->entry.kind == MF_CODE_NAME || codes->compactions_begun != compaction)
            continue;
        if (mf_code_store_find(codes, end, MF_CODE_RETURNS_TO, loaded, &code) == -ENOENT)
            lost++;
        listed++;
    }
    return NULL;
}

/* An address whose code is replaced by other code is in one of both at each time. */
static void *find_replaced(void *unused)
{
    struct mf_code code;

    (void)unused;
    while (!is_done) {
        const int rc = mf_code_store_find(codes, LOW + KEPT * STEP + covered % 100, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code);

        if (rc == 0)
            covered++;
        else if (rc == -ENOENT && covered > 0)
            uncovered++;
    }
    return NULL;
}

static bool all_found(uint64_t least)
{
    for (int i = 0; i < READERS; i++)
        if (found[i] < least)
            return false;
    return listed >= least && covered >= least;
}

/* ---- Code that is replaced by other code that is not recorded ---- */

#define LOST_PLACES (CACHE >> MF_SEGMENT_SHIFT)
#define NO_PLACE    UINT32_MAX

static struct mf_code_store *lossy;
static _Atomic uint32_t place = NO_PLACE; /* its code is recorded */
static _Atomic uint32_t seen = NO_PLACE;  /* the place that the reader has found */

static uint64_t address_of(uint32_t number)
{
    return LOW + ((uint64_t)number << MF_SEGMENT_SHIFT);
}

/* The code of a place is found until it is lost: it is never absent. */
static void *find_until_lost(void *absent)
{
    for (uint32_t at = place; at != LOST_PLACES; at = place) {
        struct mf_code code;

        if (at == NO_PLACE)
            continue;
        if (mf_code_store_find(lossy, address_of(at), MF_CODE_RUNNING_AT, MF_CODE_NOW, &code) == -ENOENT)
            ++*(_Atomic unsigned *)absent;
        seen = at;
    }
    return NULL;
}

static void lose_code(void)
{
    const size_t bytes = mf_code_store_bytes(CACHE, 1u << 21);
    static _Atomic unsigned absent;
    pthread_t reader;

    lossy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mf_code_store_init(lossy, LOW, CACHE, 1u << 21);
    pthread_create(&reader, NULL, find_until_lost, &absent);
    for (uint32_t number = 0; number < LOST_PLACES; number++) {
        struct mf_code_image *const image = mf_code_store_current(lossy);
        const uint64_t start = address_of(number);
        struct mf_code_record *const record = mf_code_begin(image, MF_CODE_METHOD, start, start + 100, 0);

        CHECK(record != NULL, "there is room for %u", number);
        record->loaded = 1;
        mf_code_commit(image, record);
        place = number;
        while (seen != number)
            sched_yield();
        mf_code_store_lose(lossy, start, start + 100, 2);
    }
    place = LOST_PLACES;
    pthread_join(reader, NULL);
    CHECK_IS(absent, 0, "neither found nor lost");
}

int main(void)
{
    enum { FOUND = 100, LONGEST = 100 }; /* on a slow machine a reader may be late */
    const size_t bytes = mf_code_store_bytes(CACHE, 1u << 17);
    pthread_t readers[READERS], lister, replaced;
    const unsigned last = rounds(200000);

    codes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mf_code_store_init(codes, LOW, CACHE, 1u << 17);
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, read_all, &found[i]);
    pthread_create(&lister, NULL, find_listed, NULL);
    pthread_create(&replaced, NULL, find_replaced, NULL);
    for (unsigned number = 0; number < last || (number < last * LONGEST && !all_found(FOUND)); number++) {
        if (number % 3 != 0 && start_of(number) != LOW + KEPT * STEP)
            mf_code_remove(mf_code_store_current(codes), start_of(number), 0, number + 1);
        if (!load(number, number + 1))
            CHECK(mf_code_store_compact(codes) && load(number, number + 1), "there is room for %u", number);
    }
    is_done = true;
    pthread_join(lister, NULL);
    CHECK(listed >= FOUND, "listed %llu", (unsigned long long)listed);
    CHECK_IS(lost, 0, "listed, and not found");
    pthread_join(replaced, NULL);
    CHECK(covered >= FOUND, "covered %llu", (unsigned long long)covered);
    CHECK_IS(uncovered, 0, "replaced, and not found");
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        CHECK(found[i] >= FOUND, "reader %d found %llu", i, (unsigned long long)found[i]);
    }
    lose_code();
    CHECK_IS(wrong, 0, "wrong answers");
    CHECK(codes->compactions >= last / 2000, "tidied %u times", codes->compactions);
    return check_result();
}
