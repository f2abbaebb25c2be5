/* SPDX-License-Identifier: Apache-2.0 */
/* A stream needs descriptors and memory of the caller. A failed open returns all of them. */
#include "watched.h"

#include "events/stream.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define RING 65536u

static struct watched child;

/* Rings above the limit of locked memory, as a user without privileges: the event of each ring is closed again. */
static uintptr_t open_in_vain(uintptr_t ring_bytes)
{
    static struct mf_process self;
    const struct rlimit none = {0, 0};
    struct mf_events *stream;
    int before;

    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)))
        return 1000;
    prctl(PR_SET_DUMPABLE, 1);
    if (mf_process_open_self(&self) != 0)
        return 1001;
    before = count_descriptors();
    for (int i = 0; i < 5; i++) {
        if (open_stream(&self, 0, (uint32_t)ring_bytes, 0, &stream) == 0)
            return 1002;
        free(stream);
    }
    return (uintptr_t)(count_descriptors() - before);
}

/* Tries with one more descriptor each time, until that is enough. */
static void without_descriptors_everything_is_released(void)
{
    const int before = count_descriptors();
    struct rlimit limit;
    rlim_t usual;
    int failures = 0;
    int rc = -EMFILE;

    getrlimit(RLIMIT_NOFILE, &limit);
    usual = limit.rlim_cur;
    for (limit.rlim_cur = 3; rc == -EMFILE && limit.rlim_cur < usual; limit.rlim_cur++) {
        setrlimit(RLIMIT_NOFILE, &limit);
        rc = watch(&child, 0, RING, 0);
        failures += rc != 0;
        if (rc == 0)
            mf_events_close(child.stream);
        free(child.stream);
        child.stream = NULL;
    }
    limit.rlim_cur = usual;
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK_IS(rc, 0, "with enough of them");
    CHECK(failures > 3, "it takes more than %d", failures);
    CHECK_IS(count_descriptors(), before, "descriptors");
}

static void a_failed_open_releases_everything(void)
{
    start(&child);
    without_descriptors_everything_is_released();
    CHECK_IS(command_child(&child, open_in_vain, 1u << 30), 0, "descriptors after a ring that is too large");
    end(&child);
}

/* ---- The caller's other threads ---- */

static volatile bool over;
static int failed_opens;

/* Needs two descriptors at a time, again and again. */
static void *open_files(void *unused)
{
    while (!over) {
        const int first = open("/dev/null", O_RDONLY);
        const int second = open("/dev/null", O_RDONLY);

        failed_opens += first < 0 || second < 0;
        close(first);
        close(second);
    }
    return unused;
}

/* Opens a stream of a process with many threads. The open fails, and leaves descriptors for other threads meanwhile. */
static void check_others_can_open(rlim_t descriptors, const char *what)
{
    struct rlimit limit;
    struct rlimit lower;
    pthread_t other;
    int most = 0;

    getrlimit(RLIMIT_NOFILE, &limit);
    lower = limit;
    lower.rlim_cur = descriptors;
    setrlimit(RLIMIT_NOFILE, &lower);
    over = false;
    failed_opens = 0;
    pthread_create(&other, NULL, open_files, NULL);
    for (int i = 0; i < 50 && check_failures == 0; i++) {
        const int before = count_descriptors();

        CHECK_IS(watch(&child, 0, RING, 0), -EMFILE, what);
        most = (int)(child.stream->needed_threads * child.stream->needed_cpus);
        free(child.stream);
        child.stream = NULL;
        CHECK(count_descriptors() <= before + 2, "%s: all are given back", what);
    }
    over = true;
    pthread_join(other, NULL);
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK_IS(failed_opens, 0, what);
    CHECK(most >= 100, "%s: %d descriptors were needed", what, most);
}

static void a_failed_open_leaves_descriptors_to_other_threads(void)
{
    const rlim_t per_thread = (rlim_t)sysconf(_SC_NPROCESSORS_ONLN);

    start(&child);
    CHECK_IS(command_child(&child, start_sleepers, 99), 99, "threads");
    check_others_can_open(64, "fewer descriptors than it takes");
    check_others_can_open(100 * per_thread * 16 / 15 + 3, "just as many, and some are in use");
    end(&child);
}

/* ---- Threads that exit before they are watched ---- */

/* In a child, whose exit code is the result. Each thread seems to exit between its listing and the open of its event. */
static int open_where_threads_end_at_once(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ESRCH),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};
    const int before = count_descriptors();
    int rc;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return CHECK_SKIPPED;
    rc = watch(&child, 0, RING, 0);
    return count_descriptors() == before ? -rc : 200;
}

static void listing_threads_ends(void)
{
    int status = 0;
    pid_t pid;

    start(&child);
    CHECK_IS(command_child(&child, start_sleepers, 3), 3, "threads");
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(open_where_threads_end_at_once());
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIPPED)
        printf("skipped: no filters of system calls here\n");
    else
        CHECK_IS(status, EAGAIN << 8, "each listing has a thread that has exited");
    end(&child);
}

int main(void)
{
    const int skipped = can_watch(&child);

    if (skipped)
        return skipped;
    a_failed_open_releases_everything();
    a_failed_open_leaves_descriptors_to_other_threads();
    listing_threads_ends();
    return check_result();
}
