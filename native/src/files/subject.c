/* SPDX-License-Identifier: Apache-2.0 */
#include "files/subject.h"

#include "files/entry.h"
#include "files/verify.h"
#include "os/file_system.h"
#include "process/root.h"
#include "query/validate.h"
#include "snapshot/mapping.h"

#include <string.h>

int mf_subject_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct mf_subject *out)
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

void mf_subject_close(const struct mf_subject *subject)
{
    if (subject->root_fd >= 0)
        mf_sys_close(subject->root_fd);
}

static bool is_device_of(const struct mf_subject *subject, const struct mf_statx *other)
{
    const uint32_t major = subject->has_stat ? subject->file.dev_major : subject->mapping->dev_major;
    const uint32_t minor = subject->has_stat ? subject->file.dev_minor : subject->mapping->dev_minor;

    return other->dev_major == major && other->dev_minor == minor;
}

static int compare(struct mf_subject *subject, int path_fd, const struct mf_statx *found, enum mf_fs fs)
{
    if (subject->has_stat && (!is_device_of(subject, found) || found->inode != subject->file.inode))
        return MF_AT_PATH_OTHER;
    if (subject->has_stat && fs == MF_FS_OVERLAY && S_ISREG(found->mode)) {
        const int copied = mf_verify_is_copied(subject->process, subject->mapping, subject->name, path_fd);

        return copied < 0 ? copied : copied > 0 ? MF_AT_PATH_COPIED : MF_AT_PATH_SAME;
    }
    if (subject->has_stat)
        return MF_AT_PATH_SAME;
    if (fs == MF_FS_NUMBERED)
        return is_device_of(subject, found) && found->inode == subject->mapping->inode ? MF_AT_PATH_SAME : MF_AT_PATH_OTHER;
    if (fs == MF_FS_BTRFS && found->inode != subject->mapping->inode)
        return MF_AT_PATH_OTHER;
    subject->is_unverifiable = true;
    return MF_AT_PATH_UNKNOWN;
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
static int find_parent(const struct mf_subject *subject, char *path)
{
    char *slash;

    for (int steps = 0; steps < PARENTS_MAX && (slash = strrchr(path, '/')) != NULL; steps++) {
        struct mf_statx directory;
        int finding = MF_AT_PATH_UNKNOWN;
        int fd;

        *(slash == path ? slash + 1 : slash) = 0; /* "/" itself stays */
        fd = mf_root_open_path(subject->root_fd, path, O_PATH);
        if (fd < 0) {
            if (slash == path || (fd != -ENOENT && fd != -ENOTDIR))
                return mf_sys_is_shortage(fd) ? fd : MF_AT_PATH_UNKNOWN;
            continue;
        }
        if (mf_sys_statx(fd, "", AT_EMPTY_PATH, &directory) == 0 && is_device_of(subject, &directory))
            finding = mf_fs_of(fd) == MF_FS_OVERLAY ? MF_AT_PATH_HIDDEN : MF_AT_PATH_ABSENT;
        mf_sys_close(fd);
        return finding;
    }
    return MF_AT_PATH_UNKNOWN;
}

static int find_at(struct mf_subject *subject, const char *name, size_t length)
{
    char path[MF_NAME_MAX];
    struct mf_statx found;
    int finding = MF_AT_PATH_UNKNOWN;
    int fd;

    if (subject->root_fd < 0 || name[0] != '/' || length >= sizeof path)
        return MF_AT_PATH_UNKNOWN;
    memcpy(path, name, length);
    path[length] = 0;
    fd = mf_root_open_path(subject->root_fd, path, O_PATH);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return find_parent(subject, path);
    if (fd < 0)
        return mf_sys_is_shortage(fd) ? fd : MF_AT_PATH_UNKNOWN;
    if (mf_sys_statx(fd, "", AT_EMPTY_PATH, &found) == 0)
        finding = compare(subject, fd, &found, mf_fs_of(fd));
    mf_sys_close(fd);
    return finding;
}

int mf_subject_find(struct mf_subject *subject, const char *name, size_t length)
{
    const int finding = find_at(subject, name, length);

    return subject->root_is_guess && finding > MF_AT_PATH_COPIED ? MF_AT_PATH_UNKNOWN : finding;
}

int mf_subject_is_without_path(struct mf_process *process, const struct mf_mapping *mapping)
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
