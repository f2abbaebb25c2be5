/* SPDX-License-Identifier: Apache-2.0 */
#include "files/entry_fields.h"

#include "files/entry.h"
#include "query/validate.h"
#include "snapshot/mapping.h"

#include <string.h>

_Static_assert(sizeof(struct mf_entry) == 136, "the entry is the ABI between core and facade");

static void copy_stat(const struct mf_statx *from, struct mf_file_stat *to)
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

/* Sets the target to the name of the mapping. False: the target may be another path. */
static bool target_from_name(const struct mf_mapping *mapping, const char *name, struct mf_entry *out, char *target)
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
 * Reads the target of the link. PROCMAP_QUERY returns the same path together with the mapping, in a third of the time of
 * readlink(2). But for named shared memory it returns the name. Before Linux 6.11 a target that differs from the name of the
 * mapping may be that of another file, although the process has the mapping again later. Then the result is -ESTALE: the name
 * in the snapshot is out of date.
 */
static int read_target(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct mf_entry *out,
                       char *target)
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

/* Removes the kernel's suffix from the target, and sets MF_DELETED or MF_SUFFIXED. */
static void set_deletion(const struct mf_mapping *mapping, const char *target, struct mf_entry *out)
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

/*
 * The permissions of the link are valid if the process has the mapping afterwards. A target that was read later has verified
 * that.
 */
static int validate_access(struct mf_process *process, const struct mf_mapping *mapping, const struct mf_entry *out)
{
    if (out->access_error != 0 || out->target_error == 0 || out->target_error == -ESTALE)
        return out->access_error != 0 ? out->access_error : out->target_error;
    return mf_validate(process, mapping);
}

/* The target is read after the access: see validate_access(). */
void mf_entry_read_fields(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t requested,
                          struct mf_entry *out, char *target)
{
    const bool from_name = (requested & (MF_ENTRY_AS_READ | MF_ENTRY_ACCESS)) == MF_ENTRY_AS_READ;
    struct mf_statx file;

    if (requested & MF_ENTRY_STAT) {
        out->stat_error = mf_entry_stat(process, mapping, name, &file);
        if (out->stat_error == 0)
            copy_stat(&file, &out->stat);
    }
    if (requested & MF_ENTRY_ACCESS)
        out->access_error = read_access(process, mapping, out);
    if (requested & MF_ENTRY_TARGET)
        out->target_error =
            from_name && target_from_name(mapping, name, out, target) ? 0 : read_target(process, mapping, name, out, target);
    if (requested & MF_ENTRY_ACCESS)
        out->access_error = validate_access(process, mapping, out);
    if (out->target_error == 0 || out->stat_error == 0) /* a file without links is deleted, whatever the target is */
        set_deletion(mapping, target, out);
}

void mf_entry_begin(const struct mf_mapping *mapping, int32_t index, struct mf_entry *out)
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

static bool is_of_process(int error)
{
    return error == -ESRCH || error == -ECHILD || error == -EACCES;
}

int mf_entry_process_error(struct mf_process *process, const struct mf_mapping *mapping, const struct mf_entry *entry)
{
    if (is_of_process(entry->target_error))
        return entry->target_error;
    if (is_of_process(entry->access_error))
        return entry->access_error;
    if (entry->stat_error == -EACCES)
        return mf_mapping_validate(process, mapping) == -EACCES ? -EACCES : 0;
    return is_of_process(entry->stat_error) ? entry->stat_error : 0;
}

int mf_entry_prepare_fields(struct mf_process *process)
{
    const int rc = mf_entry_prepare(process);

    return rc == -EACCES || rc == -ENOTSUP ? 0 : rc;
}

int mf_entry_read(struct mf_process *process, const struct mf_mapping *mapping, const char *name, uint32_t requested,
                  struct mf_entry *out, char *target)
{
    int rc;

    mf_entry_begin(mapping, -1, out);
    if (requested & ~MF_ENTRY_FIELDS || requested == 0)
        return -EINVAL;
    if (!(mapping->flags & MF_FILE_BACKED))
        return -ENOENT;
    rc = mf_entry_prepare_fields(process);
    if (rc < 0)
        return rc;
    mf_entry_read_fields(process, mapping, name, requested, out, target);
    if (out->target_error == -ESTALE || out->access_error == -ESTALE || out->stat_error == -ESTALE)
        return -ESTALE;
    return mf_entry_process_error(process, mapping, out);
}
