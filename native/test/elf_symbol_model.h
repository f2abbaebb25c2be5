/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of a built ELF file, and a model of which symbol an address has: the rules without any index. Include it after
 * elf_builder.h. */
#ifndef MF_ELF_SYMBOL_MODEL_H
#define MF_ELF_SYMBOL_MODEL_H

/* An index, the file that it was read from, and the number of the symbol at an address. */
struct opened {
    struct mf_elf_bytes bytes;
    struct mf_elf elf;
    struct mf_symbols *symbols;
};

static inline struct opened open_built(int bits, const struct built_symbol *symbols, uint32_t count)
{
    struct opened opened = {.bytes = build_elf(bits, symbols, count)};
    int error;

    CHECK_IS(mf_elf_read(&opened.bytes, &opened.elf), 0, "it is an ELF file");
    opened.symbols = read_symbols(&opened.bytes, &opened.elf, &error);
    if (opened.symbols == NULL) {
        CHECK(false, "no index: %d", error);
        exit(1);
    }
    opened.symbols = shrink(opened.symbols);
    return opened;
}

static inline void close_built(struct opened *opened)
{
    free(opened->symbols);
    close_elf(&opened->bytes);
}

/* Returns the number of the symbol at an address, by its name; -1: there is none. */
static inline int symbol_at(const struct opened *opened, uint64_t address, struct mf_symbol *symbol)
{
    char name[BUILT_NAME + 1];
    int32_t length;

    if (mf_symbols_find(opened->symbols, address, symbol) != 0)
        return -1;
    length = mf_symbols_name(&opened->bytes, opened->symbols, symbol, name, BUILT_NAME);
    CHECK(length > 1 && name[0] == 's', "a name of %d bytes", length);
    name[length < 0 ? 0 : length] = '\0';
    return atoi(name + 1);
}

/* ---- The model ---- */

static inline bool is_before(const struct built_symbol *a, const struct built_symbol *b)
{
    static const int order[] = {[STB_LOCAL] = 0, [STB_GLOBAL] = 2, [STB_WEAK] = 1};

    return a->size != b->size ? a->size > b->size : order[a->binding] > order[b->binding];
}

static inline int model(const struct built_symbol *symbols, uint32_t count, uint64_t address)
{
    int best = -1;
    uint64_t next = BUILT_TEXT + BUILT_TEXT_BYTES;

    for (uint32_t i = 0; i < count; i++) { /* rules 1 and 2 */
        if (address >= symbols[i].value && address - symbols[i].value < symbols[i].size &&
            (best < 0 || symbols[i].value > symbols[best].value ||
             (symbols[i].value == symbols[best].value && is_before(&symbols[i], &symbols[best]))))
            best = (int)i;
    }
    if (best >= 0)
        return best;
    for (uint32_t i = 0; i < count; i++) { /* rule 3: the last begin at or before the address, if it has no sized symbol */
        if (symbols[i].value <= address &&
            (best < 0 || symbols[i].value > symbols[best].value ||
             (symbols[i].value == symbols[best].value && is_before(&symbols[i], &symbols[best]))))
            best = (int)i;
        if (symbols[i].value > address && symbols[i].value < next)
            next = symbols[i].value;
    }
    if (best < 0 || symbols[best].size != 0 || address >= next)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (symbols[best].value >= symbols[i].value && symbols[best].value - symbols[i].value < symbols[i].size)
            return -1;
    }
    return best;
}

#endif
