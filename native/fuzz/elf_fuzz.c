/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzing of the ELF code with libFuzzer: the input is an ELF file. Configure with -DMAPFILES_FUZZ=ON and
 * CMAKE_C_COMPILER=clang, then
 *
 *     native/fuzz/elf_fuzz -max_len=65536 -max_total_time=600 CORPUS-DIRECTORY /usr/lib/x86_64-linux-gnu
 */
#include "../test/check.h"
#include "../test/elf_fixtures.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    alarm(0); /* check.h limits the time of tests */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mf_elf_bytes bytes = {.memory = data, .size = size, .fd = -1};

    use_elf(&bytes);
    if (check_failures > 0)
        abort();
    return 0;
}
