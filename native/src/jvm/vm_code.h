/* SPDX-License-Identifier: Apache-2.0 */
/* HotSpot's code cache, by its exported structures (vm_structs.h). */
#ifndef MF_VM_CODE_H
#define MF_VM_CODE_H

#include <stdbool.h>
#include <stdint.h>

struct mf_vm_method {
    int32_t tier;       /* CompLevel */
    int32_t compile_id;
    int32_t entry_bci;  /* -1: entered at its beginning */
    uint64_t method;    /* the JVM's Method, which lives as long as the code; 0: not told */
};

/** The range reserved for code. @return 0; -ENOENT: not told. Once the JVM has begun to run. */
int mf_vm_code_cache(uint64_t *low, uint64_t *high);

/**
 * What the JVM's own record of a compiled method says. The caller knows that the method is there, as within a JVMTI event of
 * its: the code cache never gives memory back, but what is in it changes.
 *
 * @return false: not told, or not understood; nothing is written.
 */
bool mf_vm_method_at(uint64_t code, struct mf_vm_method *out);

/** Name and signature of a Method that is there. @return false: not told, or longer than @p room bytes with their end mark. */
bool mf_vm_method_text(uint64_t method, char *name, char *signature, uint32_t room);

#endif
