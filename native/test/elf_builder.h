/* SPDX-License-Identifier: Apache-2.0 */
/* Builds small ELF files of either class in memory: one segment, symbols as given. Include it after elf_fixtures.h. */
#ifndef MF_ELF_BUILDER_H
#define MF_ELF_BUILDER_H

#include <elf.h>

struct built_symbol {
    uint64_t value, size;
    unsigned char type, binding;
    uint16_t section; /* 0: undefined, 1: .text, 2: .data */
};

enum {
    BUILT_TEXT = 0x1000, /* ELF address and offset of .text */
    BUILT_TEXT_BYTES = 0x1000,
    BUILT_DATA = 0x2000,
    BUILT_DATA_BYTES = 0x800,
    BUILT_END = BUILT_DATA + 0x1000, /* end of the segment in memory */
    BUILT_NAME = 8,                  /* bytes of each name: "s" and the number of the symbol */
};

#define BUILT_CLASS(bits)                                                                                                 \
    static inline struct mf_elf_bytes build_##bits(const struct built_symbol *symbols, uint32_t count, bool has_sections) \
    {                                                                                                                     \
        enum { SECTIONS = 6, NAMES = 0x40 };                                                                              \
        const uint64_t symbols_at = BUILT_DATA + BUILT_DATA_BYTES;                                                        \
        const uint64_t strings_at = symbols_at + (count + 1) * sizeof(Elf##bits##_Sym);                                   \
        const uint64_t names_at = strings_at + (count + 1) * BUILT_NAME;                                                  \
        const uint64_t sections_at = (names_at + NAMES + 7) & ~7ull;                                                      \
        const uint64_t size = sections_at + SECTIONS * sizeof(Elf##bits##_Shdr);                                          \
        char *const image = calloc(1, size);                                                                              \
        Elf##bits##_Ehdr *const header = (void *)image;                                                                   \
        Elf##bits##_Phdr *const segment = (void *)(image + sizeof *header);                                               \
        Elf##bits##_Sym *const table = (void *)(image + symbols_at);                                                      \
        Elf##bits##_Shdr *const section = (void *)(image + sections_at);                                                  \
                                                                                                                          \
        memcpy(header->e_ident, ELFMAG, SELFMAG);                                                                         \
        header->e_ident[EI_CLASS] = ELFCLASS##bits;                                                                       \
        header->e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;                 \
        header->e_type = ET_DYN;                                                                                          \
        header->e_machine = EM_NONE;                                                                                      \
        header->e_phoff = sizeof *header;                                                                                 \
        header->e_phentsize = sizeof *segment;                                                                            \
        header->e_phnum = 1;                                                                                              \
        header->e_shoff = has_sections ? sections_at : 0;                                                                 \
        header->e_shentsize = sizeof *section;                                                                            \
        header->e_shnum = has_sections ? SECTIONS : 0;                                                                    \
        header->e_shstrndx = 5;                                                                                           \
        segment->p_type = PT_LOAD;                                                                                        \
        segment->p_flags = PF_R | PF_X;                                                                                   \
        segment->p_filesz = BUILT_DATA + BUILT_DATA_BYTES;                                                                \
        segment->p_memsz = BUILT_END;                                                                                     \
        memcpy(image + names_at, "\0.text\0.data\0.symtab\0.strtab\0.shstrtab", 39);                                      \
        section[1] = (Elf##bits##_Shdr){.sh_name = 1,                                                                     \
                                        .sh_type = SHT_PROGBITS,                                                          \
                                        .sh_flags = SHF_ALLOC | SHF_EXECINSTR,                                            \
                                        .sh_addr = BUILT_TEXT,                                                            \
                                        .sh_offset = BUILT_TEXT,                                                          \
                                        .sh_size = BUILT_TEXT_BYTES};                                                     \
        section[2] = (Elf##bits##_Shdr){.sh_name = 7,                                                                     \
                                        .sh_type = SHT_PROGBITS,                                                          \
                                        .sh_flags = SHF_ALLOC | SHF_WRITE,                                                \
                                        .sh_addr = BUILT_DATA,                                                            \
                                        .sh_offset = BUILT_DATA,                                                          \
                                        .sh_size = BUILT_DATA_BYTES};                                                     \
        section[3] = (Elf##bits##_Shdr){.sh_name = 13,                                                                    \
                                        .sh_type = SHT_SYMTAB,                                                            \
                                        .sh_offset = symbols_at,                                                          \
                                        .sh_link = 4,                                                                     \
                                        .sh_size = (count + 1) * sizeof *table,                                           \
                                        .sh_entsize = sizeof *table};                                                     \
        section[4] = (Elf##bits##_Shdr){                                                                                  \
            .sh_name = 21, .sh_type = SHT_STRTAB, .sh_offset = strings_at, .sh_size = (count + 1) * BUILT_NAME};          \
        section[5] = (Elf##bits##_Shdr){.sh_name = 29, .sh_type = SHT_STRTAB, .sh_offset = names_at, .sh_size = NAMES};   \
        for (uint32_t i = 0; i < count; i++) {                                                                            \
            table[i + 1].st_name = (i + 1) * BUILT_NAME;                                                                  \
            table[i + 1].st_value = (Elf##bits##_Addr)symbols[i].value;                                                   \
            table[i + 1].st_size = (__typeof__(table->st_size))symbols[i].size;                                           \
            table[i + 1].st_info = ELF##bits##_ST_INFO(symbols[i].binding, symbols[i].type);                              \
            table[i + 1].st_shndx = symbols[i].section;                                                                   \
            snprintf(image + strings_at + (i + 1) * BUILT_NAME, BUILT_NAME, "s%u", i % 100000);                           \
        }                                                                                                                 \
        return (struct mf_elf_bytes){.memory = image, .size = size, .fd = -1};                                            \
    }

BUILT_CLASS(64)
BUILT_CLASS(32)

static inline struct mf_elf_bytes build_elf(int bits, const struct built_symbol *symbols, uint32_t count)
{
    return bits == 64 ? build_64(symbols, count, true) : build_32(symbols, count, true);
}

#endif
