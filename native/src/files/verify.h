/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_VERIFY_H
#define MF_VERIFY_H

#include "mapfiles_files.h"
#include "os/statx.h"

#include <stdbool.h>

/* How much content of a file is compared with the mapping. */
enum mf_amount {
    MF_BUILD_ID_ALONE, /* no page of the mapping is read */
    MF_SOME_PAGES,     /* also up to 16 pages in memory: finds a difference, but verifies nothing */
    MF_ALL_PAGES,      /* also each page of the mapping */
};

/*
 * Returns whether a file is on overlayfs, where a map_files entry may lead to another copy than the mapped one. Only a device
 * with major number 0 can be an overlayfs (ovl_map_dev_ino(), fs/overlayfs/inode.c). On older kernels files of its upper layer
 * had the device of that layer.
 */
bool mf_verify_is_overlay(const struct mf_process *process, int fd, const struct mf_statx *file);

/*
 * Opens the regular file of a descriptor with O_PATH. A FIFO or a device is not opened, because that may have an effect.
 *
 * Returns a descriptor; -EIDRM: it is no regular file, so it is not the mapped file; or an error of mf_entry_file_error().
 */
int mf_verify_open(int path_fd, int flags);

/*
 * Verifies a file without reading the mapping: by device and inode, or if they verify nothing by the build ID.
 *
 * @param path_fd  O_PATH. The file is opened only to read its build ID.
 *
 * Returns a value of enum mf_verification other than MF_SAME_BYTES; -EIDRM: it is another file; -ESTALE; or another negative
 * errno.
 */
int mf_verify_quickly(struct mf_process *process, const struct mf_mapping *mapping, int path_fd);

/* Verifies a file by its content alone: for a file with the device and inode of the mapping. Returns as mf_verify_quickly(). */
int mf_verify_content_at(struct mf_process *process, const struct mf_mapping *mapping, int path_fd, enum mf_amount amount);

/*
 * Returns whether a file of overlayfs is another copy of the mapped one. A mapping keeps the file of a lower layer after a
 * process opens its path for writing (Documentation/filesystems/overlayfs.rst, "Non-standard behavior"). Device and inode may
 * stay the same, so content is compared: the build ID, and up to 16 pages in memory.
 *
 * @param path_fd  open, or O_PATH.
 *
 * Returns 1: it is another copy; 0: no difference was found; -ESTALE; or another negative errno.
 */
int mf_verify_is_copied(struct mf_process *process, const struct mf_mapping *mapping, const char *name, int path_fd);

#endif
