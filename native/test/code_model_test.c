/* SPDX-License-Identifier: Apache-2.0 */
/* A model of code_image.c: random code is loaded and unloaded in a few segments. Each result equals that of a linear search. */
#include "check.h"

#include "jvm/code_store.h"

#include <errno.h>
#include <sys/mman.h>

#define LOW         0x7f0000000000ull
#define CACHE       1024u /* eight segments, so that each has many records */
#define LOG         8192u
#define RECORDS_MAX 4096

/* One piece of code, as the JVM reports it. */
struct piece {
    bool is_method;
    uint64_t start, end; /* relative to LOW */
    uint64_t loaded;
    uint64_t unloaded; /* 0: it is loaded */
    bool was_there;
    uint32_t round;
    unsigned number; /* its name and identity; 0: none */
};

static struct piece model[RECORDS_MAX]; /* in the order of the reports */
static unsigned piece_count;
static struct mf_code_store *codes;
static uint64_t seed;
static uint64_t now;
static uint32_t round_number;
static unsigned numbers;

static uint32_t random_below(uint32_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

static bool is_there(const struct piece *piece, uint64_t time)
{
    return time == MF_CODE_NOW ? piece->unloaded == 0
                               : piece->loaded <= time && (piece->unloaded == 0 || time < piece->unloaded);
}

static bool covers(const struct piece *piece, uint64_t address)
{
    return address >= piece->start && address < piece->end;
}

static bool overlap(const struct piece *a, const struct piece *b)
{
    return a->start < b->end && b->start < a->end;
}

/* Returns the chosen piece at an address: the method, or else the smallest stub, of equal stubs the newest; or NULL. */
static const struct piece *meant(bool (*is_chosen)(const struct piece *, uint64_t, const struct piece *), uint64_t address,
                                 uint64_t time, const struct piece *first)
{
    const struct piece *best = NULL;

    for (const struct piece *t = model + piece_count; t-- > model;) {
        if (!covers(t, address) || !is_chosen(t, time, first))
            continue;
        if (t->is_method)
            return t;
        if (best == NULL || t->end - t->start < best->end - best->start)
            best = t;
    }
    return best;
}

static bool is_there_then(const struct piece *piece, uint64_t time, const struct piece *first)
{
    (void)first;
    return is_there(piece, time);
}

/* The first piece that was loaded after a time. If it is a stub, also the stubs that were loaded at the same time. */
static bool is_there_with_first(const struct piece *piece, uint64_t time, const struct piece *first)
{
    return piece == first || (piece->loaded > time && !first->is_method && !piece->is_method &&
                              (first->unloaded == 0 || piece->loaded < first->unloaded));
}

/* Returns the number of the piece at an address and time, or 0. */
static unsigned answer_of_model(uint64_t address, uint64_t time, bool *is_reported_later)
{
    const struct piece *found = meant(is_there_then, address, time, NULL);
    const struct piece *first = model;

    *is_reported_later = false;
    if (found == NULL && time != MF_CODE_NOW) {
        while (first < model + piece_count && !(covers(first, address) && first->loaded > time))
            first++;
        if (first < model + piece_count)
            found = meant(is_there_with_first, address, time, first);
        *is_reported_later = found != NULL;
    }
    return found == NULL ? 0 : found->number;
}

static unsigned number_of(const struct mf_code *code)
{
    char name[16] = "";
    const int length = mf_code_store_text(codes, code, code->name, MF_CODE_TEXT_NAME, name, sizeof name - 1);

    return length < 1 ? 0 : (unsigned)atoi(name + 1);
}

static bool compare_at(uint64_t address, uint64_t time, unsigned step)
{
    struct mf_code code;
    bool is_reported_later;
    const unsigned expected = answer_of_model(address, time, &is_reported_later);
    const int rc = mf_code_store_find(codes, LOW + address, MF_CODE_RUNNING_AT, time, &code);
    const uint64_t forgotten = mf_code_store_current(codes)->evicted_before;
    const int expected_rc = time < forgotten && (expected == 0 || is_reported_later) ? -ENODATA : expected == 0 ? -ENOENT : 0;

    CHECK(rc == expected_rc, "step %u: at %" PRIu64 ", %" PRIu64 ": %d, not %d", step, address, time, rc, expected_rc);
    if (rc == 0)
        CHECK(number_of(&code) == expected && !(code.flags & MF_CODE_RECORDED_LATER) == !is_reported_later,
              "step %u: at %" PRIu64 ", %" PRIu64 ": code %u, not %u%s", step, address, time, number_of(&code), expected,
              is_reported_later ? "?" : "");
    return check_failures == 0;
}

/* ---- Steps that change the image and the model ---- */

static void forget(uint64_t until)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < piece_count; i++)
        if (model[i].unloaded == 0 || model[i].unloaded > until)
            model[kept++] = model[i];
    piece_count = kept;
}

static bool tidy(void)
{
    const bool gained = mf_code_store_compact(codes);

    forget(mf_code_store_current(codes)->evicted_before);
    return gained;
}

static bool add_to_image(const struct piece *piece)
{
    struct mf_code_image *const image = mf_code_store_current(codes);
    char name[16];
    const char *const texts[] = {piece->is_method ? "LHolder;" : "", name, piece->is_method ? "()V" : ""};
    struct mf_code_record *record;
    mf_code_unit place;

    sprintf(name, "n%u", piece->number);
    place = mf_code_name_add(image, piece->is_method ? piece->number : 0, texts);
    record = place == 0 ? NULL
                        : mf_code_begin(image, piece->is_method ? MF_CODE_METHOD : MF_CODE_STUB, LOW + piece->start,
                                        LOW + piece->end, 0);
    if (record == NULL)
        return false;
    record->name = place;
    record->loaded = piece->loaded;
    record->flags = piece->was_there ? MF_CODE_BEFORE_START : 0;
    record->round = piece->round;
    mf_code_commit(image, record);
    return true;
}

static void add_to_model(const struct piece *piece)
{
    for (unsigned i = 0; i < piece_count; i++)
        if (model[i].unloaded == 0 && overlap(&model[i], piece) &&
            !(!model[i].is_method && !piece->is_method && piece->was_there))
            model[i].unloaded = piece->loaded;
    if (piece_count == RECORDS_MAX)
        abort();
    model[piece_count++] = *piece;
}

static void load(void)
{
    const uint32_t start = random_below(CACHE - 1);
    const uint32_t bytes = 1 + random_below(random_below(4) == 0 ? CACHE - start : CACHE - start < 60 ? CACHE - start : 60);
    const struct piece piece = {
        .is_method = random_below(2) == 0,
        .start = start,
        .end = start + bytes,
        .loaded = now,
        .was_there = random_below(3) != 0,
        .round = round_number,
        .number = ++numbers,
    };

    if (add_to_image(&piece) || (tidy() && add_to_image(&piece)))
        add_to_model(&piece);
}

static void unload(unsigned step)
{
    const uint64_t start =
        piece_count == 0 || random_below(4) == 0 ? random_below(CACHE) : model[random_below(piece_count)].start;
    struct piece *method = NULL;
    bool removed;

    for (unsigned i = 0; i < piece_count; i++)
        if (model[i].is_method && model[i].unloaded == 0 && model[i].start == start)
            method = &model[i];
    removed = mf_code_remove(mf_code_store_current(codes), LOW + start, 0, now);
    CHECK(removed == (method != NULL), "step %u: a method at %" PRIu64 " is removed", step, start);
    if (method != NULL)
        method->unloaded = now;
}

/* The JVM reports some of the stubs and methods again, as after a request for all code. */
static void compare_again(unsigned step)
{
    struct mf_code_image *const image = mf_code_store_current(codes);

    round_number++;
    for (unsigned i = 0; i < piece_count; i++) {
        struct mf_code_record *record;
        char name[16];

        if (model[i].unloaded != 0 || random_below(3) == 0)
            continue;
        sprintf(name, "n%u", model[i].number);
        record = model[i].is_method ? mf_code_find_live(image, LOW + model[i].start, LOW + model[i].end,
                                                        mf_code_name_find(image, model[i].number))
                                    : mf_code_find_live_stub(image, LOW + model[i].start, LOW + model[i].end, name);
        CHECK(record != NULL, "step %u: %u is known", step, model[i].number);
        if (record == NULL)
            return;
        record->round = round_number;
        for (unsigned k = 0; k < piece_count; k++) /* a name may be a prefix of another: n1, n12 */
            if (model[k].unloaded == 0 && LOW + model[k].start == record->start && LOW + model[k].end == record->end &&
                model[k].loaded == record->loaded)
                model[k].round = round_number;
    }
    mf_code_remove_unreported(image, round_number, now);
    for (unsigned i = 0; i < piece_count; i++)
        if (model[i].unloaded == 0 && model[i].round != round_number)
            model[i].unloaded = now;
}

static bool step_is_right(unsigned step)
{
    const uint32_t what = random_below(100);

    now += 1 + random_below(3);
    if (what < 60)
        load();
    else if (what < 96)
        unload(step);
    else if (what < 99)
        compare_again(step);
    else
        tidy();
    for (int i = 0; i < 6; i++)
        if (!compare_at(random_below(CACHE), i % 4 == 0 ? MF_CODE_NOW : now - random_below((uint32_t)(now < 400 ? now : 400)),
                        step))
            return false;
    return true;
}

static void a_list_has_the_same_answers(uint64_t of_seed, unsigned steps)
{
    const size_t bytes = mf_code_store_bytes(CACHE, LOG);

    codes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (codes == MAP_FAILED)
        abort();
    mf_code_store_init(codes, LOW, CACHE, LOG);
    seed = of_seed;
    piece_count = numbers = round_number = 0;
    now = 0;
    for (unsigned step = 0; step < steps; step++)
        if (!step_is_right(step)) {
            fprintf(stderr, "with seed %" PRIu64 "\n", of_seed);
            break;
        }
    munmap(codes, bytes);
}

/* The larger stub was once returned: the search ended at the method, which does not cover the address. */
static void a_method_between_two_stubs(void)
{
    static const struct piece small = {false, 16, 32, 1, 0, true, 0, 1}, method = {true, 64, 80, 2, 0, false, 0, 2},
                              large = {false, 0, 48, 3, 0, true, 0, 3};
    const size_t bytes = mf_code_store_bytes(CACHE, LOG);
    struct mf_code code;

    codes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mf_code_store_init(codes, LOW, CACHE, LOG);
    CHECK(add_to_image(&small) && add_to_image(&method) && add_to_image(&large), "added");
    CHECK(mf_code_store_find(codes, LOW + 20, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code) == 0 && number_of(&code) == 1,
          "the smaller stub");
    CHECK(mf_code_store_find(codes, LOW + 20, MF_CODE_RUNNING_AT, 3, &code) == 0 && number_of(&code) == 1,
          "the smaller stub then");
    CHECK(mf_code_store_find(codes, LOW + 40, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code) == 0 && number_of(&code) == 3,
          "the larger one");
    CHECK(mf_code_store_find(codes, LOW + 70, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code) == 0 && number_of(&code) == 2,
          "the method");
    munmap(codes, bytes);
}

int main(void)
{
    const unsigned runs = rounds(30000);

    a_method_between_two_stubs();
    for (unsigned run = 1; run <= runs && check_failures == 0; run++)
        a_list_has_the_same_answers(run, run % 300 == 0 ? 800 : 10 + run % 30); /* long lists fill the log */
    return check_result();
}
