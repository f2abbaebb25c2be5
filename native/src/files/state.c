/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a mapped file, and whether " (deleted)" at the end of its name is the kernel's word or the file's own. */
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
 * What stands at a path; beside these a negative errno.
 * HIDDEN: nothing, on overlayfs, where a file of the lower layer keeps the links it has there.
 * COPIED: the file, on overlayfs, but another copy of it than the mapped one.
 */
enum finding { SAME, COPIED, OTHER, ABSENT, HIDDEN, NOT_KNOWN };

/* The mapped file, and where its paths begin. */
struct subject {
    struct mf_process *process;
    const struct mf_mapping *mapping;
    const char *name;
    bool followed;        /* file is its stat; else there are the numbers of maps alone */
    struct mf_statx file;
    int root_fd;          /* negative: may not be opened */
    bool root_is_guess;   /* mf_root_open(): only finding the very file there means something */
    bool is_unprovable;   /* at its path is a file on a file system whose numbers prove nothing */
};

/* By the entry. 0; -ESTALE and the like. A file that cannot be followed there is no error. */
static int open_subject(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct subject *out)
{
    int rc = mf_entry_stat(process, mapping, name, &out->file);

    out->process = process;
    out->mapping = mapping;
    out->name = name;
    out->is_unprovable = false;
    out->followed = rc == 0;
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

/* By a link of the process, where the numbers prove that it leads to the mapped file. 1: now it is followed; 0; or an error. */
static int follow_link(struct subject *subject)
{
    const int fd = subject->followed ? -ENOENT : mf_process_link_open(subject->process, subject->mapping, subject->name);
    int rc;

    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : 0;
    if (mf_fs_of(fd) == MF_FS_NUMBERED && mf_sys_statx(fd, "", AT_EMPTY_PATH, &subject->file) == 0)
        subject->followed = mf_entry_numbers_agree(subject->mapping, &subject->file);
    mf_sys_close(fd);
    rc = subject->followed ? mf_validate(subject->process, subject->mapping) : 0;
    return rc < 0 ? rc : subject->followed;
}

static bool is_device_of(const struct subject *subject, const struct mf_statx *other)
{
    const uint32_t major = subject->followed ? subject->file.dev_major : subject->mapping->dev_major;
    const uint32_t minor = subject->followed ? subject->file.dev_minor : subject->mapping->dev_minor;

    return other->dev_major == major && other->dev_minor == minor;
}

static int compare(struct subject *subject, int path_fd, const struct mf_statx *found, enum mf_fs fs)
{
    if (subject->followed && (!is_device_of(subject, found) || found->inode != subject->file.inode))
        return OTHER;
    if (subject->followed && fs == MF_FS_OVERLAY && S_ISREG(found->mode)) {
        const int copied = mf_verify_is_copied(subject->process, subject->mapping, subject->name, path_fd);

        return copied < 0 ? copied : copied > 0 ? COPIED : SAME;
    }
    if (subject->followed)
        return SAME;
    if (fs == MF_FS_NUMBERED)
        return is_device_of(subject, found) && found->inode == subject->mapping->inode ? SAME : OTHER;
    if (fs == MF_FS_BTRFS && found->inode != subject->mapping->inode)
        return OTHER;
    subject->is_unprovable = true;
    return NOT_KNOWN;
}

/*
 * Directories that are tried above a path where nothing is. A path has room for 2,048. The kernel resolves each of them from the
 * root, so the cost grows with the square of the depth.
 */
#define ABOVE_MAX 64

/*
 * A path that leads nowhere says something where the directory it would be in is on the file's own file system; otherwise
 * something may be mounted over it, or it begins elsewhere. Cuts the path.
 */
static int look_above(const struct subject *subject, char *path)
{
    char *slash;

    for (int steps = 0; steps < ABOVE_MAX && (slash = strrchr(path, '/')) != NULL; steps++) {
        struct mf_statx directory;
        int finding = NOT_KNOWN;
        int fd;

        *(slash == path ? slash + 1 : slash) = 0; /* "/" itself stays */
        fd = mf_root_open_path(subject->root_fd, path, O_PATH);
        if (fd < 0) {
            if (slash == path || (fd != -ENOENT && fd != -ENOTDIR))
                return mf_sys_is_shortage(fd) ? fd : NOT_KNOWN;
            continue;
        }
        if (mf_sys_statx(fd, "", AT_EMPTY_PATH, &directory) == 0 && is_device_of(subject, &directory))
            finding = mf_fs_of(fd) == MF_FS_OVERLAY ? HIDDEN : ABSENT;
        mf_sys_close(fd);
        return finding;
    }
    return NOT_KNOWN;
}

static int look_below(struct subject *subject, const char *name, size_t length)
{
    char path[MF_NAME_MAX];
    struct mf_statx found;
    int finding = NOT_KNOWN;
    int fd;

    if (subject->root_fd < 0 || name[0] != '/' || length >= sizeof path)
        return NOT_KNOWN;
    memcpy(path, name, length);
    path[length] = 0;
    fd = mf_root_open_path(subject->root_fd, path, O_PATH);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return look_above(subject, path);
    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : NOT_KNOWN;
    if (mf_sys_statx(fd, "", AT_EMPTY_PATH, &found) == 0)
        finding = compare(subject, fd, &found, mf_fs_of(fd));
    mf_sys_close(fd);
    return finding;
}

static int look_at(struct subject *subject, const char *name, size_t length)
{
    const int finding = look_below(subject, name, length);

    return subject->root_is_guess && finding > COPIED ? NOT_KNOWN : finding;
}

/* enum mf_file_state, or a negative errno. */
static int state_of(struct subject *subject)
{
    const struct mf_mapping *const mapping = subject->mapping;
    const char *const name = subject->name;
    const int at_name = look_at(subject, name, mapping->name_length);
    int at_path = at_name;

    if (at_name > COPIED && mf_record_may_be_suffixed(mapping))
        at_path = look_at(subject, name, mapping->name_length - MF_SUFFIX_LENGTH);
    if (at_name < 0 || at_path < 0)
        return at_name < 0 ? at_name : at_path;
    if (at_path <= COPIED)
        return at_path == SAME ? MF_FILE_PRESENT : MF_FILE_COPIED;
    if (subject->followed && subject->file.nlink == 0)
        return at_path == OTHER ? MF_FILE_REPLACED : MF_FILE_DELETED;
    if (at_name == NOT_KNOWN || at_path == NOT_KNOWN)
        return MF_FILE_UNKNOWN;
    if (at_path == OTHER)
        return MF_FILE_REPLACED;
    return subject->followed && at_path == ABSENT ? MF_FILE_UNLINKED : MF_FILE_PATH_REMOVED;
}

/*
 * The kernel shows some files that never had a path as deleted (simple_dname(), fs/d_path.c): rings of io_setup(2), secret memory.
 * Their names may be those of files. Their file system tells, to those who may follow the entry. 1: it is one; 0; or an error.
 */
static int is_without_path(struct mf_process *process, const struct mf_mapping *mapping)
{
    int flags = O_PATH;
    struct mf_statx file;
    int is_one;
    int fd;

    if (mf_mapping_kind(mapping) == MF_KIND_FILE || !mf_record_may_be_suffixed(mapping))
        return 0;
    fd = (int)mf_entry_call(process, mapping, MF_ENTRY_OPEN, &flags);
    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : 0;
    is_one = mf_fs_of(fd) == MF_FS_PATHLESS && mf_sys_fstat(fd, &file) == 0 && mf_entry_numbers_agree(mapping, &file);
    mf_sys_close(fd);
    return is_one;
}

int mf_file_state(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct subject subject;
    int rc = mf_record_check_file(mapping);
    int pathless;

    if (rc < 0)
        return rc;
    if (!mf_record_may_have_path(mapping))
        return mapping->flags & MF_DELETED ? MF_FILE_DELETED : MF_FILE_UNKNOWN;
    rc = open_subject(process, mapping, name, &subject);
    if (rc == 0)
        rc = state_of(&subject);
    if (rc > MF_FILE_PRESENT && !subject.is_unprovable) { /* its links say more, where the numbers prove that they lead to it */
        const int followed = follow_link(&subject);

        rc = followed < 0 ? followed : followed > 0 ? state_of(&subject) : rc;
    }
    close_subject(&subject);
    pathless = rc == MF_FILE_UNKNOWN ? is_without_path(process, mapping) : 0;
    return pathless < 0 ? pathless : pathless > 0 ? MF_FILE_DELETED : rc;
}

/* What stands at the name, or a negative errno. A record that is stale has its name looked at all the same. */
static int find_name(struct subject *subject, int opened)
{
    int finding;
    int pathless;

    if (opened < 0 && opened != -ESTALE)
        return opened;
    if (opened == 0 && subject->followed && subject->file.nlink == 0)
        return ABSENT;
    finding = look_at(subject, subject->name, subject->mapping->name_length);
    pathless = finding == NOT_KNOWN ? is_without_path(subject->process, subject->mapping) : 0;
    return pathless < 0 ? pathless : pathless > 0 ? ABSENT : finding;
}

int mf_deletion(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct subject subject;
    int finding;
    int lost = 0;

    if (mapping->flags & MF_DELETED)
        return MF_IS_DELETED;
    if (!(mapping->flags & MF_SUFFIXED))
        return MF_NOT_DELETED;
    if (mf_record_is_unnumbered(mapping))
        return MF_DELETION_UNKNOWN;
    finding = open_subject(process, mapping, name, &subject);
    finding = find_name(&subject, finding);
    close_subject(&subject);
    if (finding == NOT_KNOWN) /* not asked through maps_fd: another thread may be in the middle of its text */
        lost = mf_maps_explain(mf_state(process)->proc_fd, 0);
    if (finding < 0 || lost == -ESRCH || lost == -ECHILD)
        return finding < 0 ? finding : lost;
    return finding <= COPIED ? MF_NOT_DELETED : finding == NOT_KNOWN ? MF_DELETION_UNKNOWN : MF_IS_DELETED;
}
