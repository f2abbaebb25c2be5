/* SPDX-License-Identifier: Apache-2.0 */
/* Draining events from the rings: order, small buffers, full rings, and invalid records. */
#include "watched.h"

#include "events/stream.h"
#include "os/perf_event.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#define PAGE 4096u
#define RING 16384u

static struct watched child;

/* ---- Commands of the child ---- */

/* Makes mappings of growing size, in order. Returns the address of the last one. */
static uintptr_t map_many(uintptr_t count)
{
    void *at = NULL;

    for (uintptr_t i = 1; i <= count; i++) {
        at = map_only(i * PAGE, PROT_READ | PROT_EXEC);
        unmap_only(at, i * PAGE);
    }
    return (uintptr_t)at;
}

static pthread_barrier_t turn;

struct runner {
    int cpu;
    uintptr_t count;
};

/* Two threads on two CPUs in turn map sizes 1, 2, 3, ... */
static void *map_in_turns(void *argument)
{
    const struct runner *const self = argument;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(self->cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    for (uintptr_t i = 1; i <= self->count; i++) {
        if (i % 2 == (uintptr_t)self->cpu)
            unmap_only(map_only(i * PAGE, PROT_READ | PROT_EXEC), i * PAGE);
        pthread_barrier_wait(&turn);
    }
    return NULL;
}

static uintptr_t start_turns(uintptr_t count)
{
    static struct runner runners[2];
    pthread_t threads[2];

    pthread_barrier_init(&turn, NULL, 2);
    for (int i = 0; i < 2; i++) {
        runners[i] = (struct runner){i, count};
        pthread_create(&threads[i], NULL, map_in_turns, &runners[i]);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

/* ---- ---- */

static uint64_t pages(const struct mf_event *event)
{
    return (event->mapping.end - event->mapping.start) / PAGE;
}

static void check_sequence(uint64_t *last, uint64_t *last_time)
{
    for (uint32_t i = 0; i < child.drained.count; i++) {
        CHECK(child.events[i].time >= *last_time, "time never goes back");
        *last_time = child.events[i].time;
        if (child.events[i].kind != MF_EVENT_MAPPED)
            continue;
        CHECK_IS(pages(&child.events[i]), *last + 1, "next mapping");
        *last = pages(&child.events[i]);
    }
}

static void cpus_are_merged_by_time(void)
{
    uint64_t last = 0;
    uint64_t time = 0;

    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        puts("skipped: takes two CPUs");
        return;
    }
    start(&child);
    CHECK_IS(watch(&child, 0, 65536, 0), 0, "watch");
    command_child(&child, start_turns, 200);
    CHECK(drain(&child) >= 200, "got %d", child.drained.count);
    check_sequence(&last, &time);
    CHECK_IS(last, 200, "all of them");
    end(&child);
}

/* The child continues meanwhile: events that a drain leaves are in the next one, in order. */
static void order_holds_from_one_drain_to_the_next(void)
{
    const uintptr_t order[] = {(uintptr_t)start_turns, 1500};
    uint64_t last = 0;
    uint64_t time = 0;
    int drains = 0;

    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return;
    start(&child);
    CHECK_IS(watch(&child, 0, 1 << 20, 0), 0, "watch");
    CHECK_IS(write(child.to, order, sizeof order), sizeof order, "order");
    for (const uint64_t end = mf_events_now() + 60000000000u; last < 1500 && mf_events_now() < end; drains++) {
        drain(&child);
        check_sequence(&last, &time);
        if (check_failures > 10)
            break;
    }
    CHECK_IS(last, 1500, "all of them");
    CHECK_IS(child.drained.lost + child.drained.incomplete, 0, "nothing is lost");
    printf("%d drains\n", drains);
    end(&child);
}

static void records_that_do_not_fit_stay_in_the_ring(void)
{
    uint64_t last = 0;
    uint64_t time = 0;

    start(&child);
    CHECK_IS(watch(&child, MF_EVENTS_ALL, RING, 0), 0, "watch");
    command_child(&child, map_many, 50);
    for (int i = 0; i < 50; i++) {
        CHECK_IS(mf_events_drain(child.stream, child.events, 1, child.text, MF_NAME_MAX, &child.drained), 1, "one");
        CHECK_IS(child.drained.more, i < 49, "more");
        CHECK_IS(mf_events_wait(child.stream, 0), i < 49, "there is still something");
        check_sequence(&last, &time);
    }
    CHECK_IS(mf_events_drain(child.stream, child.events, 1, child.text, MF_NAME_MAX, &child.drained), 0, "no more");
    CHECK_IS(mf_events_drain(child.stream, child.events, 0, child.text, MF_NAME_MAX, &child.drained), -EINVAL, "no events");
    CHECK_IS(mf_events_drain(child.stream, child.events, 1, child.text, MF_NAME_MAX - 1, &child.drained), -EINVAL, "no text");
    end(&child);
}

static void records_wrap_at_the_end_of_a_ring(void)
{
    start(&child);
    CHECK_IS(watch(&child, MF_EVENTS_ALL, RING, 0), 0, "watch");
    for (int round = 0; round < 100; round++) {
        uint64_t last = 0;
        uint64_t time = 0;

        command_child(&child, map_many, 37 + (uintptr_t)round % 7);
        drain(&child);
        check_sequence(&last, &time);
        CHECK_IS(last, 37 + round % 7, "all of them");
        CHECK_IS(child.drained.lost + child.drained.incomplete, 0, "nothing is lost");
    }
    end(&child);
}

static void a_full_ring_is_reported(void)
{
    cpu_set_t any;
    cpu_set_t one;
    uint64_t lost;

    start(&child);
    sched_getaffinity(child.pid, sizeof any, &any);
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++) /* the kernel reports the loss in the full ring, with its next record */
        if (CPU_ISSET(cpu, &any))
            CPU_SET(cpu, &one);
    CHECK_IS(sched_setaffinity(child.pid, sizeof one, &one), 0, "on one CPU");
    CHECK_IS(watch(&child, MF_EVENTS_ALL, RING, 0), 0, "watch");
    command_child(&child, map_many, 1000);
    CHECK(drain(&child) > 0, "some");
    CHECK_IS(child.drained.incomplete, 1, "said before the kernel says it");
    lost = child.drained.lost;
    command_child(&child, map_many, 1);
    drain(&child);
    CHECK_IS(child.drained.incomplete, 0, "there is room again");
    lost += child.drained.lost;
    CHECK(lost > 500 && lost < 1000, "the kernel says how many: %" PRIu64, lost);
    end(&child);
}

/* ---- Rings of this test, with any content ---- */

static struct mf_events *forge(char *memories[2])
{
    const size_t bytes = mf_events_bytes(1, 2);
    struct mf_events *const stream = aligned_alloc(8, bytes);

    mf_events_init(stream, bytes, 1, 2);
    stream->ring_bytes = RING;
    stream->cpu_count = 2;
    stream->pid = 42;
    for (int i = 0; i < 2; i++) {
        memories[i] = malloc((size_t)sysconf(_SC_PAGESIZE) + RING); /* the sanitizer checks the bounds */
        mf_events_rings(stream)[i] = (struct mf_ring){.memory = memories[i]};
    }
    return stream;
}

/* The first word of a record, and a word of two numbers, in the byte order of this machine. */
static uint64_t header(uint32_t type, uint16_t misc, uint16_t size)
{
    const struct mf_perf_header fields = {type, misc, size};
    uint64_t word;

    memcpy(&word, &fields, sizeof word);
    return word;
}

static uint64_t pair(int32_t first, int32_t second)
{
    const int32_t fields[] = {first, second};
    uint64_t word;

    memcpy(&word, fields, sizeof word);
    return word;
}

/* Records with a valid header and random content, some with an invalid size. */
static void scribble(uint64_t *words, unsigned *seed)
{
    static const uint16_t types[] = {2, 3, 4, 7, 10, 10, 10, 1, 99};

    for (size_t at = 0; at < RING / 8;) {
        const unsigned dice = (unsigned)rand_r(seed);
        const uint64_t size = dice % 64 ? (uint64_t)(dice / 64 % 40) * 8 + 8 : dice & 0xffff;
        const size_t next = at + (size / 8 ? size / 8 : 1);

        words[at++] = header(types[dice % 9], dice & 0xe000, (uint16_t)size);
        for (; at < next && at < RING / 8; at++)
            words[at] = rand_r(seed) % 2 ? pair(42, 42) : (uint64_t)rand_r(seed) << 32 | (uint32_t)rand_r(seed);
        if (size >= 24 && next < RING / 8)
            words[next - 2] = dice % 1000; /* a time in the past */
    }
}

static void check_inside(int count)
{
    CHECK(count >= 0 && count <= EVENTS && child.drained.text_length <= TEXT, "%d events", count);
    for (int i = 0; i < count; i++) {
        const struct mf_event *const event = &child.events[i];

        CHECK((uint64_t)event->mapping.name_offset + event->mapping.name_length <= child.drained.text_length, "its name is inside");
        CHECK(event->build_id_length <= MF_BUILD_ID_MAX, "build ID of %u bytes", event->build_id_length);
    }
}

static void random_bytes_cause_no_crash(void)
{
    char *memories[2];
    struct mf_events *const stream = forge(memories);
    unsigned seed = 1;
    int events = 0;
    int rounds = 4000;

    for (; rounds > 0 && check_failures == 0; rounds--) {
        for (int i = 0; i < 2; i++) {
            const uint64_t tail = (uint64_t)rand_r(&seed) * RING + (rounds % 2 ? (unsigned)rand_r(&seed) % RING / 8 * 8 : 0);
            const uint64_t head = tail + (unsigned)rand_r(&seed) % (RING + 64) / (rounds % 8 ? 8 : 1) * (rounds % 8 ? 8 : 1);

            scribble((uint64_t *)(memories[i] + sysconf(_SC_PAGESIZE)), &seed);
            memcpy(memories[i] + MF_PERF_DATA_HEAD, &head, sizeof head);
            mf_events_rings(stream)[i].tail = tail;
        }
        do {
            const int count = mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained);

            check_inside(count);
            events += count;
        } while (child.drained.more && check_failures == 0);
    }
    CHECK(events > 1000, "some of the content is valid events: %d", events);
    printf("%d events out of nothing\n", events);
    for (int i = 0; i < 2; i++)
        free(memories[i]);
    free(stream);
}

/* Two events of one thread report everything twice: a, a', b, b'. If one event reports a mapping twice, it was made twice. */
static void a_change_in_two_rings_is_reported_once(void)
{
    static const uint64_t ids[][2] = {{1, 2}, {3, 3}};
    char *memories[2];
    struct mf_events *const stream = forge(memories);

    for (int twice = 0; twice < 2; twice++) {
        uint64_t *const words = (uint64_t *)(memories[0] + sysconf(_SC_PAGESIZE));
        uint64_t head = 0;

        for (int i = 0; i < 4; i++) {
            const uint64_t record[] = {header(10, 0, 96), pair(42, 43), 0x1000, 0x1000, 0, 0, 0, 0, pair(1, 0), 0,
                                       (uint64_t)i, ids[twice][i % 2]};

            memcpy((char *)words + head, record, sizeof record);
            head += sizeof record;
        }
        mf_events_rings(stream)[0] = (struct mf_ring){.memory = memories[0]};
        memcpy(memories[0] + MF_PERF_DATA_HEAD, &head, sizeof head);
        head = 0;
        memcpy(memories[1] + MF_PERF_DATA_HEAD, &head, sizeof head);
        /* The second time one by one: duplicates are recognized across drains. */
        CHECK_IS(mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained), twice ? 4 : 2, "events");
        CHECK_IS(child.events[1].time, twice ? 1 : 2, "the first of each");
    }
    for (int i = 0; i < 2; i++)
        free(memories[i]);
    free(stream);
}

static void put_record(char *memory, uint16_t type, uint16_t misc, uint64_t time, uint64_t id)
{
    const uint64_t end[] = {header(type, 0, 48), pair(42, 42), pair(42, 42), time, time, id};
    const uint64_t exec[] = {header(type, misc, 40), pair(42, 42), 0, time, id};
    const size_t bytes = type == MF_PERF_EXIT ? sizeof end : sizeof exec;
    uint64_t head;

    memcpy(&head, memory + MF_PERF_DATA_HEAD, sizeof head);
    memcpy(memory + sysconf(_SC_PAGESIZE) + head, type == MF_PERF_EXIT ? end : exec, bytes);
    head += bytes;
    memcpy(memory + MF_PERF_DATA_HEAD, &head, sizeof head);
}

static struct mf_events *forge_empty(char *memories[2])
{
    struct mf_events *const stream = forge(memories);
    const uint64_t none = 0;

    for (int i = 0; i < 2; i++)
        memcpy(memories[i] + MF_PERF_DATA_HEAD, &none, sizeof none);
    return stream;
}

/* Each field of a record is read at its offset, in the byte order of the machine. */
static void numbers_have_the_byte_order_of_the_machine(void)
{
    const uint64_t mapped[] = {header(10, 0, 96), pair(42, 43), 0x10000, 0x3000, 0x5000, pair(8, 1), 77, 0, pair(5, 1), 0, 1, 9};
    const uint64_t forked[] = {header(7, 0, 48), pair(42, 42), pair(44, 43), 2, 2, 9};
    char *memories[2];
    struct mf_events *const stream = forge_empty(memories);
    char *const data = memories[0] + sysconf(_SC_PAGESIZE);
    const uint64_t head = sizeof mapped + sizeof forked;
    const struct mf_event *const event = child.events;

    memcpy(data, mapped, sizeof mapped);
    memcpy(data + 72, "/a", 2);
    memcpy(data + sizeof mapped, forked, sizeof forked);
    memcpy(memories[0] + MF_PERF_DATA_HEAD, &head, sizeof head);
    CHECK_IS(mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained), 2, "two events");
    CHECK_IS(event[0].kind, MF_EVENT_MAPPED, "kind");
    CHECK_IS(event[0].pid, 42, "process");
    CHECK_IS(event[0].tid, 43, "thread");
    CHECK_IS(event[0].mapping.start, 0x10000, "start");
    CHECK_IS(event[0].mapping.end, 0x13000, "end");
    CHECK_IS(event[0].mapping.offset, 0x5000, "offset");
    CHECK_IS(event[0].mapping.dev_major, 8, "major");
    CHECK_IS(event[0].mapping.dev_minor, 1, "minor");
    CHECK_IS(event[0].mapping.inode, 77, "inode");
    CHECK_IS(event[0].mapping.flags & (MF_READABLE | MF_WRITABLE | MF_EXECUTABLE | MF_SHARED),
             MF_READABLE | MF_EXECUTABLE | MF_SHARED, "permissions");
    CHECK_IS(event[0].mapping.name_length, 2, "name");
    CHECK_IS(event[1].kind, MF_EVENT_THREAD_STARTED, "kind");
    CHECK_IS(event[1].tid, 44, "the new thread");
    for (int i = 0; i < 2; i++)
        free(memories[i]);
    free(stream);
}

static void flags_are_the_bit_fields_of_the_kernel(void)
{
    const struct perf_event_attr of_kernel = {.inherit = 1, .exclude_kernel = 1, .exclude_hv = 1, .mmap = 1, .comm = 1, .task = 1,
                                              .watermark = 1, .mmap_data = 1, .sample_id_all = 1, .mmap2 = 1, .comm_exec = 1,
                                              .use_clockid = 1};
    struct mf_perf_attr ours;

    memcpy(&ours, &of_kernel, sizeof ours < sizeof of_kernel ? sizeof ours : sizeof of_kernel);
    CHECK(ours.flags == (MF_PERF_INHERIT | MF_PERF_EXCLUDE_KERNEL | MF_PERF_EXCLUDE_HV | MF_PERF_MMAP | MF_PERF_COMM | MF_PERF_TASK |
                         MF_PERF_WATERMARK | MF_PERF_MMAP_DATA | MF_PERF_SAMPLE_ID_ALL | MF_PERF_MMAP2 | MF_PERF_COMM_EXEC |
                         MF_PERF_USE_CLOCKID), "%" PRIx64, ours.flags);
}

/* Two events of the first thread, on two CPUs: its exit is reported once, and again after an execve(2) by another thread. */
static void the_first_threads_end_is_reported_once(void)
{
    char *memories[2];
    struct mf_events *const stream = forge_empty(memories);

    put_record(memories[0], MF_PERF_EXIT, 0, 1, 1);
    put_record(memories[1], MF_PERF_EXIT, 0, 2, 2);
    CHECK_IS(mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained), 1, "an end");
    CHECK_IS(child.events[0].kind, MF_EVENT_THREAD_ENDED, "an end");
    put_record(memories[0], MF_PERF_EXIT, 0, 3, 3);
    CHECK_IS(mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained), 0, "the same end");
    put_record(memories[0], MF_PERF_COMM_RECORD, MF_PERF_MISC_COMM_EXEC, 4, 3);
    put_record(memories[1], MF_PERF_EXIT, 0, 5, 4);
    CHECK_IS(mf_events_drain(stream, child.events, EVENTS, child.text, TEXT, &child.drained), 2, "an execve, an end");
    CHECK_IS(child.events[1].kind, MF_EVENT_THREAD_ENDED, "an end");
    for (int i = 0; i < 2; i++)
        free(memories[i]);
    free(stream);
}

int main(void)
{
    int skipped;

    flags_are_the_bit_fields_of_the_kernel();
    numbers_have_the_byte_order_of_the_machine();
    the_first_threads_end_is_reported_once();
    a_change_in_two_rings_is_reported_once();
    random_bytes_cause_no_crash();
    skipped = can_watch(&child);
    if (skipped)
        return check_failures ? check_result() : skipped;
    cpus_are_merged_by_time();
    order_holds_from_one_drain_to_the_next();
    records_that_do_not_fit_stay_in_the_ring();
    records_wrap_at_the_end_of_a_ring();
    a_full_ring_is_reported();
    return check_result();
}
