/* SPDX-License-Identifier: Apache-2.0 */
/* Which symbol an address has: the rules on small files, a model on random ones. */
#include "check.h"
#include "elf_fixtures.h"

#include "elf_builder.h"
#include "elf_symbol_model.h"

/* ---- The rules ---- */

#define FUNCTION(value, size)                \
    {                                        \
        value, size, STT_FUNC, STB_GLOBAL, 1 \
    }

static void expect(const struct opened *opened, uint64_t address, int number, const char *what)
{
    struct mf_symbol symbol;

    CHECK_IS(symbol_at(opened, address, &symbol), number, what);
}

static void the_rules(int bits)
{
    static const struct built_symbol symbols[] = {
        /* 0-2: one encloses two others */
        FUNCTION(0x1000, 0x100),
        FUNCTION(0x1010, 0x10),
        FUNCTION(0x1020, 0x10),
        /* 3-4: two that overlap */
        FUNCTION(0x1200, 0x80),
        FUNCTION(0x1240, 0x80),
        /* 5-9: the same begin: longest, then global, weak, local, then the first */
        FUNCTION(0x1300, 0x10),
        {0x1300, 0x20, STT_FUNC, STB_LOCAL, 1},
        {0x1300, 0x20, STT_FUNC, STB_WEAK, 1},
        {0x1300, 0x20, STT_FUNC, STB_GLOBAL, 1},
        {0x1300, 0x20, STT_FUNC, STB_GLOBAL, 1},
        /* 10-13: without size */
        FUNCTION(0x1400, 0),
        FUNCTION(0x1440, 0x10),
        FUNCTION(0x1460, 0),
        FUNCTION(0x1448, 0),
        /* 14-20: not used */
        {0x1500, 0x10, STT_FUNC, STB_GLOBAL, SHN_UNDEF},
        {0x1500, 0x10, STT_FUNC, STB_GLOBAL, SHN_ABS},
        {0x1500, 0x10, STT_TLS, STB_GLOBAL, 2},
        {0x1500, 0x10, STT_SECTION, STB_LOCAL, 1},
        {0x1500, 0x10, STT_FILE, STB_LOCAL, 1},
        {0x1500, 0, STT_NOTYPE, STB_LOCAL, 1},
        {0x2500, 0, STT_OBJECT, STB_GLOBAL, 2},
        /* 21-23: no type, in code and in data */
        {0x1600, 0, STT_NOTYPE, STB_GLOBAL, 1},
        {0x1620, 8, STT_NOTYPE, STB_LOCAL, 1},
        {0x2400, 8, STT_NOTYPE, STB_GLOBAL, 2},
        /* 24-26: at the end of the section and of the segment */
        FUNCTION(0x1ff0, 0),
        FUNCTION(BUILT_END - 0x10, 0x1000),
        FUNCTION(BUILT_END, 0x10),
        /* 27-28: data, and an IFUNC */
        {0x2000, 0x40, STT_OBJECT, STB_LOCAL, 2},
        {0x1700, 0x10, STT_GNU_IFUNC, STB_GLOBAL, 1},
        /* 29-30: in a section that is not loaded */
        {0x1800, 0x10, STT_OBJECT, STB_LOCAL, 5},
        {0x1800, 0x10, STT_FUNC, STB_GLOBAL, 5},
        /* 31: in code, after these */
        FUNCTION(0x1840, 0x10),
    };
    struct opened opened = open_built(bits, symbols, sizeof symbols / sizeof *symbols);
    struct mf_symbol symbol;

    expect(&opened, 0xfff, -1, "before the first");
    expect(&opened, 0x1000, 0, "the first byte");
    expect(&opened, 0x1010, 1, "an enclosed one");
    expect(&opened, 0x101f, 1, "its last byte");
    expect(&opened, 0x1020, 2, "the next enclosed one");
    CHECK_IS(symbol_at(&opened, 0x1030, &symbol), 0, "after the enclosed ones");
    CHECK(symbol.address == 0x1000 && symbol.size == 0x100, "the whole symbol: %" PRIx64, symbol.address);
    expect(&opened, 0x10ff, 0, "the last byte");
    expect(&opened, 0x1100, -1, "a gap");
    expect(&opened, 0x123f, 3, "before the overlap");
    expect(&opened, 0x1250, 4, "in the overlap: the one that begins last");
    expect(&opened, 0x12bf, 4, "after the overlap");
    expect(&opened, 0x1308, 8, "the same begin");
    expect(&opened, 0x131f, 8, "the same begin");
    CHECK_IS(symbol_at(&opened, 0x143f, &symbol), 10, "without size: up to the next");
    CHECK(symbol.flags == MF_SYMBOL_UNSIZED && symbol.size == 0x40, "%x", symbol.flags);
    expect(&opened, 0x144f, 11, "a sized one covers the begin of one without size");
    expect(&opened, 0x1450, -1, "after the sized one");
    expect(&opened, 0x1500, 12, "up to the next that is used");
    expect(&opened, 0x1600, 21, "global, no type");
    expect(&opened, 0x1627, 22, "local, no type, sized");
    expect(&opened, 0x1630, -1, "after it");
    expect(&opened, 0x2400, -1, "no type, in data");
    expect(&opened, 0x2500, -1, "a variable without size");
    CHECK_IS(symbol_at(&opened, 0x1fff, &symbol), 24, "without size: up to the end of the section");
    CHECK_IS(symbol.size, 0x10, "up to the end of the section");
    CHECK_IS(symbol_at(&opened, 0x203f, &symbol), 27, "data");
    CHECK_IS(symbol.kind, MF_SYMBOL_OBJECT, "data");
    CHECK_IS(symbol_at(&opened, 0x1700, &symbol), 28, "IFUNC");
    CHECK_IS(symbol.kind, MF_SYMBOL_IFUNC, "IFUNC");
    expect(&opened, 0x1800, -1, "in a section that is not loaded");
    expect(&opened, 0x1840, 31, "after it");
    CHECK_IS(symbol_at(&opened, BUILT_END - 1, &symbol), 25, "past the segment");
    CHECK_IS(symbol.size, 0x10, "cut at the end of the segment");
    expect(&opened, BUILT_END, -1, "after the segment");
    expect(&opened, UINT64_MAX, -1, "the last address");
    close_built(&opened);
}

static void without_symbols(void)
{
    struct opened opened = open_built(64, NULL, 0);
    struct mf_symbol symbol = {.id = 7};

    CHECK_IS(opened.symbols->count, 0, "an empty index");
    CHECK_IS(mf_symbols_find(opened.symbols, 0x1000, &symbol), -ENOENT, "an empty index");
    CHECK_IS(symbol.id, 7, "unchanged");
    close_built(&opened);
}

/* Each of many symbols encloses the next: the worst case for the size and for the search. */
static void deeply_nested(void)
{
    enum { COUNT = 1000 };
    static struct built_symbol symbols[COUNT];
    struct opened opened;

    for (uint32_t i = 0; i < COUNT; i++)
        symbols[i] = (struct built_symbol)FUNCTION(0x1000 + i, 2 * COUNT + 0x100 - 2 * i);
    opened = open_built(64, symbols, COUNT);
    CHECK_IS(opened.symbols->symbol_count, COUNT, "symbols");
    CHECK_IS(opened.symbols->count, 2 * COUNT - 1, "and their continuations");
    for (uint32_t i = 0; i < COUNT; i++) {
        expect(&opened, 0x1000 + i, (int)i, "begin");
        expect(&opened, 0x1000 + i + symbols[i].size - 1, (int)i, "last byte");
    }
    close_built(&opened);
}

static void too_little_memory(void)
{
    static const struct built_symbol symbols[] = {FUNCTION(0x1000, 0x10)};
    struct opened opened = open_built(64, symbols, 1);
    _Alignas(16) char memory[sizeof(struct mf_symbols) + 32];

    CHECK_IS(mf_symbols_read(&opened.bytes, &opened.elf, memory, sizeof memory), -ENOBUFS, "only the head");
    CHECK(((struct mf_symbols *)memory)->needed > sizeof memory, "the needed size");
    CHECK_IS(mf_symbols_read(&opened.bytes, &opened.elf, memory + 1, sizeof memory - 1), -EINVAL, "not aligned");
    CHECK_IS(mf_symbols_read(&opened.bytes, &opened.elf, memory, 100), -EINVAL, "smaller than the head");
    opened.elf.end = opened.elf.start + (1ull << 32);
    CHECK_IS(mf_symbols_read(&opened.bytes, &opened.elf, memory, sizeof memory), -EOVERFLOW, "4 GiB");
    close_built(&opened);
}

static void names(void)
{
    static const struct built_symbol symbols[] = {FUNCTION(0x1000, 0x10)};
    struct opened opened = open_built(64, symbols, 1);
    struct mf_symbol symbol;
    char name[8];

    CHECK_IS(mf_symbols_find(opened.symbols, 0x1000, &symbol), 0, "found");
    CHECK_IS(mf_symbols_name(&opened.bytes, opened.symbols, &symbol, name, 2), -ENAMETOOLONG, "no room for the end");
    CHECK_IS(mf_symbols_name(&opened.bytes, opened.symbols, &symbol, name, 3), 2, "exactly");
    CHECK_IS(mf_symbols_name(&opened.bytes, opened.symbols, &symbol, name, 0), -ENAMETOOLONG, "no memory");
    symbol.name = 100000;
    CHECK_IS(mf_symbols_name(&opened.bytes, opened.symbols, &symbol, name, sizeof name), -ENOEXEC, "after the string table");
    close_built(&opened);
}

/* ---- The model on random files ---- */

static uint64_t random_state;

static uint32_t next_random(uint32_t below)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(random_state >> 33) % below;
}

static void the_model_agrees(uint64_t seed)
{
    enum { MOST = 40 };
    struct built_symbol symbols[MOST];
    static const unsigned char bindings[] = {STB_LOCAL, STB_GLOBAL, STB_WEAK};
    struct opened opened;
    uint32_t count, range;

    random_state = seed;
    count = 1 + next_random(MOST);
    range = 8u << next_random(6);
    for (uint32_t i = 0; i < count; i++)
        symbols[i] = (struct built_symbol){0x1000 + next_random(range), next_random(4) == 0 ? 0 : next_random(range), STT_FUNC,
                                           bindings[next_random(3)], 1};
    opened = open_built(seed % 2 == 0 ? 64 : 32, symbols, count);
    for (uint64_t address = 0xff0; address < 0x1000 + 2 * range + 16 && address < 0x2010; address++) {
        struct mf_symbol symbol;
        const int found = symbol_at(&opened, address, &symbol);
        const int expected = model(symbols, count, address);

        CHECK(found == expected, "seed %" PRIu64 ", address %" PRIx64 ": %d instead of %d", seed, address, found, expected);
        if (found >= 0)
            CHECK(symbol.address == symbols[found].value, "seed %" PRIu64 ": its begin", seed);
    }
    close_built(&opened);
}

static void test(void)
{
    the_rules(64);
    the_rules(32);
    without_symbols();
    deeply_nested();
    too_little_memory();
    names();
    for (unsigned seed = 0; seed < rounds(1000); seed++)
        the_model_agrees(seed);
}

int main(void)
{
    return run_in_directory("elf-symbols", test);
}
