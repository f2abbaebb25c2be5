/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HotSpot's exported VM structures (vmStructs.hpp) of the JVM that this library is loaded into: names, types and offsets of its
 * fields, and sizes of types. The agent needs them during JVMTI events. vm_tables.h reads those of any process.
 *
 * The tables are constant data. No lock, no allocation, no system call.
 */
#ifndef MF_VM_STRUCTS_H
#define MF_VM_STRUCTS_H

#include <stdbool.h>
#include <stdint.h>

struct mf_vm_field {
    const char *type_string; /* type of the field as the table has it, such as "int" or "CodeHeap*"; "": unknown */
    uint64_t where;          /* offset in the type, in bytes; of a static field its address */
    bool is_static;
};

/*
 * Finds the tables. Later calls change nothing.
 *
 * @param code  an address in libjvm, such as that of a function of its invocation interface.
 *
 * Returns 0; -ENOENT: the loaded object at this address exports no such tables.
 */
int mf_vm_structs_open(const void *code);

/* Finds a field. Returns 0; -ENOENT: there is no such field, or there are no tables. */
int mf_vm_field(const char *type, const char *field, struct mf_vm_field *out);

/* Finds the size of a type, in bytes. Returns 0; -ENOENT: there is no such type, or there are no tables. */
int mf_vm_type_size(const char *type, uint64_t *out);

#endif
