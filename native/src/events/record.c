/* SPDX-License-Identifier: Apache-2.0 */
#include "events/record.h"

#include "events/stream.h"
#include "os/perf_event.h"
#include "snapshot/mapping.h"

/* Copies a name, which ends with the first NUL. False: there is no room. */
static bool copy_name(const struct mf_ring_record *record, uint32_t offset, const struct mf_drain_output *out,
                      struct mf_mapping *mapping)
{
    const uint32_t bytes = record->size - MF_RECORD_TRAILER - offset;
    const uint32_t used = out->drained->text_length;

    if (bytes > out->text_capacity - used)
        return false;
    mf_ring_record_copy(record, offset, out->text + used, bytes);
    mapping->name_offset = used;
    mapping->name_length = (uint32_t)strnlen(out->text + used, bytes);
    return true;
}

/* The kernel writes "//anon" for memory without a file, and "//toolong" and others for a path that it cannot write. */
static bool is_placeholder(const char *name, uint32_t length)
{
    return length > 2 && name[0] == '/' && name[1] == '/';
}

static void decode_file(const struct mf_ring_record *record, struct mf_event *event, const char *name, const uint64_t *devices)
{
    struct mf_mapping *const mapping = &event->mapping;
    uint8_t id[4 + MF_BUILD_ID_MAX];

    if (record->misc & MF_PERF_MISC_MMAP_BUILD_ID) {
        mf_ring_record_copy(record, MF_MMAP2_DEVICE, id, sizeof id);
        event->build_id_length = id[0] < MF_BUILD_ID_MAX ? id[0] : MF_BUILD_ID_MAX;
        memcpy(event->build_id, id + 4, event->build_id_length);
        mapping->inode = 1; /* without device and inode the kind is derived from the name alone, as for saved text */
        mf_mapping_classify(mapping, name, NULL);
        mapping->inode = 0;
    } else {
        mapping->dev_major = (uint32_t)mf_ring_record_i32(record, MF_MMAP2_DEVICE);
        mapping->dev_minor = (uint32_t)mf_ring_record_i32(record, MF_MMAP2_DEVICE + 4);
        mapping->inode = mf_ring_record_u64(record, MF_MMAP2_INODE);
        mf_mapping_classify(mapping, name, devices);
    }
}

/* False: there is no room for the name. */
static bool decode_mapping(const struct mf_ring_record *record, const struct mf_drain_output *out, const uint64_t *devices,
                           struct mf_event *event)
{
    struct mf_mapping *const mapping = &event->mapping;
    const uint32_t protection = (uint32_t)mf_ring_record_i32(record, MF_MMAP2_PROTECTION); /* PROT_ of mmap(2) */
    const uint32_t sharing = (uint32_t)mf_ring_record_i32(record, MF_MMAP2_SHARING);       /* MAP_ */
    const char *name;

    if (!copy_name(record, MF_MMAP2_NAME, out, mapping))
        return false;
    name = out->text + mapping->name_offset;
    if (is_placeholder(name, mapping->name_length))
        mapping->name_length = 0;
    mapping->start = mf_ring_record_u64(record, MF_MMAP2_START);
    mapping->end = mapping->start + mf_ring_record_u64(record, MF_MMAP2_LENGTH);
    mapping->flags =
        (protection & 7) | (sharing & 1 ? MF_SHARED : 0) | (memchr(name, '\n', mapping->name_length) != NULL ? MF_ESCAPED : 0);
    decode_file(record, event, name, devices);
    mapping->offset = mapping->flags & MF_FILE_BACKED ? mf_ring_record_u64(record, MF_MMAP2_OFFSET) : 0;
    mapping->file_index = mapping->flags & MF_FILE_BACKED ? 0 : -1;
    return true;
}

static enum mf_decoded with_name(bool has_room)
{
    return has_room ? MF_DECODED_EVENT : MF_DECODED_NO_ROOM;
}

static enum mf_decoded if_event(bool is_event)
{
    return is_event ? MF_DECODED_EVENT : MF_DECODED_NOTHING;
}

enum mf_decoded mf_record_decode(struct mf_events *events, const struct mf_ring_record *record,
                                 const struct mf_drain_output *out, struct mf_event *event)
{
    const int32_t tid = mf_ring_record_i32(record, MF_RECORD_TID); /* of FORK: the parent process */
    const bool is_own = mf_ring_record_i32(record, MF_RECORD_PID) == events->pid;

    event->pid = mf_ring_record_i32(record, MF_RECORD_PID);
    event->tid = tid;
    event->mapping.file_index = -1;
    switch (record->type) {
    case MF_PERF_MMAP2_RECORD:
        event->kind = MF_EVENT_MAPPED;
        return is_own ? with_name(decode_mapping(record, out, events->internal_devices, event)) : MF_DECODED_NOTHING;
    case MF_PERF_COMM_RECORD:
        event->kind = MF_EVENT_EXEC;
        if (!is_own || !(record->misc & MF_PERF_MISC_COMM_EXEC)) /* else a thread has changed its name (prctl(2)) */
            return MF_DECODED_NOTHING;
        return with_name(copy_name(record, MF_COMM_NAME, out, &event->mapping));
    case MF_PERF_FORK:
        event->kind = is_own ? MF_EVENT_THREAD_STARTED : MF_EVENT_FORKED;
        event->tid = mf_ring_record_i32(record, MF_FORK_TID);
        return if_event(is_own || tid == events->pid);
    case MF_PERF_EXIT:
        event->kind = MF_EVENT_THREAD_ENDED;
        event->tid = mf_ring_record_i32(record, MF_FORK_TID);
        return if_event(is_own);
    case MF_PERF_LOST:
        out->drained->lost += mf_ring_record_u64(record, MF_LOST_COUNT);
        events->traits &= ~(uint32_t)MF_EVENTS_FIRST_ENDED; /* an execve(2) may be among the lost records */
        return MF_DECODED_NOTHING;
    default:
        return MF_DECODED_NOTHING;
    }
}
