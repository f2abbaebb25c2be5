/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_MEMORY_H
#define MF_TARGET_MEMORY_H

#include "process/process.h"

/*
 * Memory of a target: of another process, or of the calling one. It is read as the kernel reads it, so memory that is not
 * mapped is a result and no fault, whatever the target unmaps meanwhile.
 *
 * The descriptor of /proc/<pid>/mem stands for the memory that the target had when it was opened (mem_open(),
 * fs/proc/base.c): neither a later process with the same PID nor a program that replaced it (execve(2)) is read through it.
 * process_vm_readv(2) reads many places in one call, but takes a PID. So it is used only for a PID that is known to be the
 * target's, and what it read counts only if the target still has that PID and that memory afterwards.
 *
 * A read waits for whatever provides the page: a file system such as FUSE or NFS, or a userfaultfd(2) handler of the target. A target can
 * make that last for ever. The waiting thread can be killed and not interrupted.
 *
 * A core file would be another kind of target, with other code in mf_target_memory_read_all() and nowhere else.
 *
 * No lock, no allocation. Thread-safe once open. The caller's memory, which a process does not share with its child (fork(2)).
 */
struct mf_target_memory {
    int32_t proc_fd; /* the directory /proc/<pid> */
    int32_t mem_fd;  /* its mem, or a living thread's where the first thread has ended */
    int32_t pid;     /* for process_vm_readv(2); 0: not known to be the target's in this PID namespace */
    uint32_t reserved;
};

/* One place to read. */
struct mf_piece {
    uint64_t address; /* in the target, any 64-bit value */
    void *to;         /* at least this many bytes of the caller's */
    uint32_t bytes;   /* at most 8 MiB: 128 of them stay below what one call reads (MAX_RW_COUNT, include/linux/fs.h) */
    int32_t got;      /* set: bytes read, fewer than asked for where unreadable memory begins; or a negative errno */
};

/*
 * Opens the memory of a process. Takes two descriptors, O_CLOEXEC; the process may be closed before the memory.
 *
 * Returns 0; -EACCES: the caller may not attach to the process (ptrace(2)); -ESRCH and the like as mf_process_open_pid();
 * -EMFILE, -ENFILE. Nothing is open unless 0 is returned.
 */
int mf_target_memory_open(const struct mf_process *process, struct mf_target_memory *out);

/* Closes the descriptors. Closing twice does nothing. */
void mf_target_memory_close(struct mf_target_memory *memory);

/*
 * Reads places, in one system call for many of them. What a piece's memory holds behind the bytes that it got is undefined.
 *
 * got is -EFAULT where nothing can be read; -ESRCH: the target has exited, or runs another program.
 * Returns 0, or -ESRCH if that is so for any piece.
 */
int mf_target_memory_read_all(const struct mf_target_memory *memory, struct mf_piece *pieces, uint32_t count);

/* The same for one place. Returns its got. */
int32_t mf_target_memory_read(const struct mf_target_memory *memory, uint64_t address, void *to, uint32_t bytes);

#endif
