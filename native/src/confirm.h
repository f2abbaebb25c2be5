/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CONFIRM_H
#define MF_CONFIRM_H

#include "process.h"

/*
 * mf_confirm() that also tells the name of the mapping, with the kernel's suffix, at one and the same moment.
 *
 * @param name  MF_NAME_MAX bytes.
 * @return its length; -ESTALE; -ENOTTY: no PROCMAP_QUERY; -ENAMETOOLONG; or another negative errno.
 */
long mf_confirm_name(struct mf_process *process, const struct mf_mapping *mapping, char *name);

#endif
