/* SPDX-License-Identifier: Apache-2.0 */
#include "elf/notes.h"

#include <errno.h>
#include <string.h>

#define GO_NAME     "Go"
#define GO_BUILD_ID 4u /* the type of the note (cmd/link/internal/ld/elf.go of Go) */

static uint64_t padded(uint64_t bytes, uint64_t alignment)
{
    return (bytes + alignment - 1) & ~(alignment - 1);
}

/* Copies the description of a note if it is the build ID of this kind. */
static int take(struct mf_elf_reader *reader, const Elf64_Nhdr *note, uint64_t name_at, uint64_t description_at,
                struct mf_elf *out)
{
    char name[sizeof ELF_NOTE_GNU];
    int rc = 0;

    if (note->n_namesz > sizeof name || note->n_namesz < sizeof GO_NAME || note->n_descsz == 0)
        return 0;
    rc = mf_elf_copy(reader, &reader->contents, name_at, name, note->n_namesz);
    if (rc < 0)
        return rc;
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof ELF_NOTE_GNU &&
        memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0 && note->n_descsz <= sizeof out->build_id &&
        out->build_id_length == 0) {
        rc = mf_elf_copy(reader, &reader->contents, description_at, out->build_id, note->n_descsz);
        out->build_id_length = rc == 0 ? note->n_descsz : 0;
    } else if (note->n_type == GO_BUILD_ID && note->n_namesz <= sizeof GO_NAME + 1 &&
               memcmp(name, GO_NAME, sizeof GO_NAME) == 0 && note->n_descsz <= sizeof out->go_build_id &&
               out->go_build_id_length == 0) {
        rc = mf_elf_copy(reader, &reader->contents, description_at, out->go_build_id, note->n_descsz);
        out->go_build_id_length = rc == 0 ? note->n_descsz : 0;
    }
    return rc;
}

/* Reads the notes of a segment or section. A note that is not in it whole ends it. */
static int read_notes(struct mf_elf_reader *reader, uint64_t offset, uint64_t size, uint64_t alignment, struct mf_elf *out)
{
    uint64_t at = 0;

    alignment = alignment == 8 ? 8 : 4;
    while (size - at >= sizeof(Elf64_Nhdr) && (out->build_id_length == 0 || out->go_build_id_length == 0)) {
        Elf64_Nhdr note; /* the same in both classes */
        uint64_t description, end;
        int rc = mf_elf_copy(reader, &reader->contents, offset + at, &note, sizeof note);

        if (rc < 0)
            return rc;
        description = at + padded(sizeof note + (uint64_t)note.n_namesz, alignment);
        end = description + note.n_descsz;
        if (end > size)
            return 0;
        rc = take(reader, &note, offset + at + sizeof note, offset + description, out);
        if (rc < 0)
            return rc;
        at = padded(end, alignment);
        if (at >= size)
            return 0;
    }
    return 0;
}

static int read_segments(struct mf_elf_reader *reader, struct mf_elf *out)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < reader->program_count; i++) {
        struct mf_elf_program program;

        rc = mf_elf_program_at(reader, i, &program);
        if (rc == 0 && program.type == PT_NOTE && mf_elf_is_in_file(reader->bytes, program.offset, program.file_size))
            rc = read_notes(reader, program.offset, program.file_size, program.alignment, out);
    }
    return rc;
}

/* The program headers of some debug files do not lead to the notes (eu-strip -f), but their section headers do. */
static int read_sections(struct mf_elf_reader *reader, struct mf_elf *out)
{
    int rc = 0;

    for (uint32_t i = 1; rc == 0 && i < reader->section_count; i++) {
        struct mf_elf_section_header section;

        rc = mf_elf_section_at(reader, i, &section);
        if (rc == 0 && section.type == SHT_NOTE && mf_elf_has_bytes(reader, &section))
            rc = read_notes(reader, section.offset, section.size, section.alignment, out);
    }
    return rc;
}

int mf_elf_read_build_ids(struct mf_elf_reader *reader, struct mf_elf *out)
{
    int rc = read_segments(reader, out);

    if (rc == 0 && out->build_id_length == 0)
        rc = read_sections(reader, out);
    return rc == -E2BIG || rc == -ENOEXEC ? 0 : rc;
}
