/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/target_memory.h"

#include "os/digits.h"

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

/* Pieces in one call of process_vm_readv(2). They take 4 KiB of stack. The kernel's maximum is 1024 (UIO_MAXIOV). */
#define GROUP 128u

/*
 * Minimum of pieces for process_vm_readv(2). For fewer, one pread(2) per piece costs less than the call and the check after it.
 */
#define MIN_GROUP 4u

/*
 * Whether /proc shows the PID namespace of the caller. NSpid of proc_pid_status(5) lists the PIDs of a process from the
 * namespace of /proc down to its own. The caller has one PID in that list only if both namespaces are the same.
 */
static bool proc_has_own_namespace(void)
{
    char status[1024];
    const long length = mf_sys_read_file(AT_FDCWD, "/proc/thread-self/status", status, sizeof status);
    const char *const line = length > 0 ? strstr(status, "\nNSpid:\t") : NULL;
    const char *const end = line == NULL ? NULL : strchr(line + 1, '\n');
    const char *const second = line == NULL ? NULL : strchr(line + sizeof "\nNSpid:\t" - 1, '\t');

    return end != NULL && (second == NULL || second > end);
}

/* Returns the PID of the process of a directory in the caller's PID namespace; 0: unknown. */
static int32_t own_pid_of(int proc_fd, int32_t pid)
{
    struct stat held, found;
    const int fd = pid < 1 ? -1 : mf_proc_directory_open(pid);
    bool is_same;

    if (fd < 0)
        return 0;
    /* While proc_fd is open, no other directory has its inode. */
    is_same = mf_sys_stat(fd, "", AT_EMPTY_PATH, &found) == 0 && mf_sys_stat(proc_fd, "", AT_EMPTY_PATH, &held) == 0 &&
              found.st_dev == held.st_dev && found.st_ino == held.st_ino;
    mf_sys_close(fd);
    return is_same && proc_has_own_namespace() ? pid : 0;
}

int mf_target_memory_open(const struct mf_process *process, struct mf_target_memory *out)
{
    struct mf_target_memory memory = {.proc_fd = -1};
    const long duplicate = MF_SYS(SYS_fcntl, mf_state(process)->proc_fd, F_DUPFD_CLOEXEC, 0);

    memory.mem_fd = duplicate < 0 ? (int32_t)duplicate : mf_maps_open_file(mf_state(process)->proc_fd, "mem", O_RDONLY);
    memory.proc_fd = (int32_t)duplicate;
    if (memory.mem_fd < 0) {
        if (memory.proc_fd >= 0)
            mf_sys_close(memory.proc_fd);
        return mf_maps_explain(mf_state(process)->proc_fd, memory.mem_fd);
    }
    memory.pid = own_pid_of(memory.proc_fd, mf_state(process)->pid);
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

/* Reads one piece through the descriptor of mem. Returns its got. */
static int32_t read_one(const struct mf_target_memory *memory, const struct mf_piece *piece)
{
    long got;

    if (piece->bytes == 0)
        return 0;
    got = piece->address > INT64_MAX ? -EIO : mf_sys_pread(memory->mem_fd, piece->to, piece->bytes, piece->address);
    return got == 0 ? -ESRCH : got == -EIO ? -EFAULT : (int32_t)got;
}

/* Reads pieces by one process_vm_readv(2). Returns the number of pieces whose got is set, or the error of the call. */
static long read_group(const struct mf_target_memory *memory, struct mf_piece *pieces, uint32_t count)
{
    struct iovec local[GROUP], remote[GROUP];
    uint32_t ranges = 0, done = 0;
    long got;

    for (uint32_t i = 0; i < count; i++) {
        local[i] = (struct iovec){pieces[i].to, pieces[i].bytes};
        if (i > 0 && pieces[i].address == pieces[i - 1].address + pieces[i - 1].bytes) /* the kernel looks up a range once */
            remote[ranges - 1].iov_len += pieces[i].bytes;
        else
            remote[ranges++] = (struct iovec){(void *)(uintptr_t)pieces[i].address, pieces[i].bytes};
    }
    got = MF_SYS(SYS_process_vm_readv, memory->pid, local, count, remote, ranges, 0);
    if (got < 0 && got != -EFAULT)
        return got;
    if (got < 0)
        got = 0;
    for (; done < count && got >= (long)pieces[done].bytes; done++) {
        pieces[done].got = (int32_t)pieces[done].bytes;
        got -= (long)pieces[done].bytes;
    }
    if (done < count) { /* the kernel stops at the first range that it cannot read */
        pieces[done].got = got > 0 ? (int32_t)got : -EFAULT;
        done++;
    }
    return done;
}

/*
 * Whether the target still has its PID and the memory that was opened. A process keeps its PID until its parent has waited for
 * it, and its /proc directory has files until then.
 */
static bool has_pid_and_memory(const struct mf_target_memory *memory)
{
    char byte;

    /* mem returns 0 if the memory is released, and -EIO if it exists and address 0 is unmapped. */
    return MF_SYS(SYS_faccessat, memory->proc_fd, "stat", F_OK) == 0 && mf_sys_pread(memory->mem_fd, &byte, 1, 0) != 0;
}

int mf_target_memory_read_all(const struct mf_target_memory *memory, struct mf_piece *pieces, uint32_t count)
{
    uint32_t done = 0;
    int rc = 0;

    if (memory->pid != 0 && count >= MIN_GROUP) {
        while (done < count) {
            const uint32_t left = count - done;
            const long some = read_group(memory, pieces + done, left < GROUP ? left : GROUP);

            if (some < 0) /* a system call filter denies the call, or the first thread of the target has ended */
                break;
            done += (uint32_t)some;
        }
        if (done > 0 && !has_pid_and_memory(memory))
            done = 0; /* the pieces may be from another process: read all through the descriptor */
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

/* Entries of pagemap in one read: the kernel walks 2 MiB at a time (PAGEMAP_WALK_SIZE, fs/proc/task_mmu.c). */
#define ENTRIES 512u

/* A page that is present (Documentation/admin-guide/mm/pagemap.rst). */
#define ENTRY_PRESENT (1ull << 63)

/* Reads the entries of the first pages, those that one read covers. Returns their number, or a negative errno. */
static int64_t find_some(int fd, uint64_t page_size, uint64_t *pages, uint32_t count)
{
    const uint64_t first = pages[0] / page_size;
    uint64_t entries[ENTRIES];
    uint32_t some = 1;
    long got;

    while (some < count && pages[some] >= pages[some - 1] && pages[some] / page_size - first < ENTRIES)
        some++;
    got = mf_sys_pread(fd, entries, (pages[some - 1] / page_size - first + 1) * sizeof *entries, first * sizeof *entries);
    if (got < 0)
        return got;
    for (uint32_t i = 0; i < some; i++) { /* above the end of the address space the kernel reports no entries */
        const uint64_t entry = pages[i] / page_size - first;

        pages[i] = entry < (uint64_t)got / sizeof *entries && (entries[entry] & ENTRY_PRESENT) != 0;
    }
    return some;
}

int mf_target_memory_find_pages(const struct mf_target_memory *memory, uint64_t *pages, uint32_t count)
{
    const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    const int fd = mf_maps_open_file(memory->proc_fd, "pagemap", O_RDONLY);
    uint64_t entry;
    int64_t rc = 0;
    char byte;

    if (fd < 0)
        return mf_maps_explain(memory->proc_fd, fd == -ENOENT ? -ENOTSUP : fd);
    for (uint32_t done = 0; rc >= 0 && done < count; done += (uint32_t)rc)
        rc = find_some(fd, page_size, pages + done, count - done);
    /* The two descriptors may be of two programs, but the later one shows that the memory of the first one is released. */
    if (rc >= 0 && (mf_sys_pread(fd, &entry, sizeof entry, 0) == 0 || mf_sys_pread(memory->mem_fd, &byte, 1, 0) == 0))
        rc = -ESRCH;
    mf_sys_close(fd);
    return rc < 0 ? (int)rc : 0;
}
