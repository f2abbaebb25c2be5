/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_NOTES_H
#define MF_ELF_NOTES_H

#include "elf/reader.h"

/*
 * Reads the GNU and the Go build ID of a file into its identity. Returns 0; or the errno of pread(2). A malformed note ends its
 * segment, and files that exceed the limits have no build ID.
 */
int mf_elf_read_build_ids(struct mf_elf_reader *reader, struct mf_elf *out);

#endif
