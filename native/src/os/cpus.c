/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs that threads may run on. */
#include "os/cpus.h"

#include "os/digits.h"
#include "os/system_calls.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>

#define ONLINE "/sys/devices/system/cpu/online"

struct list {
    char *to; /* the next number's place: every stride bytes */
    uint32_t capacity;
    size_t stride;
    int count;
};

static void add(struct list *list, int32_t first, int32_t last)
{
    for (int32_t cpu = first; cpu <= last; cpu++) {
        if ((uint32_t)list->count < list->capacity)
            memcpy(list->to + (size_t)list->count * list->stride, &cpu, sizeof cpu);
        list->count++;
    }
}

/* Such as "0-3,8,10-11". */
static void parse(const char *text, struct list *list)
{
    do {
        const int32_t first = mf_get_number(text);
        int32_t last = first;

        text += strspn(text, "0123456789");
        if (*text == '-')
            last = mf_get_number(++text);
        if (first < 0 || last < 0 || last > 0xffff)
            return;
        add(list, first, last);
        text += strspn(text, "0123456789");
    } while (*text++ == ',');
}

/* The kernel's own file, not one of a container manager's that shows fewer: threads run where they may. */
static bool is_kernels_own(void)
{
    struct statfs fs;

    return MF_SYS(SYS_statfs, ONLINE, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
}

int mf_cpus(int32_t *cpus, uint32_t capacity, size_t stride)
{
    struct list list = {(char *)cpus, capacity, stride, 0};
    uint64_t mask[1024 / 8];
    char text[4097]; /* sysfs writes a page at most */
    long rc;

    rc = is_kernels_own() ? mf_sys_read_file(AT_FDCWD, ONLINE, text, sizeof text) : 0;
    if (rc == -EMFILE || rc == -ENFILE)
        return (int)rc;
    if (rc > 0)
        parse(text, &list);
    if (list.count > 0)
        return list.count;
    rc = MF_SYS(SYS_sched_getaffinity, 0, sizeof mask, mask); /* bytes of the kernel's masks: all it may have */
    if (rc <= 0)
        return rc < 0 ? (int)rc : -ENOTSUP;
    add(&list, 0, (int32_t)rc * 8 - 1);
    return list.count;
}
