/* SPDX-License-Identifier: Apache-2.0 */
/* Names of methods and of other code (method.hpp, constantPool.hpp, symbol.hpp, interpreter.hpp). */
#include "jvm/target_code.h"

#include <string.h>

#define MAX_CODELETS 4096u /* HotSpot has about 270 */

/* The symbol whose index in the constant pool is a field of a ConstMethod. */
static int find_symbol(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t const_method,
                       enum mf_code_field field, uint64_t *out)
{
    uint64_t pool, number;
    int32_t length;
    int rc = mf_field_read(pages, layout, const_method, MF_CONST_POOL, &pool);

    if (rc == 0)
        rc = mf_field_read(pages, layout, const_method, field, &number);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, pool, MF_POOL_LENGTH, &length);
    if (rc == 0 && layout->pool_bytes == 0)
        rc = -ENOENT;
    if (rc == 0 && (length < 0 || number == 0 || number >= (uint64_t)length))
        rc = -EINVAL;
    return rc != 0 ? rc : mf_pages_read(pages, pool + layout->pool_bytes + number * sizeof *out, out, sizeof *out);
}

static int find_class_name(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t const_method, uint64_t *out)
{
    uint64_t pool, holder;
    int rc = mf_field_read(pages, layout, const_method, MF_CONST_POOL, &pool);

    if (rc == 0)
        rc = mf_field_read(pages, layout, pool, MF_POOL_HOLDER, &holder);
    return rc != 0 ? rc : mf_field_read(pages, layout, holder, MF_KLASS_NAME, out);
}

static int find_text(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t method, enum mf_target_text kind,
                     uint64_t *symbol)
{
    uint64_t const_method;
    int rc = method == 0 ? -ENOENT : mf_field_read(pages, layout, method, MF_METHOD_CONST, &const_method);

    if (rc != 0)
        return rc;
    return kind == MF_TARGET_CLASS
               ? find_class_name(pages, layout, const_method, symbol)
               : find_symbol(pages, layout, const_method, kind == MF_TARGET_NAME ? MF_CONST_NAME : MF_CONST_SIGNATURE, symbol);
}

int32_t mf_target_method_text(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t method,
                              enum mf_target_text kind, char *out, uint32_t capacity)
{
    uint64_t symbol, length;
    int rc = find_text(pages, layout, method, kind, &symbol);

    if (rc == 0)
        rc = mf_field_read(pages, layout, symbol, MF_SYMBOL_LENGTH, &length);
    if (rc == 0 && !mf_code_layout_has(layout, MF_SYMBOL_BODY))
        rc = -ENOENT;
    if (rc == 0 && (length == 0 || length > UINT16_MAX)) /* names and signatures are never empty (JVMS 4.2, 4.3) */
        rc = -EINVAL;
    if (rc == 0 && length > capacity)
        rc = -ENAMETOOLONG;
    if (rc == 0)
        rc = mf_pages_read(pages, symbol + layout->fields[MF_SYMBOL_BODY].offset, out, (uint32_t)length);
    return rc != 0 ? rc : (int32_t)length;
}

/* Replaces the address of each object by that of an object that a field points to; by 0 if the field cannot be read. */
static void follow(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t *at, uint32_t count,
                   enum mf_code_field field)
{
    for (uint32_t i = 0; i < count; i++)
        if (at[i] == 0 || mf_field_read(pages, layout, at[i], field, &at[i]) != 0)
            at[i] = 0;
}

/* Reads the pages of one field of each object. */
static void prefetch_field(struct mf_pages *pages, const struct mf_code_layout *layout, const uint64_t *objects, uint32_t count,
                           enum mf_code_field field)
{
    uint64_t at[MF_TARGET_MAX_FRAMES];
    uint32_t used = 0;

    for (uint32_t i = 0; i < count; i++)
        if (objects[i] != 0)
            at[used++] = objects[i] + layout->fields[field].offset;
    mf_pages_prefetch(pages, at, used);
}

/* Reads the pages of the entries of the constant pools that have the names and signatures. */
static void prefetch_entries(struct mf_pages *pages, const struct mf_code_layout *layout, const uint64_t *const_methods,
                             const uint64_t *pools, uint32_t count)
{
    static const enum mf_code_field fields[] = {MF_CONST_NAME, MF_CONST_SIGNATURE};
    uint64_t at[2 * MF_TARGET_MAX_FRAMES];
    uint32_t used = 0;

    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; pools[i] != 0 && k < 2; k++) {
            uint64_t number;

            if (mf_field_read(pages, layout, const_methods[i], fields[k], &number) == 0 && number <= UINT16_MAX)
                at[used++] = pools[i] + layout->pool_bytes + number * sizeof *at;
        }
    mf_pages_prefetch(pages, at, used);
}

/* Reads the pages of the last bytes of symbols, which may be other ones than those of their lengths. */
static void prefetch_ends(struct mf_pages *pages, const struct mf_code_layout *layout, const uint64_t *symbols, uint32_t count)
{
    uint64_t at[MF_TARGET_MAX_FRAMES];
    uint32_t used = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t length;

        if (symbols[i] != 0 && mf_field_read(pages, layout, symbols[i], MF_SYMBOL_LENGTH, &length) == 0 && length <= UINT16_MAX)
            at[used++] = symbols[i] + layout->fields[MF_SYMBOL_BODY].offset + length - 1;
    }
    mf_pages_prefetch(pages, at, used);
}

void mf_target_method_prefetch(struct mf_pages *pages, const struct mf_code_layout *layout,
                               const struct mf_target_frame *frames, uint32_t count)
{
    uint64_t const_methods[MF_TARGET_MAX_FRAMES], pools[MF_TARGET_MAX_FRAMES];

    if (count < 2 || count > MF_TARGET_MAX_FRAMES)
        return;
    for (uint32_t i = 0; i < count; i++)
        const_methods[i] = frames[i].method;
    prefetch_field(pages, layout, const_methods, count, MF_METHOD_CONST);
    follow(pages, layout, const_methods, count, MF_METHOD_CONST);
    prefetch_field(pages, layout, const_methods, count, MF_CONST_POOL);
    memcpy(pools, const_methods, count * sizeof *pools);
    follow(pages, layout, pools, count, MF_CONST_POOL);
    prefetch_field(pages, layout, pools, count, MF_POOL_HOLDER);
    prefetch_entries(pages, layout, const_methods, pools, count);
    follow(pages, layout, pools, count, MF_POOL_HOLDER);
    prefetch_field(pages, layout, pools, count, MF_KLASS_NAME);
    for (int kind = 0; kind < MF_TARGET_TEXTS; kind++) {
        for (uint32_t i = 0; i < count; i++)
            if (find_text(pages, layout, frames[i].method, (enum mf_target_text)kind, &pools[i]) != 0)
                pools[i] = 0;
        prefetch_field(pages, layout, pools, count, MF_SYMBOL_LENGTH);
        prefetch_ends(pages, layout, pools, count);
    }
}

int mf_target_codelet_find(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code,
                           uint64_t instruction, struct mf_codelet *out)
{
    uint64_t queue, at, end = 0;
    int32_t limit;
    int rc = mf_field_read(pages, layout, 0, MF_INTERPRETER_CODE, &queue);

    if (rc == 0)
        rc = mf_field_read(pages, layout, queue, MF_QUEUE_BUFFER, &at);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, queue, MF_QUEUE_LIMIT, &limit);
    if (rc == 0 && (at < code->start || at > code->end || limit < 0 || (uint32_t)limit > code->end - at))
        rc = -EINVAL;
    if (rc == 0)
        end = at + (uint32_t)limit;
    for (uint32_t i = 0; rc == 0 && i < MAX_CODELETS && at <= instruction && at < end; i++) {
        int32_t size = 0;

        rc = mf_field_read_int(pages, layout, at, MF_CODELET_SIZE, &size);
        if (rc == 0 && (size <= 0 || (uint32_t)size > end - at))
            rc = -EINVAL;
        if (rc == 0 && instruction - at < (uint32_t)size) {
            *out = (struct mf_codelet){.start = at, .end = at + (uint32_t)size};
            return mf_field_read(pages, layout, at, MF_CODELET_TEXT, &out->name);
        }
        at += (uint32_t)size;
    }
    return rc != 0 ? rc : -ENOENT;
}
