/* SPDX-License-Identifier: Apache-2.0 */
/* The part of perf_event_open(2) that is used (include/uapi/linux/perf_event.h), for builds with older headers. */
#ifndef MF_PERF_EVENT_H
#define MF_PERF_EVENT_H

#include "os/system_calls.h"

/* struct perf_event_attr of Linux 4.1 (PERF_ATTR_SIZE_VER5). Later kernels accept this size, and also read newer flags. */
struct mf_perf_attr {
    uint32_t type;
    uint32_t size;
    uint64_t config;
    uint64_t sample_period;
    uint64_t sample_type;
    uint64_t read_format;
    uint64_t flags; /* bits made by MF_PERF_FLAG() */
    uint32_t wakeup_watermark;
    uint32_t unused0[9];
    uint32_t sample_stack_user;
    int32_t clockid;
    uint64_t unused1[2];
};

_Static_assert(sizeof(struct mf_perf_attr) == 112 && offsetof(struct mf_perf_attr, clockid) == 92, "the layout of the kernel");

enum { MF_PERF_SOFTWARE = 1, MF_PERF_DUMMY = 9 }; /* type and config of an event that counts nothing and still writes records */

/* The fields at the end of each record (sample_id_all). */
enum { MF_PERF_SAMPLE_TIME = 1 << 2, MF_PERF_SAMPLE_ID = 1 << 6 };

/*
 * A bit field of struct perf_event_attr. Compilers allocate bit fields from the highest bit on big-endian machines, and from
 * the lowest on others.
 */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define MF_PERF_FLAG(position) (1ull << (63 - (position)))
#else
#define MF_PERF_FLAG(position) (1ull << (position))
#endif

#define MF_PERF_INHERIT        MF_PERF_FLAG(1)
#define MF_PERF_EXCLUDE_KERNEL MF_PERF_FLAG(5)
#define MF_PERF_EXCLUDE_HV     MF_PERF_FLAG(6)
#define MF_PERF_MMAP           MF_PERF_FLAG(8)
#define MF_PERF_COMM           MF_PERF_FLAG(9)
#define MF_PERF_TASK           MF_PERF_FLAG(13)
#define MF_PERF_WATERMARK      MF_PERF_FLAG(14)
#define MF_PERF_MMAP_DATA      MF_PERF_FLAG(17)
#define MF_PERF_SAMPLE_ID_ALL  MF_PERF_FLAG(18)
#define MF_PERF_MMAP2          MF_PERF_FLAG(23)
#define MF_PERF_COMM_EXEC      MF_PERF_FLAG(24)
#define MF_PERF_USE_CLOCKID    MF_PERF_FLAG(25)
#define MF_PERF_BUILD_ID       MF_PERF_FLAG(34) /* Linux 5.12 */
#define MF_PERF_INHERIT_THREAD MF_PERF_FLAG(35) /* Linux 5.13: threads inherit, child processes do not */

#define MF_PERF_CLOEXEC    8u
#define MF_PERF_SET_OUTPUT 0x2405u /* ioctl: the event writes to the ring of another event */

/*
 * Offsets in struct perf_event_mmap_page, the first page of a ring: the ends of what the kernel has written and the reader has
 * read.
 */
enum { MF_PERF_DATA_HEAD = 1024, MF_PERF_DATA_TAIL = 1032 };

/* struct perf_event_header, at the start of each record. All numbers have the byte order of the machine. */
struct mf_perf_header {
    uint32_t type;
    uint16_t misc;
    uint16_t size; /* in bytes, including this header */
};

enum mf_perf_type { MF_PERF_LOST = 2, MF_PERF_COMM_RECORD = 3, MF_PERF_EXIT = 4, MF_PERF_FORK = 7, MF_PERF_MMAP2_RECORD = 10 };
enum { MF_PERF_MISC_COMM_EXEC = 1 << 13, MF_PERF_MISC_MMAP_BUILD_ID = 1 << 14 };

static inline int mf_perf_open(const struct mf_perf_attr *attr, int32_t tid, int32_t cpu)
{
    return (int)MF_SYS(SYS_perf_event_open, attr, tid, cpu, -1, MF_PERF_CLOEXEC);
}

#endif
