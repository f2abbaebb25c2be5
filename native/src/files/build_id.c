/* SPDX-License-Identifier: Apache-2.0 */
#include "files/build_id.h"

#include "mapfiles.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PIECE 1024u

/* A piece of a file. All pieces of a file share one limit of reads. */
struct piece {
    int fd;
    uint32_t *reads_left;
    uint64_t offset;
    size_t bytes; /* less than PIECE at the end of the file */
    char data[PIECE];
};

/* One program header, of either class. */
struct segment {
    uint32_t type;
    uint64_t offset;
    uint64_t size;
};

/* The table of program headers. */
struct headers {
    int elf_class;
    uint32_t count;
    uint64_t offset;
};

static bool covers(const struct piece *piece, uint64_t offset, size_t bytes)
{
    return offset >= piece->offset && offset - piece->offset <= piece->bytes &&
           bytes <= piece->bytes - (offset - piece->offset);
}

/* Copies up to PIECE bytes. Returns 1; 0: the file ends before; or a negative errno. */
static int copy(struct piece *piece, uint64_t offset, void *to, size_t bytes)
{
    if (!covers(piece, offset, bytes)) {
        long got;

        if (offset > INT64_MAX - PIECE)
            return 0;
        if (*piece->reads_left == 0)
            return -E2BIG;
        --*piece->reads_left;
        got = mf_sys_pread(piece->fd, piece->data, PIECE, offset);
        piece->offset = offset;
        piece->bytes = got > 0 ? (size_t)got : 0;
        if (piece->bytes < bytes)
            return got < 0 ? (int)got : 0;
    }
    memcpy(to, piece->data + (offset - piece->offset), bytes);
    return 1;
}

static int read_segment(struct piece *piece, const struct headers *headers, uint32_t index, struct segment *out)
{
    union {
        Elf64_Phdr wide;
        Elf32_Phdr narrow;
    } header;
    int rc;

    if (headers->elf_class == ELFCLASS64) {
        rc = copy(piece, headers->offset + index * sizeof header.wide, &header.wide, sizeof header.wide);
        if (rc > 0)
            *out = (struct segment){header.wide.p_type, header.wide.p_offset, header.wide.p_filesz};
    } else {
        rc = copy(piece, headers->offset + index * sizeof header.narrow, &header.narrow, sizeof header.narrow);
        if (rc > 0)
            *out = (struct segment){header.narrow.p_type, header.narrow.p_offset, header.narrow.p_filesz};
    }
    return rc;
}

/* Name and description of a note are padded to four bytes each. */
static uint64_t padded(uint32_t bytes)
{
    return ((uint64_t)bytes + 3) & ~3ull;
}

/*
 * As parse_build_id(), lib/buildid.c: a note is valid if it is in the segment with its padding. A note that is not ends the
 * segment. The last 16 bytes of a segment are no build ID.
 */
static int build_id_in(struct piece *piece, const struct segment *notes, uint8_t *build_id)
{
    char name[sizeof ELF_NOTE_GNU];
    uint64_t at = 0;

    if (notes->offset > UINT32_MAX || notes->size > UINT32_MAX - notes->offset)
        return -E2BIG; /* the kernel computes with 32 bits, and may find another note */
    while (notes->size - at > sizeof(Elf64_Nhdr) + sizeof name) {
        Elf64_Nhdr note; /* the same in both classes */
        uint64_t left;
        int rc = copy(piece, notes->offset + at, &note, sizeof note);

        if (rc <= 0)
            return rc;
        at += sizeof note;
        left = notes->size - at;
        if (padded(note.n_namesz) > left || padded(note.n_descsz) > left - padded(note.n_namesz))
            return 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof name && note.n_descsz > 0 &&
            note.n_descsz <= MF_BUILD_ID_MAX) {
            rc = copy(piece, notes->offset + at, name, sizeof name);
            if (rc <= 0)
                return rc;
            if (memcmp(name, ELF_NOTE_GNU, sizeof name) == 0) {
                rc = copy(piece, notes->offset + at + padded(note.n_namesz), build_id, note.n_descsz);
                return rc <= 0 ? rc : (int)note.n_descsz;
            }
        }
        at += padded(note.n_namesz) + padded(note.n_descsz);
    }
    return 0;
}

/* 1; 0: no ELF file; or a negative errno. The byte order in the header is ignored, as by the kernel. */
static int read_headers(struct piece *piece, struct headers *out)
{
    union {
        Elf64_Ehdr wide;
        Elf32_Ehdr narrow;
        unsigned char ident[EI_NIDENT];
    } header;
    const int rc = copy(piece, 0, &header, sizeof header);

    if (rc <= 0 || memcmp(header.ident, ELFMAG, SELFMAG) != 0)
        return rc < 0 ? rc : 0;
    out->elf_class = header.ident[EI_CLASS];
    if (out->elf_class != ELFCLASS64 && out->elf_class != ELFCLASS32)
        return 0;
    out->offset = out->elf_class == ELFCLASS64 ? header.wide.e_phoff : header.narrow.e_phoff;
    out->count = out->elf_class == ELFCLASS64 ? header.wide.e_phnum : header.narrow.e_phnum;
    if (out->count > MF_BUILD_ID_HEADERS)
        out->count = MF_BUILD_ID_HEADERS;
    return out->offset <= INT64_MAX; /* so no sum wraps */
}

int mf_build_id_of_file(int fd, uint8_t *build_id)
{
    uint32_t reads_left = MF_BUILD_ID_READS;
    struct piece of_headers, of_notes;
    struct headers headers = {0};
    int rc;

    of_headers.fd = of_notes.fd = fd;
    of_headers.reads_left = of_notes.reads_left = &reads_left;
    of_headers.offset = of_notes.offset = 0;
    of_headers.bytes = of_notes.bytes = 0;
    rc = read_headers(&of_headers, &headers);
    for (uint32_t i = 0; rc > 0 && i < headers.count; i++) {
        struct segment segment;
        int length;

        rc = read_segment(&of_headers, &headers, i, &segment);
        if (rc > 0 && segment.type == PT_NOTE && (length = build_id_in(&of_notes, &segment, build_id)) != 0)
            return length;
    }
    return rc < 0 ? rc : 0;
}
