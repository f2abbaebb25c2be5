/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that answer 0, a value, or a negative errno, and leave errno alone: a signal handler must leave no trace. */
#ifndef MF_SYS_H
#define MF_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Made here and not in the C library: a system call may flush the TLB, and the way through the library touches four more pages
 * (its code and ours to reach it, errno and the way to that).
 */
#if !defined(__x86_64__) && !defined(__aarch64__)
/* syscall(2) of the C library, on every other architecture with 64-bit longs. */
#define MF_GENERIC_SYSTEM_CALLS
#endif

/*
 * With SVE a system call zeroes all of a vector register but its low 128 bits, the predicates and the first-fault register
 * (Documentation/arch/arm64/sve.rst, "System call behaviour"). Compilers keep values there only in code built for SVE.
 */
#ifdef __ARM_FEATURE_SVE
#define MF_SVE_CLOBBERS \
    "z0", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8", "z9", "z10", "z11", "z12", "z13", "z14", "z15", "z16", "z17", "z18", \
    "z19", "z20", "z21", "z22", "z23", "z24", "z25", "z26", "z27", "z28", "z29", "z30", "z31", "p0", "p1", "p2", "p3", "p4", \
    "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", MF_FFR_CLOBBER
#ifdef __clang__ /* keeps nothing in the first-fault register, and has no name for it */
#define MF_FFR_CLOBBER
#else
#define MF_FFR_CLOBBER "ffr",
#endif
#else
#define MF_SVE_CLOBBERS
#endif

static inline long mf_syscall(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(MF_GENERIC_SYSTEM_CALLS)
    const int saved_errno = errno;
    const long rc = syscall(number, a, b, c, d, e, f);
    const long result = rc == -1 ? -errno : rc;

    errno = saved_errno;
    return result;
#elif defined(__x86_64__)
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    long rc;

    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return rc;
#elif defined(__aarch64__)
    register long which __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : MF_SVE_CLOBBERS "memory");
    return first;
#endif
}

/* A call by its number, with up to six arguments: its value, or a negative errno. */
#define MF_SYS(...) MF_SYS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define MF_SYS_(number, a, b, c, d, e, f, ...) \
    mf_syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

struct mf_directory_entry { /* getdents64(2) */
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* Whether a call failed because descriptors or memory ran out. That says nothing of what it was called for. */
static inline bool mf_sys_is_shortage(long rc)
{
    return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

/* openat(2), O_CLOEXEC. */
int mf_sys_openat(int directory, const char *path, int flags);

void mf_sys_close(int fd);

/* fstatat(2); of the descriptor itself with "" and AT_EMPTY_PATH. */
int mf_sys_stat(int directory, const char *path, int flags, struct stat *out);

/* Interrupted reads begin again: /proc files give EINTR only before the first byte. */
long mf_sys_pread(int fd, void *to, size_t bytes, uint64_t offset);

/* Reads a small file of a directory whole, as far as it fits, and terminates it. */
long mf_sys_read_file(int directory, const char *path, char *to, size_t bytes);

typedef void mf_take_line(const char *line, void *to);

/*
 * Passes each line of a file of a directory to a function, without the newline. Of a long line it passes the first 511 bytes:
 * "Groups:" of proc_pid_status(5) may have 65,536 numbers. 0, or a negative errno.
 */
int mf_sys_read_lines(int directory, const char *path, mf_take_line *take, void *to);

#endif
