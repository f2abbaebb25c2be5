/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code of a JVM, read from its memory: a simulated code cache whose bytes and whose fields the input changes. Each search
 * and each walk ends within bounds.
 */
#include "target_memory.h"

#include "../test/fake_code.h"

FUZZ_INITIALIZE

/* Changes of the memory: of the structures, or of the method's head. */
static void change_memory(struct input *input, struct blob *blob)
{
    const size_t head = offsetof(struct fake, code);
    const uint8_t choice = (uint8_t)take(input, 1);
    char *const at =
        choice & 1 ? (char *)&fake + take(input, 2) % (head - 8) : (char *)blob + take(input, 1) % (sizeof *blob - 8);
    uint64_t value;

    if (choice & 2)
        value = AT(&fake) + take(input, 3) % sizeof fake;
    else
        value = take(input, choice & 4 ? 8 : 1);
    memcpy(at, &value, choice & 8 ? 8 : choice & 16 ? 4 : 1);
}

/* Changes of the layout: a JVM may export any offset. */
static void change_layout(struct input *input)
{
    static const int32_t widths[] = {0, 1, 2, 4, 8, -1, -2, -4};
    const uint8_t choice = (uint8_t)take(input, 1);
    struct mf_field_layout *const field = &layout->fields[choice % MF_CODE_FIELDS];
    const uint8_t what = (uint8_t)take(input, 1);

    if (what & 1)
        field->bytes = widths[what >> 5];
    else if (what & 2)
        field->offset = take(input, what & 4 ? 8 : 1);
    else if (what & 8)
        layout->block_bytes = take(input, what & 4 ? 8 : 1);
    else if (what & 16)
        layout->pool_bytes = take(input, what & 4 ? 8 : 1);
    else if (what & 64)
        layout->const_method_bytes = take(input, what & 4 ? 8 : 1);
    else
        layout->pc_bytes = take(input, what & 4 ? 8 : 1);
}

static void check_found(int rc)
{
    CHECK(rc == 0 || rc == -ENOENT || rc == -EFAULT || rc == -EINVAL || rc == -EAGAIN, "find: %d", rc);
    if (rc == 0) {
        CHECK(result.frame_count <= MF_TARGET_MAX_FRAMES && result.text_length <= MF_CODE_RESULT_TEXT, "bounds");
        CHECK((uint64_t)result.name.at + result.name.length <= result.text_length, "the name is inside");
        for (uint32_t i = 0; i < result.frame_count && i < MF_TARGET_MAX_FRAMES; i++)
            for (int k = 0; k < MF_TARGET_TEXTS; k++)
                CHECK((uint64_t)result.frames[i].texts[k].at + result.frames[i].texts[k].length <= result.text_length,
                      "a text");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mf_vm_tables empty;
    struct input input = {data, size};
    const uint8_t choice = (uint8_t)take(&input, 1);
    const uint8_t changes = (uint8_t)take(&input, 1) % 16;
    struct blob *blob;
    uint64_t address;
    int rc;

    memory = (struct mf_target_memory){.proc_fd = MEM_FD, .mem_fd = MEM_FD, .pid = choice & 2 ? 42 : 0};
    target.bytes = (const char *)&fake;
    target.start = AT(&fake);
    target.end = AT(&fake) + sizeof fake;
    target.calls = 0;
    if (reader == NULL)
        reader = mf_code_reader_init(aligned_alloc(16, (mf_code_reader_bytes(SLOTS) + 15) / 16 * 16), SLOTS, &empty);
    layout = &reader->layout;
    lay_out(choice & 1);
    blob = put_code(choice & 1);
    for (uint8_t i = 0; i < changes && input.left > 0; i++) {
        if (choice & 4 && i % 4 == 3)
            change_layout(&input);
        else
            change_memory(&input, blob);
    }
    address = AT(blob) + 256 + 20;
    for (int i = 0; i < 3; i++) {
        rc = mf_code_reader_find(reader, &memory, address, choice & 8 ? MF_CODE_RETURNS_TO : MF_CODE_RUNNING_AT, &result);
        check_found(rc);
        address = i == 0 ? fake.queue.buffer + 48 : AT(fake.code) + take(&input, 2) % sizeof fake.code;
    }
    check_found(mf_code_reader_find_in_frame(reader, &memory, fake.queue.buffer + 48,
                                             choice & 8 ? MF_CODE_RETURNS_TO : MF_CODE_RUNNING_AT,
                                             choice & 16 ? FRAME : AT(&fake) + take(&input, 2), &result));
    for (int i = 0, begin = 1; i < 16 && (rc = mf_code_reader_next(reader, &memory, begin, &result)) == 0; i++) {
        check_found(rc);
        begin = 0;
    }
    return end_run();
}
