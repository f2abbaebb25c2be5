/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_LINK_H
#define MF_LINK_H

#include "process/process.h"

/*
 * Opens (O_PATH) the file of a mapping by a link of the process that leads to the file itself, deleted or not, and takes no
 * capability: /proc/<pid>/exe, or /proc/<pid>/fd/N where the process has the file open. (proc_fd_access_allowed(),
 * fs/proc/base.c: the right to read the mappings is enough. cwd and root are directories, which cannot be mapped.)
 *
 * Where device and inode are a file's own, they are those of the record. Elsewhere the name is, and the content is still to be
 * verified. The first 512 open descriptors are searched, by the text of their links: the file systems of other files are not
 * asked for anything.
 *
 * @return a descriptor; -ENOENT: no such link leads there; or another negative errno.
 */
int mf_process_link_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name);

#endif
