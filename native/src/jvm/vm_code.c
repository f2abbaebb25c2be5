/* SPDX-License-Identifier: Apache-2.0 */
/* From an address of compiled code to the nmethod that describes it, in this JVM (codeCache.cpp, heap.cpp, codeBlob.hpp). */
#include "jvm/vm_code.h"

#include "jvm/code_layout.h"
#include "jvm/segment_map.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Fields of this JVM. Set by mf_vm_code_cache(), which its caller serialises, and only read after that. */
static struct mf_code_layout layout;
static bool has_methods; /* all fields that lead to a method are there */
static bool has_texts;   /* all fields that lead from a Method to its texts are there */

static uint64_t value_of(uint64_t object, enum mf_code_field field)
{
    const struct mf_field_layout *const place = &layout.fields[field];

    return mf_field_value(place, (const void *)(uintptr_t)(place->is_static ? place->offset : object + place->offset));
}

/* The address of a structure that is a part of an object. */
static uint64_t part_of(uint64_t object, enum mf_code_field field)
{
    return object + layout.fields[field].offset;
}

static bool has_all(const enum mf_code_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!mf_code_layout_has(&layout, fields[i]))
            return false;
    return true;
}

static void read_layout(void)
{
    static const enum mf_code_field of_methods[] = {
        MF_CODE_HEAPS, MF_LIST_LENGTH, MF_LIST_DATA,  MF_HEAP_MEMORY, MF_HEAP_SEGMAP, MF_HEAP_SHIFT,
        MF_SPACE_LOW,  MF_SPACE_HIGH,  MF_COMP_LEVEL, MF_COMPILE_ID,  MF_ENTRY_BCI,
    };
    static const enum mf_code_field of_texts[] = {
        MF_METHOD_CONST, MF_CONST_POOL, MF_CONST_NAME, MF_CONST_SIGNATURE, MF_SYMBOL_LENGTH, MF_SYMBOL_BODY,
    };

    mf_code_layout_read(NULL, &layout);
    has_methods = has_all(of_methods, sizeof of_methods / sizeof *of_methods) && layout.block_bytes != 0 &&
                  (mf_code_layout_has(&layout, MF_CODE_BEGIN) || mf_code_layout_has(&layout, MF_CODE_OFFSET));
    has_texts = has_all(of_texts, sizeof of_texts / sizeof *of_texts) && layout.pool_bytes != 0;
}

int mf_vm_code_cache(uint64_t *low, uint64_t *high)
{
    static const enum mf_code_field bounds[] = {MF_CACHE_LOW, MF_CACHE_HIGH};

    read_layout();
    if (!has_all(bounds, 2))
        return -ENOENT;
    *low = value_of(0, MF_CACHE_LOW);
    *high = value_of(0, MF_CACHE_HIGH);
    return *low < *high ? 0 : -ENOENT;
}

int mf_vm_interpreter(uint64_t *low, uint64_t *high)
{
    static const enum mf_code_field fields[] = {MF_INTERPRETER_CODE, MF_QUEUE_BUFFER, MF_QUEUE_LIMIT};
    const uint64_t queue = has_all(fields, 3) ? value_of(0, MF_INTERPRETER_CODE) : 0;

    if (queue == 0)
        return -ENOENT;
    *low = value_of(queue, MF_QUEUE_BUFFER);
    *high = *low + value_of(queue, MF_QUEUE_LIMIT);
    return 0;
}

/* The start of the block that an address of a code heap is in; 0: none. */
static uint64_t block_of(uint64_t heap, uint64_t address)
{
    const uint64_t low = value_of(part_of(heap, MF_HEAP_MEMORY), MF_SPACE_LOW);
    const uint64_t map = value_of(part_of(heap, MF_HEAP_SEGMAP), MF_SPACE_LOW);
    const uint64_t map_end = value_of(part_of(heap, MF_HEAP_SEGMAP), MF_SPACE_HIGH);
    const unsigned shift = value_of(heap, MF_HEAP_SHIFT) & 63;
    uint64_t segment = (address - low) >> shift;
    int rc = 0;

    if (segment >= map_end - map)
        return 0;
    while (rc == 0)
        rc = mf_segment_step(*(const uint8_t *)(uintptr_t)(map + segment), &segment);
    return rc < 0 ? 0 : low + (segment << shift);
}

/* The blob that an address is in; 0: none. */
static uint64_t blob_of(uint64_t address)
{
    const uint64_t heaps = value_of(0, MF_CODE_HEAPS);
    const int32_t count = heaps == 0 ? 0 : (int32_t)value_of(heaps, MF_LIST_LENGTH);
    const uint64_t *const pointers = heaps == 0 ? NULL : (const uint64_t *)(uintptr_t)value_of(heaps, MF_LIST_DATA);

    for (int32_t i = 0; i < count; i++) {
        const uint64_t low = value_of(part_of(pointers[i], MF_HEAP_MEMORY), MF_SPACE_LOW);
        const uint64_t high = value_of(part_of(pointers[i], MF_HEAP_MEMORY), MF_SPACE_HIGH);

        if (address - low < high - low) {
            const uint64_t block = block_of(pointers[i], address);

            return block == 0 ? 0 : block + layout.block_bytes;
        }
    }
    return 0;
}

static uint64_t code_of(uint64_t blob)
{
    return mf_code_layout_has(&layout, MF_CODE_BEGIN) ? value_of(blob, MF_CODE_BEGIN) : blob + value_of(blob, MF_CODE_OFFSET);
}

void mf_vm_code_header(struct mf_code_header *out)
{
    const struct mf_field_layout *const used = &layout.fields[MF_BLOCK_USED], *const size = &layout.fields[MF_BLOB_SIZE];
    const struct mf_field_layout *const id = &layout.fields[MF_COMPILE_ID];

    *out = (struct mf_code_header){0};
    if (has_methods && mf_field_width(used) == 1 && mf_field_width(size) == 4 && mf_field_width(id) == 4 &&
        used->offset < layout.block_bytes)
        *out = (struct mf_code_header){(uint32_t)(layout.block_bytes - used->offset), (uint32_t)size->offset,
                                       (uint32_t)id->offset, 0};
}

bool mf_vm_method_at(uint64_t code, struct mf_vm_method *out)
{
    const uint64_t blob = has_methods ? blob_of(code) : 0;

    if (blob == 0 || code_of(blob) != code)
        return false;
    out->tier = (int32_t)value_of(blob, MF_COMP_LEVEL);
    out->compile_id = (int32_t)value_of(blob, MF_COMPILE_ID);
    out->entry_bci = (int32_t)value_of(blob, MF_ENTRY_BCI);
    out->head = (uint32_t)(code - blob);
    out->blob_bytes = mf_code_layout_has(&layout, MF_BLOB_SIZE) ? (int32_t)value_of(blob, MF_BLOB_SIZE) : 0;
    out->method = mf_code_layout_has(&layout, MF_NMETHOD_METHOD) ? value_of(blob, MF_NMETHOD_METHOD) : 0;
    return true;
}

/* The symbol whose index in the constant pool is a field of a ConstMethod. */
static bool read_symbol(uint64_t const_method, enum mf_code_field field, char *out, uint32_t capacity)
{
    const uint64_t *const entries = (const uint64_t *)(uintptr_t)(value_of(const_method, MF_CONST_POOL) + layout.pool_bytes);
    const uint64_t symbol = entries[value_of(const_method, field)];
    const uint64_t length = symbol == 0 ? UINT64_MAX : value_of(symbol, MF_SYMBOL_LENGTH);

    if (length >= capacity)
        return false;
    memcpy(out, (const char *)(uintptr_t)part_of(symbol, MF_SYMBOL_BODY), length);
    out[length] = '\0';
    return true;
}

bool mf_vm_method_text(uint64_t method, char *name, char *signature, uint32_t capacity)
{
    uint64_t const_method;

    if (method == 0 || !has_texts)
        return false;
    const_method = value_of(method, MF_METHOD_CONST);
    return read_symbol(const_method, MF_CONST_NAME, name, capacity) &&
           read_symbol(const_method, MF_CONST_SIGNATURE, signature, capacity);
}
