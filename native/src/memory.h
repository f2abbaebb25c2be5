/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_MEMORY_H
#define MF_MEMORY_H

#include "process.h"

/* What comparing found. */
enum mf_same { MF_SAME, MF_DIFFERENT, MF_NOT_COMPARED };

/*
 * Compares a mapping with a file: each page that still shows what the mapped file holds (/proc/<pid>/pagemap tells), at its
 * place in the file. Not compared: where all of it is zero, the process' memory may not be read, or it has changed every page, or
 * a page of the file that it shares changes all the time.
 */
enum mf_same mf_memory_compare(const struct mf_process *process, const struct mf_mapping *mapping, int fd);

#endif
