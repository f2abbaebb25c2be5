/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds code in a simulated code cache in the memory of this test, with its own field offsets. For any content of that memory
 * each search ends within bounds.
 */
#include "fake_code.h"

static uint64_t code_of(const struct blob *blob)
{
    return AT(blob) + (uint64_t)blob->code_offset;
}

/* Forgets what a JVM keeps while it runs: the tests change it. */
static int find(uint64_t address, enum mf_code_address kind)
{
    memset(&reader->constants, 0, sizeof reader->constants);
    return mf_code_reader_find(reader, &memory, address, kind, &result);
}

static void check_text(struct mf_result_text text, const char *expected)
{
    CHECK(text.length == strlen(expected) && memcmp(result.text + text.at, expected, text.length) == 0, "%.*s instead of %s",
          (int)text.length, result.text + text.at, expected);
}

static void frames_are(uint64_t address, enum mf_code_address kind, uint32_t count, int32_t bci)
{
    CHECK_IS(find(address, kind), 0, "find");
    CHECK_IS(result.frame_count, count, "frames");
    CHECK_IS(result.frames[0].frame.bci, bci, "bytecode");
}

/* Name, start and end are those of the codelet. @p start and @p end are offsets in the queue. */
static void check_codelet(uint64_t address, enum mf_code_address kind, const char *name, uint32_t start, uint32_t end)
{
    CHECK_IS(find(address, kind), 0, "a codelet");
    CHECK_IS(result.code.kind, MF_TARGET_INTERPRETER, "its kind");
    check_text(result.name, name);
    CHECK(result.code.start == fake.queue.buffer + start && result.code.end == fake.queue.buffer + end, "its range");
}

/* Name, start and end are those of the whole interpreter. */
static void check_interpreter(uint64_t address, const char *what)
{
    const struct blob *const blob = (struct blob *)(fake.code + (INTERPRETER_AT << SHIFT) + sizeof(struct block));

    CHECK_IS(find(address, MF_CODE_RUNNING_AT), 0, what);
    check_text(result.name, "Interpreter");
    CHECK(result.code.start == code_of(blob) && result.code.end == AT(blob) + (uint64_t)blob->data_offset, "%s: its range",
          what);
}

static void finds_what_is_there(bool is_new)
{
    struct blob *blob;
    uint64_t code;

    lay_out(is_new);
    blob = put_code(is_new);
    code = code_of(blob);
    /* A record covers the instructions that end at its offset or before, down to the previous record. */
    frames_are(code, MF_CODE_RUNNING_AT, 1, 7);
    frames_are(code + 15, MF_CODE_RUNNING_AT, 1, 7);
    frames_are(code + 16, MF_CODE_RUNNING_AT, 2, 3);
    frames_are(code + 16, MF_CODE_RETURNS_TO, 1, 7);
    frames_are(code + 17, MF_CODE_RETURNS_TO, 2, 3);
    frames_are(code + 32, MF_CODE_RETURNS_TO, 2, 3);
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
    frames_are(code + 32, MF_CODE_RUNNING_AT, 1, -1);
    CHECK_IS(result.has_record, 0, "no record behind the last");
    check_text(result.frames[0].texts[MF_TARGET_NAME], "outer");
    CHECK_IS(find(result.code.end, MF_CODE_RUNNING_AT), -ENOENT, "at its end");
    CHECK_IS(find(result.code.end, MF_CODE_RETURNS_TO), 0, "returning to its end");
    CHECK_IS(find(code, MF_CODE_RETURNS_TO), -ENOENT, "returning to its start");
    CHECK_IS(find(AT(blob), MF_CODE_RUNNING_AT), -ENOENT, "its head");
    CHECK_IS(find(AT(fake.code), MF_CODE_RUNNING_AT), -ENOENT, "a free segment");

    CHECK_IS(find(AT(fake.code) + (STUB_AT << SHIFT) + 160, MF_CODE_RUNNING_AT), 0, "a stub");
    CHECK_IS(result.frame_count, 0, "its frames");
    check_text(result.name, "a stub");
    check_codelet(fake.queue.buffer, MF_CODE_RUNNING_AT, "first", 0, 48);
    check_codelet(fake.queue.buffer + 47, MF_CODE_RUNNING_AT, "first", 0, 48);
    check_codelet(fake.queue.buffer + 48, MF_CODE_RETURNS_TO, "first", 0, 48);
    check_codelet(fake.queue.buffer + 48, MF_CODE_RUNNING_AT, "iload_0", 48, 96);
    check_codelet(fake.queue.buffer + 96, MF_CODE_RETURNS_TO, "iload_0", 48, 96);
    check_interpreter(fake.queue.buffer + 96, "after the codelets");
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
    check_text(result.name, "Interpreter"); /* not one of its codelets */
    CHECK_IS(result.code.end - result.code.start, (int64_t)(4 << SHIFT) - 64 - 256, "its size");
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), -ENOENT, "the end");
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), -ENOENT, "the end again");
    CHECK_IS(mf_code_reader_next(reader, &memory, 1, &result), 0, "from the beginning");
    code = result.code;
    CHECK_IS(mf_target_code_is_there(reader->pages, layout, &code), 1, "it is there");
    ((struct blob *)(uintptr_t)code.blob)->compile_id++;
    CHECK_IS(mf_target_code_is_there(reader->pages, layout, &code), 0, "other code is there");
}

/* Methods of four segments each, from a segment on. */
static void put_methods(uint32_t first, uint32_t count, int32_t first_id)
{
    for (uint32_t i = 0; i < count; i++) {
        struct blob *const blob = put_block(first + 4 * i, 4, fake.names[0]);

        blob->method = AT(&fake.methods[0]);
        blob->compile_id = first_id + (int32_t)i;
    }
}

static void a_walk_ends(void)
{
    lay_out(true);
    put_code(true);
    memset(fake.map, 0xFF, sizeof fake.map);
    put_methods(0, 120, 1);
    CHECK_IS(mf_code_reader_next(reader, &memory, 1, &result), 0, "the first");
    reader->walk.blocks = MF_TARGET_MAX_BLOCKS;
    for (uint32_t i = 1; i < MF_TARGET_BATCH; i++)
        CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), 0, "of the same batch");
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), -EINVAL, "more than any JVM has");
    fake.heap.map.low = MF_PAGE; /* unmapped */
    CHECK_IS(mf_code_reader_next(reader, &memory, 1, &result), -EFAULT, "the end of what can be read");
}

/* A JVM that has unloaded much code has many free blocks. */
static void free_blocks_are_not_damage(void)
{
    lay_out(true);
    put_code(true);
    memset(fake.map, 0xFF, sizeof fake.map);
    put_methods(0, 120, 1);
    for (uint32_t i = 1; i < 119; i++)
        ((struct block *)(void *)(fake.code + ((size_t)(4 * i) << SHIFT)))->used = 0;
    CHECK_IS(mf_code_reader_next(reader, &memory, 1, &result), 0, "the first");
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), 0, "the last");
    CHECK_IS(result.code.compile_id, 120, "the last");
    CHECK_IS(mf_code_reader_next(reader, &memory, 0, &result), -ENOENT, "the end");
    CHECK_IS(reader->walk.damaged, 0, "damaged blocks");
}

/* Walks to the first of 120 methods. Then other methods with another name are put in the memory of the others. */
static void begin_walk_and_reuse_memory(void)
{
    lay_out(true);
    put_code(true);
    memset(fake.map, 0xFF, sizeof fake.map);
    put_methods(0, 120, 1);
    CHECK_IS(mf_code_reader_next(reader, &memory, 1, &result), 0, "the first");
    check_text(result.frames[0].texts[MF_TARGET_NAME], "outer");
    put_symbol(1, "newer");
    put_methods(4, 119, 1000);
}

/* Walks to the end: each method has the name of its own. */
static void check_rest_of_walk(void)
{
    for (int rc; (rc = mf_code_reader_next(reader, &memory, 0, &result)) != -ENOENT;) {
        CHECK_IS(rc, 0, "next");
        check_text(result.frames[0].texts[MF_TARGET_NAME], result.code.compile_id < 1000 ? "outer" : "newer");
    }
    CHECK_IS(result.code.compile_id, 1118, "the last");
}

/*
 * During a search a class is unloaded, and its memory is reused by a class with other code. Names that were read before belong
 * to the first class.
 */
static void names_are_not_older_than_the_code(void)
{
    begin_walk_and_reuse_memory();
    check_rest_of_walk();
}

/* A batch of code is checked, and then its memory is reused. A search reads the new names into the cache. */
static void names_are_not_newer_than_the_check(void)
{
    begin_walk_and_reuse_memory();
    CHECK_IS(mf_code_reader_find(reader, &memory, result.code.start, MF_CODE_RUNNING_AT, &result), 0, "find");
    check_text(result.frames[0].texts[MF_TARGET_NAME], "newer");
    check_rest_of_walk();
}

/* The result of a search at an instruction with an inlined method, after each change of the memory. */
static int after(struct blob **blob, bool is_new)
{
    lay_out(is_new);
    *blob = put_code(is_new);
    return 0;
}

static int searched(struct blob *blob)
{
    return find(AT(blob) + 256 + 20, MF_CODE_RUNNING_AT);
}

#define WITH(is_new, change, expected)               \
    do {                                             \
        after(&blob, is_new);                        \
        change;                                      \
        CHECK_IS(searched(blob), expected, #change); \
    } while (0)

/* The result is the compiled method, because the inlined methods are unknown. */
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
    WITH(true, (fake.list.count = INT_MAX, fake.heap_pointers[0] = fake.heap_pointers[1] = AT(&fake.list) - 4096 * 16),
         searched(blob));
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
    WITHOUT_RECORD(true, memset((char *)&fake.pcs[4], 0, 32));  /* a byte that this JVM does not write */
    WITHOUT_RECORD(true, ((uint8_t *)&fake.pcs[4])[4] = 1 + 4); /* its own caller */
    WITHOUT_RECORD(true, ((uint8_t *)&fake.pcs[4])[5] = 1 + 0); /* no method */
    WITHOUT_RECORD(true, ((uint8_t *)&fake.pcs[4])[5] = 1 + 100);
    WITHOUT_RECORD(true, fake.version = 17); /* with the other encoding, the chain does not end with this method */
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
    WITH(true, layout->fields[MF_COMPILE_ID].offset = UINT64_MAX - 3, -EAGAIN); /* a field before its object */
    WITH(true, layout->fields[MF_COMPILE_ID].offset = MF_TARGET_HEAD - 3, -EAGAIN);
    WITH(true, STATIC(MF_COMPILE_ID, fake.version, -4), -EAGAIN);
}

static void names_are_bounded(void)
{
    struct blob *blob;

    WITH(true, fake.symbols[4].length = UINT16_MAX, 0); /* the memory ends before: long, or unreadable */
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
    for (int32_t size = -1; size <= 97; size += size == 0 ? 97 : 1) { /* the codelets have 96 bytes */
        ((struct codelet *)(uintptr_t)fake.queue.buffer)->size = size;
        check_interpreter(fake.queue.buffer + 60, "a codelet with a wrong size");
    }
    after(&blob, true);
    ((struct codelet *)(uintptr_t)(fake.queue.buffer + 48))->text = 0;
    check_interpreter(fake.queue.buffer + 60, "a codelet without a name");
    after(&blob, true);
    fake.queue = (struct queue){0, INT_MAX};
    check_interpreter(AT(fake.code) + (INTERPRETER_AT << SHIFT) + 300, "a queue elsewhere");
    after(&blob, true);
    memset(fake.names, 'x', sizeof fake.names);
    memset(fake.code, 'x', METHOD_AT << SHIFT);
    CHECK_IS(find(AT(fake.code) + (STUB_AT << SHIFT) + 160, MF_CODE_RUNNING_AT), 0, "a name without an end");
}

/* The codelet of the instruction; its code begins behind its fields. */
static const char *codelet_name = "return entry points";

#define INSTRUCTION (fake.queue.buffer + 80)

/* Returns the number of frames at an instruction of the interpreter with a frame pointer. */
static uint32_t frames_at(uint64_t frame_pointer, enum mf_code_address kind)
{
    strcpy(fake.names[0], codelet_name);
    ((struct codelet *)(uintptr_t)(fake.queue.buffer + 48))->text = AT(fake.names[0]);
    memset(&reader->constants, 0, sizeof reader->constants);
    CHECK_IS(mf_code_reader_find_in_frame(reader, &memory, INSTRUCTION, kind, frame_pointer, &result), 0, codelet_name);
    CHECK_IS(result.code.kind, MF_TARGET_INTERPRETER, "the interpreter");
    check_text(result.name, codelet_name);
    CHECK_IS(result.has_record, 0u, "no debug record");
    return result.frame_count;
}

static void check_interpreted(enum mf_code_address kind, const char *name, int32_t bci)
{
    CHECK_IS(frames_at(FRAME, kind), 1u, name);
    check_text(result.frames[0].texts[MF_TARGET_NAME], name);
    CHECK_IS(result.frames[0].frame.bci, bci, name);
}

/* Neither a frame that runs, nor one that has made a call. */
static void check_not_interpreted(const char *what)
{
    CHECK_IS(frames_at(FRAME, MF_CODE_RUNNING_AT), 0u, what);
    CHECK_IS(frames_at(FRAME, MF_CODE_RETURNS_TO), 0u, what);
    put_code(true);
}

static void finds_the_interpreted_method(void)
{
    lay_out(true);
    put_code(true);
    check_interpreted(MF_CODE_RETURNS_TO, "outer", 5);
    check_interpreted(MF_CODE_RUNNING_AT, "outer", -1);
    put_frame(1);
    check_interpreted(MF_CODE_RETURNS_TO, "inner", 5);
    fake.stack[CACHE - 1] = fake.stack[CACHE]; /* AArch64 */
    fake.stack[BYTECODE - 1] = fake.stack[BYTECODE] + 1;
    fake.stack[CACHE] = fake.stack[BYTECODE] = 0;
    check_interpreted(MF_CODE_RETURNS_TO, "inner", 6);
    put_code(true);
    fake.fixed[0].id = 0; /* a class that was redefined */
    check_interpreted(MF_CODE_RETURNS_TO, "outer", 5);
    fake.fixed[0].code_size = 0; /* a native method */
    fake.stack[BYTECODE] = 0;
    check_interpreted(MF_CODE_RETURNS_TO, "outer", -1);
    put_code(true);
    fake.stack[LAST] = 1; /* it has called a method */
    check_interpreted(MF_CODE_RETURNS_TO, "outer", 5);
    CHECK_IS(frames_at(FRAME, MF_CODE_RUNNING_AT), 0u, "a method that is entered or left");
    put_code(true);
    codelet_name = "iload_0"; /* the code of a bytecode calls functions of the JVM before which it does not write it */
    check_interpreted(MF_CODE_RETURNS_TO, "outer", -1);
    codelet_name = "return entry points";
}

/* Code that has no frame, because it makes it, has removed it, or needs none. */
static void code_without_a_frame_has_no_method(void)
{
#if defined(__aarch64__)
    static const uint8_t removal[] = {0xfd, 0x7b, 0xc1, 0xa8}; /* ldp x29, x30, [sp], #16 */
#else
    static const uint8_t removal[] = {0xc9, 0x5f}; /* leave; pop %rdi */
#endif

    lay_out(true);
    put_code(true);
    codelet_name = "method entry point (kind = zerolocals)";
    CHECK_IS(frames_at(FRAME, MF_CODE_RUNNING_AT), 0u, "a method that is entered");
    CHECK_IS(frames_at(FRAME, MF_CODE_RETURNS_TO), 1u, "a call while a method is entered");
    codelet_name = "method entry point (kind = native)";
    check_interpreted(MF_CODE_RETURNS_TO, "outer", 5);
    codelet_name = "method entry point (kind = java_lang_math_sin)";
    check_not_interpreted("no frame at all");
    codelet_name = "ireturn";
    memcpy((char *)(uintptr_t)INSTRUCTION - sizeof removal, removal, sizeof removal);
    check_not_interpreted("behind the removal of the frame");
    memcpy((char *)(uintptr_t)INSTRUCTION, removal, sizeof removal);
    CHECK_IS(frames_at(FRAME, MF_CODE_RUNNING_AT), 1u, "before the removal of the frame");
    fake.queue.limit = -1;
    CHECK_IS(mf_code_reader_find_in_frame(reader, &memory, INSTRUCTION, MF_CODE_RUNNING_AT, FRAME, &result), 0, "a codelet");
    CHECK_IS(result.frame_count, 0u, "an unknown codelet");
    codelet_name = "return entry points";
    put_code(true);
}

static void wrong_frames_have_no_method(void)
{
    static const uint64_t wrong[] = {0, 1, 8, 63, 64, 72, (uint64_t)-8, (uint64_t)1 << 63};

    lay_out(true);
    put_code(true);
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_IS(frames_at(wrong[i], MF_CODE_RETURNS_TO), 0u, "a wrong frame pointer");
    for (uint64_t at = AT(&fake.stack[0]); at < FRAME; at++)
        CHECK_IS(frames_at(at, MF_CODE_RETURNS_TO), 0u, "a place beside the frame");
    fake.stack[RETURNS] = fake.low - 1;
    check_not_interpreted("it returns to no code");
    fake.stack[RETURNS] = fake.high;
    check_not_interpreted("it returns behind the code");
#if !defined(__aarch64__)
    fake.stack[SENDER] = FRAME + 8;
    check_not_interpreted("the stack of the caller is in the frame");
#endif
    fake.stack[SENDER] = FRAME - (2u << 20);
    check_not_interpreted("the stack of the caller is below the frame");
    fake.stack[SENDER] = FRAME + (2u << 20);
    check_not_interpreted("the stack of the caller is elsewhere");
    fake.stack[METHOD] = 0;
    check_not_interpreted("no method");
    fake.stack[METHOD] = AT(&fake.methods[1]);
    check_not_interpreted("the cache and the bytecode of another method");
    fake.stack[CACHE]++;
    fake.stack[BYTECODE - 1] = fake.stack[BYTECODE];
    check_not_interpreted("another cache");
    fake.stack[BYTECODE] = AT(&fake.fixed[0].bytecodes[16]);
    check_not_interpreted("behind the bytecodes");
    fake.stack[BYTECODE] = AT(&fake.fixed[0].bytecodes[0]) - 1;
    check_not_interpreted("before the bytecodes");
    fake.fixed[0].code_size = 0;
    check_not_interpreted("a bytecode of a native method");
    fake.lists[0].data[1]++;
    check_not_interpreted("a method that its class does not have: an old version");
    fake.lists[0].length = 1;
    fake.fixed[0].id = 0;
    check_not_interpreted("a list without the method");
    fake.lists[0].length = -1;
    check_not_interpreted("a list with a wrong length");
    fake.klasses[0].methods = 0;
    check_not_interpreted("a class without methods");
    fake.methods[0].fixed = 0;
    check_not_interpreted("a method that cannot be read");
    for (int field = 0; field < MF_CODE_FIELDS; field++) { /* a JVM may export any of them, or not */
        lay_out(true);
        layout->fields[field].bytes = 0;
        memset(&reader->constants, 0, sizeof reader->constants);
        if (mf_code_reader_find_in_frame(reader, &memory, INSTRUCTION, MF_CODE_RETURNS_TO, FRAME, &result) == 0 &&
            result.frame_count > 0)
            CHECK_IS(result.frames[0].frame.method, AT(&fake.methods[0]), "the method");
    }
    lay_out(true);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Any bytes: each search ends with a result within bounds. */
static void random_bytes_end_the_search(void)
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
            const uint64_t value = where & 2   ? next_random()
                                   : where & 4 ? AT(&fake) + next_random() % sizeof fake
                                               : next_random() % 300;

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
        CHECK(rc != 0, "a search over %u segments does not end", SEGMENTS);
    }
    CHECK(found > rounds(4000) / 40 && with_record > rounds(4000) / 40 && with_record < found,
          "%u found, %u with a record: too few of a kind", found, with_record);
}

/* This process has no JVM. */
static void a_process_without_a_jvm(const struct mf_process *process)
{
    const size_t bytes = (mf_target_bytes() + 63) / 64 * 64;
    char *const space = aligned_alloc(64, bytes + 64);
    struct mf_snapshot *snapshot = new_snapshot(512, 1 << 16);
    struct mf_target *target = NULL;
    struct mf_process of_snapshot = *process;

    CHECK(read_growing(&of_snapshot, 0, &snapshot) >= 0, "its mappings");
    CHECK_IS(mf_target_open(process, snapshot, space, bytes, &target), -ENOENT, "no JVM");
    CHECK_IS(mf_target_open(process, snapshot, space, mf_target_bytes() - 1, &target), -EINVAL, "too little memory");
    CHECK_IS(mf_target_open(process, snapshot, space + 8, bytes, &target), -EINVAL, "memory that is not aligned");
    CHECK(target == NULL, "no result");
    free(snapshot);
    free(space);
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
    CHECK_IS(find(0, MF_CODE_RUNNING_AT), -EFAULT, "no code cache yet");
    finds_what_is_there(false);
    finds_what_is_there(true);
    walks_over_all();
    a_walk_ends();
    free_blocks_are_not_damage();
    names_are_not_older_than_the_code();
    names_are_not_newer_than_the_check();
    contradictions_are_unknown();
    names_are_bounded();
    finds_the_interpreted_method();
    code_without_a_frame_has_no_method();
    wrong_frames_have_no_method();
    random_bytes_end_the_search();
    a_process_without_a_jvm(&process);
    mf_target_memory_close(&memory);
    mf_process_close(&process);
    free(reader);
    return check_result();
}
