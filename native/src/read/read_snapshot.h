/* SPDX-License-Identifier: Apache-2.0 */
/* The two backends: each reads a snapshot of a live process once. */
#ifndef MF_READ_SNAPSHOT_H
#define MF_READ_SNAPSHOT_H

#include "process/process.h"
#include "snapshot/snapshot.h"

/*
 * Result of the functions below: during the read the memory was replaced by execve(2), or the process exited. Open maps again.
 */
#define MF_MEMORY_ENDED (-ESRCH)

/*
 * Reads a snapshot through @p maps_fd, as mf_snapshot_read() does. A snapshot whose lines contradict each other is returned
 * with inconsistent set.
 */
int mf_read_text(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                 struct mf_snapshot *out);
int mf_read_query(struct mf_process *process, int maps_fd, uint32_t options, const struct mf_snapshot *previous,
                  struct mf_snapshot *out);

#endif
