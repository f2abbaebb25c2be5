/* SPDX-License-Identifier: Apache-2.0 */
/* Code of the JVM that this library is loaded into, read from its structures in memory (vm_structs.h). */
#ifndef MF_VM_CODE_H
#define MF_VM_CODE_H

#include "jvm/code_store.h"

#include <stdbool.h>
#include <stdint.h>

struct mf_vm_method {
    int32_t tier; /* CompLevel */
    int32_t compile_id;
    int32_t entry_bci;  /* -1: not compiled for on-stack replacement */
    uint32_t head;      /* bytes from the nmethod to the code */
    int32_t blob_bytes; /* CodeBlob::_size */
    uint64_t method;    /* the Method, which exists as long as the code; 0: unknown */
};

/*
 * Returns the range that is reserved for code, once the JVM runs. Must have returned before the other functions are called.
 *
 * Returns 0; -ENOENT: unknown.
 */
int mf_vm_code_cache(uint64_t *low, uint64_t *high);

/*
 * Returns the range of the interpreter's codelets, which is the same as long as the JVM runs.
 *
 * Returns 0; -ENOENT: unknown.
 */
int mf_vm_interpreter(uint64_t *low, uint64_t *high);

/* Returns where a method can be compared with its record; zeros: unknown. */
void mf_vm_code_header(struct mf_code_header *out);

/*
 * Reads the JVM's description of a compiled method.
 *
 * @param code  first instruction of a method that exists, such as during the JVMTI event of this method. The code cache never
 *              returns memory to the kernel, but its contents change.
 *
 * Returns false if the JVM does not export what is needed, or @p code is not such an address. Then nothing is written.
 */
bool mf_vm_method_at(uint64_t code, struct mf_vm_method *out);

/* Reads name and signature of a Method that exists. Returns false if they are unknown, or have @p capacity bytes or more. */
bool mf_vm_method_text(uint64_t method, char *name, char *signature, uint32_t capacity);

#endif
