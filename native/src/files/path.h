/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_PATH_H
#define MF_PATH_H

#include "process/process.h"

/*
 * What to do with what stands at a mapping's path, open with O_PATH: an answer, or -EIDRM: it is another file. Flags and fd are
 * handed through.
 */
typedef int mf_use_path(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, int flags, int *fd);

/*
 * Goes to the path of a mapping's file where its entry answered @p closed: the caller may not follow it (-EPERM), or no
 * map_files in this kernel (-ENOTSUP). By the name as it is, and where that is another file by the name without the
 * suffix that may be the kernel's. Where the name does not lead to the file: by a link of the process, mf_process_link_open().
 *
 * Returns what @p use says; @p closed where the file has neither, where it is another error, or where the root is a guess
 * and the file is not found there; -EIDRM: nothing stands at the path; -ENAMETOOLONG.
 */
int mf_path_instead(int closed, struct mf_process *process, const struct mf_mapping *mapping, const char *name,
                    mf_use_path *use, int flags, int *fd);

#endif
