/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated code cache in the memory of a test, with a method, a stub, an interpreter and one of its frames, and with its own
 * field offsets.
 */
#ifndef MF_FAKE_CODE_H
#define MF_FAKE_CODE_H

#include "check.h"
#include "jvm/code_reader.h"

#include <limits.h>
#include <stddef.h>

#define SHIFT    7
#define SEGMENTS 512u
#define SLOTS    64u

struct symbol {
    uint16_t length;
    char body[62];
};

struct methods {
    int32_t length;
    uint64_t data[2];
};

struct klass {
    uint64_t name, methods;
};

struct pool {
    uint64_t holder, cache;
    int32_t length;
    uint32_t unused;
};

struct const_method {
    uint64_t pool;
    uint16_t name, signature, code_size, id;
    uint8_t bytecodes[16]; /* behind the structure */
};

struct method {
    uint64_t fixed;
};

struct pc {
    int32_t offset, scope;
};

/* Blobs of all kinds. It has the fields of all JDKs. */
struct blob {
    uint64_t name;
    int32_t size;
    int32_t code_offset, data_offset;
    int32_t relocation_size, mutable_size;
    int32_t immutable_size, pcs_offset, scopes_offset, dependencies_offset, metadata_offset;
    uint64_t scopes_begin, mutable_data, immutable_data, method;
    int32_t entry_bci, compile_id;
    int8_t tier;
};

struct block {
    uint32_t length;
    uint8_t used;
};

struct space {
    uint64_t low, high;
};

struct heap {
    int32_t shift;
    struct space memory, map;
};

struct list {
    int32_t count;
    uint64_t data;
};

struct codelet {
    uint64_t text;
    int32_t size;
};

struct queue {
    uint64_t buffer;
    int32_t limit;
};

/* The memory of a target. */
struct fake {
    uint64_t heaps, interpreter, low, high;
    int32_t version;
    struct list list;
    uint64_t heap_pointers[2];
    struct heap heap;
    struct queue queue;
    uint8_t map[SEGMENTS];
    struct symbol symbols[6];
    struct klass klasses[2];
    struct methods lists[2];
    struct {
        struct pool pool;
        uint64_t entries[8];
    } pools[2];
    struct const_method fixed[2];
    struct method methods[2];
    uint64_t stack[16];
    uint64_t metadata[4];
    struct pc pcs[8];
    uint8_t scopes[64];
    char names[5][64];
    _Alignas(4096) char code[SEGMENTS << SHIFT];
};

static struct fake fake;
static struct mf_code_layout *layout;
static struct mf_code_reader *reader;
static struct mf_code_result result;
static struct mf_target_memory memory;

#define AT(thing) ((uint64_t)(uintptr_t)(thing))
#define FIELD(number, type, field, width)             \
    layout->fields[number] = (struct mf_field_layout) \
    {                                                 \
        offsetof(struct type, field), width, 0        \
    }
#define STATIC(number, variable, width)               \
    layout->fields[number] = (struct mf_field_layout) \
    {                                                 \
        AT(&(variable)), width, 1                     \
    }

/* @param is_new  true for the layout since JDK 25, false for that until JDK 22 */
static void lay_out(bool is_new)
{
    memset(layout, 0, sizeof *layout);
    layout->block_bytes = sizeof(struct block);
    layout->pool_bytes = sizeof(struct pool);
    layout->pc_bytes = sizeof(struct pc);
    layout->const_method_bytes = offsetof(struct const_method, bytecodes);
    STATIC(MF_CACHE_LOW, fake.low, 8);
    STATIC(MF_CACHE_HIGH, fake.high, 8);
    STATIC(MF_CODE_HEAPS, fake.heaps, 8);
    STATIC(MF_INTERPRETER_CODE, fake.interpreter, 8);
    STATIC(MF_MAJOR_VERSION, fake.version, -4);
    FIELD(MF_LIST_LENGTH, list, count, -4);
    FIELD(MF_LIST_DATA, list, data, 8);
    FIELD(MF_HEAP_MEMORY, heap, memory, 8);
    FIELD(MF_HEAP_SEGMAP, heap, map, 8);
    FIELD(MF_HEAP_SHIFT, heap, shift, -4);
    FIELD(MF_SPACE_LOW, space, low, 8);
    FIELD(MF_SPACE_HIGH, space, high, 8);
    FIELD(MF_BLOCK_USED, block, used, 1);
    FIELD(MF_BLOB_NAME, blob, name, 8);
    FIELD(MF_BLOB_SIZE, blob, size, -4);
    FIELD(MF_CODE_OFFSET, blob, code_offset, -4);
    FIELD(MF_DATA_OFFSET, blob, data_offset, -4);
    FIELD(MF_NMETHOD_METHOD, blob, method, 8);
    FIELD(MF_ENTRY_BCI, blob, entry_bci, -4);
    FIELD(MF_COMPILE_ID, blob, compile_id, -4);
    FIELD(MF_COMP_LEVEL, blob, tier, -1);
    FIELD(MF_SCOPES_PCS_OFFSET, blob, pcs_offset, -4);
    if (is_new) {
        FIELD(MF_SCOPES_DATA_OFFSET, blob, scopes_offset, -4);
        FIELD(MF_IMMUTABLE_DATA, blob, immutable_data, 8);
        FIELD(MF_IMMUTABLE_SIZE, blob, immutable_size, -4);
        FIELD(MF_MUTABLE_DATA, blob, mutable_data, 8);
        FIELD(MF_MUTABLE_SIZE, blob, mutable_size, -4);
        FIELD(MF_RELOCATION_SIZE, blob, relocation_size, -4);
    } else {
        FIELD(MF_SCOPES_DATA_BEGIN, blob, scopes_begin, 8);
        FIELD(MF_DEPENDENCIES_OFFSET, blob, dependencies_offset, -4);
        FIELD(MF_METADATA_OFFSET, blob, metadata_offset, -4);
    }
    FIELD(MF_PC_OFFSET, pc, offset, -4);
    FIELD(MF_PC_SCOPE, pc, scope, -4);
    FIELD(MF_METHOD_CONST, method, fixed, 8);
    FIELD(MF_CONST_POOL, const_method, pool, 8);
    FIELD(MF_CONST_NAME, const_method, name, 2);
    FIELD(MF_CONST_SIGNATURE, const_method, signature, 2);
    FIELD(MF_CONST_CODE_SIZE, const_method, code_size, 2);
    FIELD(MF_CONST_ID, const_method, id, 2);
    FIELD(MF_POOL_LENGTH, pool, length, -4);
    FIELD(MF_POOL_CACHE, pool, cache, 8);
    FIELD(MF_POOL_HOLDER, pool, holder, 8);
    FIELD(MF_KLASS_NAME, klass, name, 8);
    FIELD(MF_KLASS_METHODS, klass, methods, 8);
    FIELD(MF_ARRAY_LENGTH, methods, length, -4);
    FIELD(MF_SYMBOL_LENGTH, symbol, length, 2);
    FIELD(MF_SYMBOL_BODY, symbol, body, 1);
    FIELD(MF_QUEUE_BUFFER, queue, buffer, 8);
    FIELD(MF_QUEUE_LIMIT, queue, limit, -4);
    FIELD(MF_CODELET_SIZE, codelet, size, -4);
    FIELD(MF_CODELET_TEXT, codelet, text, 8);
}

static struct blob *put_block(uint32_t segment, uint32_t segments, const char *name)
{
    struct block *const block = (struct block *)(fake.code + (segment << SHIFT));
    struct blob *const blob = (struct blob *)((char *)block + sizeof *block);

    for (uint32_t i = 0; i < segments; i++)
        fake.map[segment + i] = (uint8_t)(i > 200 ? 100 : i);
    *block = (struct block){segments, 1};
    *blob = (struct blob){.name = AT(name),
                          .size = (int32_t)((segments << SHIFT) - sizeof *block),
                          .entry_bci = -1,
                          .code_offset = 256,
                          .data_offset = (int32_t)((segments << SHIFT) - 64)};
    return blob;
}

static void put_symbol(uint32_t number, const char *text)
{
    fake.symbols[number].length = (uint16_t)strlen(text);
    memcpy(fake.symbols[number].body, text, strlen(text));
}

/* Numbers below 191 take one byte. */
static uint8_t *put_scope(uint8_t *at, uint8_t excluded, uint8_t caller, uint8_t method, uint8_t bci)
{
    at[0] = (uint8_t)(caller + excluded);
    at[1] = (uint8_t)(method + excluded);
    at[2] = (uint8_t)(bci + 1 + excluded);
    return at + 3;
}

/* A frame of the interpreter that executes a method, whose frame pointer is FRAME. */
#define FRAME (AT(&fake.stack[10]))

enum { RETURNS = 11, SENDER = 9, LAST = 8, METHOD = 7, CACHE = 4, BYTECODE = 2 }; /* words of the stack */

static void put_frame(uint32_t method)
{
    memset(fake.stack, 0, sizeof fake.stack);
    fake.stack[RETURNS] = AT(fake.code) + 64;
    fake.stack[SENDER] = FRAME + 16;
    fake.stack[METHOD] = AT(&fake.methods[method]);
    fake.stack[CACHE] = fake.pools[method].pool.cache;
    fake.stack[BYTECODE] = AT(&fake.fixed[method].bytecodes[5]);
}

#define METHOD_AT      16u /* segments */
#define STUB_AT        300u
#define INTERPRETER_AT 400u

static struct blob *put_code(bool is_new)
{
    const uint8_t excluded = is_new;
    struct blob *blob;
    struct codelet *codelet;

    memset(&fake, 0, sizeof fake);
    memset(fake.map, 0xFF, sizeof fake.map);
    strcpy(fake.names[0], "nmethod");
    strcpy(fake.names[1], "a stub");
    strcpy(fake.names[2], "Interpreter");
    strcpy(fake.names[3], "iload_0");
    strcpy(fake.names[4], "first");
    fake.heaps = AT(&fake.list);
    fake.interpreter = AT(&fake.queue);
    fake.low = AT(fake.code);
    fake.high = AT(fake.code) + sizeof fake.code;
    fake.version = is_new ? 25 : 17;
    fake.list = (struct list){1, AT(fake.heap_pointers)};
    fake.heap_pointers[0] = AT(&fake.heap);
    fake.heap =
        (struct heap){SHIFT, {AT(fake.code), AT(fake.code) + sizeof fake.code}, {AT(fake.map), AT(fake.map) + sizeof fake.map}};
    put_symbol(0, "a/Outer");
    put_symbol(1, "outer");
    put_symbol(2, "()V");
    put_symbol(3, "b/Inner");
    put_symbol(4, "inner");
    put_symbol(5, "(I)I");
    for (uint32_t i = 0; i < 2; i++) {
        fake.klasses[i] = (struct klass){AT(&fake.symbols[3 * i]), AT(&fake.lists[i])};
        fake.lists[i] = (struct methods){2, {0, AT(&fake.methods[i])}};
        fake.pools[i].pool = (struct pool){AT(&fake.klasses[i]), AT(&fake.pools[i]) + 1000, 8, 0};
        fake.pools[i].entries[5] = AT(&fake.symbols[3 * i + 1]);
        fake.pools[i].entries[6] = AT(&fake.symbols[3 * i + 2]);
        fake.fixed[i] = (struct const_method){AT(&fake.pools[i].pool), 5, 6, sizeof fake.fixed[i].bytecodes, 1, {0}};
        fake.methods[i].fixed = AT(&fake.fixed[i]);
        fake.metadata[i] = AT(&fake.methods[i]);
    }
    put_scope(put_scope(fake.scopes + 1, excluded, 0, 1, 7), excluded, 1, 2, 3);
    fake.pcs[0] = (struct pc){-1, 0};
    fake.pcs[1] = (struct pc){16, 1};
    fake.pcs[2] = (struct pc){32, 4};
    fake.pcs[3] = (struct pc){INT_MAX, 0};
    blob = put_block(METHOD_AT, 250, fake.names[0]);
    blob->method = AT(&fake.methods[0]);
    blob->compile_id = 42;
    blob->tier = 4;
    if (is_new) {
        blob->immutable_data = AT(fake.pcs);
        blob->pcs_offset = 0;
        blob->scopes_offset = sizeof(struct pc) * 4;
        /* addresses between them belong to neither */
        memmove(&fake.pcs[4], fake.scopes, 4 * sizeof(struct pc));
        blob->immutable_size = sizeof(struct pc) * 8;
        blob->mutable_data = AT(fake.metadata) - 8;
        blob->relocation_size = 8;
        blob->mutable_size = 8 + 16;
    } else {
        blob->metadata_offset = (int32_t)(AT(fake.metadata) - AT(blob));
        blob->scopes_begin = AT(fake.metadata) + 16;
        blob->pcs_offset = (int32_t)(AT(fake.pcs) - AT(blob));
        blob->dependencies_offset = blob->pcs_offset + (int32_t)(4 * sizeof(struct pc));
        memmove((char *)&fake.metadata[2], fake.scopes, 16);
    }
    put_block(STUB_AT, 2, fake.names[1])->code_offset = 128;
    put_block(INTERPRETER_AT, 4, fake.names[2]);
    codelet = (struct codelet *)(fake.code + (INTERPRETER_AT << SHIFT) + 264);
    *codelet = (struct codelet){AT(fake.names[4]), 48};
    codelet = (struct codelet *)((char *)codelet + 48);
    *codelet = (struct codelet){AT(fake.names[3]), 48};
    fake.queue = (struct queue){AT(codelet) - 48, 96};
    put_frame(0);
    return blob;
}

#endif
