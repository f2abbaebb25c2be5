/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CONFIRM_H
#define MF_CONFIRM_H

#include "process/process.h"

/*
 * 0: the process still has this mapping: mf_mapping_validate(); -ESTALE: it does not; or another negative errno. What was found out
 * about the file of a record counts only if this is 0 afterwards.
 */
int mf_validate(struct mf_process *process, const struct mf_mapping *mapping);

/*
 * The build ID of the mapped image, from the same answer of the kernel that shows the range, offset, device and inode of the
 * record. A second options could be answered about another file.
 *
 * @param build_id  MF_BUILD_ID_MAX bytes.
 * @return its length; 0: the image has none, or this kernel has no PROCMAP_QUERY; -ESTALE; or another negative errno.
 */
int mf_validate_build_id(struct mf_process *process, const struct mf_mapping *mapping, uint8_t *build_id);

/*
 * mf_mapping_validate() that also tells the name of the mapping, with the kernel's suffix, at one and the same moment.
 *
 * @param name  MF_NAME_MAX bytes.
 * @return its length; -ESTALE; -ENOTTY: no PROCMAP_QUERY; -ENAMETOOLONG; or another negative errno.
 */
long mf_validate_name(struct mf_process *process, const struct mf_mapping *mapping, char *name);

#endif
