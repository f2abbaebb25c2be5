/* SPDX-License-Identifier: Apache-2.0 */
/* The code of a target JVM with its names, checked to be consistent. */
#include "jvm/code_reader.h"

#include <stdbool.h>
#include <string.h>

#define ATTEMPTS 4

/* The pages follow the reader and are aligned. */
static size_t head_bytes(void)
{
    return (sizeof(struct mf_code_reader) + 63) & ~(size_t)63;
}

size_t mf_code_reader_bytes(uint32_t slots)
{
    return head_bytes() + mf_pages_bytes(slots, MF_CODE_READER_PAGE);
}

struct mf_code_reader *mf_code_reader_init(void *memory, uint32_t slots, const struct mf_vm_tables *tables)
{
    struct mf_code_reader *const reader = memory;

    mf_code_layout_read(tables, &reader->layout);
    memset(&reader->walk, 0, sizeof reader->walk);
    memset(&reader->constants, 0, sizeof reader->constants);
    reader->pages = mf_pages_init((char *)memory + head_bytes(), slots, MF_CODE_READER_PAGE, NULL);
    return reader;
}

/* Adds a text that was read to the end of the others; a negative length: it is unknown. Returns 0, or -ESRCH. */
static int add_text(struct mf_code_result *out, struct mf_result_text *text, int32_t length)
{
    *text = (struct mf_result_text){out->text_length, length < 0 ? 0 : (uint32_t)length};
    out->text_length += text->length;
    return length == -ESRCH ? length : 0;
}

static char *text_end(struct mf_code_result *out, uint32_t *capacity)
{
    *capacity = MF_CODE_RESULT_TEXT - out->text_length;
    return out->text + out->text_length;
}

static int read_frame(struct mf_code_reader *reader, struct mf_code_result *out, uint32_t number)
{
    struct mf_code_result_frame *const frame = &out->frames[number];

    for (int kind = 0; kind < MF_TARGET_TEXTS; kind++) {
        uint32_t capacity;
        char *const to = text_end(out, &capacity);
        const int rc = add_text(out, &frame->texts[kind],
                                mf_target_method_text(reader->pages, &reader->layout, frame->frame.method,
                                                      (enum mf_target_text)kind, to, capacity));

        if (rc != 0)
            return rc;
    }
    return 0;
}

static int read_frames(struct mf_code_reader *reader, const struct mf_target_frame *frames, int count,
                       struct mf_code_result *out)
{
    const struct mf_target_frame compiled = {out->code.method, -1, 0};
    int rc = 0;

    out->has_record = count > 0;
    out->frame_count = count > 0 ? (uint32_t)count : 1;
    mf_target_method_prefetch(reader->pages, &reader->layout, frames, count > 0 ? (uint32_t)count : 0);
    for (uint32_t i = 0; rc == 0 && i < out->frame_count; i++) {
        out->frames[i].frame = count > 0 ? frames[i] : compiled;
        rc = read_frame(reader, out, i);
    }
    return rc;
}

/* Reads the name of a stub. A codelet of the interpreter has its own range, which replaces that of the interpreter. */
static int read_stub_name(struct mf_code_reader *reader, uint64_t instruction, bool is_whole, struct mf_code_result *out)
{
    struct mf_codelet codelet;
    uint32_t capacity;
    char *const to = text_end(out, &capacity);

    if (!is_whole && out->code.kind == MF_TARGET_INTERPRETER &&
        mf_target_codelet_find(reader->pages, &reader->layout, &out->code, instruction, &codelet) == 0) {
        const int32_t length = mf_pages_text(reader->pages, codelet.name, to, capacity);

        if (length > 0) {
            out->code.start = codelet.start;
            out->code.end = codelet.end;
            return add_text(out, &out->name, length);
        }
    }
    return add_text(out, &out->name, mf_pages_text(reader->pages, out->code.name, to, capacity));
}

/*
 * Reads the frames and names of code that was found. Of a piece of code as a whole it reads no inlined methods and no codelet.
 */
static int read_names(struct mf_code_reader *reader, uint64_t address, enum mf_code_address kind, bool is_whole,
                      struct mf_code_result *out)
{
    struct mf_target_frame frames[MF_TARGET_MAX_FRAMES];
    int count = 0;

    out->frame_count = out->has_record = out->text_length = out->reserved = 0;
    out->name = (struct mf_result_text){0};
    if (out->code.kind != MF_TARGET_METHOD)
        return read_stub_name(reader, address - (kind == MF_CODE_RETURNS_TO), is_whole, out);
    if (!is_whole)
        count = mf_target_code_frames(reader->pages, &reader->layout, &reader->constants, &out->code, address, kind, frames);
    return count == -ESRCH ? count : read_frames(reader, frames, count, out);
}

#define AFTER_FRAME 128u /* bytes of code between the removal of a frame and the jump to the caller are fewer */

/*
 * Returns whether the code before an instruction removes the frame. Then the frame pointer is that of the caller. If that is
 * compiled code, the words of a method that has returned may still be in its frame. The interpreter removes a frame to return, to
 * throw an exception to the caller, and to continue a loop in compiled code (remove_activation(), TemplateTable::branch()).
 */
static bool may_have_removed_frame(struct mf_code_reader *reader, const struct mf_target_code *code, uint64_t instruction)
{
    unsigned char bytes[AFTER_FRAME + 1];
    const uint64_t before = instruction - code->start;
    const uint32_t length = before < AFTER_FRAME ? (uint32_t)before : AFTER_FRAME;

    if (mf_pages_read(reader->pages, instruction - length, bytes, length + 1) != 0)
        return true;
#if defined(__aarch64__)
    for (uint32_t i = length % 4; i + 4 <= length; i += 4) /* ldp x29, x30, [sp], #16 */
        if (bytes[i] == 0xfd && bytes[i + 1] == 0x7b && bytes[i + 2] == 0xc1 && bytes[i + 3] == 0xa8)
            return true;
#else
    for (uint32_t i = 0; i < length; i++) /* leave; pop to a register, which may have a prefix */
        if (bytes[i] == 0xc9 && ((bytes[i + 1] & 0xf8) == 0x58 || (bytes[i + 1] & 0xf0) == 0x40))
            return true;
#endif
    return false;
}

static bool begins(const struct mf_code_result *result, const char *text)
{
    const size_t length = strlen(text);

    return result->name.length >= length && memcmp(result->text + result->name.at, text, length) == 0;
}

static bool ends(const struct mf_code_result *result, const char *text)
{
    const size_t length = strlen(text);

    return result->name.length >= length &&
           memcmp(result->text + result->name.at + result->name.length - length, text, length) == 0;
}

/*
 * Returns whether the frame of an instruction in the interpreter is complete. The code that enters a method makes it, and calls
 * native methods from it. The code of methods such as Math.sin() makes none.
 */
static bool has_frame(const struct mf_code_result *result, enum mf_code_address kind)
{
    if (result->code.kind != MF_TARGET_INTERPRETER)
        return false;
    if (!begins(result, "method entry point"))
        return true;
    return kind == MF_CODE_RETURNS_TO &&
           (begins(result, "method entry point (kind = native") || begins(result, "method entry point (kind = zerolocals"));
}

/*
 * Returns whether the frame has the bytecode that makes the call. The code of a bytecode also calls functions of the JVM before
 * which it does not write it (call_VM_leaf()); the frame has that of an earlier call then.
 */
static bool has_bytecode(const struct mf_code_result *result)
{
    return begins(result, "method entry point") || ends(result, "entry points");
}

/* Adds the method that the interpreter executes, if it is found. Returns 0, or -ESRCH. */
static int read_interpreted(struct mf_code_reader *reader, uint64_t frame_pointer, enum mf_code_address kind,
                            struct mf_code_result *out)
{
    const uint32_t text_length = out->text_length;
    struct mf_target_frame *const frame = &out->frames[0].frame;
    int rc = mf_target_interpreted(reader->pages, &reader->layout, frame_pointer, kind, frame);

    if (rc == 0)
        rc = read_frame(reader, out, 0);
    if (rc == 0)
        rc = mf_target_is_interpreted(reader->pages, frame_pointer, frame->method);
    if (rc == 1) {
        out->frame_count = 1;
        if (!has_bytecode(out))
            frame->bci = -1;
    } else {
        out->text_length = text_length;
    }
    return rc == -ESRCH ? rc : 0;
}

int mf_code_reader_find(struct mf_code_reader *reader, const struct mf_target_memory *memory, uint64_t address,
                        enum mf_code_address kind, struct mf_code_result *out)
{
    return mf_code_reader_find_in_frame(reader, memory, address, kind, 0, out);
}

int mf_code_reader_find_in_frame(struct mf_code_reader *reader, const struct mf_target_memory *memory, uint64_t address,
                                 enum mf_code_address kind, uint64_t frame_pointer, struct mf_code_result *out)
{
    reader->pages->memory = memory;
    for (int i = 0; i < ATTEMPTS; i++) {
        int rc;

        mf_pages_clear(reader->pages);
        rc = mf_target_code_find(reader->pages, &reader->layout, &reader->constants, address, kind, &out->code);
        if (rc == 0)
            rc = read_names(reader, address, kind, false, out);
        if (rc == 0 && frame_pointer != 0 && has_frame(out, kind) && !may_have_removed_frame(reader, &out->code, address))
            rc = read_interpreted(reader, frame_pointer, kind, out);
        if (rc != 0)
            return rc;
        rc = mf_target_code_is_there(reader->pages, &reader->layout, &out->code);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    return -EAGAIN;
}

int mf_code_reader_next(struct mf_code_reader *reader, const struct mf_target_memory *memory, int begin,
                        struct mf_code_result *out)
{
    struct mf_target_walk *const walk = &reader->walk;

    reader->pages->memory = memory;
    if (begin) {
        mf_pages_clear(reader->pages);
        memset(walk, 0, sizeof *walk);
    }
    for (;;) {
        int rc = walk->next < walk->count ? 0 : mf_target_code_batch(reader->pages, &reader->layout, &reader->constants, walk);

        if (rc != 0)
            return rc;
        out->code = walk->codes[walk->next++];
        if (out->code.kind == 0) /* it was changed while it was read */
            continue;
        reader->pages->newest = 0;
        rc = read_names(reader, out->code.start, MF_CODE_RUNNING_AT, true, out);
        if (rc != 0)
            return rc;
        /* The check of the batch is valid for names in pages that were read before it. A smaller clock began again. */
        if (reader->pages->newest <= walk->checked && walk->checked <= reader->pages->clock)
            return 0;
        rc = mf_target_code_is_there(reader->pages, &reader->layout, &out->code);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
}
