/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a process' mappings in parts of bounded size, through a descriptor of its own. */
#ifndef MF_PARTS_H
#define MF_PARTS_H

#include "process/process.h"
#include "snapshot/snapshot.h"

#include <stddef.h>

/* Opens the text: a descriptor that only this reader uses, or a negative errno as mf_process_open_pid(). */
int mf_chunks_open(const struct mf_process *process);

/*
 * Reads text from @p offset on until @p room is full or the text ends. The offset must be where the last read ended: for any
 * other one the kernel counts bytes from the beginning (seq_read_iter() in fs/seq_file.c). Each read(2) returns whole lines of
 * about one page, which are consistent with each other; the next page may show a later state.
 *
 * @return bytes read, 0 at the end; or a negative errno.
 */
long mf_chunks_read(int maps_fd, char *to, size_t room, uint64_t offset);

/*
 * mf_snapshot_parse() of text that was just read of a process: asks the kernel for what the text hides.
 */
int mf_chunks_parse(struct mf_process *process, const char *text, size_t length, uint32_t options, struct mf_snapshot *out);

/* Whether the text was read to its end: 0 where execve(2) or exit replaced the memory meanwhile, which ends the text early. */
int mf_chunks_is_whole(const struct mf_process *process, int maps_fd);

#endif
