/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_INTERNAL_DEVICES_H
#define MF_INTERNAL_DEVICES_H

#include "mapfiles.h"

enum { MF_DEVICE_SHMEM = 0, MF_DEVICE_HUGETLB = 1, MF_DEVICES = 5 };

/* Returns a device as one number. No file has device 0. */
static inline uint64_t mf_device(uint32_t major, uint32_t minor)
{
    return (uint64_t)major << 32 | minor;
}

/* Returns the st_dev of stat(2) as such a number. The encoding is the kernel's. Not every libc exports gnu_dev_major(). */
static inline uint64_t mf_device_of(uint64_t st_dev)
{
    return mf_device((uint32_t)((st_dev >> 8 & 0xfff) | (st_dev >> 32 & 0xfffff000)),
                     (uint32_t)((st_dev & 0xff) | (st_dev >> 12 & 0xffffff00)));
}

/*
 * Finds the devices of the kernel's internal mounts. Memfds, SysV segments and shared anonymous memory are on them; a file with
 * a path never is.
 *
 * @param[out] devices  first shmem, then hugetlb, one per page size; 0: the kernel has no such mount, or denies
 *                      memfd_create(2).
 * @retval 0  done
 * @return -EMFILE, -ENFILE or -ENOMEM: no descriptor or memory is left for memfd_create(2).
 */
int mf_internal_devices(uint64_t devices[MF_DEVICES]);

#endif
