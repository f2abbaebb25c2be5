/* SPDX-License-Identifier: Apache-2.0 */
/* Draining events from the rings of the kernel: order, small buffers and full rings. */
#include "watched.h"

#include "events/stream.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

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

int main(void)
{
    const int skipped = can_watch(&child);

    if (skipped)
        return skipped;
    cpus_are_merged_by_time();
    order_holds_from_one_drain_to_the_next();
    records_that_do_not_fit_stay_in_the_ring();
    records_wrap_at_the_end_of_a_ring();
    a_full_ring_is_reported();
    return check_result();
}
