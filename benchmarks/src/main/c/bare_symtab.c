/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least work of a symbolizer: bare_symtab FILE prints for each line of stdin the nanoseconds to open a file, read its
 * largest section of type SHT_SYMTAB, and close it. "index" on the line: with the index of the C library, and one lookup with
 * its name.
 */
#include "timing.h"

#include "mapfiles_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static double read_symtab(const char *path)
{
    const double begin = now_ns();
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf64_Ehdr header;
    Elf64_Shdr section;
    static char buffer[1 << 16];

    if (fd < 0 || pread(fd, &header, sizeof header, 0) != sizeof header)
        exit(1);
    for (int i = 0; i < header.e_shnum; i++) {
        if (pread(fd, &section, sizeof section, (off_t)(header.e_shoff + (uint64_t)i * sizeof section)) != sizeof section)
            exit(1);
        for (uint64_t at = 0; section.sh_type == SHT_SYMTAB && at < section.sh_size; at += sizeof buffer) {
            if (pread(fd, buffer, sizeof buffer, (off_t)(section.sh_offset + at)) <= 0)
                exit(1);
        }
    }
    close(fd);
    return now_ns() - begin;
}

static double index_symbols(const char *path)
{
    const double begin = now_ns();
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    static struct mf_elf elf;
    struct mf_elf_bytes bytes;
    struct mf_symbol symbol;
    size_t size = sizeof(struct mf_symbols);
    struct mf_symbols *symbols = aligned_alloc(16, size);
    char name[4096];
    double taken;
    int rc;

    if (mf_elf_bytes_of(fd, &bytes) != 0 || mf_elf_read(&bytes, &elf) != 0)
        exit(1);
    while ((rc = mf_symbols_read(&bytes, &elf, symbols, size)) != 0) {
        size = (symbols->needed + 15) & ~(size_t)15;
        free(symbols);
        symbols = aligned_alloc(16, size);
        if (rc != -105 /* ENOBUFS */ || symbols == NULL)
            exit(1);
    }
    for (uint64_t at = elf.start + (elf.end - elf.start) / 2; at < elf.end; at += 16) {
        if (mf_symbols_find(symbols, at, &symbol) == 0 && mf_symbols_name(&bytes, symbols, &symbol, name, sizeof name) > 0)
            break;
    }
    taken = now_ns() - begin;
    free(symbols);
    close(fd);
    return taken;
}

int main(int argc, char **argv)
{
    char line[64];

    while (argc == 2 && fgets(line, sizeof line, stdin) != NULL)
        print_result(strncmp(line, "index", 5) == 0 ? index_symbols(argv[1]) : read_symtab(argv[1]));
    return 0;
}
