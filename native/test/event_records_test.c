/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding records of rings that the test has made: invalid records, byte order, events in two rings. */
#include "watched.h"

#include "events/stream.h"
#include "os/perf_event.h"

#include <linux/perf_event.h>
#include <stdbool.h>

#define RING 16384u

static struct watched child; /* no process: the memory for events */

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

        CHECK((uint64_t)event->mapping.name_offset + event->mapping.name_length <= child.drained.text_length,
              "its name is inside");
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
            const uint64_t record[] = {header(10, 0, 96), pair(42, 43),     0x1000, 0x1000, 0, 0, 0, 0, pair(1, 0), 0,
                                       (uint64_t)i,       ids[twice][i % 2]};

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
    const uint64_t mapped[] = {
        header(10, 0, 96), pair(42, 43), 0x10000, 0x3000, 0x5000, pair(8, 1), 77, 0, pair(5, 1), 0, 1, 9};
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
    const struct perf_event_attr of_kernel = {.inherit = 1,
                                              .exclude_kernel = 1,
                                              .exclude_hv = 1,
                                              .mmap = 1,
                                              .comm = 1,
                                              .task = 1,
                                              .watermark = 1,
                                              .mmap_data = 1,
                                              .sample_id_all = 1,
                                              .mmap2 = 1,
                                              .comm_exec = 1,
                                              .use_clockid = 1};
    struct mf_perf_attr ours;

    memcpy(&ours, &of_kernel, sizeof ours < sizeof of_kernel ? sizeof ours : sizeof of_kernel);
    CHECK(ours.flags == (MF_PERF_INHERIT | MF_PERF_EXCLUDE_KERNEL | MF_PERF_EXCLUDE_HV | MF_PERF_MMAP | MF_PERF_COMM |
                         MF_PERF_TASK | MF_PERF_WATERMARK | MF_PERF_MMAP_DATA | MF_PERF_SAMPLE_ID_ALL | MF_PERF_MMAP2 |
                         MF_PERF_COMM_EXEC | MF_PERF_USE_CLOCKID),
          "%" PRIx64, ours.flags);
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
    flags_are_the_bit_fields_of_the_kernel();
    numbers_have_the_byte_order_of_the_machine();
    the_first_threads_end_is_reported_once();
    a_change_in_two_rings_is_reported_once();
    random_bytes_cause_no_crash();
    return check_result();
}
