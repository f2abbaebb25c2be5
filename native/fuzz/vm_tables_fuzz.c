/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HotSpot's exported tables in a library of a target: a simulated library whose bytes the input changes. The search ends, the
 * number of pages that it reads is bounded, and all names of a result are printable.
 */
#include "target_memory.h"

#include "jvm/code_layout.h"

#include <link.h>

FUZZ_INITIALIZE

#define START   0x10000ull
#define SIZE    0x6000u
#define SYMBOLS 20u
#define FIELDS  8u

struct field {
    uint64_t type, name, type_string;
    int32_t is_static;
    uint64_t offset, address;
};

struct library {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[2];
    ElfW(Dyn) dynamic[5];
    ElfW(Sym) symbols[SYMBOLS + 1];
    uint32_t hash[4];
    uint64_t bloom;
    uint32_t bucket, hashes[SYMBOLS];
    uint64_t variables[SYMBOLS];
    struct field fields[FIELDS];
    struct {
        uint64_t name, size;
    } types[3];
    struct {
        uint64_t name;
        int32_t value;
    } ints[3];
    struct {
        uint64_t name, value;
    } longs[3];
    char names[SYMBOLS][64];
    char texts[16][32];
};

_Static_assert(sizeof(struct library) <= SIZE, "the library has room");

#define IN(field) (START + offsetof(struct library, field))

static const struct {
    const char *name;
    uint64_t value;
} variables[SYMBOLS] = {{"Structs", IN(fields)},
                        {"StructEntryArrayStride", sizeof(struct field)},
                        {"StructEntryTypeNameOffset", 0},
                        {"StructEntryFieldNameOffset", 8},
                        {"StructEntryTypeStringOffset", 16},
                        {"StructEntryIsStaticOffset", 24},
                        {"StructEntryOffsetOffset", 32},
                        {"StructEntryAddressOffset", 40},
                        {"Types", IN(types)},
                        {"TypeEntryArrayStride", 16},
                        {"TypeEntryTypeNameOffset", 0},
                        {"TypeEntrySizeOffset", 8},
                        {"IntConstants", IN(ints)},
                        {"IntConstantEntryArrayStride", 16},
                        {"IntConstantEntryNameOffset", 0},
                        {"IntConstantEntryValueOffset", 8},
                        {"LongConstants", IN(longs)},
                        {"LongConstantEntryArrayStride", 16},
                        {"LongConstantEntryNameOffset", 0},
                        {"LongConstantEntryValueOffset", 8}};

static union {
    struct library library;
    char bytes[SIZE];
} memory;

static uint64_t text(uint32_t number, const char *content)
{
    snprintf(memory.library.texts[number], sizeof memory.library.texts[number], "%s", content);
    return IN(texts) + number * sizeof memory.library.texts[0];
}

static void build(void)
{
    struct library *const l = &memory.library;

    memset(&memory, 0, sizeof memory);
    memcpy(l->header.e_ident, (const char[]){0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, 7);
    l->header.e_type = ET_DYN;
#if defined(__x86_64__)
    l->header.e_machine = EM_X86_64;
#elif defined(__aarch64__)
    l->header.e_machine = EM_AARCH64;
#endif
    l->header.e_phoff = offsetof(struct library, segments);
    l->header.e_phentsize = sizeof(ElfW(Phdr));
    l->header.e_phnum = 2;
    l->segments[0] = (ElfW(Phdr)){.p_type = PT_LOAD, .p_memsz = SIZE};
    l->segments[1] = (ElfW(Phdr)){.p_type = PT_DYNAMIC, .p_vaddr = offsetof(struct library, dynamic)};
    l->dynamic[0] = (ElfW(Dyn)){DT_SYMTAB, {offsetof(struct library, symbols)}};
    l->dynamic[1] = (ElfW(Dyn)){DT_STRTAB, {offsetof(struct library, names)}};
    l->dynamic[2] = (ElfW(Dyn)){DT_STRSZ, {sizeof l->names}};
    l->dynamic[3] = (ElfW(Dyn)){DT_GNU_HASH, {offsetof(struct library, hash)}};
    memcpy(l->hash, (const uint32_t[]){1, 1, 1, 0}, sizeof l->hash);
    l->bucket = 1;
    for (uint32_t i = 0; i < SYMBOLS; i++) {
        snprintf(l->names[i], sizeof l->names[i], "gHotSpotVM%s", variables[i].name);
        l->variables[i] = variables[i].value;
        l->hashes[i] = (mf_gnu_hash(l->names[i]) & ~1u) | (i + 1 == SYMBOLS);
        l->symbols[i + 1] =
            (ElfW(Sym)){.st_name = i * 64, .st_shndx = 1, .st_value = offsetof(struct library, variables) + 8 * i};
    }
    l->fields[0] =
        (struct field){text(0, "CodeCache"), text(1, "_heaps"), text(2, "GrowableArray<CodeHeap*>*"), 1, 0, START + 8};
    l->fields[1] = (struct field){text(3, "CodeHeap"), text(4, "_memory"), text(5, "VirtualSpace"), 0, 8, 0};
    l->fields[2] = (struct field){text(6, "CodeBlob"), text(7, "_size"), text(8, "int"), 0, 16, 0};
    l->types[0].name = text(9, "HeapBlock");
    l->types[0].size = 16;
    l->ints[0].name = text(10, "vmIntrinsics");
    l->ints[0].value = 7;
    l->longs[0].name = text(11, "markWord");
    l->longs[0].value = 77;
}

static void change(struct input *input)
{
    const uint8_t choice = (uint8_t)take(input, 1);
    const size_t at = choice & 1
                          ? take(input, 2) % (SIZE - 8)
                          : offsetof(struct library, variables) + take(input, 1) % (8 * SYMBOLS + sizeof memory.library.fields);
    const uint64_t value = choice & 2 ? START + take(input, 2) : take(input, choice & 4 ? 8 : 1);

    memcpy(memory.bytes + at, &value, choice & 8 ? 8 : choice & 16 ? 4 : 1);
}

static void check_tables(const struct mf_vm_tables *tables)
{
    static struct mf_code_layout layout;

    CHECK(tables->entry_count <= MF_VM_MAX_ENTRIES && tables->text_length <= MF_VM_MAX_TEXT, "bounds");
    for (uint32_t i = 0; i < tables->text_length; i++)
        CHECK(tables->text[i] == '\0' || (tables->text[i] >= ' ' && tables->text[i] <= '~'), "a byte that is not printable");
    mf_code_layout_read(tables, &layout);
    for (int i = 0; i < MF_CODE_FIELDS; i++)
        CHECK(mf_field_width(&layout.fields[i]) <= 8, "a field of %u bytes", mf_field_width(&layout.fields[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char line[] = "00010000-00016000 r-xp 00000000 08:01 7                                  /libjvm.so\n";
    static struct mf_vm_tables tables;
    static bool is_tried;
    const struct mf_target_memory target_memory = {.proc_fd = MEM_FD, .mem_fd = MEM_FD, .pid = size & 1 ? 42 : 0};
    struct input input = {data, size};
    struct mf_snapshot *const snapshot = new_snapshot(4, 512);
    struct mf_pages *const pages = aligned_alloc(16, (mf_pages_bytes(16, MF_PAGE) + 15) / 16 * 16);
    struct mf_elf_image image;
    int rc;

    build();
    target.bytes = memory.bytes;
    target.start = START;
    target.end = START + SIZE;
    target.calls = 0;
    for (int i = 0; i < 32 && input.left > 0; i++)
        change(&input);
    CHECK_IS(mf_snapshot_parse(line, sizeof line - 1, 0, snapshot), 1, "a library");
    mf_pages_init(pages, 16, MF_PAGE, &target_memory);
    rc = mf_vm_image_next(pages, snapshot, 0, &image);
    CHECK(rc == 0 || rc == -ENOENT, "search: %d", rc);
    if (rc == 0) {
        rc = mf_vm_tables_read(pages, &image, &tables);
        CHECK(rc == 0 || rc == -ENOEXEC || rc == -EFAULT || rc == -ENOENT, "tables: %d", rc);
        if (rc == 0)
            check_tables(&tables);
    }
    if (!is_tried)
        CHECK(size > 0 || rc == 0, "the unchanged library has tables: %d", rc);
    is_tried = true;
    CHECK(pages->reads < 200000, "%u pages", pages->reads);
    free(pages);
    free(snapshot);
    return end_run();
}
