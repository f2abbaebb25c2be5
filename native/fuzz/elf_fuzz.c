/* SPDX-License-Identifier: Apache-2.0 */
/* The input is an ELF file: identity, build IDs, address, symbols and sections such as .gnu_debuglink. */
#include "fuzz.h"

#include "../test/elf_fixtures.h"

FUZZ_INITIALIZE
CALLS_OF_KERNEL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct mf_elf_bytes bytes = {.fd = -1};
    size_t length;

    bytes.memory = take_rest(&input, &length);
    bytes.size = length;
    use_elf(&bytes);
    close_elf(&bytes);
    return end_run();
}
