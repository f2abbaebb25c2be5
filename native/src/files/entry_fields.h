/* SPDX-License-Identifier: Apache-2.0 */
/* The public fields of a map_files entry. */
#ifndef MF_ENTRY_FIELDS_H
#define MF_ENTRY_FIELDS_H

#include "mapfiles_files.h"

#define MF_ENTRY_FIELDS (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

/* Sets an entry of which no field was read. @p index: of the mapping in the snapshot, or -1. */
void mf_entry_begin(const struct mf_mapping *mapping, int32_t index, struct mf_entry *out);

/* Reads fields of an entry. Each field has an error of its own; an error of one does not affect the others. */
void mf_entry_read_fields(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t requested,
                          struct mf_entry *out, char *target);

/*
 * Returns the error of an entry that is an error of the process, or 0. -EACCES: its maps may not be opened any more, as after
 * an execve(2) of a set-user-ID program. The file system of a file may return -EACCES for a stat too (FUSE).
 */
int mf_entry_process_error(struct mf_process *process, const struct mf_mapping *mapping, const struct mf_entry *entry);

/* Opens the directory map_files. Returns 0 also if the caller may not open it or there is none: each entry reports that. */
int mf_entry_prepare_fields(struct mf_process *process);

#endif
