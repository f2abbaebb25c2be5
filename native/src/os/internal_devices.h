/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_DEVICES_H
#define MF_DEVICES_H

#include "mapfiles.h"

enum { MF_DEVICE_SHMEM = 0, MF_DEVICE_HUGETLB = 1, MF_DEVICES = 5 };

/* A device as one number; 0 is no device of a file. */
static inline uint64_t mf_device(uint32_t major, uint32_t minor)
{
    return (uint64_t)major << 32 | minor;
}

/* The st_dev of stat(2) as such a number. Its encoding is the kernel's; gnu_dev_major() is not a symbol of every libc. */
static inline uint64_t mf_device_of(uint64_t st_dev)
{
    return mf_device((uint32_t)((st_dev >> 8 & 0xfff) | (st_dev >> 32 & 0xfffff000)),
                     (uint32_t)((st_dev & 0xff) | (st_dev >> 12 & 0xffffff00)));
}

/*
 * Devices of the kernel's own mounts, on which memfds, SysV segments and shared anonymous memory live: no file with a
 * path can be on them. First shmem, then hugetlb, one for each page size; 0 where the kernel has none or will not tell.
 *
 * @return 0, or a negative errno: no descriptor, or no memory, is left to find out with.
 */
int mf_internal_devices(uint64_t devices[MF_DEVICES]);

#endif
