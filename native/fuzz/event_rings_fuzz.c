/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is the content of two event rings. The drains end, and each name is inside the text.
 */
#include "fuzz.h"

#include "events/stream.h"
#include "os/perf_event.h"

#define RING   16384u
#define EVENTS 16u
#define TEXT   (2 * MF_NAME_MAX)
#define DRAINS (2 * RING / 8 + 16) /* each drain but the last takes a record, and these have 8 bytes or more */

FUZZ_INITIALIZE

/* Threads are attached to after some records: without success. */
long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return number == SYS_pidfd_send_signal || number == SYS_close ? 0 : number == SYS_perf_event_open ? -ESRCH : -ENOSYS;
}

static void fill(struct mf_ring *ring, struct input *input, size_t bytes)
{
    char *const data = ring->memory + sysconf(_SC_PAGESIZE);
    const uint64_t tail = take(input, 2) * 8;
    const size_t count = bytes < input->left ? bytes : input->left;
    uint64_t head = tail + count;

    memset(ring->memory, 0, (size_t)sysconf(_SC_PAGESIZE) + RING);
    for (size_t i = 0; i < count; i++)
        data[(tail + i) % RING] = (char)take(input, 1);
    memcpy(ring->memory + MF_PERF_DATA_HEAD, &head, sizeof head);
    ring->tail = tail;
}

static void check(const struct mf_event *events, int count, const struct mf_drained *drained)
{
    CHECK(count >= 0 && count <= (int)EVENTS && drained->text_length <= TEXT, "%d events", count);
    for (int i = 0; i < count; i++) {
        CHECK((uint64_t)events[i].mapping.name_offset + events[i].mapping.name_length <= drained->text_length,
              "a name outside");
        CHECK(events[i].build_id_length <= MF_BUILD_ID_MAX, "a build ID of %u bytes", events[i].build_id_length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const uint8_t choice = (uint8_t)take(&input, 1);
    const size_t bytes = mf_events_bytes(4, 2);
    struct mf_events *const stream = aligned_alloc(8, bytes);
    struct mf_event *const events = malloc(EVENTS * sizeof *events);
    char *const text = malloc(TEXT);
    struct mf_drained drained;
    uint32_t drains = 0;
    int count;

    mf_events_init(stream, bytes, 4, 2);
    stream->ring_bytes = RING;
    stream->cpu_count = choice & 1 ? 2 : 1;
    stream->pid = 42;
    stream->options = (choice & 2 ? MF_EVENTS_BUILD_ID : 0) | (choice & 4 ? MF_EVENTS_ALL : 0);
    for (uint32_t i = 0; i < stream->cpu_count; i++) {
        struct mf_ring *const ring = &mf_events_rings(stream)[i];

        *ring = (struct mf_ring){.memory = malloc((size_t)sysconf(_SC_PAGESIZE) + RING)};
        fill(ring, &input, i + 1 < stream->cpu_count ? input.left / 2 : input.left);
    }
    do {
        count = mf_events_drain(stream, events, choice & 8 ? 1 : EVENTS, text, TEXT, &drained);
        check(events, count, &drained);
    } while (drained.more && ++drains < DRAINS && check_failures == 0);
    CHECK(!drained.more, "it does not end");
    for (uint32_t i = 0; i < stream->cpu_count; i++)
        free(mf_events_rings(stream)[i].memory);
    free(text);
    free(events);
    free(stream);
    return end_run();
}
