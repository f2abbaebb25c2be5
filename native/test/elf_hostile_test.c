/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged and hostile ELF files: no read outside of the file, and limited work. AddressSanitizer checks the memory. */
#include "check.h"
#include "elf/reader.h"
#include "elf_fixtures.h"

#include "elf_builder.h"

static uint64_t random_state = 1;

static uint32_t next_random(uint32_t below)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(random_state >> 33) % below;
}

static void truncated(const char *path)
{
    struct mf_elf_bytes file, whole;
    uint32_t count = 0;

    if (!open_elf(path, &file)) {
        printf("skipped: %s is not there\n", path);
        return;
    }
    whole = copy_elf(&file, file.size);
    for (uint64_t size = 0; size < whole.size; size += 1000, count++) {
        struct mf_elf_bytes part = copy_elf(&whole, size);

        use_elf(&part);
        close_elf(&part);
    }
    CHECK(use_elf(&whole) > 0, "the whole file has symbols");
    printf("%s: cut at %u places\n", path, count);
    close_elf(&whole);
    close_elf(&file);
}

/* A file that is cut while it is used: its size is that of before. */
static void truncated_while_it_is_open(void)
{
    struct mf_elf_bytes bytes;
    struct mf_symbols *symbols;
    struct mf_symbol symbol;
    struct mf_elf elf;
    char name[100];
    int error;

    if (!runs("cp library.so cut.so") || !open_elf("cut.so", &bytes) || mf_elf_read(&bytes, &elf) != 0)
        abort();
    symbols = read_symbols(&bytes, &elf, &error);
    if (symbols == NULL || symbols->count == 0 || mf_symbols_find(symbols, symbols->base, &symbol) == 0)
        abort(); /* no symbol is at the ELF header */
    for (uint64_t at = elf.start; mf_symbols_find(symbols, at, &symbol) != 0; at++) {
    }
    CHECK(mf_symbols_name(&bytes, symbols, &symbol, name, sizeof name) > 0, "it has a name");
    if (truncate("cut.so", 4096) != 0)
        abort();
    CHECK_IS(mf_symbols_name(&bytes, symbols, &symbol, name, sizeof name), -ENOEXEC, "its name is not in the file any more");
    free(symbols);
    symbols = read_symbols(&bytes, &elf, &error);
    CHECK(symbols == NULL && error == -ENOEXEC, "no index of it: %d", error);
    free(symbols);
    close_elf(&bytes);
}

/* Changes bytes, most of them in the headers, which are at the begin and the end. */
static void mutated(const struct mf_elf_bytes *original, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        struct mf_elf_bytes copy = copy_elf(original, original->size);
        uint8_t *const data = (uint8_t *)(uintptr_t)copy.memory;
        const uint32_t size = (uint32_t)copy.size;
        const uint32_t changes = 1 + next_random(12);

        random_state = i + 1;
        for (uint32_t k = 0; k < changes; k++) {
            static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff, 0x10};
            const uint32_t where = next_random(3) == 0   ? next_random(size)
                                   : next_random(2) == 0 ? next_random(size < 0x400 ? size : 0x400)
                                                         : size - 1 - next_random(size < 0x900 ? size : 0x900);

            data[where] = next_random(2) == 0 ? values[next_random(sizeof values)] : (uint8_t)next_random(256);
        }
        use_elf(&copy);
        close_elf(&copy);
    }
}

/* ---- Bombs: files that ask for more work than any useful file ---- */

/* Reads identity and index. Checks the number of system calls, and returns the error. */
static int read_bomb(int fd, const char *what)
{
    const long before = reads_so_far();
    struct mf_elf_bytes bytes;
    struct mf_elf elf;
    struct mf_symbols *symbols = NULL;
    int error;
    long reads;

    if (mf_elf_bytes_of(fd, &bytes) != 0)
        abort();
    error = mf_elf_read(&bytes, &elf);
    if (error == 0) {
        _Alignas(16) char head[sizeof(struct mf_symbols) + 16];

        error = mf_symbols_read(&bytes, &elf, head, sizeof head);
        if (error == -ENOBUFS && ((struct mf_symbols *)head)->needed < (64 << 20))
            symbols = read_symbols(&bytes, &elf, &error);
    }
    reads = reads_so_far() - before;
    CHECK(before < 0 || reads <= 4 * (long)MF_ELF_READS, "%s: %ld reads", what, reads);
    free(symbols);
    return error;
}

static int bomb_of(struct mf_elf_bytes *image)
{
    const int fd = open("bomb", O_RDWR | O_CREAT | O_TRUNC, 0666);

    if (fd < 0 || write(fd, image->memory, image->size) != (ssize_t)image->size)
        abort();
    close_elf(image);
    return fd;
}

static void put(int fd, uint64_t offset, const void *value, size_t bytes)
{
    if (pwrite(fd, value, bytes, (off_t)offset) != (ssize_t)bytes)
        abort();
}

static Elf64_Ehdr header_of(int fd)
{
    Elf64_Ehdr header;

    if (pread(fd, &header, sizeof header, 0) != sizeof header)
        abort();
    return header;
}

static void bombs(void)
{
    static const struct built_symbol symbols[] = {{0x1000, 0x10, STT_FUNC, STB_GLOBAL, 1}};
    struct mf_elf_bytes image = build_64(symbols, 1, true);
    const int fd = bomb_of(&image);
    Elf64_Ehdr header = header_of(fd), changed = header;
    Elf64_Shdr section;
    Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = 0x3000, .p_filesz = 1ull << 33, .p_align = 4};
    uint64_t symtab;

    CHECK_IS(read_bomb(fd, "as built"), 0, "as built");
    if (ftruncate(fd, 1ll << 40) != 0) {
        puts("skipped: bombs: the file system has no sparse file of 1 TiB");
        close(fd);
        return;
    }
    CHECK_IS(read_bomb(fd, "1 TiB of zeros"), 0, "1 TiB of zeros");

    changed.e_phnum = 0xfffe;
    put(fd, 0, &changed, sizeof changed);
    CHECK_IS(read_bomb(fd, "program headers"), -E2BIG, "65,534 program headers");

    changed = header;
    changed.e_shnum = 0;
    section = (Elf64_Shdr){.sh_size = UINT64_MAX};
    put(fd, 0, &changed, sizeof changed);
    put(fd, header.e_shoff, &section, sizeof section);
    read_bomb(fd, "2^64 sections");
    section.sh_size = MF_ELF_SECTION_COUNT;
    put(fd, header.e_shoff, &section, sizeof section);
    read_bomb(fd, "65,536 sections");
    changed.e_shnum = 0xfeff;
    put(fd, 0, &changed, sizeof changed);
    read_bomb(fd, "65,279 sections");

    put(fd, 0, &header, sizeof header);
    symtab = header.e_shoff + 3 * sizeof section;
    if (pread(fd, &section, sizeof section, (off_t)symtab) != sizeof section)
        abort();
    section.sh_size = (1ull << 40) / 48 * 24;
    section.sh_offset = 0x10000;
    put(fd, symtab, &section, sizeof section);
    CHECK_IS(read_bomb(fd, "512 GiB of symbols"), -E2BIG, "512 GiB of symbols");
    section.sh_size = UINT64_MAX / 24 * 24;
    put(fd, symtab, &section, sizeof section);
    CHECK_IS(read_bomb(fd, "2^64 bytes of symbols"), 0, "a table that is not in the file is not used");

    changed = header;
    changed.e_phnum = 1000;
    put(fd, 0, &changed, sizeof changed);
    for (uint64_t i = 1; i < 1000; i++) /* over all that follows the header */
        put(fd, header.e_phoff + i * sizeof note, &note, sizeof note);
    CHECK_IS(read_bomb(fd, "notes"), 0, "999 segments of 8 GiB of empty notes");
    close(fd);
}

/*
 * The work for a copy in memory, such as a decompressed .gnu_debugdata, has the limit of a file: 100 segments have the same 1 MiB
 * of empty notes, and the one after them has a build ID.
 */
static void bomb_in_memory(void)
{
    enum { EMPTY = 1 << 20, SEGMENTS = 100 };
    static const uint32_t build_id[] = {4, 4, NT_GNU_BUILD_ID, 0x554e47 /* "GNU" */, 0x12345678};
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_phoff = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = SEGMENTS + 2,
    };
    const Elf64_Phdr load = {.p_type = PT_LOAD, .p_filesz = 0x1000, .p_memsz = 0x1000};
    const uint64_t size = 0x3000 + EMPTY;
    char *const image = calloc(1, size);

    if (image == NULL)
        abort();
    memcpy(image, &header, sizeof header);
    memcpy(image + sizeof header, &load, sizeof load);
    memcpy(image + 0x2000, build_id, sizeof build_id);
    for (int empty = 0; empty <= SEGMENTS; empty += SEGMENTS) {
        const struct mf_elf_bytes bytes = {.memory = image, .size = size, .fd = -1};
        struct mf_elf elf;

        for (int i = 0; i < SEGMENTS; i++) {
            const bool is_last = i == SEGMENTS - 1;
            const Elf64_Phdr note = {.p_type = PT_NOTE,
                                     .p_offset = is_last ? 0x2000 : 0x3000,
                                     .p_filesz = is_last     ? sizeof build_id
                                                 : empty > 0 ? EMPTY
                                                             : 0,
                                     .p_align = 4};

            memcpy(image + sizeof header + (size_t)(i + 1) * sizeof note, &note, sizeof note);
        }
        CHECK_IS(mf_elf_read(&bytes, &elf), 0, "segments of empty notes in memory");
        CHECK_IS(elf.build_id_length, empty > 0 ? 0 : 4, "build ID after them");
    }
    free(image);
}

/* Without section headers the number of symbols comes from a hash table, which here has the largest counts. */
static void hash_bomb(uint32_t buckets, uint32_t first)
{
    static const struct built_symbol symbols[] = {{0x1000, 0x10, STT_FUNC, STB_GLOBAL, 1}};
    struct mf_elf_bytes image = build_64(symbols, 1, false);
    const int fd = bomb_of(&image);
    Elf64_Ehdr header = header_of(fd);
    Elf64_Phdr segments[2];
    const Elf64_Dyn dynamic[] = {
        {DT_SYMTAB, {0x1000}}, {DT_STRTAB, {0x1000}}, {DT_STRSZ, {0x100}}, {DT_GNU_HASH, {0x2000}}, {DT_NULL, {0}}};
    const uint32_t head[4] = {buckets, first, 0, 0};

    if (ftruncate(fd, 1ll << 36) != 0 || pread(fd, segments, sizeof *segments, (off_t)header.e_phoff) != sizeof *segments)
        abort();
    segments[0].p_filesz = segments[0].p_memsz = 0xffffffff;
    segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC, .p_offset = 0x800, .p_filesz = sizeof dynamic};
    header.e_phnum = 2;
    put(fd, 0, &header, sizeof header);
    put(fd, header.e_phoff, segments, sizeof segments);
    put(fd, 0x800, dynamic, sizeof dynamic);
    put(fd, 0x2000, head, sizeof head);
    CHECK_IS(read_bomb(fd, "hash table"), -E2BIG, "hash table");
    close(fd);
}

static void test(void)
{
    static const struct built_symbol symbols[] = {
        {0x1000, 0x10, STT_FUNC, STB_GLOBAL, 1},
        {0x1008, 0x100, STT_FUNC, STB_LOCAL, 1},
        {0x1080, 0, STT_FUNC, STB_WEAK, 1},
        {0x2000, 0x10, STT_OBJECT, STB_GLOBAL, 2},
    };

    for (int bits = 32; bits <= 64; bits += 32) {
        struct mf_elf_bytes image = build_elf(bits, symbols, sizeof symbols / sizeof *symbols);

        CHECK_IS(use_elf(&image), 3, "as built");
        mutated(&image, rounds(4000));
        close_elf(&image);
    }
    bombs();
    bomb_in_memory();
    hash_bomb(UINT32_MAX, 1);
    hash_bomb(0x10000000, 0);
    write_text(
        "library.c",
        "#include <stdio.h>\nint one(int x) { return puts(\"\") + x; }\nint two(int x) { return printf(\"%d\", x) * 3; }\n");
    if (runs("gcc -w -O1 -g -shared -fPIC -gz=zlib -Wl,--build-id -o library.so library.c")) {
        struct mf_elf_bytes file, whole;

        if (!open_elf("library.so", &file))
            abort();
        whole = copy_elf(&file, file.size);
        truncated("library.so");
        truncated_while_it_is_open();
        mutated(&whole, rounds(4000));
        close_elf(&whole);
        close_elf(&file);
    } else {
        puts("skipped: a library: it is not linked here");
    }
    truncated("/lib/x86_64-linux-gnu/libm.so.6");
}

int main(void)
{
    return run_in_directory("elf-hostile", test);
}
