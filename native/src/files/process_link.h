/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_PROCESS_LINK_H
#define MF_PROCESS_LINK_H

#include "process/process.h"

/*
 * Opens (O_PATH) the file of a mapping by a link of the process that leads to the file itself, deleted or not: /proc/<pid>/exe,
 * or /proc/<pid>/fd/N if the process has the file open. This needs no capability, only the access that reading maps needs
 * (proc_fd_access_allowed(), fs/proc/base.c). cwd and root are directories, which cannot be mapped.
 *
 * On a file system where device and inode identify a file they are those of the mapping. Elsewhere only the name is compared,
 * and the caller must verify the content. The first 512 open descriptors are searched by the text of their links, without any
 * call to the file systems of other files.
 *
 * Returns a descriptor; -ENOENT: no such link leads to the file; or another negative errno.
 */
int mf_process_link_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

#endif
