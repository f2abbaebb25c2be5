/* SPDX-License-Identifier: Apache-2.0 */
/* Exported symbols of an ELF image in memory of a target. */
#include "jvm/elf_image.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>

#define MAX_SEGMENTS 64u
#define MAX_DYNAMIC  256u /* entries; libraries have about 30 */
#define MAX_CHAIN    256u /* symbols of one hash bucket */
#define MAX_NAME     128u /* bytes of a name that is looked up */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

static bool is_header(const ElfW(Ehdr) *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
           (header->e_type == ET_DYN || header->e_type == ET_EXEC) && (MACHINE == EM_NONE || header->e_machine == MACHINE) &&
           header->e_phentsize == sizeof(ElfW(Phdr)) && header->e_phnum > 0 && header->e_phnum <= MAX_SEGMENTS;
}

/* Reads the segments. The segment at offset 0 of the file contains the header; its address gives the bias. */
static int read_segments(struct mf_pages *pages, uint64_t start, uint64_t *dynamic, struct mf_elf_image *out)
{
    ElfW(Ehdr) header;
    uint64_t low = UINT64_MAX, high = 0;
    bool has_first = false;
    int rc = mf_pages_read(pages, start, &header, sizeof header);

    if (rc != 0)
        return rc;
    if (!is_header(&header))
        return -ENOEXEC;
    for (uint32_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;

        rc = mf_pages_read(pages, start + header.e_phoff + i * sizeof segment, &segment, sizeof segment);
        if (rc != 0)
            return rc;
        if (segment.p_type == PT_DYNAMIC)
            *dynamic = segment.p_vaddr;
        if (segment.p_type != PT_LOAD)
            continue;
        if (segment.p_memsz > UINT64_MAX - segment.p_vaddr)
            return -ENOEXEC;
        if (segment.p_offset == 0 && !has_first) {
            out->bias = start - segment.p_vaddr;
            has_first = true;
        }
        low = segment.p_vaddr < low ? segment.p_vaddr : low;
        high = segment.p_vaddr + segment.p_memsz > high ? segment.p_vaddr + segment.p_memsz : high;
    }
    out->start = out->bias + low;
    out->end = out->bias + high;
    return has_first && *dynamic != 0 && low < high && out->start < out->end ? 0 : -ENOEXEC;
}

/*
 * glibc writes the address in memory into some of these entries, by machine and version; musl leaves the address of the file.
 */
static bool relocate(const struct mf_elf_image *image, uint64_t value, uint64_t *out)
{
    *out = value >= image->start && value < image->end ? value : value + image->bias;
    return *out >= image->start && *out < image->end;
}

int mf_elf_image_read(struct mf_pages *pages, uint64_t start, struct mf_elf_image *out)
{
    struct mf_elf_image image = {0};
    uint64_t dynamic = 0;
    bool has_symbols = false, has_names = false, has_hash = false;
    int rc = read_segments(pages, start, &dynamic, &image);

    for (uint32_t i = 0; rc == 0 && i < MAX_DYNAMIC; i++) {
        ElfW(Dyn) entry;

        rc = mf_pages_read(pages, image.bias + dynamic + i * sizeof entry, &entry, sizeof entry);
        if (rc != 0 || entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_SYMTAB)
            has_symbols = relocate(&image, entry.d_un.d_ptr, &image.symbols);
        else if (entry.d_tag == DT_STRTAB)
            has_names = relocate(&image, entry.d_un.d_ptr, &image.names);
        else if (entry.d_tag == DT_GNU_HASH)
            has_hash = relocate(&image, entry.d_un.d_ptr, &image.hash);
        else if (entry.d_tag == DT_STRSZ)
            image.names_size = entry.d_un.d_val;
    }
    if (rc == 0 && !(has_symbols && has_names && has_hash))
        rc = -ENOEXEC;
    if (rc == 0)
        *out = image;
    return rc;
}

/* 1 and the address: symbol number @p index is defined and has this name; 0: not; or a negative errno. */
static int is_symbol(struct mf_pages *pages, const struct mf_elf_image *image, uint32_t index, const char *name, uint64_t *out)
{
    char found[MAX_NAME];
    ElfW(Sym) symbol;
    const uint32_t bytes = (uint32_t)strlen(name) + 1;
    int rc = mf_pages_read(pages, image->symbols + (uint64_t)index * sizeof symbol, &symbol, sizeof symbol);

    if (rc != 0)
        return rc;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= image->names_size || bytes > sizeof found)
        return 0;
    rc = mf_pages_read(pages, image->names + symbol.st_name, found, bytes);
    if (rc != 0 && rc != -EFAULT)
        return rc;
    if (rc != 0 || memcmp(found, name, bytes) != 0)
        return 0;
    *out = image->bias + symbol.st_value;
    return *out >= image->start && *out < image->end ? 1 : -ENOEXEC;
}

int mf_elf_image_symbol(struct mf_pages *pages, const struct mf_elf_image *image, const char *name, uint64_t *out)
{
    const uint32_t hash = mf_gnu_hash(name);
    uint32_t head[4], index, found;
    uint64_t buckets, hashes;
    int rc = mf_pages_read(pages, image->hash, head, sizeof head);

    if (rc != 0 || head[0] == 0)
        return rc != 0 ? rc : -ENOENT;
    buckets = image->hash + sizeof head + (uint64_t)head[2] * sizeof(ElfW(Addr));
    hashes = buckets + (uint64_t)head[0] * sizeof hash;
    rc = mf_pages_read(pages, buckets + (uint64_t)(hash % head[0]) * sizeof index, &index, sizeof index);
    if (rc != 0 || index < head[1])
        return rc != 0 ? rc : -ENOENT;
    for (uint32_t i = 0; i < MAX_CHAIN && index + i >= index; i++) {
        rc = mf_pages_read(pages, hashes + (uint64_t)(index + i - head[1]) * sizeof found, &found, sizeof found);
        if (rc == 0 && (found | 1) == (hash | 1))
            rc = is_symbol(pages, image, index + i, name, out);
        if (rc != 0)
            return rc > 0 ? 0 : rc;
        if (found & 1)
            return -ENOENT;
    }
    return -ENOEXEC;
}
