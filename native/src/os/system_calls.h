/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that return 0, a positive value or a negative errno, and do not change errno: signal handlers must preserve it.
 */
#ifndef MF_SYSTEM_CALLS_H
#define MF_SYSTEM_CALLS_H

#include "raw_system_call.h" /* of os/arch: CMake chooses the architecture */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Returns RLIMIT_NOFILE of this process; UINT64_MAX: it is unknown or unlimited. */
uint64_t mf_sys_descriptor_limit(void);

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
