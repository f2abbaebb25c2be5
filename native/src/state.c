/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a mapped file, and whether " (deleted)" at the end of its name is the kernel's word or the file's own. */
#include "confirm.h"
#include "entry.h"
#include "fs.h"
#include "record.h"
#include "root.h"

#include <string.h>

/* What stands at a path. HIDDEN: nothing, on overlayfs, where a file of the lower layer keeps the links it has there. */
enum finding { SAME, OTHER, ABSENT, HIDDEN, NOT_KNOWN };

/* The mapped file, and where its paths begin. */
struct subject {
    const struct mf_mapping *mapping;
    bool followed;        /* file is its stat, through the entry; else there are the numbers of maps alone */
    struct mf_statx file;
    int root_fd;          /* negative: may not be looked at */
};

static int open_subject(struct mf_process *process, const struct mf_mapping *mapping, const char *name,
                        struct subject *out)
{
    const int rc = mf_entry_stat(process, mapping, name, &out->file);

    out->mapping = mapping;
    out->followed = rc == 0;
    out->root_fd = mf_root_open(process);
    return rc;
}

static void close_subject(const struct subject *subject)
{
    if (subject->root_fd >= 0)
        mf_sys_close(subject->root_fd);
}

static bool is_device_of(const struct subject *subject, const struct mf_statx *other)
{
    const uint32_t major = subject->followed ? subject->file.dev_major : subject->mapping->dev_major;
    const uint32_t minor = subject->followed ? subject->file.dev_minor : subject->mapping->dev_minor;

    return other->dev_major == major && other->dev_minor == minor;
}

static enum finding compare(const struct subject *subject, const struct mf_statx *found, enum mf_fs fs)
{
    if (subject->followed)
        return is_device_of(subject, found) && found->inode == subject->file.inode ? SAME : OTHER;
    if (fs == MF_FS_NUMBERED)
        return is_device_of(subject, found) && found->inode == subject->mapping->inode ? SAME : OTHER;
    return fs == MF_FS_BTRFS && found->inode != subject->mapping->inode ? OTHER : NOT_KNOWN;
}

/* What stands at a path, and on what; 0 or a negative errno. */
static int look(const struct subject *subject, const char *path, struct mf_statx *found, enum mf_fs *fs)
{
    const int fd = mf_root_open_path(subject->root_fd, path, O_PATH);
    int rc;

    if (fd < 0)
        return fd;
    rc = mf_sys_statx(fd, "", AT_EMPTY_PATH, found);
    *fs = mf_fs_of(fd);
    mf_sys_close(fd);
    return rc;
}

/*
 * A path that leads nowhere says something where the directory it would be in is on the file's own file system; otherwise
 * something may be mounted over it, or it begins elsewhere. Cuts the path.
 */
static enum finding look_above(const struct subject *subject, char *path)
{
    char *slash;

    while ((slash = strrchr(path, '/')) != NULL) {
        struct mf_statx directory;
        enum mf_fs fs;
        int rc;

        *(slash == path ? slash + 1 : slash) = 0; /* "/" itself stays */
        rc = look(subject, path, &directory, &fs);
        if (rc == 0)
            return !is_device_of(subject, &directory) ? NOT_KNOWN : fs == MF_FS_OVERLAY ? HIDDEN : ABSENT;
        if (slash == path || (rc != -ENOENT && rc != -ENOTDIR))
            break;
    }
    return NOT_KNOWN;
}

static enum finding look_at(const struct subject *subject, const char *name, size_t length)
{
    char path[MF_NAME_MAX];
    struct mf_statx found;
    enum mf_fs fs;
    int rc;

    if (subject->root_fd < 0 || name[0] != '/' || length >= sizeof path)
        return NOT_KNOWN;
    memcpy(path, name, length);
    path[length] = 0;
    rc = look(subject, path, &found, &fs);
    if (rc == -ENOENT || rc == -ENOTDIR)
        return look_above(subject, path);
    return rc < 0 ? NOT_KNOWN : compare(subject, &found, fs);
}

static enum mf_file_state state_of(const struct subject *subject, const char *name)
{
    const struct mf_mapping *const mapping = subject->mapping;
    const enum finding at_name = look_at(subject, name, mapping->name_length);
    enum finding at_path = at_name;

    if (at_name != SAME && mf_record_may_be_suffixed(mapping))
        at_path = look_at(subject, name, mapping->name_length - MF_SUFFIX_LENGTH);
    if (at_path == SAME)
        return MF_FILE_PRESENT;
    if (subject->followed && subject->file.nlink == 0)
        return at_path == OTHER ? MF_FILE_REPLACED : MF_FILE_DELETED;
    if (at_name == NOT_KNOWN || at_path == NOT_KNOWN)
        return MF_FILE_NOT_KNOWN;
    if (at_path == OTHER)
        return MF_FILE_REPLACED;
    return subject->followed && at_path == ABSENT ? MF_FILE_UNLINKED : MF_FILE_GONE;
}

/*
 * The ring of io_setup(2) is unlinked while it is made (fs/aio.c), and its name may be a file's: its file system tells, to those
 * who may follow the entry.
 */
static bool is_ring(struct mf_process *process, const struct mf_mapping *mapping)
{
    int flags = O_PATH;
    const int fd = mf_mapping_kind(mapping) == MF_KIND_AIO ? (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags) : -1;
    const bool is_one = fd >= 0 && mf_fs_of(fd) == MF_FS_PATHLESS;

    if (fd >= 0)
        mf_sys_close(fd);
    return is_one;
}

int mf_file_state(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct subject subject;
    int rc = mf_record_check_file(mapping);

    if (rc < 0)
        return rc;
    if (!mf_record_may_have_path(mapping))
        return mapping->flags & MF_DELETED ? MF_FILE_DELETED : MF_FILE_NOT_KNOWN;
    rc = open_subject(process, mapping, name, &subject);
    if (rc < 0) /* Not followed: the numbers in maps are all there is. */
        rc = mf_validate(process, mapping);
    if (rc == 0)
        rc = (int)state_of(&subject, name);
    if (rc == MF_FILE_NOT_KNOWN && is_ring(process, mapping))
        rc = MF_FILE_DELETED;
    close_subject(&subject);
    return rc;
}

int mf_deletion(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct subject subject;
    enum finding finding;
    int lost = 0;

    if (mapping->flags & MF_DELETED)
        return MF_IS_DELETED;
    if (!(mapping->flags & MF_SUFFIXED))
        return MF_NOT_DELETED;
    if (mf_record_is_unnumbered(mapping))
        return MF_DELETION_NOT_KNOWN;
    if (open_subject(process, mapping, name, &subject) == 0 && subject.file.nlink == 0)
        finding = ABSENT;
    else
        finding = look_at(&subject, name, mapping->name_length);
    close_subject(&subject);
    if (finding == NOT_KNOWN && is_ring(process, mapping))
        finding = ABSENT;
    if (finding == NOT_KNOWN) /* not asked through maps_fd: another thread may be in the middle of its text */
        lost = mf_maps_explain(process->proc_fd, 0);
    if (lost == -ESRCH || lost == -ECHILD)
        return lost;
    return finding == SAME ? MF_NOT_DELETED : finding == NOT_KNOWN ? MF_DELETION_NOT_KNOWN : MF_IS_DELETED;
}
