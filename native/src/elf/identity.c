/* SPDX-License-Identifier: Apache-2.0 */
/* Segments and build IDs of an ELF file, and the ELF address of a mapped address. */
#include "elf/notes.h"
#include "elf/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint32_t permissions(uint32_t flags)
{
    return (flags & PF_R ? MF_READABLE : 0) | (flags & PF_W ? MF_WRITABLE : 0) | (flags & PF_X ? MF_EXECUTABLE : 0);
}

static int add_segment(const struct mf_elf_program *program, struct mf_elf *out)
{
    const uint64_t maximum = out->bits == 64 ? UINT64_MAX : UINT32_MAX;

    if (program->memory_size < program->file_size || program->address > maximum ||
        program->memory_size > maximum - program->address || program->offset > INT64_MAX ||
        program->file_size > INT64_MAX - program->offset)
        return -ENOEXEC;
    if (program->memory_size == 0)
        return 0;
    if (out->segment_count == MF_ELF_SEGMENTS_MAX)
        return -E2BIG;
    out->segments[out->segment_count++] = (struct mf_elf_segment){
        .address = program->address,
        .offset = program->offset,
        .file_size = program->file_size,
        .memory_size = program->memory_size,
        .flags = permissions(program->flags),
    };
    if (program->address < out->start)
        out->start = program->address;
    if (program->address + program->memory_size > out->end)
        out->end = program->address + program->memory_size;
    return 0;
}

/*
 * Whether the bytes of an executable section are not in the file: "objcopy --only-keep-debug" makes those sections SHT_NOBITS,
 * and changes p_offset and p_filesz of the segments. Section headers are read only if a segment of code has fewer bytes in the
 * file than in memory.
 */
static int read_lacks_code(struct mf_elf_reader *reader, struct mf_elf *out)
{
    bool is_short = false;

    for (uint32_t i = 0; i < out->segment_count; i++)
        is_short |= out->segments[i].flags & MF_EXECUTABLE && out->segments[i].file_size < out->segments[i].memory_size;
    for (uint32_t i = 1; is_short && out->lacks_code == 0 && i < reader->section_count; i++) {
        struct mf_elf_section_header section;
        const int rc = mf_elf_section_at(reader, i, &section);

        if (rc < 0)
            return rc == -E2BIG || rc == -ENOEXEC ? 0 : rc;
        out->lacks_code = section.type == SHT_NOBITS && section.flags & SHF_EXECINSTR;
    }
    return 0;
}

int mf_elf_read(const struct mf_elf_bytes *bytes, struct mf_elf *out)
{
    struct mf_elf_reader reader;
    int rc = mf_elf_reader_open(&reader, bytes);

    if (rc < 0)
        return rc;
    memset(out, 0, sizeof *out);
    out->size = bytes->size;
    out->bits = reader.is_64_bit ? 64 : 32;
    out->type = reader.type;
    out->machine = reader.machine;
    out->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
    out->start = UINT64_MAX;
    for (uint32_t i = 0; i < reader.program_count; i++) {
        struct mf_elf_program program;

        rc = mf_elf_program_at(&reader, i, &program);
        if (rc == 0 && program.type == PT_LOAD)
            rc = add_segment(&program, out);
        if (rc < 0)
            return rc;
        if (program.type == PT_GNU_RELRO && program.memory_size <= UINT64_MAX - program.address) {
            out->relro_start = program.address;
            out->relro_end = program.address + program.memory_size;
        }
    }
    if (out->segment_count == 0)
        return -ENOEXEC;
    rc = read_lacks_code(&reader, out);
    return rc < 0 ? rc : mf_elf_read_build_ids(&reader, out);
}

/* ---- From a mapped address to the ELF address ---- */

/* The offsets of the file that the pages of a segment show. */
struct pages {
    uint64_t start, end;
};

static struct pages pages_of(const struct mf_elf *elf, const struct mf_elf_segment *segment)
{
    const uint64_t mask = elf->page_size - 1u;

    return (struct pages){segment->offset & ~mask, (segment->offset + segment->file_size + mask) & ~mask};
}

/*
 * Whether the loader gives a part of a segment these permissions. It makes whole pages of PT_GNU_RELRO read-only: from the page
 * of its start to the page of its end, which is not included (_dl_protect_relro(), elf/dl-reloc.c of glibc).
 */
static bool has_permissions(const struct mf_elf *elf, const struct mf_elf_segment *segment, const struct mf_mapping *mapping)
{
    const uint64_t mask = elf->page_size - 1u;
    const uint32_t flags = mapping->flags & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE);
    const uint64_t start = mapping->offset - segment->offset + segment->address;
    const uint64_t end = start + (mapping->end - mapping->start);
    const bool is_relro = segment->flags & MF_WRITABLE && elf->relro_start < elf->relro_end &&
                          start >= (elf->relro_start & ~mask) && end <= (elf->relro_end & ~mask);

    return flags == (is_relro ? segment->flags & ~(uint32_t)MF_WRITABLE : segment->flags);
}

/* Segments whose result is the same count as one. */
struct choice {
    uint64_t difference; /* ELF address minus offset in the file */
    uint32_t count;
};

static void choose(struct choice *choice, const struct mf_elf_segment *segment)
{
    const uint64_t difference = segment->address - segment->offset;

    if (choice->count == 0 || choice->difference != difference)
        choice->count++;
    choice->difference = difference;
}

/* Which segments have a mapping, and a byte of it. */
struct choices {
    struct choice fitting;    /* the mapping shows only their pages, and has their permissions */
    struct choice first_page; /* of these, those whose first page is the first page of the mapping */
    struct choice same_page;  /* they have bytes in the page of the byte */
    bool is_in_segment;       /* the byte is in one */
};

/*
 * Without the offsets of the mapped file: the segments of code whose pages in memory are as many as those of the mapping. The
 * loader maps code as whole segments. It makes parts of data read-only (PT_GNU_RELRO), and bss is in no mapping of the file.
 */
static struct choices find_by_pages(const struct mf_elf *elf, const struct mf_mapping *mapping)
{
    const uint64_t mask = elf->page_size - 1u;
    const uint32_t flags = mapping->flags & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE);
    struct choices choices = {0};

    for (uint32_t i = 0; flags & MF_EXECUTABLE && i < elf->segment_count; i++) {
        const struct mf_elf_segment *const segment = &elf->segments[i];
        const uint64_t start = segment->address & ~mask;
        const uint64_t end = (segment->address + segment->memory_size + mask) & ~mask;
        const struct mf_elf_segment mapped = {.address = start, .offset = mapping->offset};

        if (end - start == mapping->end - mapping->start && flags == segment->flags)
            choose(&choices.fitting, &mapped);
    }
    return choices;
}

static struct choices find_segments(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t offset)
{
    const uint64_t length = mapping->end - mapping->start;
    struct choices choices = {0};

    if (mapping->offset > INT64_MAX || length > INT64_MAX - mapping->offset)
        return choices;
    if (elf->lacks_code)
        return find_by_pages(elf, mapping);
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct mf_elf_segment *const segment = &elf->segments[i];
        const struct pages pages = pages_of(elf, segment);

        if (segment->file_size == 0 || offset < pages.start || offset >= pages.end)
            continue;
        choose(&choices.same_page, segment);
        choices.is_in_segment |= offset >= segment->offset && offset - segment->offset < segment->file_size;
        if (mapping->offset < pages.start || mapping->offset + length > pages.end || !has_permissions(elf, segment, mapping))
            continue;
        choose(&choices.fitting, segment);
        if (mapping->offset == pages.start)
            choose(&choices.first_page, segment);
    }
    if (choices.fitting.count > 1)
        choices.fitting = choices.first_page.count == 1 ? choices.first_page : choices.fitting;
    return choices;
}

int mf_elf_load_bias(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t *out)
{
    const struct choices choices = find_segments(elf, mapping, mapping->offset);

    if (choices.fitting.count != 1)
        return -ENOENT;
    *out = mapping->start - mapping->offset - choices.fitting.difference;
    return 0;
}

int mf_elf_address(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t address, uint64_t *out)
{
    const uint64_t offset = address - mapping->start + mapping->offset;
    struct choices choices;
    struct choice choice;

    if (address < mapping->start || address >= mapping->end)
        return -EINVAL;
    choices = find_segments(elf, mapping, offset);
    choice = choices.fitting.count == 0 && choices.is_in_segment ? choices.same_page : choices.fitting;
    if (choice.count != 1)
        return -ENOENT;
    *out = offset + choice.difference;
    return 0;
}
