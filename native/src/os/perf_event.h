/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's perf_event_open(2) (include/uapi/linux/perf_event.h), as far as it is used; headers may be older than it. */
#ifndef MF_PERF_H
#define MF_PERF_H

#include "os/system_calls.h"

/* struct perf_event_attr as of Linux 4.1 (PERF_ATTR_SIZE_VER5): later kernels take it, and read its flags all the same. */
struct mf_perf_attr {
    uint32_t type;
    uint32_t size;
    uint64_t config;
    uint64_t sample_period;
    uint64_t sample_type;
    uint64_t read_format;
    uint64_t flags; /* MF_PERF_FLAG */
    uint32_t wakeup_watermark;
    uint32_t unused0[9];
    uint32_t sample_stack_user;
    int32_t clockid;
    uint64_t unused1[2];
};

_Static_assert(sizeof(struct mf_perf_attr) == 112 && offsetof(struct mf_perf_attr, clockid) == 92, "as the kernel has it");

enum { MF_PERF_SOFTWARE = 1, MF_PERF_DUMMY = 9 }; /* type and config: counts nothing, but has a stream of records */

/* What each record ends in (sample_id_all). */
enum { MF_PERF_SAMPLE_TIME = 1 << 2, MF_PERF_SAMPLE_ID = 1 << 6 };

/* A bit field of struct perf_event_attr. Compilers begin with the highest bit on big-endian machines, and else with the lowest. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define MF_PERF_FLAG(position) (1ull << (63 - (position)))
#else
#define MF_PERF_FLAG(position) (1ull << (position))
#endif

#define MF_PERF_INHERIT MF_PERF_FLAG(1)
#define MF_PERF_EXCLUDE_KERNEL MF_PERF_FLAG(5)
#define MF_PERF_EXCLUDE_HV MF_PERF_FLAG(6)
#define MF_PERF_MMAP MF_PERF_FLAG(8)
#define MF_PERF_COMM MF_PERF_FLAG(9)
#define MF_PERF_TASK MF_PERF_FLAG(13)
#define MF_PERF_WATERMARK MF_PERF_FLAG(14)
#define MF_PERF_MMAP_DATA MF_PERF_FLAG(17)
#define MF_PERF_SAMPLE_ID_ALL MF_PERF_FLAG(18)
#define MF_PERF_MMAP2 MF_PERF_FLAG(23)
#define MF_PERF_COMM_EXEC MF_PERF_FLAG(24)
#define MF_PERF_USE_CLOCKID MF_PERF_FLAG(25)
#define MF_PERF_BUILD_ID MF_PERF_FLAG(34)       /* Linux 5.12 */
#define MF_PERF_INHERIT_THREAD MF_PERF_FLAG(35) /* Linux 5.13: only by threads, not by child processes */

#define MF_PERF_CLOEXEC 8u
#define MF_PERF_SET_OUTPUT 0x2405u /* ioctl: write to the ring of another event */

/* struct perf_event_mmap_page, the first page of a ring: where the kernel has written to, and we have read to. */
enum { MF_PERF_DATA_HEAD = 1024, MF_PERF_DATA_TAIL = 1032 };

/* What a record begins with: struct perf_event_header. All numbers are in the byte order of the machine. */
struct mf_perf_header {
    uint32_t type;
    uint16_t misc;
    uint16_t size; /* bytes, with this header */
};

enum mf_perf_type { MF_PERF_LOST = 2, MF_PERF_COMM_RECORD = 3, MF_PERF_EXIT = 4, MF_PERF_FORK = 7, MF_PERF_MMAP2_RECORD = 10 };
enum { MF_PERF_MISC_COMM_EXEC = 1 << 13, MF_PERF_MISC_MMAP_BUILD_ID = 1 << 14 };

static inline int mf_perf_open(const struct mf_perf_attr *attr, int32_t tid, int32_t cpu)
{
    return (int)MF_SYS(SYS_perf_event_open, attr, tid, cpu, -1, MF_PERF_CLOEXEC);
}

#endif
