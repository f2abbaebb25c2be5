/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of an entry of the procedure linkage table. */
#include "elf/plt.h"

#include <string.h>

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
static const uint8_t endbr32[] = {0xf3, 0x0f, 0x1e, 0xfb};
static const uint8_t bti_c[] = {0x5f, 0x24, 0x03, 0xd5};
static const uint8_t autia1716[] = {0x9f, 0x21, 0x03, 0xd5};

static uint32_t word(const uint8_t *code)
{
    uint32_t value;

    memcpy(&value, code, sizeof value);
    return value;
}

static bool begins_with(const uint8_t *code, const uint8_t mark[4])
{
    return memcmp(code, mark, 4) == 0;
}

bool mf_plt_is_for(const struct mf_elf *elf)
{
    return elf->machine == EM_X86_64 || (elf->machine == EM_386 && elf->bits == 32) ||
           (elf->machine == EM_AARCH64 && elf->bits == 64);
}

/* x86-64: "jmp *slot(%rip)", after an optional "endbr64" and an optional "bnd" prefix. Or "endbr64; push $number". */
static bool decode_x86_64(const uint8_t *code, uint64_t address, struct mf_plt_reference *out)
{
    uint32_t at = begins_with(code, endbr64) ? 4 : 0;

    if (at == 4 && code[at] == 0x68) {
        *out = (struct mf_plt_reference){word(code + at + 1), true};
        return true;
    }
    if (code[at] == 0xf2)
        at++;
    if (code[at] != 0xff || code[at + 1] != 0x25)
        return false;
    *out = (struct mf_plt_reference){address + at + 6 + (uint64_t)(int64_t)(int32_t)word(code + at + 2), false};
    return true;
}

/*
 * i386: "jmp *slot", or with the address of the global offset table in ebx "jmp *offset(%ebx)"; after an optional "endbr32". Or
 * "endbr32; push $offset", of the relocation in its table.
 */
static bool decode_i386(const uint8_t *code, uint64_t got, struct mf_plt_reference *out)
{
    const uint32_t at = begins_with(code, endbr32) ? 4 : 0;

    if (at == 4 && code[at] == 0x68) {
        *out = (struct mf_plt_reference){word(code + at + 1) / sizeof(Elf32_Rel), true};
        return true;
    }
    if (code[at] != 0xff || (code[at + 1] != 0x25 && code[at + 1] != 0xa3))
        return false;
    *out = (struct mf_plt_reference){(uint32_t)((code[at + 1] == 0x25 ? 0 : got) + word(code + at + 2)), false};
    return true;
}

/* AArch64: "adrp x16, page; ldr x17, [x16, offset]". */
static bool decode_aarch64(const uint8_t *code, uint64_t address, struct mf_plt_reference *out)
{
    const uint32_t adrp = word(code), ldr = word(code + 4);
    int64_t pages;

    if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211)
        return false;
    pages = (int64_t)((uint64_t)(adrp >> 5 & 0x7ffff) << 45) >> 43 | (adrp >> 29 & 3);
    *out = (struct mf_plt_reference){(address & ~0xfffull) + ((uint64_t)pages << 12) + (ldr >> 10 & 0xfff) * 8, false};
    return true;
}

bool mf_plt_decode(const struct mf_elf *elf, const uint8_t *code, uint64_t address, uint64_t got, struct mf_plt_reference *out)
{
    switch (elf->machine) {
    case EM_X86_64:
        return decode_x86_64(code, address, out);
    case EM_386:
        return decode_i386(code, got, out);
    default:
        return decode_aarch64(code, address, out);
    }
}

uint32_t mf_plt_step(const struct mf_elf *elf)
{
    return elf->machine == EM_AARCH64 ? 4 : MF_PLT_SHORT_ENTRY;
}

uint32_t mf_plt_entry_bytes(const struct mf_elf *elf, const uint8_t *code)
{
    if (elf->machine == EM_AARCH64)
        return begins_with(code + 12, autia1716) ? MF_PLT_ENTRY + 4 : MF_PLT_ENTRY;
    return begins_with(code, endbr64) || begins_with(code, endbr32) || code[6] == 0x68 ? MF_PLT_ENTRY : MF_PLT_SHORT_ENTRY;
}

bool mf_plt_is_mark(const struct mf_elf *elf, const uint8_t *code)
{
    return elf->machine == EM_AARCH64 && begins_with(code, bti_c);
}
