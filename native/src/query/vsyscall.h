/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VSYSCALL_H
#define MF_VSYSCALL_H

#include "process/process.h"

#include <stdbool.h>

/* The page [vsyscall] of x86-64. maps shows it (get_gate_vma()); PROCMAP_QUERY does not report it. */
#define MF_VSYSCALL_NAME "[vsyscall]"

/* Records the flags of [vsyscall] that a complete text showed; 0: the process has no such mapping. */
void mf_vsyscall_record(struct mf_process *process, uint32_t flags);

/*
 * Finds [vsyscall] without a query. Reads the whole text unless a text was read before.
 *
 * @param[out] out  the mapping, without its name.
 * @return 1: the process has the mapping, and it passes the filter of @p options; 0: not; or a negative errno.
 */
int mf_vsyscall_find(struct mf_process *process, uint32_t options, struct mf_mapping *out);

/* Whether [vsyscall] may be the result of a query for an address that returned -ENOENT. */
bool mf_vsyscall_is_near(uint64_t address, bool or_next);

#endif
