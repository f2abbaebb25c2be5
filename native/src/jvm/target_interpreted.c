/* SPDX-License-Identifier: Apache-2.0 */
/* From a frame of the interpreter to the method that it executes (frame_x86.hpp, frame_aarch64.hpp). */
#include "jvm/target_code.h"

#include <errno.h>
#include <stddef.h>

#define MAX_METHODS UINT16_MAX /* of a class (JVMS 4.1) */

/* array.hpp: the elements of an Array follow its length, at their alignment. */
#define ARRAY_DATA 8u

/* The words at the frame pointer. */
struct frame_words {
    uint64_t below[9]; /* from the lowest address on */
    uint64_t caller;   /* frame pointer; this word is at the frame pointer */
    uint64_t return_address;
};

#define WORDS_BELOW (offsetof(struct frame_words, caller))

/* Returns a word, by its distance below the frame pointer in words. */
static uint64_t below(const struct frame_words *words, uint32_t distance)
{
    return words->below[9 - distance];
}

enum {
    SENDER_STACK_POINTER = 1,
    LAST_STACK_POINTER = 2, /* 0: the frame has called no Java method that has not returned */
    METHOD = 3,
    /* On AArch64 these are one word further below in some releases. */
    CACHE = 6,    /* of the constant pool */
    BYTECODE = 8, /* address of the bytecode, as of the last call; 0: a native method */
};

/*
 * From the frame pointer to the stack pointer of the caller, in bytes: up to 65,535 parameters and locals. On AArch64 that stack
 * pointer is below the operands of the caller, and the frame begins at the operands.
 */
#define MAX_DISTANCE ((int64_t)1 << 20)
#if defined(__aarch64__)
#define MIN_DISTANCE (-MAX_DISTANCE)
#else
#define MIN_DISTANCE ((int64_t)(2 * sizeof(uint64_t)))
#endif

static int read_words(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t frame_pointer,
                      struct frame_words *out)
{
    uint64_t low, high;
    int64_t distance;
    int rc;

    if (frame_pointer % sizeof(uint64_t) != 0 || frame_pointer < WORDS_BELOW)
        return -ENOENT;
    rc = mf_field_read(pages, layout, 0, MF_CACHE_LOW, &low);
    if (rc == 0)
        rc = mf_field_read(pages, layout, 0, MF_CACHE_HIGH, &high);
    if (rc == 0)
        rc = mf_pages_read(pages, frame_pointer - WORDS_BELOW, out, sizeof *out);
    if (rc != 0)
        return rc;
    distance = (int64_t)(below(out, SENDER_STACK_POINTER) - frame_pointer);
    return out->return_address >= low && out->return_address < high && distance >= MIN_DISTANCE && distance <= MAX_DISTANCE
               ? 0
               : -ENOENT;
}

/* Returns whether a method is in the list of its class, or an error. */
static int is_in_class(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t method, uint64_t const_method,
                       uint64_t pool)
{
    uint64_t holder, methods, found = 0, id;
    int32_t count;
    int rc = mf_field_read(pages, layout, pool, MF_POOL_HOLDER, &holder);

    if (rc == 0)
        rc = mf_field_read(pages, layout, holder, MF_KLASS_METHODS, &methods);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, methods, MF_ARRAY_LENGTH, &count);
    if (rc == 0)
        rc = mf_field_read(pages, layout, const_method, MF_CONST_ID, &id);
    if (rc == 0 && (count < 0 || count > MAX_METHODS))
        rc = -EINVAL;
    if (rc == 0 && id < (uint64_t)count)
        rc = mf_pages_read(pages, methods + ARRAY_DATA + id * sizeof found, &found, sizeof found);
    /* After a redefinition of the class the numbers may differ from the places in the list. */
    for (int32_t i = 0; rc == 0 && found != method && i < count; i++)
        rc = mf_pages_read(pages, methods + ARRAY_DATA + (uint64_t)i * sizeof found, &found, sizeof found);
    return rc != 0 ? rc : found == method;
}

/* The bytecode index of an address; -1: the method has no such bytecode. */
static int32_t index_of(const struct mf_code_layout *layout, uint64_t const_method, uint64_t code_size, uint64_t bytecode)
{
    const uint64_t index = bytecode - const_method - layout->const_method_bytes;

    return index < code_size ? (int32_t)index : -1;
}

/* Returns whether a method has a constant pool, its cache, a bytecode and a class that agree, or an error. */
static int is_consistent(struct mf_pages *pages, const struct mf_code_layout *layout, const struct frame_words *words,
                         int32_t *bci)
{
    uint64_t const_method, code_size, pool, cache, bytecode;
    uint32_t further;
    int rc = mf_field_read(pages, layout, below(words, METHOD), MF_METHOD_CONST, &const_method);

    if (rc == 0)
        rc = mf_field_read(pages, layout, const_method, MF_CONST_CODE_SIZE, &code_size);
    if (rc == 0)
        rc = mf_field_read(pages, layout, const_method, MF_CONST_POOL, &pool);
    if (rc == 0)
        rc = mf_field_read(pages, layout, pool, MF_POOL_CACHE, &cache);
    if (rc == 0 && layout->const_method_bytes == 0)
        rc = -ENOENT;
    if (rc != 0)
        return rc;
    further = cache != below(words, CACHE);
    bytecode = below(words, BYTECODE + further);
    *bci = index_of(layout, const_method, code_size, bytecode);
    if (cache != below(words, CACHE + further) || (code_size == 0 ? bytecode != 0 : *bci < 0))
        return 0;
    return is_in_class(pages, layout, below(words, METHOD), const_method, pool);
}

int mf_target_interpreted(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t frame_pointer,
                          enum mf_code_address kind, struct mf_target_frame *out)
{
    struct frame_words words;
    int32_t bci = -1;
    int rc = read_words(pages, layout, frame_pointer, &words);

    /* While a method is entered or left, the frame pointer is that of the caller, which has made a call. */
    if (rc == 0 && kind == MF_CODE_RUNNING_AT && below(&words, LAST_STACK_POINTER) != 0)
        rc = -ENOENT;
    if (rc != 0)
        return rc;
    rc = is_consistent(pages, layout, &words, &bci);
    if (rc <= 0)
        return rc < 0 ? rc : -ENOENT;
    *out = (struct mf_target_frame){.method = below(&words, METHOD), .bci = bci};
    return 0;
}

int mf_target_is_interpreted(const struct mf_pages *pages, uint64_t frame_pointer, uint64_t method)
{
    uint64_t now;
    const int32_t got = mf_target_memory_read(pages->memory, frame_pointer - METHOD * sizeof now, &now, sizeof now);

    return got == -ESRCH ? got : got == (int32_t)sizeof now && now == method;
}
