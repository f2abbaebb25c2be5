/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VM_TABLES_H
#define MF_VM_TABLES_H

#include "jvm/elf_image.h"

/*
 * HotSpot's exported VM structures (vmStructs.hpp) of a target: names, types and offsets of its fields, sizes of types, and
 * constants. Every JVM since JDK 7 exports these four tables for its serviceability agent. They differ from version to version,
 * so everything is found by name, and each entry is optional.
 *
 * The tables are read once into memory of the caller, with a hash table. Read-only after that, for any number of threads.
 */
enum mf_vm_kind {
    MF_VM_OFFSET = 1, /* a field of an object: its offset in bytes */
    MF_VM_STATIC,     /* a static field: its address in the target */
    MF_VM_SIZE,       /* a type: its size in bytes */
    MF_VM_CONSTANT,   /* an int or a long constant: its value */
};

struct mf_vm_entry {
    uint64_t value;
    uint32_t text; /* offset in mf_vm_tables.text: type or constant, field, type of the field; each with a NUL */
    uint32_t kind; /* enum mf_vm_kind */
};

/* JDK 17 has 2,040 entries with 54,000 bytes of text, later ones fewer. */
#define MF_VM_MAX_ENTRIES 6144u
#define MF_VM_MAX_TEXT    (160u << 10)
#define MF_VM_SLOTS       16384u

struct mf_vm_tables {
    struct mf_elf_image image;
    uint32_t entry_count;
    uint32_t text_length;
    uint16_t slots[MF_VM_SLOTS]; /* hash table: 1 + the number of an entry; 0: empty */
    struct mf_vm_entry entries[MF_VM_MAX_ENTRIES];
    char text[MF_VM_MAX_TEXT];
};

/*
 * Finds the next library or program of a target, in order of address, that exports such tables. The name of the file does not
 * matter. A file that is mapped without a loader is not found. At most 4,096 images and 65,536 pages are read; after that the
 * search ends.
 *
 * @param after  an address: 0, or the start of the last image that was found.
 *
 * Returns 0; -ENOENT: there is none; -ESRCH: the target has exited; or another errno of pread(2).
 */
int mf_vm_image_next(struct mf_pages *pages, const struct mf_snapshot *snapshot, uint64_t after, struct mf_elf_image *out);

/*
 * Reads the tables of such an image. All names in them are printable ASCII.
 *
 * Returns 0; -ENOEXEC: these are not HotSpot's tables, or they exceed the limits above; -EFAULT, -ESRCH as mf_pages_read().
 */
int mf_vm_tables_read(struct mf_pages *pages, const struct mf_elf_image *image, struct mf_vm_tables *out);

/*
 * Returns the entry with a name, or NULL.
 *
 * @param type   a type, or a constant.
 * @param field  a field of the type; NULL: the size of the type, or the constant.
 * @param kind   MF_VM_SIZE or MF_VM_CONSTANT if @p field is NULL; ignored for a field.
 */
const struct mf_vm_entry *mf_vm_tables_find(const struct mf_vm_tables *tables, const char *type, const char *field,
                                            enum mf_vm_kind kind);

/* Returns the type of a field as HotSpot writes it, such as "int" or "CodeHeap*". */
const char *mf_vm_entry_type(const struct mf_vm_tables *tables, const struct mf_vm_entry *field);

#endif
