/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_NAMES_H
#define MF_NAMES_H

#include "process/process.h"
#include "snapshot/builder.h"

/*
 * Asks the kernel what the names with \012 in them really are, and appends the raw ones to the text.
 *
 * @param scratch      MF_NAME_MAX bytes.
 * @param text_length  bytes of text in use.
 * @return the length of the text then; more than there is room for where room is short.
 */
uint64_t mf_unescape_names(struct mf_process *process, struct mf_builder *fill, char *scratch, uint64_t text_length);

#endif
