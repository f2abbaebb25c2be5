/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_UNESCAPE_H
#define MF_UNESCAPE_H

#include "process/process.h"
#include "snapshot/builder.h"

/*
 * Queries the kernel for the names that contain \012 in the text, and appends those with a newline to the text.
 *
 * @param scratch      MF_NAME_MAX bytes.
 * @param text_length  length of the text, in bytes.
 * @return the new length of the text; more than its capacity if names did not fit.
 */
uint64_t mf_unescape_names(struct mf_process *process, struct mf_builder *builder, char *scratch, uint64_t text_length);

#endif
