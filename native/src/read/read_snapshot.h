/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways to read a snapshot of a live process, each tried once. */
#ifndef MF_READ_H
#define MF_READ_H

#include "process/process.h"
#include "snapshot/snapshot.h"

/* Returned by the functions below: the memory was replaced or ended while it was read. Reopen, and read again. */
#define MF_MEMORY_GONE (-ESRCH)

/*
 * Reads a snapshot through @p maps_fd, as mf_snapshot_read() does. A snapshot whose lines contradict each other is returned with
 * inconsistent set.
 */
int mf_read_text(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                 struct mf_snapshot *out);
int mf_read_query(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                  struct mf_snapshot *out);

#endif
