/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procedure linkage table: small pieces of code without symbols, each of which jumps to the address in a slot of the global
 * offset table. The slot is read from the instructions, and the relocation that fills it names the function. An entry without
 * such a relocation is not named.
 *
 * .plt has the entries whose slots are filled at the first call. Their relocations are in .rela.plt. If indirect jumps need a
 * mark at their target (IBT), the code that callers use is in .plt.sec. .plt.got has entries for functions whose address the
 * program takes too: they use the slot of that address, whose relocation is among those of the data.
 */
#include "elf/symbols.h"

#include <errno.h>
#include <string.h>

#define MAX_ENTRIES 65536u
#define ENTRY       16u /* bytes of an entry on x86-64, and the least on AArch64 */
#define GOT_ENTRY   8u  /* of .plt.got on x86-64 without IBT */
#define BATCH       64u /* entries of .plt.got that one pass over the relocations names */

static const char *const section_names[] = {".plt", ".plt.sec"};
#define SECTIONS (sizeof section_names / sizeof *section_names)
#define PLT_GOT  ".plt.got"

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
static const uint8_t bti_c[] = {0x5f, 0x24, 0x03, 0xd5};
static const uint8_t autia1716[] = {0x9f, 0x21, 0x03, 0xd5};

static bool has_plt(const struct mf_elf *elf)
{
    return elf->bits == 64 && (elf->machine == EM_X86_64 || elf->machine == EM_AARCH64);
}

/* As mf_elf_section_named(), but returns 0 if there is none, or it is compressed. */
static int find_section(struct mf_elf_reader *reader, const char *name, struct mf_elf_section_header *out)
{
    const int rc = mf_elf_section_named(reader, name, out);

    return rc == -ENOENT || rc == -EOPNOTSUPP ? 0 : rc;
}

static uint32_t limited(uint64_t count)
{
    return count < MAX_ENTRIES ? (uint32_t)count : MAX_ENTRIES;
}

int mf_symbols_plt_maximum(struct mf_elf_reader *reader, const struct mf_elf *elf)
{
    struct mf_elf_section_header section;
    uint32_t count = 0;
    int rc = 0;

    if (!has_plt(elf) || reader->section_count == 0)
        return 0;
    for (size_t i = 0; i < SECTIONS && rc >= 0; i++) {
        rc = find_section(reader, section_names[i], &section);
        count += rc > 0 ? limited(section.size / ENTRY) : 0;
    }
    if (rc >= 0)
        rc = find_section(reader, PLT_GOT, &section);
    count += rc > 0 ? limited(section.size / GOT_ENTRY) : 0;
    return rc < 0 ? rc : (int)count;
}

/* ---- Instructions ---- */

/* What the instructions of an entry refer to. */
struct reference {
    uint64_t value;
    bool is_number; /* of a relocation; otherwise the address of a slot */
};

static uint32_t word(const uint8_t *code)
{
    uint32_t value;

    memcpy(&value, code, sizeof value);
    return value;
}

/*
 * x86-64: "jmp *slot(%rip)", after an optional "endbr64" and an optional "bnd" prefix. With "endbr64; push $n" the entry of
 * .plt only calls the resolver for relocation number n.
 */
static bool decode_x86_64(const uint8_t *code, uint64_t address, struct reference *out)
{
    uint32_t at = memcmp(code, endbr64, sizeof endbr64) == 0 ? 4 : 0;

    if (at == 4 && code[at] == 0x68) {
        *out = (struct reference){word(code + at + 1), true};
        return true;
    }
    if (code[at] == 0xf2)
        at++;
    if (code[at] != 0xff || code[at + 1] != 0x25)
        return false;
    *out = (struct reference){address + at + 6 + (uint64_t)(int64_t)(int32_t)word(code + at + 2), false};
    return true;
}

/* AArch64: "adrp x16, page; ldr x17, [x16, offset]". */
static bool decode_aarch64(const uint8_t *code, uint64_t address, struct reference *out)
{
    const uint32_t adrp = word(code), ldr = word(code + 4);
    int64_t pages;

    if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211)
        return false;
    pages = (int64_t)((uint64_t)(adrp >> 5 & 0x7ffff) << 45) >> 43 | (adrp >> 29 & 3);
    *out = (struct reference){(address & ~0xfffull) + ((uint64_t)pages << 12) + (ldr >> 10 & 0xfff) * 8, false};
    return true;
}

static bool decode(const struct mf_elf *elf, const uint8_t *code, uint64_t address, struct reference *out)
{
    return elf->machine == EM_X86_64 ? decode_x86_64(code, address, out) : decode_aarch64(code, address, out);
}

/*
 * Returns the bytes of an entry up to its last instruction, which is a jump. On AArch64 that is the fourth one, or the fifth one if
 * the third one is followed by one that authenticates the address ("ld -z pac-plt").
 */
static uint32_t entry_bytes(const struct mf_elf *elf, const uint8_t *code)
{
    return elf->machine == EM_AARCH64 && memcmp(code + 12, autia1716, sizeof autia1716) == 0 ? ENTRY + 4 : ENTRY;
}

/* ---- Relocations ---- */

/* A table of relocations. */
struct relocations {
    struct mf_elf_reader *reader;
    uint64_t offset;
    uint64_t first_slot;
    uint32_t count;
    uint32_t next; /* number of the relocation that the next entry has if both tables have the same order */
};

static int relocation_at(const struct relocations *relocations, uint64_t index, Elf64_Rela *out)
{
    return mf_elf_copy(relocations->reader, &relocations->reader->headers, relocations->offset + index * sizeof *out, out,
                       sizeof *out);
}

static void take_relocations(const struct mf_elf_section_header *section, struct relocations *out)
{
    const uint64_t count = section->size / sizeof(Elf64_Rela);

    out->offset = section->offset;
    out->count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

/* Returns 1 and the number of the symbol of an entry; 0: there is none; or an error. Both numbers that a slot may have are
 * guesses, which the relocation verifies. */
static int symbol_of(struct relocations *relocations, const struct reference *reference, uint32_t *out)
{
    const uint64_t guesses[] = {reference->is_number ? reference->value : relocations->next,
                                (reference->value - relocations->first_slot) / sizeof(uint64_t)};

    for (int i = 0; i < (reference->is_number ? 1 : 2); i++) {
        Elf64_Rela relocation;
        int rc;

        if (guesses[i] >= relocations->count)
            continue;
        rc = relocation_at(relocations, guesses[i], &relocation);
        if (rc < 0)
            return rc;
        if (reference->is_number || relocation.r_offset == reference->value) {
            relocations->next = (uint32_t)guesses[i] + 1;
            *out = (uint32_t)ELF64_R_SYM(relocation.r_info);
            return *out != 0;
        }
    }
    return 0;
}

/* ---- Sections ---- */

static void add(struct mf_symbol_list *list, const struct mf_elf *elf, uint64_t address, uint32_t size, uint32_t symbol)
{
    const uint64_t start = address - elf->start;

    if (list->count < list->capacity && start < elf->end - elf->start)
        list->records[list->count++] = (struct mf_symbol_record){
            .start = (uint32_t)start,
            .size = size,
            .name = symbol,
            .info = MF_SYMBOL_PLT | MF_INFO_DYNAMIC,
        };
}

static int read_code(struct mf_elf_reader *reader, uint64_t offset, void *to, uint32_t size)
{
    return mf_elf_copy(reader, &reader->contents, offset, to, size);
}

static int add_section(struct relocations *relocations, const struct mf_elf *elf, const struct mf_elf_section_header *section,
                       struct mf_symbol_list *list)
{
    const uint32_t step = elf->machine == EM_X86_64 ? ENTRY : 4;
    uint64_t count = section->size / step;
    bool has_bti = false;

    if (count > MAX_ENTRIES * (ENTRY / step))
        count = MAX_ENTRIES * (ENTRY / step);
    for (uint64_t i = 0; i < count && section->size - i * step >= ENTRY; i++) {
        const uint64_t address = section->address + i * step;
        struct reference reference;
        uint8_t code[ENTRY];
        uint32_t symbol = 0;
        int rc = read_code(relocations->reader, section->offset + i * step, code, sizeof code);

        if (rc == 0 && decode(elf, code, address, &reference))
            rc = symbol_of(relocations, &reference, &symbol);
        if (rc < 0)
            return rc;
        if (rc > 0)
            add(list, elf, has_bti ? address - 4 : address, entry_bytes(elf, code) + (has_bti ? 4 : 0), symbol);
        has_bti = elf->machine == EM_AARCH64 && memcmp(code, bti_c, sizeof bti_c) == 0;
    }
    return 0;
}

/* Adds the entries of .plt and .plt.sec. */
static int add_plt(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_symbol_list *list)
{
    struct relocations relocations = {.reader = reader};
    struct mf_elf_section_header table;
    Elf64_Rela first;
    int rc = find_section(reader, ".rela.plt", &table);

    if (rc <= 0 || table.type != SHT_RELA || table.size < sizeof first)
        return rc < 0 ? rc : 0;
    take_relocations(&table, &relocations);
    rc = relocation_at(&relocations, 0, &first);
    relocations.first_slot = rc == 0 ? first.r_offset : 0;
    for (size_t i = 0; rc == 0 && i < SECTIONS; i++) {
        struct mf_elf_section_header section;

        relocations.next = 0;
        rc = find_section(reader, section_names[i], &section);
        if (rc > 0)
            rc = add_section(&relocations, elf, &section, list);
    }
    return rc;
}

/* Entries of .plt.got whose names are searched in one pass. */
struct batch {
    uint32_t count;
    uint32_t sizes[BATCH];
    uint64_t addresses[BATCH];
    uint64_t slots[BATCH];
};

/* Linkers put relocations without a symbol first. DT_RELACOUNT has their number in the table of DT_RELA. */
struct relative {
    uint64_t table; /* ELF address */
    uint64_t count;
};

static int find_relative(struct mf_elf_reader *reader, struct relative *out)
{
    struct mf_elf_section_header section;
    int rc = find_section(reader, ".dynamic", &section);
    const uint64_t count = rc > 0 ? section.size / sizeof(Elf64_Dyn) : 0;

    *out = (struct relative){0, 0};
    for (uint32_t i = 0; rc >= 0 && i < limited(count); i++) {
        Elf64_Dyn entry;

        rc = read_code(reader, section.offset + i * sizeof entry, &entry, sizeof entry);
        if (rc < 0 || entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_RELA)
            out->table = entry.d_un.d_ptr;
        else if (entry.d_tag == DT_RELACOUNT)
            out->count = entry.d_un.d_val;
    }
    return rc < 0 ? rc : 0;
}

/* Names the entries of a batch whose relocations are in one table. */
static int add_by_table(const struct relocations *relocations, const struct mf_elf *elf, const struct batch *batch,
                        struct mf_symbol_list *list)
{
    for (uint32_t i = relocations->next; i < relocations->count; i++) {
        Elf64_Rela relocation;
        const int rc = relocation_at(relocations, i, &relocation);

        if (rc < 0)
            return rc;
        if (ELF64_R_SYM(relocation.r_info) == 0 || relocation.r_addend != 0)
            continue;
        for (uint32_t j = 0; j < batch->count; j++) {
            if (batch->slots[j] == relocation.r_offset)
                add(list, elf, batch->addresses[j], batch->sizes[j], (uint32_t)ELF64_R_SYM(relocation.r_info));
        }
    }
    return 0;
}

/* Names the entries of a batch, and empties it. All tables of relocations are searched: .rela.dyn is usually the only one. */
static int add_batch(struct mf_elf_reader *reader, const struct mf_elf *elf, struct batch *batch, struct mf_symbol_list *list)
{
    struct relative relative = {0, 0};
    int rc = batch->count > 0 ? find_relative(reader, &relative) : 0;

    for (uint32_t i = 1; rc == 0 && batch->count > 0 && i < reader->section_count; i++) {
        struct mf_elf_section_header section;
        struct relocations relocations = {.reader = reader};

        rc = mf_elf_section_at(reader, i, &section);
        if (rc < 0 || section.type != SHT_RELA || !(section.flags & SHF_ALLOC) || !mf_elf_has_bytes(reader, &section))
            continue;
        take_relocations(&section, &relocations);
        if (section.address == relative.table && relative.count < relocations.count)
            relocations.next = (uint32_t)relative.count;
        rc = add_by_table(&relocations, elf, batch, list);
    }
    batch->count = 0;
    return rc;
}

static int add_plt_got(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_symbol_list *list)
{
    struct mf_elf_section_header section;
    struct batch batch = {.count = 0};
    uint32_t step = 0;
    int rc = find_section(reader, PLT_GOT, &section);

    if (rc <= 0)
        return rc;
    rc = 0;
    for (uint64_t at = 0; rc == 0 && at < section.size && at < MAX_ENTRIES * GOT_ENTRY; at += step) {
        const uint64_t address = section.address + at;
        const uint32_t left = section.size - at < ENTRY ? (uint32_t)(section.size - at) : ENTRY;
        struct reference reference;
        uint8_t code[ENTRY] = {0};

        rc = read_code(reader, section.offset + at, code, left);
        step = elf->machine == EM_AARCH64 ? 4 : GOT_ENTRY;
        if (rc < 0 || !decode(elf, code, address, &reference) || reference.is_number)
            continue;
        step = elf->machine == EM_AARCH64 || memcmp(code, endbr64, sizeof endbr64) == 0 ? ENTRY : GOT_ENTRY;
        batch.sizes[batch.count] = step < left ? step : left;
        batch.addresses[batch.count] = address;
        batch.slots[batch.count++] = reference.value;
        if (batch.count == BATCH)
            rc = add_batch(reader, elf, &batch, list);
    }
    return rc == 0 ? add_batch(reader, elf, &batch, list) : rc;
}

int mf_symbols_add_plt(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_symbol_list *list)
{
    int rc = 0;

    if (!has_plt(elf) || reader->section_count == 0)
        return 0;
    rc = add_plt(reader, elf, list);
    if (rc == 0)
        rc = add_plt_got(reader, elf, list);
    return rc == -E2BIG ? 0 : rc; /* the entries after the limit have no name */
}
