/* SPDX-License-Identifier: Apache-2.0 */
#include "elf/reader.h"

#include "os/system_calls.h"

#include <string.h>

#define OWN_ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

int mf_elf_bytes_of(int fd, struct mf_elf_bytes *out)
{
    struct stat file;
    const int rc = (int)MF_SYS(SYS_fstat, fd, &file);

    if (rc < 0)
        return rc;
    if (!S_ISREG(file.st_mode))
        return -ENOEXEC;
    *out = (struct mf_elf_bytes){.size = (uint64_t)file.st_size, .fd = fd};
    return 0;
}

int mf_elf_read_at(const struct mf_elf_bytes *bytes, uint64_t offset, void *to, size_t size)
{
    if (!mf_elf_is_in_file(bytes, offset, size))
        return -ENOEXEC;
    if (bytes->memory != NULL) {
        memcpy(to, (const char *)bytes->memory + offset, size);
        return 0;
    }
    while (size > 0) {
        const long got = mf_sys_pread(bytes->fd, to, size, offset);

        if (got <= 0)
            return got < 0 ? (int)got : -ENOEXEC; /* truncated meanwhile */
        to = (char *)to + got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

int mf_elf_copy(struct mf_elf_reader *reader, struct mf_elf_window *window, uint64_t offset, void *to, uint32_t size)
{
    const struct mf_elf_bytes *const bytes = reader->bytes;

    if (!mf_elf_is_in_file(bytes, offset, size))
        return -ENOEXEC;
    /* A copy in memory has the same limit, but nothing is read into the window. */
    if (offset < window->offset || offset - window->offset > window->bytes ||
        size > window->bytes - (offset - window->offset)) {
        const uint64_t left = bytes->size - offset;
        const uint32_t wanted = left < MF_ELF_WINDOW ? (uint32_t)left : MF_ELF_WINDOW;
        int rc = 0;

        if (reader->reads_left == 0)
            return -E2BIG;
        reader->reads_left--;
        window->bytes = 0;
        if (bytes->memory == NULL)
            rc = mf_elf_read_at(bytes, offset, window->data, wanted);
        if (rc < 0)
            return rc;
        window->offset = offset;
        window->bytes = wanted;
    }
    if (bytes->memory != NULL)
        return mf_elf_read_at(bytes, offset, to, size);
    memcpy(to, window->data + (offset - window->offset), size);
    return 0;
}

/* The header of a file, with the wider fields of both classes. */
struct header {
    uint64_t program_offset, section_offset;
    uint32_t program_count, section_count, name_section;
    uint16_t type, machine, program_bytes, section_bytes;
};

/* Headers of both classes have fields of the same names. */
#define HEADER_OF(raw)                                                                                               \
    (struct header)                                                                                                  \
    {                                                                                                                \
        (raw).e_phoff, (raw).e_shoff, (raw).e_phnum, (raw).e_shnum, (raw).e_shstrndx, (raw).e_type, (raw).e_machine, \
            (raw).e_phentsize, (raw).e_shentsize                                                                     \
    }
#define PROGRAM_OF(raw)                                                                                          \
    (struct mf_elf_program)                                                                                      \
    {                                                                                                            \
        (raw).p_offset, (raw).p_vaddr, (raw).p_filesz, (raw).p_memsz, (raw).p_align, (raw).p_type, (raw).p_flags \
    }
#define SECTION_OF(raw)                                                                                                     \
    (struct mf_elf_section_header)                                                                                          \
    {                                                                                                                       \
        (raw).sh_flags, (raw).sh_addr, (raw).sh_offset, (raw).sh_size, (raw).sh_entsize, (raw).sh_addralign, (raw).sh_name, \
            (raw).sh_type, (raw).sh_link, (raw).sh_info                                                                     \
    }

static uint32_t program_bytes(const struct mf_elf_reader *reader)
{
    return reader->is_64_bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static uint32_t section_bytes(const struct mf_elf_reader *reader)
{
    return reader->is_64_bit ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

/* Reads the header. Returns an error of mf_elf_read(). */
static int read_header(struct mf_elf_reader *reader, struct header *out)
{
    union {
        Elf64_Ehdr wide;
        Elf32_Ehdr narrow;
        unsigned char ident[EI_NIDENT];
    } raw;
    int rc = mf_elf_copy(reader, &reader->headers, 0, &raw, sizeof raw.narrow);

    if (rc < 0)
        return rc;
    if (memcmp(raw.ident, ELFMAG, SELFMAG) != 0 || (raw.ident[EI_CLASS] != ELFCLASS64 && raw.ident[EI_CLASS] != ELFCLASS32))
        return -ENOEXEC;
    if (raw.ident[EI_DATA] != OWN_ORDER)
        return raw.ident[EI_DATA] == ELFDATA2LSB || raw.ident[EI_DATA] == ELFDATA2MSB ? -EPROTONOSUPPORT : -ENOEXEC;
    reader->is_64_bit = raw.ident[EI_CLASS] == ELFCLASS64;
    if (reader->is_64_bit)
        rc = mf_elf_copy(reader, &reader->headers, 0, &raw, sizeof raw.wide);
    if (rc == 0)
        *out = reader->is_64_bit ? HEADER_OF(raw.wide) : HEADER_OF(raw.narrow);
    return rc;
}

/* Files with more headers than fit into 16 bits have the counts in the first section header (elf(5), e_phnum, e_shnum). */
static int read_large_counts(struct mf_elf_reader *reader, const struct header *header)
{
    struct mf_elf_section_header first = {0};

    if (reader->section_offset != 0 &&
        (header->program_count == PN_XNUM || header->section_count == 0 || header->name_section == SHN_XINDEX)) {
        const int rc = mf_elf_section_at(reader, 0, &first);

        if (rc < 0 && rc != -ENOEXEC)
            return rc;
    }
    reader->program_count = header->program_count == PN_XNUM ? first.info : header->program_count;
    reader->section_count = header->section_count != 0 ? header->section_count
                            : first.size < UINT32_MAX  ? (uint32_t)first.size
                                                       : UINT32_MAX;
    reader->name_section = header->name_section == SHN_XINDEX ? first.link : header->name_section;
    return 0;
}

int mf_elf_reader_open(struct mf_elf_reader *reader, const struct mf_elf_bytes *bytes)
{
    struct header header = {0};
    int rc;

    reader->bytes = bytes;
    reader->reads_left = MF_ELF_READS;
    reader->headers.bytes = reader->contents.bytes = 0;
    reader->headers.offset = reader->contents.offset = 0;
    rc = read_header(reader, &header);
    if (rc < 0)
        return rc;
    if (header.program_count != 0 && header.program_bytes != program_bytes(reader))
        return -ENOEXEC;
    reader->type = header.type;
    reader->machine = header.machine;
    reader->program_offset = header.program_offset;
    reader->section_offset = header.section_bytes == section_bytes(reader) ? header.section_offset : 0;
    rc = read_large_counts(reader, &header);
    if (rc < 0)
        return rc;
    if (reader->program_count > MF_ELF_HEADER_BYTES / program_bytes(reader))
        return -E2BIG;
    if (!mf_elf_is_in_file(bytes, reader->program_offset, (uint64_t)reader->program_count * program_bytes(reader)))
        return -ENOEXEC;
    /* Section headers are at the end of most files. Without them the tables of PT_DYNAMIC are used. */
    if (reader->section_offset == 0 || reader->section_count > MF_ELF_SECTION_COUNT ||
        !mf_elf_is_in_file(bytes, reader->section_offset, (uint64_t)reader->section_count * section_bytes(reader)))
        reader->section_count = 0;
    return 0;
}

int mf_elf_program_at(struct mf_elf_reader *reader, uint32_t index, struct mf_elf_program *out)
{
    union {
        Elf64_Phdr wide;
        Elf32_Phdr narrow;
    } raw;
    const uint32_t size = program_bytes(reader);
    const int rc = mf_elf_copy(reader, &reader->headers, reader->program_offset + (uint64_t)index * size, &raw, size);

    if (rc == 0)
        *out = reader->is_64_bit ? PROGRAM_OF(raw.wide) : PROGRAM_OF(raw.narrow);
    return rc;
}

int mf_elf_section_at(struct mf_elf_reader *reader, uint32_t index, struct mf_elf_section_header *out)
{
    union {
        Elf64_Shdr wide;
        Elf32_Shdr narrow;
    } raw;
    const uint32_t size = section_bytes(reader);
    const int rc = mf_elf_copy(reader, &reader->headers, reader->section_offset + (uint64_t)index * size, &raw, size);

    if (rc == 0)
        *out = reader->is_64_bit ? SECTION_OF(raw.wide) : SECTION_OF(raw.narrow);
    return rc;
}

static bool is_whole(const struct mf_elf_reader *reader, const struct mf_elf_section_header *section)
{
    return section->type != SHT_NOBITS && section->type != SHT_NULL &&
           mf_elf_is_in_file(reader->bytes, section->offset, section->size);
}

bool mf_elf_has_bytes(const struct mf_elf_reader *reader, const struct mf_elf_section_header *section)
{
    return is_whole(reader, section) && !(section->flags & SHF_COMPRESSED);
}

int mf_elf_section_named(struct mf_elf_reader *reader, const char *name, struct mf_elf_section_header *out)
{
    const uint32_t bytes = (uint32_t)strlen(name) + 1;
    struct mf_elf_section_header names;
    char found[32];
    int missing = -ENOENT;
    int rc;

    if (reader->name_section >= reader->section_count || bytes > sizeof found)
        return -ENOENT;
    rc = mf_elf_section_at(reader, reader->name_section, &names);
    if (rc < 0 || !mf_elf_has_bytes(reader, &names))
        return rc < 0 ? rc : -ENOENT;
    for (uint32_t i = 1; i < reader->section_count; i++) {
        rc = mf_elf_section_at(reader, i, out);
        if (rc < 0)
            return rc;
        if (out->name >= names.size || names.size - out->name < bytes || !is_whole(reader, out))
            continue;
        rc = mf_elf_copy(reader, &reader->contents, names.offset + out->name, found, bytes);
        if (rc < 0)
            return rc;
        if (memcmp(found, name, bytes) != 0)
            continue;
        if (!(out->flags & SHF_COMPRESSED))
            return (int)i;
        missing = -EOPNOTSUPP;
    }
    return missing;
}

int mf_elf_section_find(const struct mf_elf_bytes *bytes, const char *name, struct mf_elf_section *out)
{
    struct mf_elf_reader reader;
    struct mf_elf_section_header section;
    int rc = mf_elf_reader_open(&reader, bytes);

    if (rc == 0)
        rc = mf_elf_section_named(&reader, name, &section);
    if (rc < 0)
        return rc;
    *out = (struct mf_elf_section){section.address, section.offset, section.size, section.type, (uint32_t)section.flags};
    return 0;
}
