/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_COMPARE_H
#define MF_COMPARE_H

#include "process/process.h"

#include <stdbool.h>

/* Result of a comparison. */
enum mf_same { MF_SAME, MF_DIFFERENT, MF_NOT_COMPARED };

/*
 * Compares a mapping with a file: each page that the process has not modified (bits of /proc/<pid>/pagemap), at its offset in
 * the file. Checks meanwhile that the process still has the mapping.
 *
 * @param all  false: at most 16 pages, which are in memory. If they are equal, this verifies nothing.
 *
 * Returns a value of enum mf_same; -ESTALE; or another negative errno. MF_NOT_COMPARED: all bytes are zero, access to the
 * memory is denied, the process has modified each page, a shared page changed during each attempt, or the mapping has more than
 * 16 GiB.
 */
int mf_compare_mapping(struct mf_process *process, const struct mf_mapping *mapping, int fd, bool all);

#endif
