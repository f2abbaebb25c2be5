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

/* Adds the method that the interpreter executes, if it is found. Returns 0, or -ESRCH. */
static int read_interpreted(struct mf_code_reader *reader, uint64_t address, uint64_t frame_pointer, enum mf_code_address kind,
                            struct mf_code_result *out)
{
    const struct mf_codelet_name name = {out->text + out->name.at, out->name.length};
    const uint32_t text_length = out->text_length;
    struct mf_target_frame *const frame = &out->frames[0].frame;
    int rc = mf_codelet_has_frame(reader->pages, name, out->code.start, address, kind)
                 ? mf_target_interpreted(reader->pages, &reader->layout, frame_pointer, kind, frame)
                 : -ENOENT;

    if (rc == 0)
        rc = read_frame(reader, out, 0);
    if (rc == 0)
        rc = mf_target_is_interpreted(reader->pages, frame_pointer, frame->method);
    if (rc == 1) {
        out->frame_count = 1;
        if (!mf_codelet_saves_bytecode(name, kind))
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
        if (rc == 0 && frame_pointer != 0 && out->code.kind == MF_TARGET_INTERPRETER)
            rc = read_interpreted(reader, address, frame_pointer, kind, out);
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
