/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a target process, read in batches into the caller's memory. */
#include "memory/target_memory.h"

#include "os/digits.h"

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

/* Places in one call of process_vm_readv(2): 4 KiB of stack. The kernel's limit is 1024 (UIO_MAXIOV). */
#define GROUP 128u

/* From how many places on one call that is checked afterwards is cheaper than a pread(2) for each. */
#define MIN_GROUP 4u

/*
 * Whether process numbers in /proc are those of the caller's PID namespace. NSpid of proc_pid_status(5) lists the numbers of a
 * process from the namespace of that /proc down to its own: of the caller there is one exactly if both are the same.
 */
static bool proc_has_own_numbers(void)
{
    char status[1024];
    const long length = mf_sys_read_file(AT_FDCWD, "/proc/thread-self/status", status, sizeof status);
    const char *const line = length > 0 ? strstr(status, "\nNSpid:\t") : NULL;
    const char *const end = line == NULL ? NULL : strchr(line + 1, '\n');
    const char *const second = line == NULL ? NULL : strchr(line + sizeof "\nNSpid:\t" - 1, '\t');

    return end != NULL && (second == NULL || second > end);
}

/* The number by which system calls know the process behind a directory; 0: not known. */
static int32_t number_of(int proc_fd, int32_t pid)
{
    struct stat held, found;
    const int fd = pid < 1 ? -1 : mf_proc_directory_open(pid);
    bool is_same;

    if (fd < 0)
        return 0;
    is_same = mf_sys_stat(fd, "", AT_EMPTY_PATH, &found) == 0 && mf_sys_stat(proc_fd, "", AT_EMPTY_PATH, &held) == 0 &&
              found.st_dev == held.st_dev && found.st_ino == held.st_ino; /* held open, the number is no other directory's */
    mf_sys_close(fd);
    return is_same && proc_has_own_numbers() ? pid : 0;
}

int mf_target_memory_open(const struct mf_process *process, struct mf_target_memory *out)
{
    struct mf_target_memory memory = {.proc_fd = -1};
    const long duplicate = MF_SYS(SYS_fcntl, mf_state(process)->proc_fd, F_DUPFD_CLOEXEC, 0);

    memory.mem_fd = duplicate < 0 ? (int32_t)duplicate : mf_maps_open_part(mf_state(process)->proc_fd, "mem", O_RDONLY);
    memory.proc_fd = (int32_t)duplicate;
    if (memory.mem_fd < 0) {
        if (memory.proc_fd >= 0)
            mf_sys_close(memory.proc_fd);
        return mf_maps_explain(mf_state(process)->proc_fd, memory.mem_fd);
    }
    memory.pid = number_of(memory.proc_fd, mf_state(process)->pid);
    *out = memory;
    return 0;
}

void mf_target_memory_close(struct mf_target_memory *memory)
{
    if (memory->mem_fd >= 0)
        mf_sys_close(memory->mem_fd);
    if (memory->proc_fd >= 0)
        mf_sys_close(memory->proc_fd);
    memory->mem_fd = -1;
    memory->proc_fd = -1;
}

/* Through the descriptor, which stands for the target's memory and for nothing else. */
static int32_t read_one(const struct mf_target_memory *memory, const struct mf_piece *piece)
{
    long got;

    if (piece->bytes == 0)
        return 0;
    got = piece->address > INT64_MAX ? -EIO : mf_sys_pread(memory->mem_fd, piece->to, piece->bytes, piece->address);
    return got == 0 ? -ESRCH : got == -EIO ? -EFAULT : (int32_t)got;
}

/* A group by one call. Returns how many of its pieces are read now, or the error that the call itself met. */
static long read_group(const struct mf_target_memory *memory, struct mf_piece *pieces, uint32_t count)
{
    struct iovec local[GROUP], remote[GROUP];
    uint32_t done = 0;
    long got;

    for (uint32_t i = 0; i < count; i++) {
        local[i] = (struct iovec){pieces[i].to, pieces[i].bytes};
        remote[i] = (struct iovec){(void *)(uintptr_t)pieces[i].address, pieces[i].bytes};
    }
    got = MF_SYS(SYS_process_vm_readv, memory->pid, local, count, remote, count, 0);
    if (got < 0 && got != -EFAULT)
        return got;
    if (got < 0)
        got = 0;
    for (; done < count && got >= (long)pieces[done].bytes; done++) {
        pieces[done].got = (int32_t)pieces[done].bytes;
        got -= (long)pieces[done].bytes;
    }
    if (done < count) { /* the kernel goes no further than the first place that it cannot read */
        pieces[done].got = got > 0 ? (int32_t)got : -EFAULT;
        done++;
    }
    return done;
}

/*
 * Whether the PID was the target's all the while, with the memory it was opened with. A process keeps its number until it is
 * waited for, and is found in its directory until then.
 */
static bool is_still_there(const struct mf_target_memory *memory)
{
    char byte;

    return MF_SYS(SYS_faccessat, memory->proc_fd, "stat", F_OK) == 0 &&
           mf_sys_pread(memory->mem_fd, &byte, 1, 0) != 0; /* 0: no such memory any more; -EIO: nothing at that address */
}

int mf_target_memory_read_all(const struct mf_target_memory *memory, struct mf_piece *pieces, uint32_t count)
{
    uint32_t done = 0;
    int rc = 0;

    if (memory->pid != 0 && count >= MIN_GROUP) {
        while (done < count) {
            const uint32_t left = count - done;
            const long some = read_group(memory, pieces + done, left < GROUP ? left : GROUP);

            if (some < 0) /* refused by a filter of system calls, or its first thread has ended */
                break;
            done += (uint32_t)some;
        }
        if (done > 0 && !is_still_there(memory))
            done = 0; /* each is read again, from the target or not at all */
    }
    for (; done < count; done++)
        pieces[done].got = read_one(memory, &pieces[done]);
    for (uint32_t i = 0; i < count; i++)
        rc = pieces[i].got == -ESRCH ? -ESRCH : rc;
    return rc;
}

int32_t mf_target_memory_read(const struct mf_target_memory *memory, uint64_t address, void *to, uint32_t bytes)
{
    const struct mf_piece piece = {address, to, bytes, 0};

    return read_one(memory, &piece);
}
