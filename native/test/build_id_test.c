/* SPDX-License-Identifier: Apache-2.0 */
/* The build ID of an ELF file: which note is used, and how much of a hostile file is read. */
#include "places.h"

#include "files/build_id.h"

#include <elf.h>
#include <sys/mman.h>

/* The notes of the images of this test; the program headers are before them. */
#define NOTES_AT    0x400000u
#define IMAGE_BYTES (NOTES_AT + 0x20000u)

static uint8_t *image; /* the content of the file */

static void begin_image(int elf_class, uint32_t headers)
{
    memset(image, 0, IMAGE_BYTES);
    memcpy(image, ELFMAG, SELFMAG);
    image[EI_CLASS] = (uint8_t)elf_class;
    image[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    image[EI_VERSION] = EV_CURRENT;
    if (elf_class == ELFCLASS64) {
        Elf64_Ehdr *const header = (void *)image;

        header->e_type = ET_DYN;
        header->e_phoff = sizeof *header;
        header->e_phnum = (uint16_t)headers;
        header->e_phentsize = sizeof(Elf64_Phdr);
    } else {
        Elf32_Ehdr *const header = (void *)image;

        header->e_type = ET_DYN;
        header->e_phoff = sizeof *header;
        header->e_phnum = (uint16_t)headers;
        header->e_phentsize = sizeof(Elf32_Phdr);
    }
}

/* Makes one program header a segment of notes; the others are PT_NULL. */
static void set_notes(uint32_t index, uint64_t offset, uint64_t bytes)
{
    if (image[EI_CLASS] == ELFCLASS64) {
        Elf64_Phdr *const header = (Elf64_Phdr *)(image + sizeof(Elf64_Ehdr)) + index;

        *header = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = offset, .p_filesz = bytes};
    } else {
        Elf32_Phdr *const header = (Elf32_Phdr *)(image + sizeof(Elf32_Ehdr)) + index;

        *header = (Elf32_Phdr){.p_type = PT_NOTE, .p_offset = (uint32_t)offset, .p_filesz = (uint32_t)bytes};
    }
}

/* Writes a note. Returns the offset of the next one. */
static uint32_t put_note(uint32_t at, uint32_t type, const char *name, const void *description, uint32_t bytes)
{
    const Elf64_Nhdr note = {(uint32_t)strlen(name) + 1, bytes, type};

    memcpy(image + at, &note, sizeof note);
    at += sizeof note;
    memcpy(image + at, name, note.n_namesz);
    at += (note.n_namesz + 3) & ~3u;
    memcpy(image + at, description, bytes);
    return at + ((bytes + 3) & ~3u);
}

static uint32_t put_build_id(uint32_t at, char letter, uint32_t bytes)
{
    char id[MF_BUILD_ID_MAX + 1];

    memset(id, letter, sizeof id);
    return put_note(at, NT_GNU_BUILD_ID, ELF_NOTE_GNU, id, bytes);
}

static void write_image(const char *path, size_t bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    if (fd < 0 || write(fd, image, bytes) != (ssize_t)bytes)
        abort();
    close(fd);
}

/* The reads of two calls of it. */
static long reads_since(long before)
{
    const long now = reads_so_far();
    const long again = reads_so_far();

    return before < 0 ? -1 : now - before - (again - now);
}

static int build_id_of(size_t bytes, uint8_t *id)
{
    long before;
    int fd;
    int rc;

    write_image("image", bytes);
    fd = open("image", O_RDONLY);
    before = reads_so_far();
    rc = mf_build_id_of_file(fd, id);
    CHECK(reads_since(before) <= MF_BUILD_ID_READS, "%ld reads of one file", reads_since(before));
    close(fd);
    return rc;
}

static void expect(size_t bytes, int length, char letter, const char *what)
{
    uint8_t id[MF_BUILD_ID_MAX] = {0};

    CHECK_IS(build_id_of(bytes, id), length, what);
    for (int i = 0; i < length; i++)
        CHECK_IS(id[i], letter, what);
}

static void the_first_of_the_notes_is_taken(int elf_class)
{
    uint32_t end;

    begin_image(elf_class, 3);
    set_notes(1, NOTES_AT, 0x100);
    set_notes(2, NOTES_AT + 0x100, 0x100);
    end = put_note(NOTES_AT, 1, "stapsdt", "12345", 5);
    end = put_note(end, NT_GNU_BUILD_ID, "Go", "other", 5);
    put_build_id(end, 'a', 20);
    put_build_id(NOTES_AT + 0x100, 'b', 8);
    expect(IMAGE_BYTES, 20, 'a', "first segment, third note");
    set_notes(1, NOTES_AT + 0x100, 0x100);
    expect(IMAGE_BYTES, 8, 'b', "a shorter one");
    set_notes(1, NOTES_AT + 0x800, 0x100);
    expect(IMAGE_BYTES, 8, 'b', "a segment of zeros before");
}

static void an_id_of_a_wrong_length_is_not_read(void)
{
    begin_image(ELFCLASS64, 1);
    set_notes(0, NOTES_AT, 0x100);
    put_build_id(NOTES_AT, 'a', MF_BUILD_ID_MAX + 1);
    expect(IMAGE_BYTES, 0, 0, "21 bytes");
    put_build_id(NOTES_AT, 'a', 0);
    expect(IMAGE_BYTES, 0, 0, "0 bytes");
}

static void a_file_that_ends_early_has_no_id(void)
{
    begin_image(ELFCLASS64, 2);
    set_notes(1, NOTES_AT, 0x100);
    put_build_id(NOTES_AT, 'a', 20);
    for (size_t cut = 0; cut < 36; cut += 4)
        expect(NOTES_AT + cut, 0, 0, "ends in its note");
    expect(NOTES_AT + 36, 20, 'a', "ends behind its note");
    expect(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 8, 0, 0, "ends in its program headers");
    expect(8, 0, 0, "ends in its header");
    expect(0, 0, 0, "empty");
}

static void numbers_that_overflow_are_rejected(void)
{
    static const uint64_t offsets[] = {UINT64_MAX, UINT64_MAX - 8, INT64_MAX, INT64_MAX - 8, 1ull << 62};

    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        begin_image(ELFCLASS64, 1);
        set_notes(0, offsets[i], UINT64_MAX);
        expect(IMAGE_BYTES, -E2BIG, 0, "offset of notes");
        ((Elf64_Ehdr *)image)->e_phoff = offsets[i];
        expect(IMAGE_BYTES, 0, 0, "offset of program headers");
    }
}

/* The kernel computes with 32 bits, so its result is unknown. */
static void a_segment_beyond_4_gib_is_not_read(void)
{
    static const uint64_t sizes[] = {UINT32_MAX - NOTES_AT + 1, UINT32_MAX, UINT64_MAX - NOTES_AT, UINT64_MAX};

    begin_image(ELFCLASS64, 1);
    put_build_id(NOTES_AT, 'a', 20);
    set_notes(0, NOTES_AT, UINT32_MAX - NOTES_AT);
    expect(IMAGE_BYTES, 20, 'a', "the largest segment");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        set_notes(0, NOTES_AT, sizes[i]);
        expect(IMAGE_BYTES, -E2BIG, 0, "a larger one");
    }
}

/* The note is counted with its padding, and the kernel continues with the next segment. */
static void a_note_that_passes_the_end_of_the_segment_is_not_read(void)
{
    begin_image(ELFCLASS64, 2);
    put_build_id(NOTES_AT, 'a', 19);
    put_build_id(NOTES_AT + 0x100, 'b', 20);
    set_notes(1, NOTES_AT + 0x100, 0x100);
    set_notes(0, NOTES_AT, 36);
    expect(IMAGE_BYTES, 19, 'a', "with its padding");
    set_notes(0, NOTES_AT, 35);
    expect(IMAGE_BYTES, 20, 'b', "without it");
}

/* The kernel does not compare it either. */
static void the_byte_order_does_not_matter(void)
{
    begin_image(ELFCLASS64, 1);
    put_build_id(NOTES_AT, 'a', 20);
    set_notes(0, NOTES_AT, 0x100);
    image[EI_DATA] = ELFDATANONE;
    expect(IMAGE_BYTES, 20, 'a', "no byte order");
}

/* The limit of the kernel since 6.12 (MAX_PHDR_CNT in lib/buildid.c); earlier kernels read only the first page. */
static void headers_beyond_the_256th_are_not_read(void)
{
    begin_image(ELFCLASS64, 300);
    put_build_id(NOTES_AT, 'a', 20);
    set_notes(255, NOTES_AT, 0x100);
    expect(IMAGE_BYTES, 20, 'a', "the 256th header");
    begin_image(ELFCLASS64, 300);
    put_build_id(NOTES_AT, 'a', 20);
    set_notes(256, NOTES_AT, 0x100);
    expect(IMAGE_BYTES, 0, 0, "the 257th header");
}

/* A segment of notes of any size is read, within the limit of reads, as the kernel does. */
static void a_note_after_large_ones_is_found(void)
{
    static const char large[0x11000];
    uint32_t at;

    begin_image(ELFCLASS64, 1);
    set_notes(0, NOTES_AT, 0x20000);
    at = put_note(NOTES_AT, 1, "large", large, sizeof large);
    put_build_id(at, 'a', 20);
    expect(IMAGE_BYTES, 20, 'a', "behind a note of 68 KiB");
    for (at = NOTES_AT; at < NOTES_AT + 0x18000;)
        at = put_note(at, 1, "", "", 0);
    put_build_id(at, 'b', 20);
    expect(IMAGE_BYTES, 20, 'b', "behind 96 KiB of small notes");
    while (at < NOTES_AT + 0x20000 - 0x40)
        at = put_note(at, 1, "", "", 0);
    put_build_id(at, 'c', 20);
    expect(IMAGE_BYTES, -E2BIG, 0, "behind 128 KiB of small notes");
}

/* The maximum of program headers, all of the same 64 KiB of the smallest notes. */
static void make_bomb(void)
{
    begin_image(ELFCLASS64, 0xffff);
    for (uint32_t i = 0; i < 0xffff; i++)
        set_notes(i, NOTES_AT, 0x10000);
    for (uint32_t at = NOTES_AT; at < NOTES_AT + 0x10000;)
        at = put_note(at, 1, "", "", 0);
}

static void a_bomb_ends_with_an_error(void)
{
    make_bomb();
    expect(IMAGE_BYTES, -E2BIG, 0, "65,535 times the same notes");
    begin_image(ELFCLASS64, 256);
    for (uint32_t i = 0; i < 256; i++) /* each in its own part of the file */
        set_notes(i, 0x10000 + i * 0x2000, 32);
    expect(IMAGE_BYTES, -E2BIG, 0, "notes all over the file");
}

/* Through calls that need a build ID: the path of a mapping on overlayfs leads to a hostile file. */
static void a_bomb_in_place_of_a_mapped_file(void)
{
    static struct mf_query_result answer;
    struct mf_process process;
    long before;
    void *at;
    int out;
    int fd;
    int rc;

    if (places_prepare() != 0 || place_overlay() != 0) {
        printf("skipped: a bomb in place of a mapped file: no overlayfs can be mounted: %s\n", strerror(errno));
        return;
    }
    begin_image(ELFCLASS64, 1);
    set_notes(0, 0x200, 0x100);
    put_build_id(0x200, 'a', 20);
    write_image("lower/image", 8192);
    fd = open("merged/image", O_RDONLY);
    at = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    make_bomb();
    write_image("merged/image", IMAGE_BYTES); /* copied up: the mapping keeps the file of the lower layer */
    if (at == MAP_FAILED || mf_process_open_self(&process) != 0)
        abort();
    if (mf_query(&process, (uintptr_t)at, MF_COVERING | MF_WITH_BUILD_ID, &answer) != 0 || answer.build_id_length != 20) {
        puts("skipped: a bomb in place of a mapped file: this kernel reports no build ID");
    } else {
        before = reads_so_far();
        rc = mf_file_quick_verify(&process, &answer.mapping, answer.name);
        CHECK_IS(rc, MF_NOT_VERIFIED, "neither proved nor disproved");
        CHECK(reads_since(before) < 2 * MF_BUILD_ID_READS, "%ld reads", reads_since(before));
        before = reads_so_far();
        rc = mf_file_open(&process, &answer.mapping, answer.name, MF_OPEN_BY_PATH, &out);
        CHECK(rc == -EIDRM || rc == -ENODATA, "not opened: %d", rc);
        CHECK(reads_since(before) < 2 * MF_BUILD_ID_READS, "%ld reads", reads_since(before));
    }
    mf_process_close(&process);
    munmap(at, 8192);
}

/* On overlayfs the build ID decides: a mapped file must not be mistaken for another copy of it. */
static void a_file_with_a_large_note_is_verified(void)
{
    static const char large[0x11000];
    static struct mf_query_result answer;
    struct mf_process process;
    void *at;
    int out;
    int fd;

    if (places_prepare() != 0 || place_overlay() != 0) {
        printf("skipped: a file with a large note: no overlayfs can be mounted: %s\n", strerror(errno));
        return;
    }
    begin_image(ELFCLASS64, 1);
    set_notes(0, 0x1000, 0x20000);
    put_build_id(put_note(0x1000, 1, "large", large, sizeof large), 'a', 20);
    write_image("lower/large", 0x21000);
    fd = open("merged/large", O_RDONLY);
    at = mmap(NULL, 0x21000, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (at == MAP_FAILED || mf_process_open_self(&process) != 0)
        abort();
    if (mf_query(&process, (uintptr_t)at, MF_COVERING | MF_WITH_BUILD_ID, &answer) != 0 || answer.build_id_length != 20) {
        puts("skipped: a file with a large note: this kernel reports no build ID of it");
    } else {
        CHECK_IS(mf_file_quick_verify(&process, &answer.mapping, answer.name), MF_SAME_BUILD_ID, "verified quickly");
        CHECK_IS(mf_file_state(&process, &answer.mapping, answer.name), MF_FILE_PRESENT, "its state");
        CHECK_IS(mf_file_open(&process, &answer.mapping, answer.name, MF_OPEN_BY_PATH, &out), MF_SAME_BYTES, "by path");
        close(out);
        CHECK_IS(mf_file_open(&process, &answer.mapping, answer.name, 0, &out), MF_SAME_BYTES, "opened");
        close(out);
    }
    mf_process_close(&process);
    munmap(at, 0x21000);
}

int main(void)
{
    const char *const directory = new_directory("build-id");

    image = calloc(1, IMAGE_BYTES);
    if (image == NULL || chdir(directory) != 0)
        abort();
    if (reads_so_far() < 0)
        puts("skipped: counting reads: /proc/thread-self/io is not there");
    the_first_of_the_notes_is_taken(ELFCLASS64);
    the_first_of_the_notes_is_taken(ELFCLASS32);
    an_id_of_a_wrong_length_is_not_read();
    a_file_that_ends_early_has_no_id();
    numbers_that_overflow_are_rejected();
    a_segment_beyond_4_gib_is_not_read();
    a_note_that_passes_the_end_of_the_segment_is_not_read();
    the_byte_order_does_not_matter();
    headers_beyond_the_256th_are_not_read();
    a_note_after_large_ones_is_found();
    a_bomb_ends_with_an_error();
    a_file_with_a_large_note_is_verified();
    a_bomb_in_place_of_a_mapped_file();
    umount2("merged", MNT_DETACH);
    if (chdir("/") != 0 || remove_directory(directory) != 0)
        return 1;
    free(image);
    return check_result();
}
