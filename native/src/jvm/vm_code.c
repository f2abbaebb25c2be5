/* SPDX-License-Identifier: Apache-2.0 */
/* From an address of compiled code to the JVM's record of it, as CodeHeap::find_start and CodeBlob lay it out. */
#include "jvm/vm_code.h"

#include "jvm/vm_structs.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define UNUSED_SEGMENT 0xFFu /* CodeHeap::_segmap's byte for memory that is free */

static bool offset_of(const char *type, const char *field, uint64_t *out)
{
    struct mf_vm_field found;

    if (mf_vm_field(type, field, &found) != 0)
        return false;
    *out = found.where;
    return true;
}

/* Of a pointer, or another 8 bytes. */
static uint64_t word_at(uint64_t address)
{
    return *(const uint64_t *)(uintptr_t)address;
}

int mf_vm_code_cache(uint64_t *low, uint64_t *high)
{
    uint64_t low_at, high_at;

    if (!offset_of("CodeCache", "_low_bound", &low_at) || !offset_of("CodeCache", "_high_bound", &high_at))
        return -ENOENT;
    *low = word_at(low_at);
    *high = word_at(high_at);
    return *low < *high ? 0 : -ENOENT;
}

/* The offsets that lead there. */
struct layout {
    uint64_t heaps, heap_count, heap_pointers;
    uint64_t memory, segmap, shift; /* of a CodeHeap */
    uint64_t low, high;             /* of a VirtualSpace */
    uint64_t block_head;
    uint64_t code_begin, code_offset; /* of a CodeBlob: one or the other */
    uint64_t tier, tier_bytes, compile_id, entry_bci; /* of an nmethod */
    uint64_t method;
    bool has_method;
    bool has_code_begin;
    bool is_known;
};

static bool read_layout(struct layout *out)
{
    struct mf_vm_field tier;

    if (!offset_of("CodeCache", "_heaps", &out->heaps) || !offset_of("GrowableArrayBase", "_len", &out->heap_count) ||
        !offset_of("GrowableArray<int>", "_data", &out->heap_pointers) || !offset_of("CodeHeap", "_memory", &out->memory) ||
        !offset_of("CodeHeap", "_segmap", &out->segmap) || !offset_of("CodeHeap", "_log2_segment_size", &out->shift) ||
        !offset_of("VirtualSpace", "_low", &out->low) || !offset_of("VirtualSpace", "_high", &out->high) ||
        mf_vm_type_size("HeapBlock", &out->block_head) != 0 || mf_vm_field("nmethod", "_comp_level", &tier) != 0 ||
        !offset_of("nmethod", "_compile_id", &out->compile_id) || !offset_of("nmethod", "_entry_bci", &out->entry_bci))
        return false;
    out->tier = tier.where;
    if (strcmp(tier.type_string, "int") == 0)
        out->tier_bytes = sizeof(int32_t);
    else if (mf_vm_type_size(tier.type_string, &out->tier_bytes) != 0 ||
             (out->tier_bytes != sizeof(int8_t) && out->tier_bytes != sizeof(int32_t)))
        return false;
    out->has_method = offset_of("nmethod", "_method", &out->method) || offset_of("CompiledMethod", "_method", &out->method);
    out->has_code_begin = offset_of("CodeBlob", "_code_begin", &out->code_begin);
    return out->has_code_begin || offset_of("CodeBlob", "_code_offset", &out->code_offset);
}

/* Where the block begins that an address of a code heap is in; 0: in none. */
static uint64_t block_of(const struct layout *layout, uint64_t heap, uint64_t address)
{
    const uint64_t low = word_at(heap + layout->memory + layout->low);
    const uint8_t *const map = (const uint8_t *)(uintptr_t)word_at(heap + layout->segmap + layout->low);
    const uint64_t map_bytes = word_at(heap + layout->segmap + layout->high) - (uint64_t)(uintptr_t)map;
    const int32_t shift = *(const int32_t *)(uintptr_t)(heap + layout->shift);
    uint64_t segment = (address - low) >> (shift & 63);

    if (segment >= map_bytes || map[segment] == UNUSED_SEGMENT)
        return 0;
    while (map[segment] > 0) {
        if (map[segment] == UNUSED_SEGMENT || map[segment] > segment)
            return 0;
        segment -= map[segment];
    }
    return low + (segment << (shift & 63));
}

/* The blob that an address is in; 0: none. */
static uint64_t blob_of(const struct layout *layout, uint64_t address)
{
    const uint64_t heaps = word_at(layout->heaps);
    const int32_t count = heaps == 0 ? 0 : *(const int32_t *)(uintptr_t)(heaps + layout->heap_count);
    const uint64_t pointers = heaps == 0 ? 0 : word_at(heaps + layout->heap_pointers);

    for (int32_t i = 0; i < count; i++) {
        const uint64_t heap = word_at(pointers + (uint64_t)i * sizeof heap);
        const uint64_t low = word_at(heap + layout->memory + layout->low);
        const uint64_t high = word_at(heap + layout->memory + layout->high);

        if (address - low < high - low) {
            const uint64_t block = block_of(layout, heap, address);

            return block == 0 ? 0 : block + layout->block_head;
        }
    }
    return 0;
}

static uint64_t code_of(const struct layout *layout, uint64_t blob)
{
    return layout->has_code_begin ? word_at(blob + layout->code_begin)
                                  : blob + (uint64_t)(int64_t) * (const int32_t *)(uintptr_t)(blob + layout->code_offset);
}

bool mf_vm_method_at(uint64_t code, struct mf_vm_method *out)
{
    static struct layout layout; /* the events that ask come one at a time */
    static bool was_read;
    uint64_t blob;

    if (!was_read) {
        layout.is_known = read_layout(&layout);
        was_read = true;
    }
    blob = layout.is_known ? blob_of(&layout, code) : 0;
    if (blob == 0 || code_of(&layout, blob) != code)
        return false;
    out->tier = layout.tier_bytes == sizeof(int8_t) ? *(const int8_t *)(uintptr_t)(blob + layout.tier)
                                                    : *(const int32_t *)(uintptr_t)(blob + layout.tier);
    out->compile_id = *(const int32_t *)(uintptr_t)(blob + layout.compile_id);
    out->entry_bci = *(const int32_t *)(uintptr_t)(blob + layout.entry_bci);
    out->method = layout.has_method ? word_at(blob + layout.method) : 0;
    return true;
}

/* The offsets that lead from a Method to its texts. */
struct text_layout {
    uint64_t fixed, pool, name, signature; /* of a Method and its ConstMethod */
    uint64_t pool_bytes;                   /* of a ConstantPool, behind which its entries are */
    uint64_t length, body;                 /* of a Symbol */
    bool is_known;
};

static bool read_text_layout(struct text_layout *out)
{
    return offset_of("Method", "_constMethod", &out->fixed) && offset_of("ConstMethod", "_constants", &out->pool) &&
           offset_of("ConstMethod", "_name_index", &out->name) && offset_of("ConstMethod", "_signature_index", &out->signature) &&
           mf_vm_type_size("ConstantPool", &out->pool_bytes) == 0 && offset_of("Symbol", "_length", &out->length) &&
           offset_of("Symbol", "_body[0]", &out->body);
}

/* The symbol whose index in the constant pool is at a place of a ConstMethod. */
static bool read_symbol(const struct text_layout *layout, uint64_t fixed, uint64_t at, char *out, uint32_t room)
{
    const uint64_t index = *(const uint16_t *)(uintptr_t)(fixed + at);
    const uint64_t symbol = word_at(word_at(fixed + layout->pool) + layout->pool_bytes + index * sizeof symbol);
    const uint16_t length = symbol == 0 ? UINT16_MAX : *(const uint16_t *)(uintptr_t)(symbol + layout->length);

    if (length >= room)
        return false;
    memcpy(out, (const char *)(uintptr_t)(symbol + layout->body), length);
    out[length] = '\0';
    return true;
}

bool mf_vm_method_text(uint64_t method, char *name, char *signature, uint32_t room)
{
    static struct text_layout layout; /* as above */
    static bool was_read;
    uint64_t fixed;

    if (!was_read) {
        layout.is_known = read_text_layout(&layout);
        was_read = true;
    }
    if (method == 0 || !layout.is_known)
        return false;
    fixed = word_at(method + layout.fixed);
    return read_symbol(&layout, fixed, layout.name, name, room) && read_symbol(&layout, fixed, layout.signature, signature, room);
}
