/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_MEMORY_H
#define MF_MEMORY_H

#include "process/process.h"

#include <stdbool.h>

/* What comparing found. */
enum mf_same { MF_SAME, MF_DIFFERENT, MF_NOT_COMPARED };

/*
 * Compares a mapping with a file: each page that the process has not changed (bits of /proc/<pid>/pagemap), at its offset in the
 * file. Checks in between that the process still has the mapping.
 *
 * @param all  false: at most 16 pages, which are in memory. That they are the same proves nothing.
 * @return enum mf_same; MF_NOT_COMPARED: all of it is zero, the memory of the process may not be read, the process has changed
 *         every page, or a shared page changes all the time. -ESTALE, or another negative errno.
 */
int mf_compare_mapping(struct mf_process *process, const struct mf_mapping *mapping, int fd, bool all);

#endif
