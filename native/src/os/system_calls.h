/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that return 0, a positive value or a negative errno, and do not change errno: signal handlers must preserve it.
 */
#ifndef MF_SYSTEM_CALLS_H
#define MF_SYSTEM_CALLS_H

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
 * System calls are made inline on x86-64 and AArch64. A system call may flush the TLB, and syscall(2) of the C library touches
 * four more pages: its code, the table with its address, errno, and the address of errno. Other architectures with 64-bit longs
 * use syscall(2).
 */
#if !defined(__x86_64__) && !defined(__aarch64__)
#define MF_GENERIC_SYSTEM_CALLS
#endif

/*
 * On AArch64 with SVE a system call may zero the upper bits of the vector registers (all but the low 128), the predicate
 * registers and the first-fault register (Documentation/arch/arm64/sve.rst, "System call behaviour"). Compilers keep values
 * there only in code built for SVE.
 */
#ifdef __ARM_FEATURE_SVE
#define MF_SVE_CLOBBERS \
    "z0", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8", "z9", "z10", "z11", "z12", "z13", "z14", "z15", "z16", "z17", "z18", \
    "z19", "z20", "z21", "z22", "z23", "z24", "z25", "z26", "z27", "z28", "z29", "z30", "z31", "p0", "p1", "p2", "p3", "p4", \
    "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", MF_FFR_CLOBBER
#ifdef __clang__ /* Clang keeps no value in the first-fault register, and accepts no name for it */
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
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : MF_SVE_CLOBBERS "memory");
    return first;
#endif
}

/* Makes a system call by its number, with up to six arguments. Returns its value or a negative errno. */
#define MF_SYS(...) MF_SYS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define MF_SYS_(number, a, b, c, d, e, f, ...) \
    mf_syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* struct linux_dirent64 of getdents64(2). */
struct mf_directory_entry {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

/*
 * Whether a system call failed because descriptors or memory are used up. Such an error is no property of the file or process.
 */
static inline bool mf_sys_is_shortage(long rc)
{
    return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

/* openat(2) with O_CLOEXEC. */
int mf_sys_openat(int directory, const char *path, int flags);

void mf_sys_close(int fd);

/* fstatat(2). An empty path and AT_EMPTY_PATH mean the descriptor itself. */
int mf_sys_stat(int directory, const char *path, int flags, struct stat *out);

/* pread(2). An interrupted read is repeated: files of /proc return EINTR only before the first byte. */
long mf_sys_pread(int fd, void *to, size_t bytes, uint64_t offset);

/*
 * Reads up to bytes - 1 bytes of a file with one read(2), and terminates them with a NUL. Returns the length or a negative
 * errno.
 */
long mf_sys_read_file(int directory, const char *path, char *to, size_t bytes);

typedef void mf_take_line(const char *line, void *to);

/*
 * Passes each line of a file to a function, without its newline. Returns 0 or a negative errno.
 *
 * Only the first 511 bytes of a line are passed: "Groups:" of proc_pid_status(5) may have 65,536 numbers.
 */
int mf_sys_read_lines(int directory, const char *path, mf_take_line *take, void *to);

#endif
