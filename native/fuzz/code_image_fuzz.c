/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded code in an image that another thread overwrites: the input changes bytes behind its head. Each search and each read
 * ends, within the image.
 */
#include "fuzz.h"

#include "jvm/code_image.h"

#define LOW   0x7f0000000000ull
#define CACHE 4096u
#define LOG   8192u

FUZZ_INITIALIZE
CALLS_OF_KERNEL

static void add(struct mf_code_image *image, uint32_t number, enum mf_code_kind kind, uint64_t start, uint64_t end)
{
    const char *const method[] = {"LHolder;", number & 1 ? "odd" : "even", "()V"};
    const char *const stub[] = {"", "a stub", ""};
    const mf_code_unit name = mf_code_name_add(image, kind == MF_CODE_STUB ? 0 : number, kind == MF_CODE_STUB ? stub : method);
    struct mf_code_record *const record = mf_code_begin(image, kind, LOW + start, LOW + end, 2);
    uint32_t outer;

    if (name == 0 || record == NULL)
        abort();
    record->name = name;
    record->loaded = number;
    outer = mf_code_scope_add(image, record, (struct mf_code_scope){name, 7, MF_NO_SCOPE});
    mf_code_pcs(record)[0] = (struct mf_code_pc){8, outer};
    mf_code_pcs(record)[1] = (struct mf_code_pc){64, mf_code_scope_add(image, record, (struct mf_code_scope){name, 3, outer})};
    mf_code_commit(image, record);
}

static const struct mf_code_image *original(uint64_t *bytes)
{
    static struct mf_code_image *image;
    static uint64_t size;

    if (image == NULL) {
        size = mf_code_image_bytes(CACHE, LOG);
        image = calloc(1, size);
        mf_code_image_init(image, size, LOW, CACHE);
        for (uint32_t i = 0; i < 8; i++)
            add(image, i + 1, i % 4 == 3 ? MF_CODE_STUB : MF_CODE_METHOD, i * 256, i * 256 + 300);
    }
    *bytes = size;
    return image;
}

static void read_all(const struct mf_code_image *image, uint64_t address, uint64_t time, uint32_t unit)
{
    const struct mf_code_match match = mf_code_search(image, address, time);
    struct mf_code_frame frames[4];
    char text[64];
    int rc;

    if (match.record != 0)
        CHECK(mf_code_is_within(image, match.record, sizeof(struct mf_code_record)), "a record outside");
    for (int i = 0; i < 2; i++) {
        const mf_code_unit record = i == 0 ? match.record : unit;

        rc = record == 0 ? 0 : mf_code_read_frames(image, record, address, frames, 4);
        CHECK(rc >= -4095, "frames: %d", rc);
        for (int k = 0; k < rc && k < 4; k++)
            for (int kind = 0; kind < 4; kind++)
                CHECK(mf_code_read_text(image, frames[k].name, (enum mf_code_text_kind)kind, text, sizeof text) >= -4095,
                      "text");
        CHECK(mf_code_read_text(image, record, (enum mf_code_text_kind)(time & 3), text, sizeof text) >= -4095, "text");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint64_t bytes;
    const struct mf_code_image *const from = original(&bytes);
    const uint64_t log = (uint64_t)from->log * 8;
    struct mf_code_image *const image = malloc(bytes);
    const uint32_t changes = (uint32_t)take(&input, 1) % 32;
    uint64_t address, time;

    memcpy(image, from, bytes);
    for (uint32_t i = 0; i < changes && input.left > 0; i++) {
        const uint8_t choice = (uint8_t)take(&input, 1);
        /* Positions are aligned: a store of the writer is one number. Half of them are in the table, half in the log. */
        const uint64_t at = choice & 1 ? log + take(&input, 2) % (bytes - log) / 8 * 8
                                       : sizeof *image + take(&input, 1) % from->segments * sizeof(mf_code_unit) / 8 * 8;
        const uint64_t value = take(&input, choice & 2 ? 8 : 2);
        const size_t width = choice & 4 ? 8 : 4;
        const size_t half = choice & 8 && width == 4 ? 4 : 0;

        if (at + half + width <= bytes)
            memcpy((char *)image + at + half, &value, width);
    }
    for (int i = 0; i < 8; i++) {
        address = LOW + take(&input, 2) % (CACHE + 64);
        time = take(&input, 1) % 16;
        read_all(image, address, time == 15 ? MF_CODE_NOW : time, (uint32_t)take(&input, 2));
    }
    free(image);
    return end_run();
}
