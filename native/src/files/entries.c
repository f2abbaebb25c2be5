/* SPDX-License-Identifier: Apache-2.0 */
/* The map_files entries of all mappings of a snapshot. */
#include "files/entry.h"
#include "files/entry_fields.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "snapshot/mapping.h"
#include "snapshot/snapshot.h"

#include <string.h>

#define MF_MAGIC  0x3130307372746e65ull /* "entrs001" in memory, little-endian */
#define MAX_BYTES 0x7fffffffull         /* as of a snapshot */

size_t mf_entries_bytes(uint32_t entry_capacity, uint32_t text_capacity)
{
    const uint64_t bytes =
        (sizeof(struct mf_entries) + (uint64_t)entry_capacity * sizeof(struct mf_entry) + text_capacity + 7) & ~7ull;

    return bytes > MAX_BYTES ? 0 : bytes;
}

int mf_entries_init(void *memory, size_t bytes, uint32_t entry_capacity, uint32_t text_capacity)
{
    const size_t needed = mf_entries_bytes(entry_capacity, text_capacity);
    struct mf_entries *const out = memory;

    if ((uintptr_t)memory % 8 != 0 || needed == 0 || bytes < needed)
        return -EINVAL;
    *out = (struct mf_entries){
        .magic = MF_MAGIC,
        .bytes = needed,
        .entry_capacity = entry_capacity,
        .text_capacity = text_capacity,
        .text_offset = (uint32_t)(sizeof *out + entry_capacity * sizeof(struct mf_entry)),
    };
    return 0;
}

/* Copies a target to the text. Sets -ENOBUFS if it does not fit. */
static void add_target(struct mf_entries *entries, struct mf_entry *entry, const char *target)
{
    entries->needed_text += entry->target_length;
    if (entry->target_length > entries->text_capacity - entries->text_length) {
        entry->target_length = 0;
        entry->target_error = -ENOBUFS;
        return;
    }
    entry->target_offset = entries->text_length;
    memcpy((char *)entries + entries->text_offset + entries->text_length, target, entry->target_length);
    entries->text_length += entry->target_length;
}

#define KNOWN_DEVICES 8
#define NEAR          16 /* entries before one that are searched for the same file: those of a library are adjacent */

/* Devices of this read, and whether device and inode identify a file there. */
struct known_devices {
    uint32_t count;
    struct {
        uint32_t major, minor;
        bool numbered;
    } at[KNOWN_DEVICES];
};

static bool is_numbered(struct known_devices *known, struct mf_process *process, const struct mf_mapping *mapping)
{
    struct mf_statx file;
    uint32_t i = 0;
    int flags = O_PATH;
    int fd;

    while (i < known->count && (known->at[i].major != mapping->dev_major || known->at[i].minor != mapping->dev_minor))
        i++;
    if (i == KNOWN_DEVICES)
        return false;
    if (i == known->count) {
        fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
        known->at[i].major = mapping->dev_major;
        known->at[i].minor = mapping->dev_minor;
        known->at[i].numbered =
            fd >= 0 && mf_fs_of(fd) == MF_FS_NUMBERED && mf_sys_fstat(fd, &file) == 0 && mf_entry_numbers_agree(mapping, &file);
        known->count++;
        if (fd >= 0)
            mf_sys_close(fd);
    }
    return known->at[i].numbered;
}

/* A near entry before this one that has the stat of the same file; or NULL. */
static const struct mf_entry *same_file(const struct mf_entry *entries, const struct mf_entry *entry)
{
    for (const struct mf_entry *e = entry; e > entries && entry - e < NEAR;)
        if ((--e)->file_index == entry->file_index)
            return e->stat_error == 0 ? e : NULL;
    return NULL;
}

/* Copies the stat of an entry of the same file, if there is one. Returns the fields that are left to read. */
static uint32_t copy_same_stat(struct known_devices *known, struct mf_process *process, const struct mf_mapping *mapping,
                               const struct mf_entry *entries, struct mf_entry *out, uint32_t requested)
{
    const struct mf_entry *const same = requested & MF_ENTRY_STAT ? same_file(entries, out) : NULL;

    if (same == NULL || !is_numbered(known, process, mapping))
        return requested;
    out->stat = same->stat;
    out->stat_error = 0;
    return requested & ~(uint32_t)MF_ENTRY_STAT;
}

int mf_entries_read(struct mf_process *process, const struct mf_snapshot *snapshot, uint32_t requested, struct mf_entries *out)
{
    struct mf_entry *const entries = (struct mf_entry *)(out + 1);
    const struct mf_mapping *const mappings = mf_snapshot_mappings(snapshot);
    char target[MF_NAME_MAX];
    struct known_devices known = {0};
    uint32_t fields = requested & (MF_ENTRY_FIELDS | MF_ENTRY_AS_READ);
    int32_t newest_file = -1;
    int no_stat = 0;
    int rc;

    if (out->magic != MF_MAGIC || !mf_snapshot_is_initialised(snapshot) ||
        requested & ~(MF_ENTRY_FIELDS | MF_ENTRY_ONE_PER_FILE | MF_ENTRY_AS_READ) || (requested & MF_ENTRY_FIELDS) == 0)
        return -EINVAL;
    out->requested = requested;
    out->entry_count = out->text_length = out->needed_entries = out->needed_text = 0;
    rc = mf_entry_prepare_fields(process);
    for (uint32_t i = 0; i < snapshot->mapping_count && rc == 0; i++) {
        const struct mf_mapping *const mapping = &mappings[i];
        struct mf_entry *const entry = &entries[out->entry_count];
        uint32_t left = fields;

        if (!(mapping->flags & MF_FILE_BACKED) || (requested & MF_ENTRY_ONE_PER_FILE && mapping->file_index <= newest_file))
            continue;
        newest_file = mapping->file_index > newest_file ? mapping->file_index : newest_file;
        if (out->needed_entries++ >= out->entry_capacity)
            continue;
        mf_entry_begin(mapping, (int32_t)i, entry);
        if (requested & MF_ENTRY_AS_READ)
            left = copy_same_stat(&known, process, mapping, entries, entry, fields);
        mf_entry_read_fields(process, mapping, mf_snapshot_name(snapshot, mapping), left, entry, target);
        if (requested & MF_ENTRY_STAT && entry->stat_error == -ENODATA)
            entry->stat_error = no_stat; /* as for the first entry */
        else if (entry->stat_error == -EPERM || entry->stat_error == -ENOTSUP) {
            no_stat = entry->stat_error;
            fields &= ~(uint32_t)MF_ENTRY_STAT;
        }
        add_target(out, entry, target);
        out->entry_count++;
        rc = mf_entry_process_error(process, mapping, entry);
    }
    if (rc == 0 && (out->needed_entries > out->entry_count || out->needed_text > out->text_length))
        rc = -ENOBUFS;
    return rc;
}
