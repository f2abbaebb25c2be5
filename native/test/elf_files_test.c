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

/* Reads the name of the symbol at an address. Returns its size; 0: there is none. */
static uint64_t read_name(const struct opened *opened, uint64_t address, char name[512])
{
    struct mf_symbol symbol = {.size = 0};
    int32_t length = 0;

    if (mf_symbols_find(opened->symbols, address, &symbol) == 0)
        length = mf_symbols_name(&opened->bytes, opened->symbols, &symbol, name, 511);
    name[length > 0 ? length : 0] = '\0';
    return symbol.size;
}

/*
 * Replaces the name that objdump has for an entry that calls an IFUNC of the file, *ABS*+0xADDRESS@plt. There is none if the IFUNC
 * has no symbol.
 */
static void name_ifunc(const struct opened *opened, char expected[512])
{
    char name[512], *version;
    unsigned long long address;

    if (sscanf(expected, "*ABS*+0x%llx@plt", &address) == 1) {
        read_name(opened, address, name);
        if ((version = strchr(name, '@')) != NULL)
            *version = '\0';
        snprintf(expected, 512, name[0] == '\0' ? "" : "%.500s@plt", name);
    }
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
        char name[512], *version;

        if (sscanf(line, "%llx <%511[^>]>", &address, expected) == 2) {
            if (strstr(expected, "@plt-") != NULL) /* the first entry calls the resolver */
                expected[0] = '\0';
            name_ifunc(&opened, expected);
            version = strchr(expected, '@');
            strcpy(version == NULL ? expected : version, version == NULL ? "" : "@plt");
            count += expected[0] != '\0';
        } else if (strstr(line, "\tbr\t") == NULL || sscanf(line, "%llx:", &address) != 1) {
            continue;
        }
        if (expected[0] == '\0')
            continue;
        read_name(&opened, address, name);
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

/* Returns the address that a function calls first; 0: none. */
static uint64_t callee_of(const char *objdump, const char *path, const char *function)
{
    char command[256], line[256];
    unsigned long long callee = 0;
    FILE *pipe;

    snprintf(command, sizeof command, "%s -d --no-show-raw-insn --disassemble=%s %s 2>/dev/null", objdump, function, path);
    pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL) {
        const char *call = strstr(line, "\tcall");

        if (call == NULL)
            call = strstr(line, "\tbl\t");
        if (callee == 0 && call != NULL && strstr(call, "get_pc_thunk") == NULL)
            sscanf(call, "%*s %llx", &callee);
    }
    if (pipe != NULL)
        pclose(pipe);
    return callee;
}

/* Entries that call IFUNCs of the same file. Returns whether they were compared. */
static bool ifuncs_are_named(const char *objdump, const char *path, const char *options)
{
    static const char *const names[] = {"one", "two", "three"};
    struct opened opened;
    int error;

    if (!open_elf(path, &opened.bytes) || mf_elf_read(&opened.bytes, &opened.elf) != 0 ||
        (opened.symbols = read_symbols(&opened.bytes, &opened.elf, &error)) == NULL)
        abort();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char function[32], expected[32], name[512];
        struct mf_symbol symbol;
        uint64_t callee;

        snprintf(function, sizeof function, "call_%s", names[i]);
        snprintf(expected, sizeof expected, "%s@plt", names[i]);
        callee = callee_of(objdump, path, function);
        read_name(&opened, callee, name);
        CHECK(strcmp(name, expected) == 0, "%s: %s calls %" PRIx64 ": %s", options, function, callee, name);
        if (mf_symbols_find(opened.symbols, callee, &symbol) != 0)
            continue;
        CHECK_IS(symbol.address, callee, options);
        CHECK_IS(symbol.kind, MF_SYMBOL_PLT, options);
        CHECK((symbol.flags & MF_SYMBOL_CALLS_IFUNC) != 0, "%s: %s", options, name);
        read_name(&opened, callee + symbol.size - 1, name);
        CHECK(strcmp(name, expected) == 0, "%s: the last byte of %s: %s", options, expected, name);
    }
    close_opened(&opened);
    return true;
}

static void plt_of_ifuncs(void)
{
    static const struct {
        const char *compiler, *objdump, *options;
    } variants[] = {
        {"gcc", "objdump", "-fPIC -pie"},
        {"gcc", "objdump", "-no-pie"},
        {"gcc", "objdump", "-static -no-pie"},
        {"gcc", "objdump", "-static-pie -fPIE"},
        {"gcc", "objdump", "-fPIC -pie -Wl,-z,ibtplt -fcf-protection=full"},
        {"gcc", "objdump", "-static -no-pie -Wl,-z,ibtplt -fcf-protection=full"},
        {"gcc", "objdump", "-fuse-ld=gold -fPIC -pie"},
        {"gcc", "objdump", "-fuse-ld=lld -fPIC -pie"},
        {"gcc", "objdump", "-fuse-ld=lld -static -no-pie"},
        {"gcc", "objdump", "-m32 -nostdlib -static -no-pie -fno-pie"},
        {"gcc", "objdump", "-m32 -nostdlib -static -no-pie -fno-pie -Wl,-z,ibtplt -fcf-protection=full"},
        {"gcc", "objdump", "-m32 -nostdlib -shared -fPIC"},
        {"gcc", "objdump", "-m32 -nostdlib -shared -fPIC -fuse-ld=lld"},
        {"gcc", "objdump", "-mx32 -nostdlib -static -no-pie -fno-pie"},
        {"gcc", "objdump", "-mx32 -nostdlib -shared -fPIC"},
        {"aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objdump", "-fPIC -pie"},
        {"aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objdump", "-static -no-pie"},
    };
    unsigned compared = 0;

    write_text("ifuncs.c", "static int chosen(int x) { return x + 1; }\n"
                           "#define IFUNC(name, kind) static void *resolve_##name(void) { return (void *)chosen; }\\\n"
                           "kind int name(int x) __attribute__((ifunc(\"resolve_\" #name), visibility(\"hidden\")));\\\n"
                           "__attribute__((noinline)) int call_##name(int x) { return name(x) + 2; }\n"
                           "IFUNC(one, static)\nIFUNC(two, )\nIFUNC(three, __attribute__((used)))\n"
                           "int main(int c, char **v) { return call_one(c) + call_two(c) + call_three(c); }\n"
                           "#ifdef BARE\nvoid _start(void) { main(0, 0); }\n#endif\n");
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        const char *const bare = strstr(variants[i].options, "-nostdlib") != NULL ? "-DBARE" : "";

        if (runs("%s -w -O1 %s %s -o ifuncs ifuncs.c", variants[i].compiler, bare, variants[i].options))
            compared += ifuncs_are_named(variants[i].objdump, "./ifuncs", variants[i].options);
        else
            printf("skipped: IFUNCs: %s %s: it is not linked here\n", variants[i].compiler, variants[i].options);
    }
    printf("PLT entries that call IFUNCs: %u ways of linking\n", compared);
}

/* Without a C library for 32 bits: the called functions are those of a library that is made here. */
static void plt_of_32_bits(void)
{
    static const char *const options[] = {
        "-m32 -fPIC -shared",
        "-m32 -fPIC -shared -Wl,-z,now",
        "-m32 -fPIC -shared -Wl,-z,ibtplt -fcf-protection=full",
        "-m32 -fno-pie -no-pie",
        "-m32 -fno-pie -no-pie -Wl,-z,now",
        "-m32 -fno-pie -no-pie -Wl,-z,ibtplt -fcf-protection=full",
        "-m32 -fPIC -shared -fuse-ld=lld",
        "-mx32 -fPIC -shared",
        "-mx32 -fno-pie -no-pie",
    };

    write_text("callees.c", "int f1(int x) { return x; }\nint f2(int x) { return x; }\nint f3(int x) { return x; }\n");
    write_text("calls32.c", "int f1(int), f2(int), f3(int); int (*volatile next)(int);\n"
                            "int _start(int x) { next = f3; return f1(x) + f2(x) + f3(x) + next(x); }\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const bool is_program = strstr(options[i], "-no-pie") != NULL;

        if (runs("gcc -w -O1 -fPIC -shared -nostdlib %s -o libcallees.so callees.c",
                 strstr(options[i], "x32") ? "-mx32" : "-m32") &&
            runs("gcc -w -O1 -nostdlib %s -o calls32 calls32.c libcallees.so", options[i])) {
            printf("gcc %s: ", options[i]);
            CHECK(plt_agrees("objdump", PLT " " PLT_GOT, "./calls32") == 3 || is_program, "%s: PLT entries", options[i]);
        } else {
            printf("skipped: PLT %s: it is not linked here\n", options[i]);
        }
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
        plt_of_32_bits();
        plt_of_ifuncs();
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
