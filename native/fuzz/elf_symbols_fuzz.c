/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a list of symbols, of which an ELF file is made. The result at each address equals that of a linear search. */
#include "fuzz.h"

#include "../test/elf_fixtures.h"

#include "../test/elf_builder.h"

#include "../test/elf_symbol_model.h"

#define SYMBOLS 48

FUZZ_INITIALIZE
CALLS_OF_KERNEL

static void compare_at(const struct opened *opened, const struct built_symbol *symbols, uint32_t count, uint64_t address)
{
    struct mf_symbol symbol;
    const int found = symbol_at(opened, address, &symbol);
    const int expected = model(symbols, count, address);

    CHECK(found == expected, "address %" PRIx64 ": symbol %d instead of %d", address, found, expected);
    if (found >= 0)
        CHECK(symbol.address == symbols[found].value && symbol.id < opened->symbols->count, "its begin");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char bindings[] = {STB_LOCAL, STB_GLOBAL, STB_WEAK};
    struct input input = {data, size};
    struct built_symbol symbols[SYMBOLS];
    const int bits = take(&input, 1) & 1 ? 64 : 32;
    struct opened opened;
    uint32_t count = 0;

    for (; input.left >= 4 && count < SYMBOLS; count++) {
        const uint8_t choice = (uint8_t)take(&input, 1);

        symbols[count] = (struct built_symbol){BUILT_TEXT + take(&input, 1) + (choice & 1 ? 0xe00 : 0),
                                               take(&input, choice & 2 ? 2 : 1) % BUILT_TEXT_BYTES, STT_FUNC,
                                               bindings[(choice >> 2) % 3], 1};
    }
    opened = open_built(bits, symbols, count);
    for (uint32_t i = 0; i < count; i++) {
        compare_at(&opened, symbols, count, symbols[i].value - 1);
        compare_at(&opened, symbols, count, symbols[i].value);
        compare_at(&opened, symbols, count, symbols[i].value + symbols[i].size - 1);
        compare_at(&opened, symbols, count, symbols[i].value + symbols[i].size);
    }
    close_built(&opened);
    return end_run();
}
