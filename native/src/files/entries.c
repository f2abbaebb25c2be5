/* SPDX-License-Identifier: Apache-2.0 */
/* What entries of map_files say: of one mapping, or of all mappings of a snapshot. */
#include "files/entry.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "query/validate.h"
#include "snapshot/mapping.h"
#include "snapshot/snapshot.h"

#include <string.h>

#define MF_MAGIC 0x3130307372746e65ull /* "entrs001" in memory, little-endian */
#define MAX_BYTES 0x7fffffffull         /* as of a snapshot */
#define PARTS (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

_Static_assert(sizeof(struct mf_entry) == 136, "the entry is the ABI between core and facade");

static void take_stat(const struct mf_statx *from, struct mf_file_stat *to)
{
    *to = (struct mf_file_stat){
        .inode = from->inode,
        .size = from->size,
        .blocks = from->blocks,
        .mount_id = from->mask & MF_STATX_MOUNT_ID ? from->mount_id : 0,
        .mtime_seconds = from->mtime.seconds,
        .ctime_seconds = from->ctime.seconds,
        .mtime_nanoseconds = from->mtime.nanoseconds,
        .ctime_nanoseconds = from->ctime.nanoseconds,
        .dev_major = from->dev_major,
        .dev_minor = from->dev_minor,
        .rdev_major = from->rdev_major,
        .rdev_minor = from->rdev_minor,
        .mode = from->mode,
        .nlink = from->nlink,
        .uid = from->uid,
        .gid = from->gid,
    };
}

/* The target as the kernel told it with the record. False: that may be another path. */
static bool target_as_read(const struct mf_mapping *mapping, const char *name, struct mf_entry *out, char *target)
{
    const uint32_t length = mapping->name_length, suffix = mapping->flags & MF_DELETED ? MF_SUFFIX_LENGTH : 0;

    if (length == 0 || length + suffix > MF_NAME_MAX || name[0] != '/' || mapping->flags & MF_AMBIGUOUS)
        return false;
    memcpy(target, name, length);
    memcpy(target + length, MF_SUFFIX, suffix);
    out->target_length = length + suffix;
    return true;
}

/*
 * Where the link leads. PROCMAP_QUERY tells the same path at the same moment as the record, and in a third of the time of
 * readlink(2); but of named shared memory it tells the name. Before Linux 6.11 a target that is not the record's own name may
 * be that of another file, although the record holds again a moment later: the snapshot's name is old, in any case.
 */
static int read_target(struct mf_process *process, const struct mf_mapping *mapping, const char *name,
                       struct mf_entry *out, char *target)
{
    long length = mf_validate_name(process, mapping, target);

    if (length == -ENOTTY || (length > 0 && target[0] == '[')) {
        length = mf_entry_call(process, mapping, MF_ENTRY_READLINK, target);
        if (length >= 0 && target[0] == '/' && !mf_entry_is_target(mapping, name, target, (size_t)length))
            length = -ESTALE;
    }
    if (length < 0)
        return (int)length;
    out->target_length = (uint32_t)length;
    return 0;
}

/* What of the target is a suffix of the kernel's. */
static void tell_deleted(const struct mf_mapping *mapping, const char *target, struct mf_entry *out)
{
    const bool suffixed = out->target_length >= MF_SUFFIX_LENGTH &&
                          memcmp(target + out->target_length - MF_SUFFIX_LENGTH, MF_SUFFIX, MF_SUFFIX_LENGTH) == 0;
    const bool deleted = mapping->flags & MF_DELETED || (out->stat_error == 0 && out->stat.nlink == 0);

    if (deleted && suffixed)
        out->target_length -= MF_SUFFIX_LENGTH;
    out->flags |= deleted ? MF_DELETED : suffixed ? MF_SUFFIXED : 0;
}

static int read_access(struct mf_process *process, const struct mf_mapping *mapping, struct mf_entry *out)
{
    const int access = mf_entry_access(process, mapping);

    if (access < 0)
        return access;
    out->flags |= (uint32_t)access;
    return 0;
}

/* What was read of the link holds for the record only if that stands afterwards: a target that could be read has shown it. */
static int confirm_access(struct mf_process *process, const struct mf_mapping *mapping, const struct mf_entry *out)
{
    if (out->access_error != 0 || out->target_error == 0 || out->target_error == -ESTALE)
        return out->access_error != 0 ? out->access_error : out->target_error;
    return mf_validate(process, mapping);
}

/* Each part by itself: that one cannot be read says nothing of the others. The target comes after the access: see above. */
static void read_entry(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t what,
                       struct mf_entry *out, char *target)
{
    const bool as_read = (what & (MF_ENTRY_AS_READ | MF_ENTRY_ACCESS)) == MF_ENTRY_AS_READ;
    struct mf_statx file;

    if (what & MF_ENTRY_STAT) {
        out->stat_error = mf_entry_stat(process, mapping, name, &file);
        if (out->stat_error == 0)
            take_stat(&file, &out->stat);
    }
    if (what & MF_ENTRY_ACCESS)
        out->access_error = read_access(process, mapping, out);
    if (what & MF_ENTRY_TARGET)
        out->target_error = as_read && target_as_read(mapping, name, out, target)
                              ? 0
                              : read_target(process, mapping, name, out, target);
    if (what & MF_ENTRY_ACCESS)
        out->access_error = confirm_access(process, mapping, out);
    if (out->target_error == 0 || out->stat_error == 0) /* no links left: deleted, whatever the target is */
        tell_deleted(mapping, target, out);
}

static void begin_entry(const struct mf_mapping *mapping, int32_t index, struct mf_entry *out)
{
    *out = (struct mf_entry){
        .start = mapping->start,
        .end = mapping->end,
        .mapping = index,
        .file_index = mapping->file_index,
        .target_error = -ENODATA,
        .access_error = -ENODATA,
        .stat_error = -ENODATA,
    };
}

static bool is_of_all(int error)
{
    return error == -ESRCH || error == -ECHILD || error == -EACCES;
}

/*
 * Errors that are of the process, not of one entry. -EACCES: its maps may not be opened any more, as after execve(2) of a
 * set-user-ID program. Of a stat it may be the file system's answer (FUSE), too.
 */
static int error_of_all(struct mf_process *process, const struct mf_mapping *mapping, const struct mf_entry *entry)
{
    if (is_of_all(entry->target_error))
        return entry->target_error;
    if (is_of_all(entry->access_error))
        return entry->access_error;
    if (entry->stat_error == -EACCES)
        return mf_mapping_validate(process, mapping) == -EACCES ? -EACCES : 0;
    return is_of_all(entry->stat_error) ? entry->stat_error : 0;
}

/* Opens the directory. That the caller may not, or that there is none, is said of each entry: the other parts do without. */
static int prepare(struct mf_process *process)
{
    const int rc = mf_entry_prepare(process);

    return rc == -EACCES || rc == -ENOTSUP ? 0 : rc;
}

int mf_entry_read(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t what,
                  struct mf_entry *out, char *target)
{
    int rc;

    begin_entry(mapping, -1, out);
    if (what & ~PARTS || what == 0)
        return -EINVAL;
    if (!(mapping->flags & MF_FILE_BACKED))
        return -ENOENT;
    rc = prepare(process);
    if (rc < 0)
        return rc;
    read_entry(process, mapping, name, what, out, target);
    if (out->target_error == -ESTALE || out->access_error == -ESTALE || out->stat_error == -ESTALE)
        return -ESTALE;
    return error_of_all(process, mapping, out);
}

size_t mf_entries_bytes(uint32_t entry_capacity, uint32_t text_capacity)
{
    const uint64_t bytes = (sizeof(struct mf_entries) + (uint64_t)entry_capacity * sizeof(struct mf_entry) +
                            text_capacity + 7) & ~7ull;

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

/* Copies a target to the text, or says that there is no room for it. */
static void keep_target(struct mf_entries *entries, struct mf_entry *entry, const char *target)
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
#define NEAR 16 /* entries that one of the same file is looked for in: those of a library follow each other */

/* Devices of this read, and whether a file has its numbers there to itself. */
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
        known->at[i].numbered = fd >= 0 && mf_fs_of(fd) == MF_FS_NUMBERED && mf_sys_fstat(fd, &file) == 0 &&
                                mf_entry_numbers_agree(mapping, &file);
        known->count++;
        if (fd >= 0)
            mf_sys_close(fd);
    }
    return known->at[i].numbered;
}

/* An entry before this one that has the stat of the same file; NULL: none near. */
static const struct mf_entry *same_file(const struct mf_entry *entries, const struct mf_entry *entry)
{
    for (const struct mf_entry *e = entry; e > entries && entry - e < NEAR;)
        if ((--e)->file_index == entry->file_index)
            return e->stat_error == 0 ? e : NULL;
    return NULL;
}

/* What is left to ask, once the stat of the same file is taken over. */
static uint32_t take_same_stat(struct known_devices *known, struct mf_process *process, const struct mf_mapping *mapping,
                               const struct mf_entry *entries, struct mf_entry *out, uint32_t what)
{
    const struct mf_entry *const same = what & MF_ENTRY_STAT ? same_file(entries, out) : NULL;

    if (same == NULL || !is_numbered(known, process, mapping))
        return what;
    out->stat = same->stat;
    out->stat_error = 0;
    return what & ~(uint32_t)MF_ENTRY_STAT;
}

int mf_entries_read(struct mf_process *process, const struct mf_snapshot *snapshot, uint32_t what, struct mf_entries *out)
{
    struct mf_entry *const entries = (struct mf_entry *)(out + 1);
    const struct mf_mapping *const mappings = mf_snapshot_mappings(snapshot);
    char target[MF_NAME_MAX];
    struct known_devices known = {0};
    uint32_t parts = what & (PARTS | MF_ENTRY_AS_READ);
    int32_t newest_file = -1;
    int no_stat = 0;
    int rc;

    if (out->magic != MF_MAGIC || !mf_snapshot_is_initialised(snapshot) || what & ~(PARTS | MF_ENTRY_ONE_PER_FILE | MF_ENTRY_AS_READ) ||
        (what & PARTS) == 0)
        return -EINVAL;
    out->what = what;
    out->entry_count = out->text_length = out->needed_entries = out->needed_text = 0;
    rc = prepare(process);
    for (uint32_t i = 0; i < snapshot->mapping_count && rc == 0; i++) {
        const struct mf_mapping *const mapping = &mappings[i];
        struct mf_entry *const entry = &entries[out->entry_count];
        uint32_t now = parts;

        if (!(mapping->flags & MF_FILE_BACKED) || (what & MF_ENTRY_ONE_PER_FILE && mapping->file_index <= newest_file))
            continue;
        newest_file = mapping->file_index > newest_file ? mapping->file_index : newest_file;
        if (out->needed_entries++ >= out->entry_capacity)
            continue;
        begin_entry(mapping, (int32_t)i, entry);
        if (what & MF_ENTRY_AS_READ)
            now = take_same_stat(&known, process, mapping, entries, entry, parts);
        read_entry(process, mapping, mf_snapshot_name(snapshot, mapping), now, entry, target);
        if (what & MF_ENTRY_STAT && entry->stat_error == -ENODATA)
            entry->stat_error = no_stat; /* as found out at the first one */
        else if (entry->stat_error == -EPERM || entry->stat_error == -ENOTSUP) {
            no_stat = entry->stat_error;
            parts &= ~(uint32_t)MF_ENTRY_STAT;
        }
        keep_target(out, entry, target);
        out->entry_count++;
        rc = error_of_all(process, mapping, entry);
    }
    if (rc == 0 && (out->needed_entries > out->entry_count || out->needed_text > out->text_length))
        rc = -ENOBUFS;
    return rc;
}
