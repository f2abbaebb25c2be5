/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HotSpot's exported VM structures (vmStructs.hpp) of the JVM that this library is loaded into: names, types and offsets of its
 * own fields, and sizes of types. For the agent, which needs them within JVMTI events; vm_tables.h reads those of any process.
 *
 * The tables are constant data: no lock, no allocation, no system call.
 */
#ifndef MF_VM_STRUCTS_H
#define MF_VM_STRUCTS_H

#include <stdbool.h>
#include <stdint.h>

struct mf_vm_field {
    const char *type_string; /* the field's type as the table writes it, such as "int" or "CodeHeap*" */
    uint64_t where;          /* offset in the type, in bytes; of a static field its address */
    bool is_static;
};

/**
 * Finds the tables.
 *
 * @param code an address in libjvm, such as that of a function of its invocation interface.
 * @return 0; -ENOENT: the object that this address is in exports no such tables. Once is enough; later calls change nothing.
 */
int mf_vm_structs_open(const void *code);

/** @return 0; -ENOENT: no such field, or no tables. */
int mf_vm_field(const char *type, const char *field, struct mf_vm_field *out);

/** @return 0; -ENOENT: no such type, or no tables. */
int mf_vm_type_size(const char *type, uint64_t *out);

#endif
