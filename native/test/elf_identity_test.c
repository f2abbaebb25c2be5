/* SPDX-License-Identifier: Apache-2.0 */
/* Identity of ELF files: build IDs and htlhash, the vdso. sha256sum is the oracle. */
#include "check.h"
#include "elf/sha256.h"
#include "elf_fixtures.h"

#include <elf.h>
#include <sys/auxv.h>

/* ---- Build IDs and hashes ---- */

static void sha256_of_known_texts(void)
{
    static const struct {
        size_t count;
        char letter;
        uint8_t first[4];
    } known[] = {
        {0, 'a', {0xe3, 0xb0, 0xc4, 0x42}}, /* FIPS 180-4 examples: the empty text, and a million times "a" */
        {1000000, 'a', {0xcd, 0xc7, 0x6e, 0x5c}},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct mf_sha256 hash;
        uint8_t digest[MF_SHA256_BYTES];

        mf_sha256_begin(&hash);
        for (size_t k = 0; k < known[i].count; k++)
            mf_sha256_add(&hash, &known[i].letter, 1);
        mf_sha256_end(&hash, digest);
        CHECK(memcmp(digest, known[i].first, 4) == 0, "%zu letters", known[i].count);
    }
}

static void hash_of_file(size_t size)
{
    struct mf_elf_bytes bytes;
    uint8_t hash[MF_ELF_HTLHASH_BYTES];
    char text[2 * MF_ELF_HTLHASH_BYTES + 1], expected[80] = "";
    FILE *pipe;

    if (!runs("head -c %zu /dev/urandom > blob", size) ||
        !runs("{ head -c 4096 blob; tail -c 4096 blob; printf '%%016x' %zu | sed 's/../\\\\x&/g' | xargs -0 printf; } > parts",
              size)) {
        puts("skipped: htlhash: no tools");
        return;
    }
    pipe = popen("sha256sum < parts", "r");
    if (pipe == NULL || fgets(expected, sizeof expected, pipe) == NULL)
        abort();
    pclose(pipe);
    if (!open_elf("blob", &bytes))
        abort();
    CHECK_IS(mf_elf_htlhash(&bytes, hash), 0, "htlhash");
    for (int i = 0; i < MF_ELF_HTLHASH_BYTES; i++)
        sprintf(text + 2 * i, "%02x", hash[i]);
    CHECK(strncmp(text, expected, 32) == 0, "%zu bytes: %s, sha256sum %s", size, text, expected);
    bytes.size++;
    CHECK_IS(mf_elf_htlhash(&bytes, hash), -ENOEXEC, "truncated meanwhile");
    close_elf(&bytes);
}

static void expect_build_id(const char *option, const char *expected, uint32_t length)
{
    struct mf_elf_bytes bytes;
    struct mf_elf elf;

    if (!runs("gcc -w -shared -fPIC %s -o library.so program.c", option)) {
        printf("skipped: %s: it is not linked here\n", option);
        return;
    }
    if (!open_elf("library.so", &bytes))
        abort();
    CHECK_IS(mf_elf_read(&bytes, &elf), 0, option);
    CHECK_IS(elf.build_id_length, length, option);
    CHECK(memcmp(elf.build_id, expected, strlen(expected)) == 0, "%s", option);
    close_elf(&bytes);
    /* A debug file has it too, also where its program headers lead elsewhere. */
    if (length > 0 && runs("objcopy --only-keep-debug library.so library.debug") && open_elf("library.debug", &bytes)) {
        CHECK_IS(mf_elf_read(&bytes, &elf), 0, "debug file");
        CHECK_IS(elf.build_id_length, length, "debug file");
        close_elf(&bytes);
    }
}

static void build_ids(void)
{
    if (!has_tool("gcc")) {
        puts("skipped: build IDs: gcc is not there");
        return;
    }
    write_text("program.c", "int exported(void) { return 1; }\n");
    expect_build_id("-Wl,--build-id=0x0102030405060708", "\1\2\3\4\5\6\7\10", 8);
    expect_build_id("-Wl,--build-id=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "\0\1\2\3", 32);
    expect_build_id("-Wl,--build-id=none", "", 0);
    write_text(
        "go.s",
        ".section .note.go.buildid,\"a\",@note\n.long 4, 11, 4\n.asciz \"Go\"\n.balign 4\n.ascii \"abc/def/ghi\"\n.balign 4\n");
    if (runs("gcc -w -shared -fPIC -Wl,--build-id=none -o library.so program.c go.s")) {
        struct mf_elf_bytes bytes;
        struct mf_elf elf;

        if (!open_elf("library.so", &bytes))
            abort();
        CHECK_IS(mf_elf_read(&bytes, &elf), 0, "Go");
        CHECK_IS(elf.go_build_id_length, 11, "Go build ID");
        CHECK(memcmp(elf.go_build_id, "abc/def/ghi", 11) == 0, "Go build ID");
        close_elf(&bytes);
    }
}

/* ---- The vdso, and files that are no ELF files ---- */

static void the_vdso_from_memory(void)
{
    const uint64_t start = getauxval(AT_SYSINFO_EHDR);
    struct mf_snapshot *snapshot = new_snapshot(1000, 100000);
    struct mf_process process;
    struct mf_elf_bytes bytes = {.fd = -1};
    struct mf_symbols *symbols;
    struct mf_elf elf;
    int32_t index;
    bool has_function = false;
    int error;

    if (mf_process_open_self(&process) != 0 || read_growing(&process, 0, &snapshot) < 0)
        abort();
    index = start == 0 ? -1 : mf_find(snapshot, start);
    if (index < 0) {
        puts("skipped: the vdso: there is none");
    } else {
        const struct mf_mapping *const mapping = mf_snapshot_mappings(snapshot) + index;
        void *const copy = malloc(mapping->end - mapping->start);

        bytes.size = (uint64_t)mf_memory_read(&process, mapping->start, copy, mapping->end - mapping->start);
        bytes.memory = copy;
        CHECK_IS(bytes.size, mapping->end - mapping->start, "read");
        CHECK_IS(mf_elf_read(&bytes, &elf), 0, "the vdso is an ELF file");
        symbols = read_symbols(&bytes, &elf, &error);
        CHECK(symbols != NULL && symbols->count > 0, "it has symbols: %d", error);
        for (uint64_t at = elf.start; symbols != NULL && at < elf.end; at += 16) {
            struct mf_symbol symbol;
            char name[100];
            const int rc = mf_symbols_find(symbols, at, &symbol);
            const int32_t length = rc == 0 ? mf_symbols_name(&bytes, symbols, &symbol, name, sizeof name) : 0;

            has_function |= length > 12 && memcmp(name + length - 13, "clock_gettime", 13) == 0;
        }
        CHECK(has_function, "clock_gettime is in it");
        free(symbols);
        free(copy);
    }
    mf_process_close(&process);
    free(snapshot);
}

static void other_files_are_errors(void)
{
    Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                         .e_phoff = sizeof header,
                         .e_phnum = 1,
                         .e_phentsize = sizeof(Elf64_Phdr)};
    struct mf_elf_bytes bytes = {.memory = &header, .size = sizeof header, .fd = -1};
    struct mf_elf elf;
    int fd;

    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        header.e_ident[EI_DATA] = ELFDATA2MSB;
    CHECK_IS(mf_elf_read(&bytes, &elf), -ENOEXEC, "program headers after the end of the file");
    header.e_phnum = 0;
    CHECK_IS(mf_elf_read(&bytes, &elf), -ENOEXEC, "no segment");
    header.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    CHECK_IS(mf_elf_read(&bytes, &elf), -EPROTONOSUPPORT, "the other byte order");
    header.e_ident[EI_DATA] = 7;
    CHECK_IS(mf_elf_read(&bytes, &elf), -ENOEXEC, "no byte order");
    header.e_ident[EI_CLASS] = 3;
    CHECK_IS(mf_elf_read(&bytes, &elf), -ENOEXEC, "no class");
    bytes.size = 10;
    CHECK_IS(mf_elf_read(&bytes, &elf), -ENOEXEC, "a short file");
    bytes.size = 0;
    CHECK_IS(mf_elf_read(&bytes, &elf), -ENOEXEC, "an empty file");
    fd = open("/dev/null", O_RDONLY);
    CHECK_IS(mf_elf_bytes_of(fd, &bytes), -ENOEXEC, "no regular file");
    close(fd);
    CHECK_IS(mf_elf_bytes_of(-1, &bytes), -EBADF, "no descriptor");
}

static void test(void)
{
    sha256_of_known_texts();
    hash_of_file(0);
    hash_of_file(100);
    hash_of_file(4096);
    hash_of_file(5000);
    hash_of_file(100000);
    build_ids();
    the_vdso_from_memory();
    other_files_are_errors();
}

int main(void)
{
    return run_in_directory("elf-identity", test);
}
