/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VALIDATE_H
#define MF_VALIDATE_H

#include "process/process.h"

/*
 * Returns 0 if the process still has a mapping (mf_mapping_validate()), -ESTALE if not, or another negative errno. A result
 * about the file of a mapping is valid only if this function returns 0 after the file was read.
 */
int mf_validate(struct mf_process *process, const struct mf_mapping *mapping);

/*
 * Reads the build ID of a mapped image. The same PROCMAP_QUERY returns the build ID and the range, offset, device and inode
 * that are compared with the mapping. With two queries the build ID could be that of another file.
 *
 * @param build_id  MF_BUILD_ID_MAX bytes.
 * @return the length of the build ID; 0: the image has none, or the kernel has no PROCMAP_QUERY
 * @retval -ESTALE  the process does not have the mapping any more
 * @return another negative errno.
 */
int mf_validate_build_id(struct mf_process *process, const struct mf_mapping *mapping, uint8_t *build_id);

/*
 * Checks whether the process still has a mapping, and reads its name by the same PROCMAP_QUERY. The name has the kernel's
 * suffix.
 *
 * @param name  MF_NAME_MAX bytes.
 * @return the length of the name
 * @retval -ESTALE        the process does not have the mapping any more
 * @retval -ENOTTY        the kernel has no PROCMAP_QUERY
 * @retval -ENAMETOOLONG  the name has MF_NAME_MAX bytes or more
 * @return another negative errno.
 */
long mf_validate_name(struct mf_process *process, const struct mf_mapping *mapping, char *name);

#endif
