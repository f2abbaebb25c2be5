/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the maps text of a process in chunks of bounded size, through a descriptor of its own. */
#ifndef MF_CHUNKS_H
#define MF_CHUNKS_H

#include "process/process.h"
#include "snapshot/snapshot.h"

#include <stddef.h>

/* Opens the text. Returns a descriptor for this reader alone, or an error of mf_process_open_pid(). */
int mf_chunks_open(const struct mf_process *process);

/*
 * Reads text until @p capacity bytes are read or the text ends.
 *
 * Each read(2) returns whole lines of about one page. They are consistent with each other; the next page may show a later
 * state.
 *
 * @param offset  in bytes: the end of the read before. For another offset the kernel formats the text again from its start and
 *                counts bytes (seq_read_iter(), fs/seq_file.c).
 * @return the number of bytes read; 0 at the end; or a negative errno.
 */
long mf_chunks_read(int maps_fd, char *to, size_t capacity, uint64_t offset);

/*
 * Like mf_snapshot_parse(), for text that was just read of a process: kinds are derived from devices too, and names that
 * contain \012 are read from the kernel.
 */
int mf_chunks_parse(struct mf_process *process, const char *text, size_t length, uint32_t options, struct mf_snapshot *out);

/* Returns 1 if the text was read to its end; 0 if execve(2) or the end of the process cut it; or a negative errno. */
int mf_chunks_is_whole(const struct mf_process *process, int maps_fd);

#endif
