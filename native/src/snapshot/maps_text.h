/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_MAPS_TEXT_H
#define MF_MAPS_TEXT_H

#include "snapshot/builder.h"

/*
 * Adds the mappings of whole lines: of bytes [from, to) of the text of @p builder, which may be empty and else end with a
 * newline.
 *
 * @retval 0         done
 * @retval -EBADMSG  @p bad_line is the offset of a line that is invalid; the mappings of the lines before it are added
 */
int mf_maps_text_parse(struct mf_builder *builder, uint64_t from, uint64_t to, uint64_t *bad_line);

/* Parses and classifies the first line of [line, to), whose last byte is a newline. Returns the end of the line, or NULL. */
const char *mf_maps_text_line(const char *text, const char *line, const char *to, const uint64_t *devices,
                              struct mf_mapping *out);

#endif
