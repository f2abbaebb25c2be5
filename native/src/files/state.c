/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the path of a mapped file still leads to it, and whether " (deleted)" is the kernel's suffix or part of the name. */
#include "files/entry.h"
#include "files/process_link.h"
#include "files/verify.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "process/root.h"
#include "query/validate.h"
#include "snapshot/mapping.h"

#include <string.h>

/*
 * Which file is at a path.
 * SAME: the mapped file. COPIED: on overlayfs, another copy of it than the mapped one. OTHER: another file. ABSENT: none.
 * HIDDEN: none, on overlayfs: the file may have other links in the lower layer.
 */
enum finding { SAME, COPIED, OTHER, ABSENT, HIDDEN, UNKNOWN };

/* The mapped file, and the root directory of its path. */
struct subject {
    struct mf_process *process;
    const struct mf_mapping *mapping;
    const char *name;
    bool has_stat;        /* file is valid; else only the device and inode in maps are known */
    struct mf_statx file;
    int root_fd;          /* negative: it could not be opened */
    bool root_is_guess;   /* mf_root_open(): only SAME and COPIED are valid results */
    bool is_unverifiable; /* the file at its path is on a file system where device and inode verify nothing */
};

/* Reads the stat of the file through its entry, if the caller may. Returns 0, -ESTALE or another error of the process. */
static int open_subject(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct subject *out)
{
    int rc = mf_entry_stat(process, mapping, name, &out->file);

    out->process = process;
    out->mapping = mapping;
    out->name = name;
    out->is_unverifiable = false;
    out->has_stat = rc == 0;
    out->root_fd = mf_root_open(process, &out->root_is_guess);
    if (mf_sys_is_shortage(rc) || mf_sys_is_shortage(out->root_fd))
        return mf_sys_is_shortage(rc) ? rc : out->root_fd;
    return rc < 0 ? mf_validate(process, mapping) : 0;
}

static void close_subject(const struct subject *subject)
{
    if (subject->root_fd >= 0)
        mf_sys_close(subject->root_fd);
}

/*
 * Reads the stat of the file through a link of the process, if device and inode verify it. 1: done; 0: not; or a negative
 * errno.
 */
static int follow_link(struct subject *subject)
{
    const int fd = subject->has_stat ? -ENOENT : mf_process_link_open(subject->process, subject->mapping, subject->name);
    int rc;

    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : 0;
    if (mf_fs_of(fd) == MF_FS_NUMBERED && mf_sys_statx(fd, "", AT_EMPTY_PATH, &subject->file) == 0)
        subject->has_stat = mf_entry_numbers_agree(subject->mapping, &subject->file);
    mf_sys_close(fd);
    rc = subject->has_stat ? mf_validate(subject->process, subject->mapping) : 0;
    return rc < 0 ? rc : subject->has_stat;
}

static bool is_device_of(const struct subject *subject, const struct mf_statx *other)
{
    const uint32_t major = subject->has_stat ? subject->file.dev_major : subject->mapping->dev_major;
    const uint32_t minor = subject->has_stat ? subject->file.dev_minor : subject->mapping->dev_minor;

    return other->dev_major == major && other->dev_minor == minor;
}

static int compare(struct subject *subject, int path_fd, const struct mf_statx *found, enum mf_fs fs)
{
    if (subject->has_stat && (!is_device_of(subject, found) || found->inode != subject->file.inode))
        return OTHER;
    if (subject->has_stat && fs == MF_FS_OVERLAY && S_ISREG(found->mode)) {
        const int copied = mf_verify_is_copied(subject->process, subject->mapping, subject->name, path_fd);

        return copied < 0 ? copied : copied > 0 ? COPIED : SAME;
    }
    if (subject->has_stat)
        return SAME;
    if (fs == MF_FS_NUMBERED)
        return is_device_of(subject, found) && found->inode == subject->mapping->inode ? SAME : OTHER;
    if (fs == MF_FS_BTRFS && found->inode != subject->mapping->inode)
        return OTHER;
    subject->is_unverifiable = true;
    return UNKNOWN;
}

/*
 * Maximum of parent directories that are opened if no file is at a path. A path may have 2,048. The kernel resolves each of
 * them from the root, so the cost grows with the square of the depth.
 */
#define PARENTS_MAX 64

/*
 * No file is at a path: the file is absent if the first parent directory that exists is on the file system of the file.
 * Otherwise another file system may be mounted over it, or the path begins at another root. Shortens the path.
 */
static int find_parent(const struct subject *subject, char *path)
{
    char *slash;

    for (int steps = 0; steps < PARENTS_MAX && (slash = strrchr(path, '/')) != NULL; steps++) {
        struct mf_statx directory;
        int finding = UNKNOWN;
        int fd;

        *(slash == path ? slash + 1 : slash) = 0; /* "/" itself stays */
        fd = mf_root_open_path(subject->root_fd, path, O_PATH);
        if (fd < 0) {
            if (slash == path || (fd != -ENOENT && fd != -ENOTDIR))
                return mf_sys_is_shortage(fd) ? fd : UNKNOWN;
            continue;
        }
        if (mf_sys_statx(fd, "", AT_EMPTY_PATH, &directory) == 0 && is_device_of(subject, &directory))
            finding = mf_fs_of(fd) == MF_FS_OVERLAY ? HIDDEN : ABSENT;
        mf_sys_close(fd);
        return finding;
    }
    return UNKNOWN;
}

static int find_at(struct subject *subject, const char *name, size_t length)
{
    char path[MF_NAME_MAX];
    struct mf_statx found;
    int finding = UNKNOWN;
    int fd;

    if (subject->root_fd < 0 || name[0] != '/' || length >= sizeof path)
        return UNKNOWN;
    memcpy(path, name, length);
    path[length] = 0;
    fd = mf_root_open_path(subject->root_fd, path, O_PATH);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return find_parent(subject, path);
    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : UNKNOWN;
    if (mf_sys_statx(fd, "", AT_EMPTY_PATH, &found) == 0)
        finding = compare(subject, fd, &found, mf_fs_of(fd));
    mf_sys_close(fd);
    return finding;
}

static int find_at_path(struct subject *subject, const char *name, size_t length)
{
    const int finding = find_at(subject, name, length);

    return subject->root_is_guess && finding > COPIED ? UNKNOWN : finding;
}

/* Returns a value of enum mf_file_state, or a negative errno. */
static int state_of(struct subject *subject)
{
    const struct mf_mapping *const mapping = subject->mapping;
    const char *const name = subject->name;
    const int at_name = find_at_path(subject, name, mapping->name_length);
    int at_path = at_name;

    if (at_name > COPIED && mf_mapping_may_be_suffixed(mapping))
        at_path = find_at_path(subject, name, mapping->name_length - MF_SUFFIX_LENGTH);
    if (at_name < 0 || at_path < 0)
        return at_name < 0 ? at_name : at_path;
    if (at_path <= COPIED)
        return at_path == SAME ? MF_FILE_PRESENT : MF_FILE_COPIED;
    if (subject->has_stat && subject->file.nlink == 0)
        return at_path == OTHER ? MF_FILE_REPLACED : MF_FILE_DELETED;
    if (at_name == UNKNOWN || at_path == UNKNOWN)
        return MF_FILE_UNKNOWN;
    if (at_path == OTHER)
        return MF_FILE_REPLACED;
    return subject->has_stat && at_path == ABSENT ? MF_FILE_UNLINKED : MF_FILE_PATH_REMOVED;
}

/*
 * 1: the file is one that never had a path, and that the kernel shows as deleted: a ring of io_setup(2), secret memory
 * (simple_dname(), fs/d_path.c); 0: not, or the caller may not follow its entry; or a negative errno. Other files may have the
 * same names, so the file system decides.
 */
static int is_without_path(struct mf_process *process, const struct mf_mapping *mapping)
{
    int flags = O_PATH;
    struct mf_statx file;
    int is_pathless;
    int fd;

    if (mf_mapping_kind(mapping) == MF_KIND_FILE || !mf_mapping_may_be_deleted(mapping))
        return 0;
    fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : 0;
    is_pathless = mf_fs_of(fd) == MF_FS_PATHLESS && mf_sys_fstat(fd, &file) == 0 && mf_entry_numbers_agree(mapping, &file);
    mf_sys_close(fd);
    return is_pathless;
}

int mf_file_state(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct subject subject;
    int rc = mf_mapping_check_file(mapping);
    int pathless;

    if (rc < 0)
        return rc;
    if (!mf_mapping_may_have_path(mapping))
        return mapping->flags & MF_DELETED ? MF_FILE_DELETED : MF_FILE_UNKNOWN;
    rc = open_subject(process, mapping, name, &subject);
    if (rc == 0)
        rc = state_of(&subject);
    if (rc > MF_FILE_PRESENT && !subject.is_unverifiable) { /* the link count may decide more */
        const int found = follow_link(&subject);

        rc = found < 0 ? found : found > 0 ? state_of(&subject) : rc;
    }
    close_subject(&subject);
    pathless = rc == MF_FILE_UNKNOWN ? is_without_path(process, mapping) : 0;
    return pathless < 0 ? pathless : pathless > 0 ? MF_FILE_DELETED : rc;
}

/* Which file is at the name; or a negative errno. If the mapping is stale, the name is still checked. */
static int find_at_name(struct subject *subject, int opened)
{
    int finding;
    int pathless;

    if (opened < 0 && opened != -ESTALE)
        return opened;
    if (opened == 0 && subject->has_stat && subject->file.nlink == 0)
        return ABSENT;
    finding = find_at_path(subject, subject->name, subject->mapping->name_length);
    pathless = finding == UNKNOWN ? is_without_path(subject->process, subject->mapping) : 0;
    return pathless < 0 ? pathless : pathless > 0 ? ABSENT : finding;
}

int mf_deletion(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct subject subject;
    int finding;
    int exited = 0;

    if (mapping->flags & MF_DELETED)
        return MF_IS_DELETED;
    if (!(mapping->flags & MF_SUFFIXED))
        return MF_NOT_DELETED;
    if (mf_mapping_is_unnumbered(mapping))
        return MF_DELETION_UNKNOWN;
    finding = open_subject(process, mapping, name, &subject);
    finding = find_at_name(&subject, finding);
    close_subject(&subject);
    if (finding == UNKNOWN) /* without maps_fd: another thread may be reading it */
        exited = mf_maps_explain(mf_state(process)->proc_fd, 0);
    if (finding < 0 || exited == -ESRCH || exited == -ECHILD)
        return finding < 0 ? finding : exited;
    return finding <= COPIED ? MF_NOT_DELETED : finding == UNKNOWN ? MF_DELETION_UNKNOWN : MF_IS_DELETED;
}
