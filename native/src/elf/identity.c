/* SPDX-License-Identifier: Apache-2.0 */
/* Segments and build IDs of an ELF file. */
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
