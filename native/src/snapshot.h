/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_SNAPSHOT_H
#define MF_SNAPSHOT_H

#include "fill.h"
#include "process.h"

/* Whether a block was made by mf_snapshot_init(). */
bool mf_snapshot_is_initialised(const struct mf_snapshot *snapshot);

/* Newlines in a text. */
uint32_t mf_snapshot_lines(const char *text, uint64_t length);

/* Names the line that begins at a byte of the text in the head of @p out. Returns -EBADMSG. */
int mf_snapshot_bad_line(struct mf_snapshot *out, uint64_t line, uint64_t length);

/* mf_snapshot_parse(); of text that was just read of @p process, if that is not NULL: the kernel is asked for what the text hides. */
int mf_snapshot_parse_of(struct mf_process *process, const char *text, size_t length, uint32_t question,
                         struct mf_snapshot *out);

/* An answer of the two functions below: the memory was replaced or ended while it was read. Reopen, and again. */
#define MF_MEMORY_GONE (-ESRCH)

/* mf_snapshot_read() by one backend, once, through @p maps_fd. A picture that does not fit together comes back torn. */
int mf_read_text(struct mf_process *process, int maps_fd, uint32_t question, const struct mf_snapshot *previous,
                 struct mf_snapshot *out);
int mf_read_query(struct mf_process *process, int maps_fd, uint32_t question, const struct mf_snapshot *previous,
                  struct mf_snapshot *out);

#endif
