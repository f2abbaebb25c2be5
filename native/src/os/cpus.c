/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cpus.h"

#include "os/digits.h"
#include "os/system_calls.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>

#define ONLINE "/sys/devices/system/cpu/online"

struct list {
    char *first;
    uint32_t capacity;
    size_t stride; /* distance between two numbers, in bytes */
    int count;
};

static void add(struct list *list, int32_t first, int32_t last)
{
    for (int32_t cpu = first; cpu <= last; cpu++) {
        if ((uint32_t)list->count < list->capacity)
            memcpy(list->first + (size_t)list->count * list->stride, &cpu, sizeof cpu);
        list->count++;
    }
}

/* Parses a list such as "0-3,8,10-11". */
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

/* 1: the file is the kernel's; 0: it is not; or -ENOMEM. A container manager (lxcfs) may mount a file there that lists fewer CPUs. */
static int is_in_sysfs(void)
{
    struct statfs fs;
    const long rc = MF_SYS(SYS_statfs, ONLINE, &fs);

    return rc == 0 ? fs.f_type == SYSFS_MAGIC : mf_sys_is_shortage(rc) ? (int)rc : 0;
}

int mf_cpus(int32_t *cpus, uint32_t capacity, size_t stride)
{
    struct list list = {(char *)cpus, capacity, stride, 0};
    uint64_t mask[1024 / 8];
    char text[4097]; /* a sysfs file has at most one page */
    long rc;

    rc = is_in_sysfs();
    if (rc > 0)
        rc = mf_sys_read_file(AT_FDCWD, ONLINE, text, sizeof text);
    if (mf_sys_is_shortage(rc))
        return (int)rc;
    if (rc > 0)
        parse(text, &list);
    if (list.count > 0)
        return list.count;
    /* The system call returns the size of the kernel's CPU masks in bytes: no CPU has a higher number. */
    rc = MF_SYS(SYS_sched_getaffinity, 0, sizeof mask, mask);
    if (rc <= 0)
        return rc < 0 ? (int)rc : -ENOTSUP;
    add(&list, 0, (int32_t)rc * 8 - 1);
    return list.count;
}
