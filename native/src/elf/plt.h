/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_PLT_H
#define MF_ELF_PLT_H

#include "elf/reader.h"

enum {
    MF_PLT_ENTRY = 16,      /* bytes of an entry on x86, and the least on AArch64 */
    MF_PLT_SHORT_ENTRY = 8, /* on x86 without IBT: of .plt.got, and of .plt in a static program */
};

/* What the instructions of an entry refer to. */
struct mf_plt_reference {
    uint64_t value;
    bool is_number; /* of a relocation of .plt; otherwise the address of a slot */
};

/* Returns whether the instructions of a machine are known: x86-64 of both word sizes, i386, and AArch64 with 64 bits. */
bool mf_plt_is_for(const struct mf_elf *elf);

/*
 * Decodes an entry. Returns false if the instructions are not those of an entry.
 *
 * @param code     MF_PLT_ENTRY bytes
 * @param address  of the code
 * @param got      address of the global offset table that ebx has on i386
 */
bool mf_plt_decode(const struct mf_elf *elf, const uint8_t *code, uint64_t address, uint64_t got, struct mf_plt_reference *out);

/* Returns the distance in bytes of places where entries may begin. */
uint32_t mf_plt_step(const struct mf_elf *elf);

/*
 * Returns the size of an entry. On x86 an entry that begins with a jump is short, unless the number of its relocation follows
 * ("push"). On AArch64 the last instruction is a jump. It is the fourth one, or the fifth one if the third one is followed by one
 * that authenticates the address ("ld -z pac-plt").
 *
 * @param code  MF_PLT_ENTRY bytes
 */
uint32_t mf_plt_entry_bytes(const struct mf_elf *elf, const uint8_t *code);

/* Returns whether the first instruction marks the target of an indirect jump ("bti c"). The entry of .plt follows it. */
bool mf_plt_is_mark(const struct mf_elf *elf, const uint8_t *code);

#endif
