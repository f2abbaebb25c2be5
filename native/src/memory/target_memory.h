/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_MEMORY_H
#define MF_TARGET_MEMORY_H

#include "process/process.h"

/*
 * The memory of a target: another process, or the calling one. The kernel reads it, so an address that is not mapped is a
 * result and no fault, also if the target unmaps it during the read.
 *
 * A descriptor of /proc/PID/mem refers to the memory that the target had when it was opened (mem_open(), fs/proc/base.c). It
 * never reads a later process with the same PID, nor a program that execve(2) has started. process_vm_readv(2) reads many
 * ranges in one call, but takes a PID. So it is used only if the PID is certainly that of the target, and its results are valid
 * only if the target still has that PID and that memory after the call.
 *
 * A read blocks until each page is provided: by a file system such as FUSE or NFS, or by a userfaultfd(2) handler of the
 * target. A target can make that last for ever. The blocked thread can be killed, but not interrupted.
 *
 * The functions take no lock and allocate nothing. An open memory is thread-safe. It must not be used in a child of fork(2).
 */
struct mf_target_memory {
    int32_t proc_fd; /* the directory /proc/PID */
    int32_t mem_fd;  /* its mem, or the mem of a living thread if the first thread has ended */
    int32_t pid;     /* for process_vm_readv(2); 0: the PID of the target in the caller's namespace is unknown */
    uint32_t reserved;
};

/* One range to read. */
struct mf_piece {
    uint64_t address; /* in the target: any 64-bit value */
    void *to;         /* memory of the caller, of at least this many bytes */
    uint32_t bytes;   /* up to 8 MiB: 128 pieces stay below the maximum of one call (MAX_RW_COUNT, include/linux/fs.h) */
    int32_t got;      /* out: bytes read, which are fewer if unreadable memory follows; or a negative errno */
};

/*
 * Opens the memory of a process. It takes two descriptors, which are O_CLOEXEC. The process may be closed before the memory.
 *
 * @param[out] out  valid only if 0 is returned.
 * @retval 0        opened
 * @retval -EACCES  the caller may not attach to the process (ptrace(2))
 * @return -EMFILE, -ENFILE; -ESRCH and other errors of mf_process_open_pid().
 */
int mf_target_memory_open(const struct mf_process *process, struct mf_target_memory *out);

/* Closes the descriptors. A second close does nothing. */
void mf_target_memory_close(struct mf_target_memory *memory);

/*
 * Reads pieces, many of them with one system call. The bytes of a piece after the first got bytes are undefined.
 *
 * The got of a piece is -EFAULT if no byte can be read, and -ESRCH if the target has exited or called execve(2).
 *
 * @return 0; or -ESRCH if the got of any piece is -ESRCH.
 */
int mf_target_memory_read_all(const struct mf_target_memory *memory, struct mf_piece *pieces, uint32_t count);

/*
 * Finds out which pages are in memory, from the page table (/proc/PID/pagemap). Unlike a read this maps no page.
 *
 * @param pages  in: an address in each page, in ascending order; out: 1 if the page is in memory, else 0.
 *
 * @return 0; -ESRCH: the target has exited or called execve(2); -EACCES: pagemap has the permissions of its owner alone;
 *         -ENOTSUP: the kernel has no pagemap; -EMFILE, -ENFILE, -ENOMEM.
 */
int mf_target_memory_find_pages(const struct mf_target_memory *memory, uint64_t *pages, uint32_t count);

/* Reads one range. Returns the got of the piece. */
int32_t mf_target_memory_read(const struct mf_target_memory *memory, uint64_t address, void *to, uint32_t bytes);

#endif
