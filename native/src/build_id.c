/* SPDX-License-Identifier: Apache-2.0 */
#include "build_id.h"

#include "mapfiles.h"

#include <elf.h>
#include <string.h>

/* Of a file that says it has more, no more is read. */
#define NOTES_MAX (64 * 1024)

/* Where notes are: of one program header, of either class. */
struct segment {
    uint32_t type;
    uint64_t offset;
    uint64_t size;
};

/* Reads all of a piece of the file: 1; 0 where it ends before; or a negative errno. */
static int read_piece(int fd, void *to, size_t bytes, uint64_t offset)
{
    const long got = offset > INT64_MAX - bytes ? 0 : mf_sys_pread(fd, to, bytes, offset);

    return got < 0 ? (int)got : (size_t)got == bytes;
}

static int read_segment(int fd, int elf_class, uint64_t offset, struct segment *out)
{
    union {
        Elf64_Phdr wide;
        Elf32_Phdr narrow;
    } header;
    int rc;

    if (elf_class == ELFCLASS64) {
        rc = read_piece(fd, &header.wide, sizeof header.wide, offset);
        *out = (struct segment){header.wide.p_type, header.wide.p_offset, header.wide.p_filesz};
    } else {
        rc = read_piece(fd, &header.narrow, sizeof header.narrow, offset);
        *out = (struct segment){header.narrow.p_type, header.narrow.p_offset, header.narrow.p_filesz};
    }
    return rc;
}

/* Name and description of a note are padded to four bytes each. */
static uint64_t padded(uint32_t bytes)
{
    return ((uint64_t)bytes + 3) & ~3ull;
}

static int build_id_in(int fd, const struct segment *notes, uint8_t *build_id)
{
    const uint64_t size = notes->size < NOTES_MAX ? notes->size : NOTES_MAX;
    uint64_t at = 0;

    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note; /* the same in both classes */
        char name[sizeof ELF_NOTE_GNU];
        uint64_t room;
        int rc = notes->offset > UINT64_MAX - at ? 0 : read_piece(fd, &note, sizeof note, notes->offset + at);

        if (rc <= 0)
            return rc;
        at += sizeof note;
        room = size - at;
        if (padded(note.n_namesz) > room || note.n_descsz > room - padded(note.n_namesz))
            return 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof name && note.n_descsz > 0 &&
            note.n_descsz <= MF_BUILD_ID_MAX) {
            rc = read_piece(fd, name, sizeof name, notes->offset + at);
            if (rc <= 0)
                return rc;
            if (memcmp(name, ELF_NOTE_GNU, sizeof name) == 0) {
                rc = read_piece(fd, build_id, note.n_descsz, notes->offset + at + padded(note.n_namesz));
                return rc <= 0 ? rc : (int)note.n_descsz;
            }
        }
        room -= padded(note.n_namesz);
        at += padded(note.n_namesz) + (padded(note.n_descsz) < room ? padded(note.n_descsz) : room);
    }
    return 0;
}

int mf_build_id_of_file(int fd, uint8_t *build_id)
{
    union {
        Elf64_Ehdr wide;
        Elf32_Ehdr narrow;
        unsigned char ident[EI_NIDENT];
    } header;
    const int order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    uint64_t offset;
    uint32_t count;
    uint32_t size;
    int rc = read_piece(fd, &header, sizeof header, 0);

    if (rc <= 0 || memcmp(header.ident, ELFMAG, SELFMAG) != 0 || header.ident[EI_DATA] != order)
        return rc < 0 ? rc : 0;
    if (header.ident[EI_CLASS] == ELFCLASS64) {
        offset = header.wide.e_phoff;
        count = header.wide.e_phnum;
        size = sizeof(Elf64_Phdr);
    } else if (header.ident[EI_CLASS] == ELFCLASS32) {
        offset = header.narrow.e_phoff;
        count = header.narrow.e_phnum;
        size = sizeof(Elf32_Phdr);
    } else {
        return 0;
    }
    for (uint32_t i = 0; i < count && offset <= UINT64_MAX / 2; i++) {
        struct segment segment;

        rc = read_segment(fd, header.ident[EI_CLASS], offset + (uint64_t)i * size, &segment);
        if (rc <= 0)
            return rc;
        if (segment.type == PT_NOTE && (rc = build_id_in(fd, &segment, build_id)) != 0)
            return rc;
    }
    return 0;
}
