/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VM_TABLES_H
#define MF_VM_TABLES_H

#include "jvm/elf_image.h"

/*
 * HotSpot's exported VM structures (vmStructs.hpp) of a target: names, types and offsets of its own fields, sizes of types,
 * and constants, as the four tables that every JVM since JDK 7 exports for its serviceability agent. They differ from version
 * to version, so everything is found by name, and nothing has to be there.
 *
 * The tables are read once, into the caller's memory, and found by a hash there. Read-only afterwards, for any number of threads.
 */
enum mf_vm_kind {
    MF_VM_OFFSET = 1, /* a field of an object: bytes from its beginning */
    MF_VM_STATIC,     /* a static field: its address in the target */
    MF_VM_SIZE,       /* a type: its size in bytes */
    MF_VM_CONSTANT,   /* an int or a long constant: its value */
};

struct mf_vm_entry {
    uint64_t value;
    uint32_t text; /* in mf_vm_tables.text: the type or the constant, the field, the field's type; each with a NUL */
    uint32_t kind; /* enum mf_vm_kind */
};

/* JDK 17 has 2,040 entries with 54,000 bytes of text, later ones fewer. */
#define MF_VM_MAX_ENTRIES 6144u
#define MF_VM_MAX_TEXT (160u << 10)
#define MF_VM_SLOTS 16384u

struct mf_vm_tables {
    struct mf_elf_image image;
    uint32_t entry_count;
    uint32_t text_length;
    uint16_t slots[MF_VM_SLOTS]; /* of a hash: 1 + the number of an entry; 0: none */
    struct mf_vm_entry entries[MF_VM_MAX_ENTRIES];
    char text[MF_VM_MAX_TEXT];
};

/*
 * Finds the next library or program of a target, in order of address, that has such tables: by what its image in memory
 * exports, whatever its file is called. One that is only mapped as a file, without a loader, has none. At most 4,096 images and 65,536
 * pages are read; what is not found within them is not there.
 *
 * @param after  an address: 0, or the start of the last one that was found.
 *
 * Returns 0; -ENOENT: there is none; -ESRCH: the target has exited.
 */
int mf_vm_image_next(struct mf_pages *pages, const struct mf_snapshot *snapshot, uint64_t after, struct mf_elf_image *out);

/*
 * Reads the tables of such an image. All names in them are printable ASCII.
 *
 * Returns 0; -ENOEXEC: these are no tables of HotSpot's, or more than any has; -EFAULT, -ESRCH.
 */
int mf_vm_tables_read(struct mf_pages *pages, const struct mf_elf_image *image, struct mf_vm_tables *out);

/*
 * The entry of a name; NULL: there is none.
 *
 * @param type   a type, or a constant.
 * @param field  a field of the type; NULL: the type's size, or the constant.
 * @param kind   MF_VM_SIZE or MF_VM_CONSTANT where @p field is NULL; of a field either kind is found.
 */
const struct mf_vm_entry *mf_vm_tables_find(const struct mf_vm_tables *tables, const char *type, const char *field,
                                            enum mf_vm_kind kind);

/* A field's type as HotSpot writes it, such as "int" or "CodeHeap*". */
const char *mf_vm_entry_type(const struct mf_vm_tables *tables, const struct mf_vm_entry *field);

#endif
