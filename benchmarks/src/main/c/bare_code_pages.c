/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least work of a walk over the code of a JVM: bare_code_pages PID prints for each line of stdin the nanoseconds to read
 * once all memory that the walk of mapfiles reads, in pieces of up to 4 KiB, with 128 pieces in one process_vm_readv(2). A traced
 * child walks first, and the arguments of its system calls have the addresses.
 */
#include "timing.h"

#include "mapfiles_target.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO /* the header may be older than Linux 5.3 */
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif

#define UNIT      1024u /* bytes that the walk reads at a time: MF_CODE_READER_PAGE of native/src/jvm/code_reader.h */
#define PAGE      4096u
#define GROUP     128u
#define MAX_UNITS (1u << 20)
#define MAX_SIZE  (64u << 20)

/* struct ptrace_syscall_info of linux/ptrace.h, at the entry of a system call. */
struct call {
    uint8_t op, pad[3];
    uint32_t arch;
    uint64_t instruction_pointer, stack_pointer, number, arguments[6];
};

static uint64_t units[MAX_UNITS];
static struct iovec pieces[MAX_UNITS];
static uint32_t count; /* of units; then of pieces */
static char bytes[GROUP * PAGE];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void walk(int pid)
{
    struct mf_process process;
    struct mf_target *target;
    struct mf_code_result *const result = malloc(sizeof *result);
    void *const snapshot = malloc(MAX_SIZE);
    void *const memory = aligned_alloc(64, (mf_target_bytes() + 63) & ~(size_t)63);

    if (mf_process_open_pid(pid, &process) != 0 || mf_snapshot_init(snapshot, MAX_SIZE, 1u << 16, 16u << 20) != 0 ||
        mf_snapshot_read(&process, 0, NULL, snapshot) < 0 ||
        mf_target_open(&process, snapshot, memory, mf_target_bytes(), &target) != 0)
        _exit(1);
    raise(SIGSTOP); /* the parent traces from here on */
    for (int begin = 1; mf_target_next(target, begin, result) == 0; begin = 0)
        continue;
    _exit(0);
}

static void add(uint64_t address, uint64_t length)
{
    for (uint64_t unit = address / UNIT; length > 0 && unit <= (address + length - 1) / UNIT && count < MAX_UNITS; unit++)
        units[count++] = unit * UNIT;
}

/* Adds what a system call reads: process_vm_readv(2) of many pieces, or pread(2) of mem, whose offset is the address. */
static void add_call(int child, const struct call *call)
{
    if (call->number == SYS_process_vm_readv && call->arguments[4] <= GROUP) {
        struct iovec remote[GROUP];
        const size_t size = call->arguments[4] * sizeof *remote;
        const struct iovec to = {remote, size}, from = {(void *)(uintptr_t)call->arguments[3], size};

        if (process_vm_readv(child, &to, 1, &from, 1, 0) != (ssize_t)size)
            fail("the arguments of a call");
        for (uint64_t i = 0; i < call->arguments[4]; i++)
            add((uintptr_t)remote[i].iov_base, remote[i].iov_len);
    } else if (call->number == SYS_pread64 && call->arguments[3] != 0) { /* at 0 it only checks that there is memory */
        add(call->arguments[3], call->arguments[2]);
    }
}

static int by_address(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return one < other ? -1 : one > other;
}

/* Joins units that are adjacent in a page. */
static void make_pieces(void)
{
    uint32_t made = 0;

    qsort(units, count, sizeof *units, by_address);
    for (uint32_t i = 0; i < count; i++) {
        struct iovec *const last = &pieces[made - (made > 0)];
        const uint64_t end = (uintptr_t)last->iov_base + last->iov_len;

        if (made > 0 && units[i] < end)
            continue;
        if (made > 0 && units[i] == end && end % PAGE != 0)
            last->iov_len += UNIT;
        else
            pieces[made++] = (struct iovec){(void *)(uintptr_t)units[i], UNIT};
    }
    count = made;
}

static void find_pieces(int pid)
{
    const pid_t child = fork();
    int status;

    if (child == 0)
        walk(pid);
    if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SEIZE, child, NULL, PTRACE_O_TRACESYSGOOD) != 0 || kill(child, SIGCONT) != 0)
        fail("the child");
    if (ptrace(PTRACE_INTERRUPT, child, NULL, NULL) != 0)
        fail("PTRACE_INTERRUPT");
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        struct call call = {0};

        if (WSTOPSIG(status) == (SIGTRAP | 0x80) &&
            ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, child, sizeof call, &call) > 0 && call.op == 1)
            add_call(child, &call);
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || count == 0 || count == MAX_UNITS)
        fail("the walk");
    make_pieces();
}

static double read_pieces(int pid)
{
    const double begin = now_ns();

    for (uint32_t done = 0; done < count;) {
        struct iovec local[GROUP];
        const uint32_t some = count - done < GROUP ? count - done : GROUP, end = done + some;
        ssize_t got;

        for (uint32_t i = 0; i < some; i++)
            local[i] = (struct iovec){bytes + i * PAGE, pieces[done + i].iov_len};
        got = process_vm_readv(pid, local, some, pieces + done, some, 0);
        while (done < end && got >= (ssize_t)pieces[done].iov_len)
            got -= (ssize_t)pieces[done++].iov_len;
        if (done < end)
            done++; /* it cannot be read */
    }
    return now_ns() - begin;
}

int main(int argc, char **argv)
{
    const int pid = argc == 2 ? atoi(argv[1]) : 0;
    char line[64];

    if (pid <= 0) {
        fputs("usage: bare_code_pages PID\n", stderr);
        return 1;
    }
    find_pieces(pid);
    while (fgets(line, sizeof line, stdin) != NULL)
        print_result(read_pieces(pid));
    return 0;
}
