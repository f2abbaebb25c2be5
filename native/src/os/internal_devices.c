/* SPDX-License-Identifier: Apache-2.0 */
#include "os/internal_devices.h"

#include "os/system_calls.h"

#define MFD_CLOEXEC_ 0x1u
#define MFD_HUGETLB_ 0x4u
#define HUGE_SHIFT   26 /* the base-2 logarithm of the page size begins at this bit */

/* Creates a memfd, because the kernel reports the device of an internal mount only by a file on it. */
static int device_of_memfd(unsigned flags, uint64_t *device)
{
    struct stat of_file;
    const int fd = (int)MF_SYS(SYS_memfd_create, "mapfiles", MFD_CLOEXEC_ | flags);
    long rc;

    *device = 0;
    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : 0; /* another error is permanent: the device stays 0 */
    rc = mf_sys_stat(fd, "", AT_EMPTY_PATH, &of_file);
    mf_sys_close(fd);
    if (rc == 0)
        *device = mf_device_of(of_file.st_dev);
    return mf_sys_is_shortage(rc) ? (int)rc : 0;
}

/* The devices do not change until the machine is restarted, so they are found once. All threads write the same values. */
static uint64_t found[MF_DEVICES];
static int is_found;

static int find_devices(void)
{
    static const unsigned kinds[MF_DEVICES] = {
        0,
        MFD_HUGETLB_ | 16u << HUGE_SHIFT,
        MFD_HUGETLB_ | 21u << HUGE_SHIFT,
        MFD_HUGETLB_ | 25u << HUGE_SHIFT,
        MFD_HUGETLB_ | 30u << HUGE_SHIFT,
    };

    for (int i = 0; i < MF_DEVICES; i++) {
        uint64_t device;
        const int rc = device_of_memfd(kinds[i], &device);

        if (rc < 0)
            return rc;
        __atomic_store_n(&found[i], device, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&is_found, 1, __ATOMIC_RELEASE);
    return 0;
}

int mf_internal_devices(uint64_t devices[MF_DEVICES])
{
    const int rc = __atomic_load_n(&is_found, __ATOMIC_ACQUIRE) ? 0 : find_devices();

    for (int i = 0; rc == 0 && i < MF_DEVICES; i++)
        devices[i] = __atomic_load_n(&found[i], __ATOMIC_RELAXED);
    return rc;
}
