/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_SNAPSHOT_H
#define MF_SNAPSHOT_H

#include "snapshot/builder.h"

/* Whether a block was made by mf_snapshot_init(). */
bool mf_snapshot_is_initialised(const struct mf_snapshot *snapshot);

/* Whether two snapshots have the same mappings with the same names. The backends store the names at different places. */
bool mf_snapshot_is_same(const struct mf_snapshot *a, const struct mf_snapshot *b);

/* Returns the number of newlines in a text. */
uint32_t mf_snapshot_lines(const char *text, uint64_t length);

/* Records the line that begins at an offset in the text as invalid, in the head of @p out. Returns -EBADMSG. */
int mf_snapshot_bad_line(struct mf_snapshot *out, uint64_t line, uint64_t length);

/*
 * Copies text into a snapshot and parses it. If 0 is returned, the caller completes the snapshot with mf_builder_end().
 *
 * @param internal_devices  of the process that the text was read of; NULL: unknown.
 * @return 0, or an error of mf_snapshot_parse().
 */
int mf_snapshot_parse_text(const char *text, size_t length, uint32_t options, const uint64_t *internal_devices,
                           struct mf_builder *builder, struct mf_snapshot *out);

#endif
