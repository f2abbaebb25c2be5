/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VSYSCALL_H
#define MF_VSYSCALL_H

#include "process/process.h"

#include <stdbool.h>

/* The page [vsyscall] of x86-64: the text shows it, PROCMAP_QUERY does not know it (get_gate_vma()). */
#define MF_VSYSCALL_NAME "[vsyscall]"

/* Remembers what a whole text said: flags of the record, or 0: it has none. */
void mf_vsyscall_remember(struct mf_process *process, uint32_t flags);

/*
 * The record of [vsyscall] without its name, if the process has it and it passes the filter of @p options.
 * Reads the whole text where none has been read yet. 1, 0, or a negative errno.
 */
int mf_vsyscall_find(struct mf_process *process, uint32_t options, struct mf_mapping *out);

/* Whether a query for an address that the kernel answered with "none" could mean this page. */
bool mf_vsyscall_is_near(uint64_t address, bool or_next);

#endif
