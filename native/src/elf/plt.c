/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procedure linkage table: small pieces of code without symbols, each of which jumps to the address in a slot of the global
 * offset table. The slot is read from the instructions, and the relocation that fills it names the function. An entry without
 * such a relocation is not named.
 */
#include "elf/symbols.h"

#include <errno.h>
#include <string.h>

#define MAX_ENTRIES 65536u
#define ENTRY       16u /* bytes of an entry on x86-64, and the least on AArch64 */

static const char *const section_names[] = {".plt", ".plt.sec"};
#define SECTIONS (sizeof section_names / sizeof *section_names)

static bool has_plt(const struct mf_elf *elf)
{
    return elf->bits == 64 && (elf->machine == EM_X86_64 || elf->machine == EM_AARCH64);
}

int mf_symbols_plt_maximum(struct mf_elf_reader *reader, const struct mf_elf *elf)
{
    uint64_t count = 0;

    if (!has_plt(elf) || reader->section_count == 0)
        return 0;
    for (size_t i = 0; i < SECTIONS; i++) {
        struct mf_elf_section_header section;
        const int rc = mf_elf_section_named(reader, section_names[i], &section);

        if (rc < 0 && rc != -ENOENT)
            return rc;
        if (rc > 0)
            count += section.size / ENTRY < MAX_ENTRIES ? section.size / ENTRY : MAX_ENTRIES;
    }
    return (int)count;
}

/* The relocations of the slots. */
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

/* Returns 1 and the number of the symbol of a slot; 0: there is none; or an error. Both places are guesses that the slot
 * verifies. */
static int symbol_of_slot(struct relocations *relocations, uint64_t slot, uint32_t *out)
{
    const uint64_t guesses[] = {relocations->next, (slot - relocations->first_slot) / sizeof(uint64_t)};

    for (int i = 0; i < 2; i++) {
        Elf64_Rela relocation;
        int rc;

        if (guesses[i] >= relocations->count)
            continue;
        rc = relocation_at(relocations, guesses[i], &relocation);
        if (rc < 0)
            return rc;
        if (relocation.r_offset == slot) {
            relocations->next = (uint32_t)guesses[i] + 1;
            *out = (uint32_t)ELF64_R_SYM(relocation.r_info);
            return *out != 0;
        }
    }
    return 0;
}

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
static int decode_x86_64(struct relocations *relocations, const uint8_t *code, uint64_t address, uint32_t *symbol)
{
    static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    uint32_t at = memcmp(code, endbr64, sizeof endbr64) == 0 ? 4 : 0;

    if (at == 4 && code[at] == 0x68) {
        const uint32_t index = word(code + at + 1);
        Elf64_Rela relocation;
        int rc;

        if (index >= relocations->count)
            return 0;
        rc = relocation_at(relocations, index, &relocation);
        *symbol = rc == 0 ? (uint32_t)ELF64_R_SYM(relocation.r_info) : 0;
        return rc < 0 ? rc : *symbol != 0;
    }
    if (code[at] == 0xf2)
        at++;
    if (code[at] != 0xff || code[at + 1] != 0x25)
        return 0;
    return symbol_of_slot(relocations, address + at + 6 + (uint64_t)(int64_t)(int32_t)word(code + at + 2), symbol);
}

/* AArch64: "adrp x16, page; ldr x17, [x16, offset]". */
static int decode_aarch64(struct relocations *relocations, const uint8_t *code, uint64_t address, uint32_t *symbol)
{
    const uint32_t adrp = word(code), ldr = word(code + 4);
    int64_t pages;

    if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211)
        return 0;
    pages = (int64_t)((uint64_t)(adrp >> 5 & 0x7ffff) << 45) >> 43 | (adrp >> 29 & 3);
    return symbol_of_slot(relocations, (address & ~0xfffull) + ((uint64_t)pages << 12) + (ldr >> 10 & 0xfff) * 8, symbol);
}

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

static int add_section(struct relocations *relocations, const struct mf_elf *elf, const struct mf_elf_section_header *section,
                       struct mf_symbol_list *list)
{
    static const uint8_t bti_c[] = {0x5f, 0x24, 0x03, 0xd5};
    const uint32_t step = elf->machine == EM_X86_64 ? ENTRY : 4;
    uint64_t count = section->size / step;
    bool has_bti = false;

    if (count > MAX_ENTRIES * (ENTRY / step))
        count = MAX_ENTRIES * (ENTRY / step);
    for (uint64_t i = 0; i < count && section->size - i * step >= ENTRY; i++) {
        const uint64_t address = section->address + i * step;
        uint8_t code[ENTRY];
        uint32_t symbol = 0;
        int rc =
            mf_elf_copy(relocations->reader, &relocations->reader->contents, section->offset + i * step, code, sizeof code);

        if (rc < 0)
            return rc;
        rc = elf->machine == EM_X86_64 ? decode_x86_64(relocations, code, address, &symbol)
                                       : decode_aarch64(relocations, code, address, &symbol);
        if (rc < 0)
            return rc;
        if (rc > 0)
            add(list, elf, has_bti ? address - 4 : address, has_bti ? ENTRY + 4 : ENTRY, symbol);
        has_bti = elf->machine == EM_AARCH64 && memcmp(code, bti_c, sizeof bti_c) == 0;
    }
    return 0;
}

int mf_symbols_add_plt(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_symbol_list *list)
{
    struct mf_elf_section_header section;
    struct relocations relocations = {.reader = reader};
    Elf64_Rela first;
    int rc;

    if (!has_plt(elf) || reader->section_count == 0)
        return 0;
    rc = mf_elf_section_named(reader, ".rela.plt", &section);
    if (rc < 0 || section.type != SHT_RELA || section.size < sizeof first)
        return rc == -ENOENT || rc >= 0 ? 0 : rc;
    relocations.offset = section.offset;
    relocations.count = section.size / sizeof first < MAX_ENTRIES ? (uint32_t)(section.size / sizeof first) : MAX_ENTRIES;
    rc = relocation_at(&relocations, 0, &first);
    relocations.first_slot = rc == 0 ? first.r_offset : 0;
    for (size_t i = 0; rc == 0 && i < SECTIONS; i++) {
        relocations.next = 0;
        rc = mf_elf_section_named(reader, section_names[i], &section);
        rc = rc > 0 ? add_section(&relocations, elf, &section, list) : rc == -ENOENT ? 0 : rc;
    }
    return rc == -E2BIG ? 0 : rc; /* the entries after the limit have no name */
}
