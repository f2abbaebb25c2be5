/* SPDX-License-Identifier: Apache-2.0 */
/* The input is the content of a PT_NOTE segment. The build IDs are compared with those of a second parser. */
#include "fuzz.h"

#include "mapfiles_symbols.h"

#include <elf.h>

FUZZ_INITIALIZE
CALLS_OF_KERNEL

struct id {
    const uint8_t *at;
    uint32_t length;
};

static uint32_t word(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

/* Finds the first GNU and Go build ID of elf(5): three words, the name and the description, each padded. */
static void parse(const uint8_t *notes, size_t size, size_t alignment, struct id *gnu, struct id *go)
{
    size_t at = 0;

    while (at + 12 <= size) {
        const size_t name = word(notes + at), length = word(notes + at + 4);
        const uint32_t type = word(notes + at + 8);
        const size_t description = at + (12 + name + alignment - 1) / alignment * alignment;

        if (name > size || description > size || length > size - description)
            return;
        if (gnu->length == 0 && type == NT_GNU_BUILD_ID && name == 4 && memcmp(notes + at + 12, "GNU", 4) == 0 &&
            length <= MF_ELF_BUILD_ID_MAX)
            *gnu = (struct id){notes + description, (uint32_t)length};
        if (go->length == 0 && type == 4 && (name == 3 || name == 4) && memcmp(notes + at + 12, "Go", 3) == 0 &&
            length <= MF_ELF_GO_BUILD_ID_MAX)
            *go = (struct id){notes + description, (uint32_t)length};
        if (gnu->length > 0 && go->length > 0)
            return;
        at = (description + length + alignment - 1) / alignment * alignment;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t head = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
    const bool by_8 = size > 0 && data[0] & 1;
    const size_t notes = size > 0 ? size - 1 : 0;
    const size_t bytes_after = 16; /* a note must not reach out of its segment */
    char *const file = calloc(1, head + notes + bytes_after);
    Elf64_Ehdr *const header = (void *)file;
    Elf64_Phdr *const segments = (void *)(header + 1);
    const struct mf_elf_bytes bytes = {.memory = file, .size = head + notes + bytes_after, .fd = -1};
    struct id gnu = {0}, go = {0};
    struct mf_elf elf;

    memcpy(header->e_ident, ELFMAG, SELFMAG);
    header->e_ident[EI_CLASS] = ELFCLASS64;
    header->e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    header->e_type = ET_DYN;
    header->e_phoff = sizeof *header;
    header->e_phentsize = sizeof *segments;
    header->e_phnum = 2;
    segments[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_filesz = head + notes, .p_memsz = head + notes};
    segments[1] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = head, .p_filesz = notes, .p_align = by_8 ? 8 : 4};
    if (notes > 0)
        memcpy(file + head, data + 1, notes);
    parse((uint8_t *)file + head, notes, by_8 ? 8 : 4, &gnu, &go);
    CHECK_IS(mf_elf_read(&bytes, &elf), 0, "an ELF file");
    CHECK_IS(elf.build_id_length, gnu.length, "length of the GNU build ID");
    CHECK_IS(elf.go_build_id_length, go.length, "length of the Go build ID");
    if (check_failures == 0) {
        CHECK(gnu.length == 0 || memcmp(elf.build_id, gnu.at, gnu.length) == 0, "the GNU build ID");
        CHECK(go.length == 0 || memcmp(elf.go_build_id, go.at, go.length) == 0, "the Go build ID");
    }
    free(file);
    return end_run();
}
