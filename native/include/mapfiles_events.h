/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_EVENTS_H
#define MAPFILES_EVENTS_H

/**
 * @file
 * mapfiles: changes of the mappings of a process that the kernel records (perf_event_open(2), PERF_RECORD_MMAP2).
 *
 * Each event has a time. An event costs the target less than a microsecond.
 *
 * | recorded | not recorded |
 * | -------- | ------------ |
 * | mmap(2), shmat(2), mprotect(2), growth of heap and stack, the images of execve(2) | munmap(2), shmdt(2), mremap(2), a heap that shrinks, names set by prctl(2), renamed and deleted files |
 *
 * This is the behaviour of Linux 6.18 (calls of perf_event_mmap()). An event holds the *whole mapping after the change*, also
 * if the kernel merged it with its neighbours; it replaces what was in its range. A later mapping over a range that was
 * unmapped is recorded. So events report mappings that *were made*. Whether they still exist is found by mf_mapping_validate()
 * or a new snapshot. Without MF_EVENTS_ALL only mappings that are executable after the change are recorded; the loss of that
 * permission is not recorded.
 *
 * Names are those of the kernel at the time of the event, as in a snapshot, with two exceptions. The first event of a heap has
 * no name. A path of more than MF_NAME_MAX - 9 bytes is left out (name_length is 0, MF_FILE_BACKED is set).
 *
 * Mappings made by a process that shares the memory and is no thread of the target (vfork(2)) are not recorded. At the
 * execve(2) of a program that runs set-user-ID, or that may be executed but not read, the kernel removes the events.
 * mf_events_drain() then attaches to the process again and sets incomplete; or unwatched_threads if the caller may not access
 * that program. Before Linux 5.3 neither is reported: the stream ends with the execve event and the end of the thread.
 *
 * **Cost.** Each thread that exists takes one descriptor per CPU. Threads that it creates later inherit its events in the
 * kernel and take none. Each CPU has a ring of ring_bytes and one page of locked memory. Without CAP_IPC_LOCK all rings of a
 * user share perf_event_mlock_kb per CPU, and then RLIMIT_MEMLOCK.
 *
 * Errors are as mapfiles.h describes them.
 */

#include "mapfiles.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to record. */
enum mf_events_option {
    MF_EVENTS_ALL = 1u << 0,      /**< all mappings; without it only executable ones */
    MF_EVENTS_BUILD_ID = 1u << 1, /**< the build ID of ELF files *instead of* device and inode; ignored before Linux 5.12. To open such
                                       a file, query its present mapping: mf_query() with MF_WITH_BUILD_ID */
};

/** What an event reports. */
enum mf_event_kind {
    MF_EVENT_MAPPED = 0,     /**< the mapping exists, newly or with changed permissions; it replaces what was in its range */
    MF_EVENT_EXEC,           /**< execve(2) removed all mappings; the name is the new comm, up to 15 bytes */
    MF_EVENT_THREAD_STARTED, /**< tid is the new thread */
    MF_EVENT_THREAD_ENDED,   /**< tid is the thread. The end of a process is reported only in this way */
    MF_EVENT_FORKED,         /**< pid and tid are those of a new child process, whose mappings are not recorded */
};

/** One event: 112 bytes. */
struct mf_event {
    struct mf_mapping mapping; /**< of MF_EVENT_MAPPED, else 0. Its name is in the text of the events. file_index is 0 or -1 */
    uint64_t time;             /**< when the kernel recorded it: CLOCK_MONOTONIC of the caller's time namespace, in ns */
    int32_t pid;               /**< of the process */
    int32_t tid;               /**< of the thread that made the change */
    uint32_t kind;             /**< a value of enum mf_event_kind */
    uint32_t build_id_length;  /**< above 0: device and inode were not recorded and are 0 */
    uint8_t build_id[MF_BUILD_ID_MAX]; /**< build_id_length bytes are valid */
    uint32_t reserved;         /**< 0 */
};

/** What one mf_events_drain() found beside the events. */
struct mf_drained {
    uint64_t lost;              /**< records that the kernel reports as dropped since it last reported any */
    uint32_t count;             /**< events written */
    uint32_t text_length;       /**< bytes of text written */
    uint32_t more;              /**< 1: the memory was too small for all events; the others are still in the rings */
    uint32_t incomplete;        /**< 1: events may be missing. A ring was so full that the kernel may have dropped records (it reports
                                     this with the next record), a thread was found that was created just before the thread that
                                     created it was attached to, or the process has become a program with other privileges */
    uint32_t unwatched_threads; /**< threads whose changes are not recorded: descriptors or capacity are used up, or the process has
                                     become a program that the caller may not access. In that case each drain reports it, and a new
                                     mf_events_open() returns why */
    uint32_t reserved;          /**< 0 */
};

/**
 * An open stream of events: memory of the caller, of mf_events_bytes(), aligned to 8 bytes. It holds descriptors and the
 * addresses of rings. The rings are memory of the kernel, mapped by mf_events_open() and unmapped by mf_events_close(). The
 * structure may be moved, but not to another process: a child of fork(2) has no rings.
 */
struct mf_events {
    uint64_t magic;          /**< internal: set by mf_events_init() */
    uint64_t bytes;          /**< size of the memory */
    uint32_t thread_capacity; /**< maximum of threads at the open */
    uint32_t cpu_capacity;   /**< maximum of CPUs */
    uint32_t needed_threads; /**< threads that exist: valid after -ENOBUFS and -EMFILE */
    uint32_t needed_cpus;    /**< CPUs that exist: valid after -ENOBUFS and -EMFILE */
    uint32_t options;        /**< bits of enum mf_events_option, as granted: without MF_EVENTS_BUILD_ID before Linux 5.12 */
    uint32_t ring_bytes;     /**< of each ring: as requested, or one page if a page is larger */
    uint32_t wake_bytes;     /**< as requested */
    uint32_t thread_count;   /**< threads that the stream is attached to; threads that they create inherit the events */
    uint32_t cpu_count;      /**< CPUs, each of which has a ring */
    int32_t pid;             /**< of the process */
    int32_t epoll_fd;        /**< internal */
    int32_t wake_fd;         /**< internal */
    int32_t pid_fd;          /**< internal; -1 before Linux 5.3 */
    uint32_t traits;         /**< internal */
    uint64_t internal_devices[5]; /**< internal */
    int64_t clock_offset;    /**< the caller's CLOCK_MONOTONIC minus the kernel's, in ns: time_namespaces(7) */
    uint32_t fd_end;         /**< descriptors from this number on are left to other threads */
    uint32_t reserved;       /**< 0 */
};

/**
 * Returns the size of the memory for a stream, in bytes: a multiple of 8; 0 if the size exceeds 2 GiB.
 *
 * @param thread_capacity  threads of the process that exist when the stream is opened.
 * @param cpu_capacity     CPUs of the machine.
 */
MF_API size_t mf_events_bytes(uint32_t thread_capacity, uint32_t cpu_capacity);

/**
 * Makes a closed stream in memory of the caller.
 *
 * @retval 0        done
 * @retval -EINVAL  the memory is not aligned to 8 bytes, or too small
 */
MF_API int mf_events_init(void *memory, size_t bytes, uint32_t thread_capacity, uint32_t cpu_capacity);

#define MF_EVENTS_RING_MIN 16384u /**< minimum of ring_bytes: more than two of the longest records */

/**
 * Opens a stream of the events of a process. Read a snapshot after this call: each later change is in the snapshot, in an
 * event, or in both; otherwise mf_events_drain() sets incomplete.
 *
 * The function lists the threads of the process until a listing has no thread that inherits no events. A thread that is being
 * created during all that time is reported to mf_events_drain(), which attaches to it and sets incomplete. Two kinds of change
 * are neither recorded nor reported: those of threads that such a thread has created by then; and those on a CPU that was
 * offline at the open and is online later. Open a new stream if the number of CPUs grows.
 *
 * @param process     in the PID namespace of the caller. It may be closed after this call.
 * @param options     bits of enum mf_events_option.
 * @param ring_bytes  a power of two, MF_EVENTS_RING_MIN to 2^30. A record takes 104 bytes and the path. 65536 is a good value.
 * @param wake_bytes  mf_events_wait() returns after this number of new bytes in a ring. 0: half a ring. 1: after each event;
 *                    then each event costs the target a wake-up, which on a virtual machine costs several times its mmap(2).
 * @param out         a closed stream; it stays closed if an error is returned.
 * @retval 0         opened
 * @retval -EACCES   access to the process is denied: mf_denial_reasons() returns why
 * @retval -EPERM    perf_event_open(2) is denied: mf_events_denial_reasons() returns why
 * @retval -EDQUOT   no more memory may be locked (perf_event_mlock_kb, RLIMIT_MEMLOCK)
 * @retval -EMFILE, -ENFILE  needed_threads * needed_cpus + 3 descriptors are needed. The highest 16th of RLIMIT_NOFILE is left
 *                   to other threads of the caller. If the limit is too low for all threads, the open fails after the first of
 *                   them
 * @retval -ENOSYS   the kernel has no perf events, or a system call filter blocks them
 * @retval -EXDEV    the process was opened in a /proc of another PID namespace
 * @retval -ENOTSUP  the caller is in a time namespace and has created another one for its children (unshare(2)): the kernel
 *                   then reports only the clock offsets of that one
 * @retval -ENOBUFS  needed_threads and needed_cpus hold the capacities that were needed; add some slack and retry
 * @retval -EAGAIN   each of 1,024 listings had an unwatched thread: threads are created and end faster than they can be listed
 * @return -EINVAL, -ESRCH, -ECHILD, -ENOMEM as mapfiles.h describes. After any error but -EACCES, -EINVAL, -ESRCH and -ECHILD
 *         the process can be polled with mf_snapshot_read().
 *
 * The caller must not enter another time namespace (setns(2)) while the stream is open: times would stay those of the old one.
 * Takes 6 KiB of stack.
 */
MF_API int mf_events_open(struct mf_process *process, uint32_t options, uint32_t ring_bytes, uint32_t wake_bytes,
                          struct mf_events *out);

/**
 * Moves recorded events from the rings to memory of the caller, ordered by time, also from one call to the next. It makes no
 * system call, except for new threads shortly after the open, for a program with other privileges, and after a loss.
 *
 * @param out            @p capacity events, at least 1.
 * @param text           @p text_capacity bytes for names, at least MF_NAME_MAX.
 * @param[out] drained   set unless -EINVAL is returned. If lost or incomplete is not 0, read a new snapshot.
 * @return the number of events
 * @retval -EINVAL  the stream is closed, or the memory is too small for one event
 *
 * One thread at a time may drain and wait.
 */
MF_API int mf_events_drain(struct mf_events *events, struct mf_event *out, uint32_t capacity, char *text,
                           uint32_t text_capacity, struct mf_drained *drained);

/**
 * Waits until there are events to drain: see wake_bytes. Waiting takes no CPU time.
 *
 * @param timeout_ms  in milliseconds; 0: do not wait; -1: no limit.
 * @retval 1        there are events
 * @retval 0        the time is over, mf_events_wake() was called, or the caller handled a signal, or was stopped or frozen and
 *                  continued (epoll_wait(2), signal(7))
 * @retval -ESRCH   the process has exited and all events are drained (not reported before Linux 5.3)
 * @retval -EINVAL  the stream is closed
 *
 * One thread at a time may drain and wait.
 */
MF_API int mf_events_wait(struct mf_events *events, int timeout_ms);

/** Makes a wait of another thread return, or else the next wait. No other thread may be closing the stream. */
MF_API void mf_events_wake(struct mf_events *events);

/** Closes the stream: closes its descriptors and unmaps its rings. No other thread may be using it. A second close does nothing. */
MF_API void mf_events_close(struct mf_events *events);

/** Why perf_event_open(2) is denied to the calling thread: bits of mf_events_denial_reasons(). */
enum mf_events_denial {
    MF_EVENTS_PARANOID = 1u << 0, /**< perf_event_paranoid is above 2 (some distributions): lower it, or have CAP_PERFMON in
                                       the initial user namespace */
    MF_EVENTS_SECCOMP = 1u << 1,  /**< a system call filter is active (containers): allow perf_event_open in it */
    MF_EVENTS_POLICY = 1u << 2,   /**< none of these: a security module denies it */
    MF_EVENTS_ABSENT = 1u << 3,   /**< the kernel was built without perf events */
};

/**
 * Returns why perf_event_open(2) is denied to the calling thread: for the message after -EPERM and -ENOSYS.
 *
 * @return bits of enum mf_events_denial, at least one; or -EMFILE, -ENFILE, -ENOMEM.
 */
MF_API int mf_events_denial_reasons(void);

#ifdef __cplusplus
}
#endif

#endif
