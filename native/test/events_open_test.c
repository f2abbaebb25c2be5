/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a stream: it covers every thread; waiting; closing returns all resources. */
#include "watched.h"

#include "events/stream.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define RING 65536u

static struct watched child;

/* ---- Commands of the child ---- */

static uintptr_t map_code(uintptr_t unused)
{
    (void)unused;
    return (uintptr_t)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static volatile bool over;
static volatile uintptr_t made;
static pthread_t maker;
enum { LONGEST = 64 };

static void *map_once(void *size)
{
    munmap(mmap(NULL, (uintptr_t)size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), (uintptr_t)size);
    return NULL;
}

/* Starts a thread for each mapping, as servers do. Each mapping is one page longer than the previous one, up to LONGEST. */
static void *make_threads(void *unused)
{
    while (!over) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, map_once, (void *)((made % LONGEST + 1) * PAGE)) == 0) {
            made++;
            pthread_join(thread, NULL);
        }
    }
    return unused;
}

static uintptr_t start_making(uintptr_t unused)
{
    over = false;
    return unused + (uintptr_t)pthread_create(&maker, NULL, make_threads, NULL);
}

static uintptr_t stop_making(uintptr_t unused)
{
    over = true;
    pthread_join(maker, NULL);
    return made + unused;
}

static volatile pid_t sleeper;

static void *say_number_and_sleep(void *unused)
{
    sleeper = (pid_t)syscall(SYS_gettid);
    return sleep_in_thread(unused);
}

static uintptr_t start_sleeper(uintptr_t unused)
{
    pthread_t thread;

    pthread_create(&thread, NULL, say_number_and_sleep, NULL);
    while (sleeper == 0)
        usleep(1000);
    return (uintptr_t)sleeper + unused;
}

static uintptr_t exit_now(uintptr_t code)
{
    _exit((int)code);
}

/* ---- Threads ---- */

struct sequence {
    uint64_t last; /* pages of the previous mapping; 0: none */
    uint64_t seen;
    uint64_t gaps;
    bool said; /* a drain since then reported a loss */
};

/* Each mapping is one page longer than the previous one, or a loss is reported. */
static void check_next(struct sequence *sequence)
{
    drain(&child);
    CHECK_IS(child.drained.unwatched_threads, 0, "all threads are watched");
    sequence->said |= child.drained.incomplete || child.drained.lost > 0;
    for (uint32_t i = 0; i < child.drained.count; i++) {
        const struct mf_event *const event = &child.events[i];
        const uint64_t pages = (event->mapping.end - event->mapping.start) / PAGE;

        if (event->kind != MF_EVENT_MAPPED || pages > LONGEST)
            continue;
        if (sequence->last != 0 && pages != sequence->last % LONGEST + 1) {
            CHECK(sequence->said, "%" PRIu64 " after %" PRIu64, pages, sequence->last);
            sequence->gaps++;
        }
        sequence->said = child.drained.incomplete || child.drained.lost > 0;
        sequence->last = pages;
        sequence->seen++;
    }
}

/* From the open on, no mapping of any thread is missing without a reported loss, and none is reported twice. */
static void later_threads_are_watched(void)
{
    struct sequence sequence = {0};

    start(&child);
    for (int round = 0; round < 60 && check_failures < 5; round++) {
        uintptr_t last;
        uint64_t began;
        int rc;

        command_child(&child, start_making, 0);
        usleep((useconds_t)round * 100);
        rc = watch(&child, 0, 1 << 18, 0);
        CHECK_IS(rc, 0, "watch");
        if (rc != 0)
            break;
        began = mf_events_now();
        sequence.last = 0;
        while (mf_events_now() - began < 30000000u || (sequence.last == 0 && check_failures < 5))
            check_next(&sequence);
        last = command_child(&child, stop_making, 0);
        do
            check_next(&sequence);
        while (child.drained.count > 0);
        CHECK(sequence.said || sequence.last == (last - 1) % LONGEST + 1, "the last one too: %" PRIu64, sequence.last);
        mf_events_close(child.stream);
        free(child.stream);
        child.stream = NULL;
    }
    CHECK(sequence.seen > 0, "nothing was seen");
    printf("%" PRIu64 " mappings, each by a thread of its own; %" PRIu64 " gaps, all said\n", sequence.seen, sequence.gaps);
    end(&child);
}

static void a_tid_watches_the_whole_process(void)
{
    struct mf_process by_thread;
    uintptr_t at;

    start(&child);
    CHECK_IS(mf_process_open_pid((pid_t)command_child(&child, start_sleeper, 0), &by_thread), 0, "by a thread");
    CHECK_IS(open_stream(&by_thread, 0, RING, 0, &child.stream), 0, "watch");
    CHECK_IS(child.stream->thread_count, 2, "both threads");
    mf_process_close(&by_thread);
    at = command_child(&child, map_code, 0);
    CHECK_IS(drain(&child), 1, "changes of the other thread");
    CHECK(event_at(&child, at) != NULL, "reported");
    end(&child);
}

/* Returns the bytes mapped by this process. */
static long mapped(void)
{
    long pages = 0;
    FILE *const file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%ld", &pages) != 1)
        abort();
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void a_close_releases_everything(void)
{
    struct mf_events *stream;
    long before_bytes;
    int before;

    start(&child);
    CHECK_IS(command_child(&child, start_sleepers, 20), 20, "threads");
    CHECK_IS(watch(&child, 0, RING, 0), 0, "watch");
    CHECK_IS(child.stream->thread_count, 21, "threads are watched");
    stream = child.stream;
    CHECK_IS(mf_events_open(&child.process, 0, RING, 0, stream), -EINVAL, "it is open");
    mf_events_close(stream);
    before = count_descriptors();
    before_bytes = mapped();
    for (int i = 0; i < 20; i++) {
        CHECK_IS(mf_events_open(&child.process, 0, 1 << 20, 0, stream), 0, "again");
        CHECK_IS(count_descriptors() - before, 21 * stream->cpu_count + 3, "descriptors");
        CHECK(mapped() - before_bytes >= 1 << 20, "a ring");
        mf_events_close(stream);
        mf_events_close(stream);
        CHECK_IS(mf_events_drain(stream, child.events, 1, child.text, TEXT, &child.drained), -EINVAL, "it is closed");
        CHECK_IS(mf_events_wait(stream, 0), -EINVAL, "it is closed");
    }
    CHECK_IS(count_descriptors(), before, "descriptors");
    CHECK(mapped() - before_bytes < 1 << 20, "rings: %ld bytes", mapped() - before_bytes);
    end(&child);
}

static void invalid_arguments_are_rejected(void)
{
    const size_t bytes = mf_events_bytes(8, 8);
    struct mf_events *const stream = malloc(bytes);

    CHECK_IS(mf_events_init((char *)stream + 4, bytes, 8, 8), -EINVAL, "not aligned");
    CHECK_IS(mf_events_init(stream, bytes - 1, 8, 8), -EINVAL, "too small");
    CHECK_IS(mf_events_bytes(UINT32_MAX, UINT32_MAX), 0, "too much");
    CHECK_IS(mf_events_bytes(0, 1u << 24), 0, "too much");
    CHECK_IS(mf_events_init(stream, bytes, 8, 8), 0, "memory");
    start(&child);
    CHECK_IS(mf_events_open(&child.process, 8, RING, 0, stream), -EINVAL, "no such bit");
    CHECK_IS(mf_events_open(&child.process, 0, RING + 4096, 0, stream), -EINVAL, "no power of two");
    CHECK_IS(mf_events_open(&child.process, 0, 8192, 0, stream), -EINVAL, "too small a ring");
    CHECK_IS(mf_events_open(&child.process, 0, 1u << 31, 0, stream), -EINVAL, "too large a ring");
    if (mf_events_open(&child.process, 0, MF_EVENTS_RING_MIN, 0, stream) == 0) { /* eight CPUs are enough here */
        const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);

        CHECK_IS(stream->ring_bytes, page > MF_EVENTS_RING_MIN ? page : MF_EVENTS_RING_MIN, "the smallest ring");
        mf_events_close(stream);
    }
    CHECK_IS(mf_events_init(stream, bytes, 0, 8), 0, "memory");
    CHECK_IS(mf_events_open(&child.process, 0, RING, 0, stream), -ENOBUFS, "no thread fits");
    CHECK_IS(stream->needed_threads, 1, "threads");
    CHECK_IS(stream->needed_cpus, sysconf(_SC_NPROCESSORS_ONLN), "CPUs");
    free(stream);
    end(&child);
}

/* ---- Waiting ---- */

static void *wake_soon(void *stream)
{
    usleep(100000);
    mf_events_wake(stream);
    return NULL;
}

static long switches(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void a_wait_ends_with_the_first_event(void)
{
    pthread_t thread;
    uint64_t began;
    long before;

    start(&child);
    CHECK_IS(watch(&child, 0, RING, 1), 0, "watch");
    before = switches();
    began = mf_events_now();
    CHECK_IS(mf_events_wait(child.stream, 300), 0, "nothing happens");
    CHECK(mf_events_now() - began >= 299000000u, "and takes its time");
    CHECK(switches() - before <= 2, "without waking: %ld times", switches() - before);
    command_child(&child, map_code, 0);
    CHECK_IS(mf_events_wait(child.stream, -1), 1, "something has happened");
    CHECK_IS(mf_events_wait(child.stream, -1), 1, "it is still there");
    CHECK_IS(drain(&child), 1, "this");
    pthread_create(&thread, NULL, wake_soon, child.stream);
    CHECK_IS(mf_events_wait(child.stream, -1), 0, "woken");
    pthread_join(thread, NULL);
    {
        const uintptr_t order[] = {(uintptr_t)exit_now, 0};

        CHECK_IS(write(child.to, order, sizeof order), sizeof order, "order");
    }
    CHECK_IS(mf_events_wait(child.stream, 60000), 1, "the end");
    CHECK_IS(drain(&child), 1, "of its only thread");
    CHECK_IS(child.events[0].kind, MF_EVENT_THREAD_ENDED, "of its only thread");
    if (child.stream->pid_fd >= 0) {
        CHECK_IS(mf_events_wait(child.stream, 60000), -ESRCH, "no event can follow");
        CHECK_IS(mf_events_wait(child.stream, 0), -ESRCH, "nor later");
    }
    mf_events_close(child.stream);
    CHECK(mf_events_open(&child.process, 0, RING, 1, child.stream) < 0, "a zombie is not watched");
    waitpid(child.pid, NULL, 0);
    CHECK_IS(mf_events_open(&child.process, 0, RING, 1, child.stream), -ESRCH, "unmapped mappings are not found");
    end(&child);
}

/* The rings of the first thread wake the reader for other threads after its exit, and a wait does not spin. */
static void *outlive(void *unused)
{
    await_state_of(getpid(), 'Z');
    map_code(0);
    pause();
    return unused;
}

static uintptr_t outlive_first_thread(uintptr_t unused)
{
    pthread_t thread;

    return unused + (uintptr_t)pthread_create(&thread, NULL, outlive, NULL);
}

static uintptr_t exit_thread(uintptr_t unused)
{
    (void)unused;
    pthread_exit(NULL);
}

static void rings_outlive_the_thread_that_opened_them(void)
{
    const uintptr_t order[] = {(uintptr_t)exit_thread, 0};
    bool seen = false;

    start(&child);
    command_child(&child, outlive_first_thread, 0);
    CHECK_IS(watch(&child, 0, RING, 1), 0, "watch");
    CHECK_IS(write(child.to, order, sizeof order), sizeof order, "order");
    for (int waits = 0; waits < 9 && !seen; waits++) {
        CHECK_IS(mf_events_wait(child.stream, 20000) >= 0, 1, "it lives");
        drain(&child);
        for (uint32_t i = 0; i < child.drained.count; i++)
            seen |= child.events[i].kind == MF_EVENT_MAPPED && child.events[i].tid != child.pid;
    }
    CHECK(seen, "a mapping of the other thread wakes the reader");
    CHECK_IS(mf_events_wait(child.stream, 100), 0, "no events again");
    end(&child);
}

int main(void)
{
    const int skipped = can_watch(&child);

    if (skipped)
        return skipped;
    a_tid_watches_the_whole_process();
    a_close_releases_everything();
    invalid_arguments_are_rejected();
    a_wait_ends_with_the_first_event();
    rings_outlive_the_thread_that_opened_them();
    later_threads_are_watched();
    return check_result();
}
