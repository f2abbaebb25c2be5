/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_IMAGE_H
#define MF_ELF_IMAGE_H

#include "memory/target_pages.h"

/*
 * An ELF program or library that a dynamic loader has mapped into a target (System V gABI, chapter 5), and its exported
 * symbols, read from the target's memory alone: also where the file is deleted, or in another mount namespace.
 *
 * Nothing of what the target holds is trusted: each address is checked to be in the image, each count is bounded.
 */
struct mf_elf_image {
    uint64_t start, end; /* from its first segment to the end of its last, in the target */
    uint64_t bias;       /* what is added to the addresses in its file */
    uint64_t symbols;    /* DT_SYMTAB */
    uint64_t names;      /* DT_STRTAB */
    uint64_t names_size;
    uint64_t hash;       /* DT_GNU_HASH */
};

/*
 * Reads the image whose ELF header is at an address. Returns 0; -ENOEXEC: none of this machine with exported symbols and
 * DT_GNU_HASH, or not one that a loader has mapped; -EFAULT, -ESRCH as mf_pages_read().
 */
int mf_elf_image_read(struct mf_pages *pages, uint64_t start, struct mf_elf_image *out);

/*
 * Where the exported symbol of a name is in the target. Returns 0; -ENOENT: there is none; -ENOEXEC: the tables contradict
 * each other; -EFAULT, -ESRCH.
 */
int mf_elf_image_symbol(struct mf_pages *pages, const struct mf_elf_image *image, const char *name, uint64_t *out);

#endif
