/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VERIFY_H
#define MF_VERIFY_H

#include "mapfiles_files.h"
#include "os/statx.h"

#include <stdbool.h>

/* How much of a file's content is compared with the mapping. */
enum mf_amount {
    MF_BUILD_ID_ALONE, /* no page of the mapping is read */
    MF_SOME_PAGES,     /* and up to 16 pages that are in memory: finds a difference, and proves nothing where there is none */
    MF_ALL_PAGES,      /* and each page of the mapping */
};

/*
 * Whether a file is on overlayfs, where an entry of map_files may lead to another copy than the mapped one. Only a device with
 * major number 0 can be overlayfs' (ovl_map_dev_ino(), fs/overlayfs/inode.c); older kernels gave files of its upper layer the
 * device of that.
 */
bool mf_verify_is_overlay(const struct mf_process *process, int fd, const struct mf_statx *file);

/*
 * Opens a regular file that a descriptor with O_PATH stands for. A FIFO or a device is not opened, since that may have an
 * effect.
 *
 * @return a descriptor; -EIDRM: it is no regular file, and so not a mapped one; or an error of mf_entry_file_error().
 */
int mf_verify_open(int path_fd, int flags);

/*
 * Verifies a file without reading the mapping: by device and inode, or where they prove nothing by the build ID.
 *
 * @param path_fd  O_PATH. It is opened only for its build ID, and closed again.
 * @return enum mf_verification, never MF_SAME_BYTES; -EIDRM: it is another file; -ESTALE; or another negative errno.
 */
int mf_verify_quickly(struct mf_process *process, const struct mf_mapping *mapping, int path_fd);

/* The same by the content alone, for a file whose numbers are those of the mapping. */
int mf_verify_content_at(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, enum mf_amount amount);

/*
 * Whether a file of overlayfs is another copy of the mapped one. A mapping keeps the file of a lower layer after somebody opens its
 * path for writing (Documentation/filesystems/overlayfs.rst, "Non-standard behavior"). The numbers may stay, so the content has to
 * tell: the build ID, and up to 16 pages that are in memory.
 *
 * @param path_fd  open, or O_PATH.
 * @return 1: it is; 0: no difference was found; -ESTALE; or another negative errno.
 */
int mf_verify_is_copied(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int path_fd);

#endif
