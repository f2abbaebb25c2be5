/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of a query from Java: a native method that makes the system call, and nothing else. */
#include "os/procmap_query.h"

#include <fcntl.h>
#include <jni.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char name[4096];

/* Opens the maps of a process. Returns a descriptor; negative: the process has none. */
JNIEXPORT jint JNICALL Java_org_mapfiles_benchmarks_BareQuery_open(JNIEnv *env, jclass class, jlong pid)
{
    char path[64];

    (void)env, (void)class;
    snprintf(path, sizeof path, "/proc/%lld/maps", (long long)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Returns 0 if a mapping covers the address. */
JNIEXPORT jint JNICALL Java_org_mapfiles_benchmarks_BareQuery_query(JNIEnv *env, jclass class, jint fd, jlong address)
{
    struct mf_procmap_query query = {
        .size = sizeof query,
        .query_addr = (uint64_t)address,
        .vma_name_addr = (uintptr_t)name,
        .vma_name_size = sizeof name,
    };

    (void)env, (void)class;
    return ioctl(fd, MF_PROCMAP_QUERY, &query);
}

JNIEXPORT void JNICALL Java_org_mapfiles_benchmarks_BareQuery_close(JNIEnv *env, jclass class, jint fd)
{
    (void)env, (void)class;
    close(fd);
}
