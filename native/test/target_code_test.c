/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code is found in a code cache that this test makes in its own memory, whose fields have places of the test's own; and
 * whatever that memory holds, each search ends, within bounds.
 */
#include "../src/code_reader.h"
#include "check.h"

#include <limits.h>
#include <stddef.h>

#define SHIFT 7
#define SEGMENTS 512u
#define SLOTS 64u

struct symbol {
    uint16_t length;
    char body[62];
};

struct klass {
    uint64_t name;
};

struct pool {
    uint64_t holder;
    int32_t length;
    uint32_t unused;
};

struct const_method {
    uint64_t pool;
    uint16_t name, signature;
};

struct method {
    uint64_t fixed;
};

struct pc {
    int32_t offset, scope;
};

/* Of all kinds of blobs. Where JDKs differ there are the fields of both. */
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

/* All that a target has. */
struct fake {
    uint64_t heaps, interpreter;
    int32_t version;
    struct list list;
    uint64_t heap_pointers[2];
    struct heap heap;
    struct queue queue;
    uint8_t map[SEGMENTS];
    struct symbol symbols[6];
    struct klass klasses[2];
    struct {
        struct pool pool;
        uint64_t entries[8];
    } pools[2];
    struct const_method fixed[2];
    struct method methods[2];
    uint64_t metadata[4];
    struct pc pcs[8];
    uint8_t scopes[64];
    char names[4][32];
    _Alignas(4096) char code[SEGMENTS << SHIFT];
};

static struct fake fake;
static struct mf_code_layout *layout;
static struct mf_code_reader *reader;
static struct mf_code_result result;
static struct mf_target_memory memory;

#define AT(thing) ((uint64_t)(uintptr_t)(thing))
#define FIELD(number, type, field, width) layout->fields[number] = (struct mf_code_place){offsetof(struct type, field), width, 0}
#define STATIC(number, variable, width) layout->fields[number] = (struct mf_code_place){AT(&(variable)), width, 1}

/* @param is_new  whether as since JDK 25, else as until 22 */
static void lay_out(bool is_new)
{
    memset(layout, 0, sizeof *layout);
    layout->block_bytes = sizeof(struct block);
    layout->pool_bytes = sizeof(struct pool);
    layout->pc_bytes = sizeof(struct pc);
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
    FIELD(MF_POOL_LENGTH, pool, length, -4);
    FIELD(MF_POOL_HOLDER, pool, holder, 8);
    FIELD(MF_KLASS_NAME, klass, name, 8);
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
    *blob = (struct blob){.name = AT(name), .size = (int32_t)((segments << SHIFT) - sizeof *block), .entry_bci = -1,
                          .code_offset = 256, .data_offset = (int32_t)((segments << SHIFT) - 64)};
    return blob;
}

static void put_symbol(uint32_t number, const char *text)
{
    fake.symbols[number].length = (uint16_t)strlen(text);
    memcpy(fake.symbols[number].body, text, strlen(text));
}

/* Numbers below 191 have one byte. */
static uint8_t *put_scope(uint8_t *at, uint8_t excluded, uint8_t caller, uint8_t method, uint8_t bci)
{
    at[0] = (uint8_t)(caller + excluded);
    at[1] = (uint8_t)(method + excluded);
    at[2] = (uint8_t)(bci + 1 + excluded);
    return at + 3;
}

#define METHOD_AT 16u /* segments */
#define STUB_AT 300u
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
    fake.heaps = AT(&fake.list);
    fake.interpreter = AT(&fake.queue);
    fake.version = is_new ? 25 : 17;
    fake.list = (struct list){1, AT(fake.heap_pointers)};
    fake.heap_pointers[0] = AT(&fake.heap);
    fake.heap = (struct heap){SHIFT, {AT(fake.code), AT(fake.code) + sizeof fake.code}, {AT(fake.map), AT(fake.map) + sizeof fake.map}};
    put_symbol(0, "a/Outer");
    put_symbol(1, "outer");
    put_symbol(2, "()V");
    put_symbol(3, "b/Inner");
    put_symbol(4, "inner");
    put_symbol(5, "(I)I");
    for (uint32_t i = 0; i < 2; i++) {
        fake.klasses[i].name = AT(&fake.symbols[3 * i]);
        fake.pools[i].pool = (struct pool){AT(&fake.klasses[i]), 8, 0};
        fake.pools[i].entries[5] = AT(&fake.symbols[3 * i + 1]);
        fake.pools[i].entries[6] = AT(&fake.symbols[3 * i + 2]);
        fake.fixed[i] = (struct const_method){AT(&fake.pools[i].pool), 5, 6};
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
        /* what lies between is neither: */
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
    *codelet = (struct codelet){AT(fake.names[2]), 48};
    codelet = (struct codelet *)((char *)codelet + 48);
    *codelet = (struct codelet){AT(fake.names[3]), 48};
    fake.queue = (struct queue){AT(codelet) - 48, 96};
    return blob;
}

static uint64_t code_of(const struct blob *blob)
{
    return AT(blob) + (uint64_t)blob->code_offset;
}

static int find(uint64_t address, enum mf_code_address meaning)
{
    return mf_code_reader_find(reader, &memory, address, meaning, &result);
}

static void check_text(struct mf_result_text text, const char *expected)
{
    CHECK(text.length == strlen(expected) && memcmp(result.text + text.at, expected, text.length) == 0, "%.*s instead of %s",
          (int)text.length, result.text + text.at, expected);
}

static void frames_are(uint64_t address, enum mf_code_address meaning, uint32_t count, int32_t bci)
{
    CHECK_IS(find(address, meaning), 0, "find");
    CHECK_IS(result.frame_count, count, "frames");
    CHECK_IS(result.frames[0].frame.bci, bci, "bytecode");
}

static void finds_what_is_there(bool is_new)
{
    struct blob *blob;
    uint64_t code;

    lay_out(is_new);
    blob = put_code(is_new);
    code = code_of(blob);
    /* A record is of the instructions that end at its offset, or before, down to the record before. */
    frames_are(code, MF_RUNNING_AT, 1, 7);
    frames_are(code + 15, MF_RUNNING_AT, 1, 7);
    frames_are(code + 16, MF_RUNNING_AT, 2, 3);
    frames_are(code + 16, MF_RETURNS_TO, 1, 7);
    frames_are(code + 17, MF_RETURNS_TO, 2, 3);
    frames_are(code + 32, MF_RETURNS_TO, 2, 3);
    CHECK_IS(result.has_record, 1, "a record");
    CHECK_IS(result.frames[1].frame.bci, 7, "the caller's bytecode");
    check_text(result.frames[0].texts[MF_TARGET_CLASS], "b/Inner");
    check_text(result.frames[0].texts[MF_TARGET_NAME], "inner");
    check_text(result.frames[0].texts[MF_TARGET_SIGNATURE], "(I)I");
    check_text(result.frames[1].texts[MF_TARGET_CLASS], "a/Outer");
    CHECK_IS(result.code.tier, 4, "tier");
    CHECK_IS(result.code.compile_id, 42, "compile id");
    CHECK_IS(result.code.entry_bci, -1, "entry");
    CHECK(result.code.start == code && result.code.end == AT(blob) + (uint64_t)blob->data_offset, "its range");
    frames_are(code + 32, MF_RUNNING_AT, 1, -1);
    CHECK_IS(result.has_record, 0, "no record behind the last");
    check_text(result.frames[0].texts[MF_TARGET_NAME], "outer");
    CHECK_IS(find(result.code.end, MF_RUNNING_AT), -ENOENT, "at its end");
    CHECK_IS(find(result.code.end, MF_RETURNS_TO), 0, "returning to its end");
    CHECK_IS(find(code, MF_RETURNS_TO), -ENOENT, "returning to its start");
    CHECK_IS(find(AT(blob), MF_RUNNING_AT), -ENOENT, "its head");
    CHECK_IS(find(AT(fake.code), MF_RUNNING_AT), -ENOENT, "a free segment");

    CHECK_IS(find(AT(fake.code) + (STUB_AT << SHIFT) + 160, MF_RUNNING_AT), 0, "a stub");
    CHECK_IS(result.frame_count, 0, "its frames");
    check_text(result.name, "a stub");
    CHECK_IS(find(fake.queue.buffer + 1, MF_RUNNING_AT), 0, "the interpreter");
    check_text(result.name, "Interpreter");
    CHECK_IS(find(fake.queue.buffer + 48, MF_RUNNING_AT), 0, "the interpreter");
    CHECK_IS(result.code.kind, MF_TARGET_INTERPRETER, "its kind");
    check_text(result.name, "iload_0");
    CHECK_IS(find(fake.queue.buffer + 48, MF_RETURNS_TO), 0, "the interpreter");
    check_text(result.name, "Interpreter");
}

static void walks_over_all(void)
{
    static const uint32_t kinds[] = {MF_TARGET_METHOD, MF_TARGET_STUB, MF_TARGET_INTERPRETER};
    struct mf_target_code code;

    lay_out(true);
    put_code(true);
    for (int i = 0; i < 3; i++) {
        CHECK_IS(mf_code_reader_next(reader, &memory, i == 0, &result), 0, "next");
        CHECK_IS(result.code.kind, kinds[i], "kind");
    }
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), -ENOENT, "the end");
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), -ENOENT, "the end again");
    CHECK_IS(mf_code_reader_next(reader, &memory, 1, &result), 0, "from the beginning");
    code = result.code;
    CHECK_IS(mf_target_code_is_there(reader->pages, layout, &code), 1, "it is there");
    ((struct blob *)(uintptr_t)code.blob)->compile_id++;
    CHECK_IS(mf_target_code_is_there(reader->pages, layout, &code), 0, "other code is there");
}

/* What each change makes of a search at an instruction with an inlined method. */
static int after(struct blob **blob, bool is_new)
{
    lay_out(is_new);
    *blob = put_code(is_new);
    return 0;
}

static int searched(struct blob *blob)
{
    return find(AT(blob) + 256 + 20, MF_RUNNING_AT);
}

#define WITH(is_new, change, expected)                        \
    do {                                                      \
        after(&blob, is_new);                                 \
        change;                                               \
        CHECK_IS(searched(blob), expected, #change);          \
    } while (0)

/* The compiled method alone, since what is inlined is unknown. */
#define WITHOUT_RECORD(is_new, change)                                     \
    do {                                                                   \
        WITH(is_new, change, 0);                                           \
        CHECK(result.frame_count == 1 && result.has_record == 0, #change); \
    } while (0)

static void contradictions_are_unknown(void)
{
    struct blob *blob;

    WITH(true, fake.heaps = 8, -EFAULT);
    WITH(true, fake.list.count = 0, -ENOENT);
    WITH(true, fake.list.count = -1, -ENOENT);
    WITH(true, fake.list.data = UINT64_MAX - 3, -EFAULT);
    WITH(true, (fake.list.count = INT_MAX, fake.heap_pointers[0] = fake.heap_pointers[1] = AT(&fake.list) - 4096 * 16), searched(blob));
    WITH(true, fake.heap.shift = 64, -EINVAL);
    WITH(true, fake.heap.shift = -1, -EINVAL);
    WITH(true, fake.heap.memory.high = 0, -EINVAL);
    WITH(true, fake.heap.map.high = fake.heap.map.low, -ENOENT);
    WITH(true, fake.heap.map = ((struct space){0, UINT64_MAX}), -EFAULT);
    WITH(true, memset(fake.map, 1, sizeof fake.map), -ENOENT);
    WITH(true, memset(fake.map, 0xFF, sizeof fake.map), -ENOENT);
    WITH(true, memset(fake.map, 0xFE, sizeof fake.map), -ENOENT);
    WITH(true, blob->size = INT_MAX, -ENOENT);
    WITH(true, blob->size = -1, -ENOENT);
    WITH(true, blob->code_offset = INT_MIN, -ENOENT);
    WITH(true, blob->data_offset = INT_MAX, -ENOENT);
    WITH(true, ((struct block *)((char *)blob - sizeof(struct block)))->used = 0, -ENOENT);
    WITH(true, blob->name = 16, 0);
    CHECK_IS(result.code.kind, MF_TARGET_STUB, "without a name");
    CHECK_IS(result.name.length, 0, "its name");
    WITH(true, blob->method = 0, 0);
    WITHOUT_RECORD(true, blob->method = AT(&fake.methods[1]));
    WITHOUT_RECORD(true, blob->immutable_data = 4096);
    WITHOUT_RECORD(true, blob->immutable_size = 8);
    WITHOUT_RECORD(true, blob->scopes_offset = -8);
    WITHOUT_RECORD(true, blob->scopes_offset = blob->immutable_size);
    WITHOUT_RECORD(true, blob->mutable_data = UINT64_MAX - 8);
    WITHOUT_RECORD(true, blob->relocation_size = 24);
    WITHOUT_RECORD(true, blob->relocation_size = INT_MAX);
    WITHOUT_RECORD(true, fake.pcs[2].scope = -4);
    WITHOUT_RECORD(true, fake.pcs[2].scope = INT_MAX);
    WITHOUT_RECORD(true, memset((char *)&fake.pcs[4], 0xFF, 32));
    WITHOUT_RECORD(true, memset((char *)&fake.pcs[4], 0, 32)); /* a byte that this JVM does not write */
    WITHOUT_RECORD(true, ((uint8_t *)&fake.pcs[4])[4] = 1 + 4); /* its own caller */
    WITHOUT_RECORD(true, ((uint8_t *)&fake.pcs[4])[5] = 1 + 0); /* no method */
    WITHOUT_RECORD(true, ((uint8_t *)&fake.pcs[4])[5] = 1 + 100);
    WITHOUT_RECORD(true, fake.version = 17); /* read with the other coding, the chain does not end with this method */
    WITHOUT_RECORD(false, blob->scopes_begin = 0);
    WITHOUT_RECORD(false, blob->dependencies_offset = INT_MIN);
    WITHOUT_RECORD(false, blob->metadata_offset = INT_MAX);
    WITHOUT_RECORD(false, layout->pc_bytes = 0);
    WITHOUT_RECORD(false, layout->fields[MF_MAJOR_VERSION].bytes = 0);
    WITH(false, layout->fields[MF_CODE_HEAPS].bytes = 0, -ENOENT);
    WITH(false, layout->block_bytes = 0, -ENOENT);
    WITH(false, layout->fields[MF_COMPILE_ID].bytes = layout->fields[MF_COMP_LEVEL].bytes = 0, 0);
    CHECK(result.code.compile_id == -1 && result.code.tier == -1, "what this JVM does not have");
    CHECK_IS(result.frame_count, 2, "and the rest");
}

static void names_are_bounded(void)
{
    struct blob *blob;

    WITH(true, fake.symbols[4].length = UINT16_MAX, 0); /* as far as memory goes: long, or unreadable */
    CHECK(result.text_length <= MF_CODE_RESULT_TEXT, "texts");
    WITH(true, fake.symbols[4].length = 0, 0);
    CHECK_IS(result.frames[0].texts[MF_TARGET_NAME].length, 0, "an empty name");
    WITH(true, fake.pools[1].pool.length = 5, 0);
    CHECK_IS(result.frames[0].texts[MF_TARGET_NAME].length, 0, "a number behind the pool");
    check_text(result.frames[0].texts[MF_TARGET_CLASS], "b/Inner");
    WITH(true, fake.pools[1].pool.holder = 0, 0);
    CHECK_IS(result.frames[0].texts[MF_TARGET_CLASS].length, 0, "no class");
    WITH(true, fake.methods[1].fixed = UINT64_MAX, 0);
    CHECK_IS(result.frame_count, 2, "frames without names");
    after(&blob, true);
    ((struct codelet *)(uintptr_t)fake.queue.buffer)->size = 0;
    CHECK_IS(find(fake.queue.buffer + 60, MF_RUNNING_AT), 0, "a codelet without a size");
    check_text(result.name, "Interpreter");
    after(&blob, true);
    fake.queue = (struct queue){0, INT_MAX};
    CHECK_IS(find(AT(fake.code) + (INTERPRETER_AT << SHIFT) + 300, MF_RUNNING_AT), 0, "a queue elsewhere");
    check_text(result.name, "Interpreter");
    after(&blob, true);
    memset(fake.names, 'x', sizeof fake.names);
    memset(fake.code, 'x', METHOD_AT << SHIFT);
    CHECK_IS(find(AT(fake.code) + (STUB_AT << SHIFT) + 160, MF_RUNNING_AT), 0, "a name without an end");
}

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Any bytes: each search ends with a result that is within bounds. */
static void anything_ends(void)
{
    static const size_t head = offsetof(struct fake, code);
    struct blob *blob;
    unsigned found = 0, with_record = 0;

    for (unsigned round = 0; round < rounds(4000); round++) {
        const bool is_new = round & 1;
        int rc;

        after(&blob, is_new);
        for (unsigned changes = (unsigned)(next_random() % 6) + 1; changes > 0; changes--) {
            const uint64_t where = next_random();
            char *const at = where & 1 ? (char *)&fake + (where >> 8) % (head - 8) : (char *)blob + (where >> 8) % sizeof *blob;
            const uint64_t value = where & 2 ? next_random() : where & 4 ? AT(&fake) + next_random() % sizeof fake : next_random() % 300;

            memcpy(at, &value, where & 8 ? 8 : where & 16 ? 4 : 1);
        }
        rc = searched(blob);
        CHECK(rc == 0 || rc == -ENOENT || rc == -EFAULT || rc == -EINVAL, "find: %d", rc);
        if (rc == 0) {
            found++;
            with_record += result.has_record;
            CHECK(result.frame_count <= MF_TARGET_MAX_FRAMES && result.text_length <= MF_CODE_RESULT_TEXT, "bounds");
        }
        for (int i = 0, begin = 1; i < 1024 && (rc = mf_code_reader_next(reader, &memory, begin, &result)) == 0; i++)
            begin = 0;
        CHECK(rc != 0, "a walk over %u segments has no end", SEGMENTS);
    }
    CHECK(found > 100 && with_record > 100 && with_record < found, "%u found, %u with a record: too few of a kind", found, with_record);
}

int main(void)
{
    struct mf_process process;

    reader = malloc(mf_code_reader_bytes(SLOTS) + 64);
    layout = &reader->layout;
    reader->walk = (struct mf_target_walk){0};
    if (mf_process_open_pid(getpid(), &process) != 0 || mf_target_memory_open(&process, &memory) != 0) {
        puts("skipped: this process may not read its own memory through /proc");
        return CHECK_SKIPPED;
    }
    {
        static struct mf_vm_tables empty;

        mf_code_reader_init(reader, SLOTS, &empty);
    }
    lay_out(true);
    CHECK_IS(find(0, MF_RUNNING_AT), -EFAULT, "no code cache yet");
    finds_what_is_there(false);
    finds_what_is_there(true);
    walks_over_all();
    contradictions_are_unknown();
    names_are_bounded();
    anything_ends();
    mf_target_memory_close(&memory);
    mf_process_close(&process);
    free(reader);
    return check_result();
}
