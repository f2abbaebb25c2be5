/* SPDX-License-Identifier: Apache-2.0 */
/* Files for tests of ELF code: made by the compiler, or read whole into memory. Include it after check.h. */
#ifndef MF_ELF_FIXTURES_H
#define MF_ELF_FIXTURES_H

#include "mapfiles_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

/* Runs a shell command. Returns whether it succeeded; its messages go to the file "log". */
__attribute__((format(printf, 1, 2))) static inline bool runs(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    size_t length;

    command[0] = '(';
    va_start(arguments, format);
    length = 1 + (size_t)vsnprintf(command + 1, sizeof command - 20, format, arguments);
    va_end(arguments);
    strcpy(command + length, ") >log 2>&1");
    return system(command) == 0;
}

static inline bool has_tool(const char *name)
{
    return runs("command -v %s", name);
}

static inline void write_text(const char *path, const char *text)
{
    FILE *const file = fopen(path, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

/* Opens a file to read ELF data from. Returns false if it is not there. */
static inline bool open_elf(const char *path, struct mf_elf_bytes *out)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && mf_elf_bytes_of(fd, out) == 0;
}

static inline void close_elf(struct mf_elf_bytes *bytes)
{
    if (bytes->memory != NULL)
        free((void *)(uintptr_t)bytes->memory);
    else
        close(bytes->fd);
}

/* Copies the first bytes of a file to memory of exactly that size, so that AddressSanitizer reports a read after the end. */
static inline struct mf_elf_bytes copy_elf(const struct mf_elf_bytes *from, uint64_t size)
{
    void *const memory = malloc(size > 0 ? size : 1);

    if (memory == NULL || (from->memory == NULL ? pread(from->fd, memory, size, 0) != (ssize_t)size : 0))
        abort();
    if (from->memory != NULL)
        memcpy(memory, from->memory, size);
    return (struct mf_elf_bytes){.memory = memory, .size = size, .fd = -1};
}

/* Reads an index into memory that the caller frees. Returns NULL and the error if that fails. */
static inline struct mf_symbols *read_symbols(const struct mf_elf_bytes *bytes, const struct mf_elf *elf, int *error)
{
    size_t size = sizeof(struct mf_symbols) + 8;

    for (int tries = 0; tries < 4; tries++) {
        struct mf_symbols *const symbols = aligned_alloc(16, (size + 15) & ~(size_t)15);

        if (symbols == NULL)
            abort();
        *error = mf_symbols_read(bytes, elf, symbols, size);
        if (*error == 0)
            return symbols;
        size = symbols->needed;
        free(symbols);
        if (*error != -ENOBUFS)
            return NULL;
    }
    CHECK(false, "the needed size never is enough");
    return NULL;
}

/* Returns a copy of an index of exactly the size that it uses, so that AddressSanitizer reports a read after its end. */
static inline struct mf_symbols *shrink(struct mf_symbols *symbols)
{
    struct mf_symbols *const copy = malloc(symbols->bytes);

    if (copy == NULL)
        abort();
    memcpy(copy, symbols, symbols->bytes);
    free(symbols);
    return copy;
}

/* Uses everything that can be asked about a file, for files with damage. Returns the number of symbols. */
static inline uint32_t use_elf(const struct mf_elf_bytes *bytes)
{
    struct mf_elf elf;
    struct mf_elf_section section;
    struct mf_symbols *symbols;
    struct mf_symbol symbol;
    uint8_t hash[MF_ELF_HTLHASH_BYTES];
    char name[300];
    uint32_t count;
    int error;

    mf_elf_htlhash(bytes, hash);
    mf_elf_section_find(bytes, ".gnu_debuglink", &section);
    if (mf_elf_read(bytes, &elf) != 0 || (symbols = read_symbols(bytes, &elf, &error)) == NULL)
        return 0;
    symbols = shrink(symbols);
    for (uint64_t i = 0; i < 100; i++) {
        const uint64_t address = elf.start + (elf.end - elf.start) / 100 * i;
        const struct mf_mapping mapping = {
            .start = 0x10000, .end = 0x20000, .offset = address & ~0xfffull, .flags = (uint32_t)i & 7};
        uint64_t out;

        mf_elf_address(&elf, &mapping, 0x10000 + i, &out);
        if (mf_symbols_find(symbols, address, &symbol) == 0) {
            CHECK(address >= symbol.address && address - symbol.address < symbol.size, "it covers the address");
            mf_symbols_name(bytes, symbols, &symbol, name, sizeof name);
        }
    }
    count = symbols->count;
    free(symbols);
    return count;
}

#endif
