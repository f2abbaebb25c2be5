/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of real files: nm and objdump are the oracles. */
#include "check.h"
#include "elf_fixtures.h"

#include <elf.h>

/* An index, and the file that it was read from. */
struct opened {
    struct mf_elf_bytes bytes;
    struct mf_elf elf;
    struct mf_symbols *symbols;
};

static void close_opened(struct opened *opened)
{
    free(opened->symbols);
    close_elf(&opened->bytes);
}

struct nm_symbol {
    uint64_t address, size;
    char name[256];
};

static struct nm_symbol *nm_symbols;
static uint32_t nm_count;

static int by_address(const void *a, const void *b)
{
    const struct nm_symbol *const first = a, *const second = b;

    if (first->address != second->address)
        return first->address < second->address ? -1 : 1;
    return first->size < second->size ? 1 : first->size > second->size ? -1 : 0;
}

/* Reads the sized functions: upper-case letters are global, W and w weak, i IFUNCs. */
static void read_nm(const char *options, const char *path)
{
    char command[512], line[4096];
    FILE *pipe;

    snprintf(command, sizeof command, "nm -S -f sysv --defined-only %s %s 2>/dev/null", options, path);
    pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL) {
        unsigned long long address, size;
        char letter, type[32], name[4096], *version;

        if (sscanf(line, "%4095[^ |] |%16llx| %c | %31[^|]|%16llx", name, &address, &letter, type, &size) != 5 ||
            strchr("tTwWi", letter) == NULL || size == 0 || strcmp(type, "TLS") == 0)
            continue; /* the value of a thread-local symbol is no address */
        if ((version = strchr(name, '@')) != NULL)
            *version = '\0';
        if (nm_count % 1024 == 0)
            nm_symbols = realloc(nm_symbols, (nm_count + 1024) * sizeof *nm_symbols);
        nm_symbols[nm_count] = (struct nm_symbol){.address = address, .size = size};
        snprintf(nm_symbols[nm_count].name, sizeof nm_symbols[nm_count].name, "%.255s", name);
        nm_count++;
    }
    if (pipe != NULL)
        pclose(pipe);
}

/* Each function of nm is found at its first address, with the size and one of the names that nm has there. */
static void nm_agrees(const char *path)
{
    struct opened opened;
    uint32_t addresses = 0, wrong = 0;
    int error;

    if (path == NULL || !open_elf(path, &opened.bytes)) {
        printf("skipped: %s is not there\n", path == NULL ? "libjvm.so" : path);
        return;
    }
    nm_count = 0;
    read_nm("", path);
    read_nm("-D", path);
    CHECK_IS(mf_elf_read(&opened.bytes, &opened.elf), 0, path);
    opened.symbols = read_symbols(&opened.bytes, &opened.elf, &error);
    if (opened.symbols == NULL) {
        CHECK(false, "%s: %d", path, error);
        return;
    }
    if (nm_count > 0)
        qsort(nm_symbols, nm_count, sizeof *nm_symbols, by_address);
    for (uint32_t i = 0, next; i < nm_count; i = next, addresses++) {
        struct mf_symbol symbol = {0};
        char name[4096] = "", *version;
        bool has_name = false;
        const int rc = mf_symbols_find(opened.symbols, nm_symbols[i].address, &symbol);
        const int32_t length = rc == 0 ? mf_symbols_name(&opened.bytes, opened.symbols, &symbol, name, sizeof name - 1) : 0;

        name[length > 255 ? 255 : length > 0 ? length : 0] = '\0';
        if ((version = strchr(name, '@')) != NULL)
            *version = '\0';
        for (next = i; next < nm_count && nm_symbols[next].address == nm_symbols[i].address; next++)
            has_name |= strcmp(name, nm_symbols[next].name) == 0;
        if (rc != 0 || symbol.address != nm_symbols[i].address || symbol.size != nm_symbols[i].size || !has_name) {
            CHECK(wrong++ > 5, "%s: %" PRIx64 " %s: %d %s %" PRIx64 " + %" PRIx64, path, nm_symbols[i].address,
                  nm_symbols[i].name, rc, name, symbol.address, symbol.size);
        }
    }
    CHECK_IS(wrong, 0, path);
    CHECK(opened.symbols->bytes <= 24ull * opened.symbols->symbol_count + 4096, "%s: %" PRIu64 " bytes for %u symbols", path,
          opened.symbols->bytes, opened.symbols->symbol_count);
    printf("%s: %u addresses of functions agree with nm; %u symbols, %.1f bytes each\n", path, addresses,
           opened.symbols->symbol_count,
           opened.symbols->symbol_count == 0 ? 0.0 : (double)opened.symbols->bytes / opened.symbols->symbol_count);
    close_opened(&opened);
}

/* Names of PLT entries against those that objdump computes: of the first instruction, and of the jump. Returns how many there are. */
static uint32_t plt_agrees(const char *objdump, const char *sections, const char *path)
{
    char command[512], line[1024], expected[512] = "";
    struct opened opened;
    uint32_t count = 0;
    int error;
    FILE *pipe;

    if (!open_elf(path, &opened.bytes) || mf_elf_read(&opened.bytes, &opened.elf) != 0 ||
        (opened.symbols = read_symbols(&opened.bytes, &opened.elf, &error)) == NULL) {
        printf("skipped: %s is not there\n", path);
        return 0;
    }
    snprintf(command, sizeof command, "%s -d %s %s 2>/dev/null", objdump, sections, path);
    pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL) {
        unsigned long long address;
        char name[512] = "", *version;
        struct mf_symbol symbol;
        int32_t length;

        if (sscanf(line, "%llx <%511[^>]>", &address, expected) == 2) {
            version = strchr(expected, '@');
            if (version == NULL || expected[0] == '*' || strstr(expected, "@plt-") != NULL)
                expected[0] = '\0'; /* *ABS*+0x...@plt calls an IFUNC of this file; the first entry calls the resolver */
            else
                strcpy(version, "@plt");
            count += expected[0] != '\0';
        } else if (strstr(line, "\tbr\t") == NULL || sscanf(line, "%llx:", &address) != 1) {
            continue;
        }
        if (expected[0] == '\0')
            continue;
        length = mf_symbols_find(opened.symbols, address, &symbol) == 0
                     ? mf_symbols_name(&opened.bytes, opened.symbols, &symbol, name, sizeof name - 1)
                     : 0;
        name[length > 0 ? length : 0] = '\0';
        CHECK(strcmp(name, expected) == 0, "%s: %llx %s instead of %s", path, address, name, expected);
    }
    if (pipe != NULL)
        pclose(pipe);
    printf("%s: %u PLT entries of %s agree with objdump\n", path, count, sections);
    close_opened(&opened);
    return count;
}

#define PLT     "-j .plt -j .plt.sec"
#define PLT_GOT "-j .plt.got"

/* "puts" and "rand" are called, and their addresses are taken: linkers for x86-64 put their entries into .plt.got. */
static void plt_of_programs(void)
{
    static const char *const options[] = {
        "-fPIC -pie -Wl,-z,lazy",
        "-fPIC -pie -Wl,-z,now",
        "-fPIC -pie -Wl,-z,lazy -Wl,-z,ibtplt -fcf-protection=full",
        "-fPIC -pie -Wl,-z,now -Wl,-z,ibtplt -fcf-protection=full",
        "-fPIC -pie -Wl,-z,nocombreloc",
        "-no-pie",
        "-fuse-ld=gold -fPIC -pie",
        "-fuse-ld=lld -fPIC -pie",
    };
    static const char *const aarch64_options[] = {"-Wl,-z,lazy", "-Wl,-z,now", "-Wl,-z,pac-plt",
                                                  "-mbranch-protection=standard -Wl,-z,force-bti",
                                                  "-mbranch-protection=standard -Wl,-z,force-bti -Wl,-z,pac-plt"};

    write_text("calls.c",
               "#include <stdio.h>\n#include <stdlib.h>\n#include <math.h>\n"
               "int (*volatile put)(const char *);\nint (*volatile next)(void);\nint variable = 1, *pointer = &variable;\n"
               "int main(int c, char **v) { put = puts; next = rand; puts(v[0]); printf(\"%d\", atoi(v[0]));"
               " return (int)strtol(v[0], 0, c) + abs(c) + (int)sqrt(c) + rand(); }\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (runs("gcc -w -O1 -fno-builtin %s -o calls calls.c -lm", options[i])) {
            const bool has_got = strstr(options[i], "-fuse-ld") == NULL && strstr(options[i], "-fPIC") != NULL;

            printf("gcc %s: ", options[i]);
            CHECK(plt_agrees("objdump", PLT, "./calls") >= 4, "%s: PLT entries", options[i]);
            CHECK(plt_agrees("objdump", PLT_GOT, "./calls") >= (has_got ? 2 : 0), "%s: entries of .plt.got", options[i]);
        } else {
            printf("skipped: PLT %s: it is not linked here\n", options[i]);
        }
    }
    for (size_t i = 0; i < sizeof aarch64_options / sizeof *aarch64_options; i++) {
        if (runs("aarch64-linux-gnu-gcc -w -O1 -fno-builtin %s -o calls calls.c -lm", aarch64_options[i]))
            CHECK(plt_agrees("aarch64-linux-gnu-objdump", PLT, "./calls") >= 5, "%s: PLT entries", aarch64_options[i]);
        else
            puts("skipped: PLT of AArch64: there is no compiler");
    }
}

/* ---- Files with many sections ---- */

/* The last section is not loaded, and its symbol has the address 0, which is that of the header of the ELF file. */
static void many_sections(void)
{
    enum { SECTIONS = 300 };
    struct opened opened;
    struct mf_symbol symbol;
    FILE *const source = fopen("many.s", "w");
    int error;

    for (int i = 0; source != NULL && i < SECTIONS; i++)
        fprintf(source, ".section s%d,\"ax\"\n.globl f%d\n.type f%d,%%function\nf%d: .long 0\n.size f%d,4\n", i, i, i, i, i);
    if (source == NULL || fputs(".section last,\"\"\n.globl o\n.type o,%object\no: .zero 64\n.size o,64\n", source) < 0 ||
        fclose(source) != 0 || !runs("gcc -nostdlib -shared -o many.so many.s")) {
        puts("skipped: many sections: there is no compiler");
        return;
    }
    nm_agrees("./many.so");
    if (!open_elf("./many.so", &opened.bytes) || mf_elf_read(&opened.bytes, &opened.elf) != 0 ||
        (opened.symbols = read_symbols(&opened.bytes, &opened.elf, &error)) == NULL)
        abort();
    CHECK_IS(mf_symbols_find(opened.symbols, 0, &symbol), -ENOENT, "a symbol of a section that is not loaded");
    CHECK_IS(opened.symbols->symbol_count, SECTIONS, "symbols");
    close_opened(&opened);
}

/* ---- Files without section headers ---- */

static void without_section_headers(const char *hash_style)
{
    struct opened opened;
    struct mf_elf_bytes original;
    const uint64_t value = 0;
    int error, fd;
    const uint16_t none = 0;

    write_text("library.c",
               "int exported_one(int x) { return x + 1; }\nint exported_two(int x) { return x * 3; }\n"
               "static int hidden(int x) { return x - 7; }\nint (*pointer)(int) = hidden;\nint variable[10] = {1};\n");
    if (!runs("gcc -w -O1 -shared -fPIC -Wl,--hash-style=%s -o library.so library.c", hash_style)) {
        puts("skipped: without section headers: it is not linked here");
        return;
    }
    fd = open("library.so", O_RDWR);
    if (fd < 0 || pwrite(fd, &value, sizeof value, offsetof(Elf64_Ehdr, e_shoff)) != sizeof value ||
        pwrite(fd, &none, sizeof none, offsetof(Elf64_Ehdr, e_shnum)) != sizeof none || mf_elf_bytes_of(fd, &original) != 0)
        abort();
    opened.bytes = copy_elf(&original, original.size);
    CHECK_IS(mf_elf_read(&opened.bytes, &opened.elf), 0, "read");
    opened.symbols = read_symbols(&opened.bytes, &opened.elf, &error);
    if (opened.symbols == NULL)
        abort();
    opened.symbols = shrink(opened.symbols);
    CHECK_IS(opened.symbols->flags, MF_SYMBOLS_DYNSYM, "only PT_DYNAMIC");
    CHECK(opened.symbols->symbol_count >= 3 && opened.symbols->symbol_count < 12, "%u symbols", opened.symbols->symbol_count);
    nm_count = 0;
    read_nm("-D", "library.so");
    for (uint32_t i = 0; i < nm_count; i++) {
        struct mf_symbol symbol;

        CHECK_IS(mf_symbols_find(opened.symbols, nm_symbols[i].address, &symbol), 0, nm_symbols[i].name);
    }
    close(fd);
    close_opened(&opened);
}

static void test(void)
{
    static const char *const files[] = {
        "/lib/x86_64-linux-gnu/libc.so.6",
        "/lib/aarch64-linux-gnu/libc.so.6",
        "/lib/ld-musl-x86_64.so.1",
        "/usr/bin/python3",
        "/usr/bin/node",
        "/lib/x86_64-linux-gnu/libm.so.6",
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
    };
    const char *const libjvm = getenv("LIBJVM");
    static char other[256];
    FILE *list;

    if (!has_tool("gcc") || !has_tool("nm")) {
        puts("skipped: real files: gcc or nm is not there");
        return;
    }
    many_sections();
    without_section_headers("gnu");
    without_section_headers("sysv");
    if (has_tool("objdump")) {
        plt_of_programs();
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            if (strstr(files[i], "aarch64") == NULL)
                plt_agrees("objdump", PLT " " PLT_GOT, files[i]);
        }
    } else {
        puts("skipped: PLT: objdump is not there");
    }
    if (readlink("/proc/self/exe", other, sizeof other - 1) > 0) /* "other" is zeroed */
        nm_agrees(other);
    nm_agrees(libjvm);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        nm_agrees(files[i]);
    list = popen("ls -d /usr/lib/jvm/*/lib/server/libjvm.so 2>/dev/null | xargs -r -n 1 readlink -f | sort -u", "r");
    while (list != NULL && fgets(other, sizeof other, list) != NULL) {
        other[strcspn(other, "\n")] = '\0';
        if (libjvm == NULL || strcmp(other, libjvm) != 0)
            nm_agrees(other);
    }
    if (list != NULL)
        pclose(list);
    free(nm_symbols);
}

int main(void)
{
    return run_in_directory("elf-files", test);
}
