/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TEXT_H
#define MF_TEXT_H

#include "snapshot/builder.h"

/*
 * Adds the mappings of whole lines of text: bytes [from, to) of the text of @p fill, the last of which is a newline, or
 * none. Knows nothing of descriptors.
 *
 * @return 0, or -EBADMSG: @p bad_line is the first byte of the line that does not parse; those before it are added.
 */
int mf_maps_text_parse(struct mf_builder *fill, uint64_t from, uint64_t to, uint64_t *bad_line);

/* Parses one line of [line, to), whose last byte is a newline: the byte behind it, or NULL. The record is classified. */
const char *mf_maps_text_line(const char *text, const char *line, const char *to, const uint64_t *devices,
                         struct mf_mapping *out);

#endif
