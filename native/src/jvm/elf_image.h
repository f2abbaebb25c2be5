/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_IMAGE_H
#define MF_ELF_IMAGE_H

#include "memory/target_pages.h"

/*
 * An ELF program or library that a dynamic loader has mapped into a target (System V gABI, chapter 5), and its exported
 * symbols. They are read from memory of the target, so the file may be deleted, or be in another mount namespace.
 *
 * The contents of that memory are not trusted: each address is checked to be in the image, each count is limited.
 */
struct mf_elf_image {
    uint64_t start, end; /* from the first segment to the end of the last one, in the target */
    uint64_t bias;       /* difference between addresses in memory and in the file */
    uint64_t symbols;    /* DT_SYMTAB */
    uint64_t names;      /* DT_STRTAB */
    uint64_t names_size;
    uint64_t hash; /* DT_GNU_HASH */
};

/*
 * Reads the image whose ELF header is at an address.
 *
 * Returns 0; -ENOEXEC: no image of this machine with exported symbols and DT_GNU_HASH, or not mapped by a loader; -EFAULT,
 * -ESRCH as mf_pages_read().
 */
int mf_elf_image_read(struct mf_pages *pages, uint64_t start, struct mf_elf_image *out);

/*
 * Finds the address of an exported symbol in the target.
 *
 * Returns 0; -ENOENT: there is none; -ENOEXEC: the tables contradict each other; -EFAULT, -ESRCH as mf_pages_read().
 */
int mf_elf_image_symbol(struct mf_pages *pages, const struct mf_elf_image *image, const char *name, uint64_t *out);

/*
 * Returns the hash of a symbol's name in DT_GNU_HASH. That table is: the numbers of buckets, of the first hashed symbol and of
 * words of the Bloom filter, and a shift; then the filter, the buckets, and the hashes of the symbols. Bit 0 of the last hash
 * of each bucket is 1, and bit 0 is not compared.
 */
static inline uint32_t mf_gnu_hash(const char *name)
{
    uint32_t hash = 5381;

    while (*name != '\0')
        hash = hash * 33 + (unsigned char)*name++;
    return hash;
}

#endif
