/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the path of a mapped file still leads to it. */
#include "files/entry.h"
#include "files/process_link.h"
#include "files/subject.h"
#include "mapfiles_files.h"
#include "os/file_system.h"
#include "query/validate.h"
#include "snapshot/mapping.h"

/*
 * Reads the stat of the file through a link of the process, if device and inode verify it. 1: done; 0: not; or a negative
 * errno.
 */
static int follow_link(struct mf_subject *subject)
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

/* Returns a value of enum mf_file_state, or a negative errno. */
static int state_of(struct mf_subject *subject)
{
    const struct mf_mapping *const mapping = subject->mapping;
    const char *const name = subject->name;
    const int at_name = mf_subject_find(subject, name, mapping->name_length);
    int at_path = at_name;

    if (at_name > MF_AT_PATH_COPIED && mf_mapping_may_be_suffixed(mapping))
        at_path = mf_subject_find(subject, name, mapping->name_length - MF_SUFFIX_LENGTH);
    if (at_name < 0 || at_path < 0)
        return at_name < 0 ? at_name : at_path;
    if (at_path <= MF_AT_PATH_COPIED)
        return at_path == MF_AT_PATH_SAME ? MF_FILE_PRESENT : MF_FILE_COPIED;
    if (subject->has_stat && subject->file.nlink == 0)
        return at_path == MF_AT_PATH_OTHER ? MF_FILE_REPLACED : MF_FILE_DELETED;
    if (at_name == MF_AT_PATH_UNKNOWN || at_path == MF_AT_PATH_UNKNOWN)
        return MF_FILE_UNKNOWN;
    if (at_path == MF_AT_PATH_OTHER)
        return MF_FILE_REPLACED;
    return subject->has_stat && at_path == MF_AT_PATH_ABSENT ? MF_FILE_UNLINKED : MF_FILE_PATH_REMOVED;
}

int mf_file_state(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct mf_subject subject;
    int rc = mf_mapping_check_file(mapping);
    int pathless;

    if (rc < 0)
        return rc;
    if (!mf_mapping_may_have_path(mapping))
        return mapping->flags & MF_DELETED ? MF_FILE_DELETED : MF_FILE_UNKNOWN;
    rc = mf_subject_open(process, mapping, name, &subject);
    if (rc == 0)
        rc = state_of(&subject);
    if (rc > MF_FILE_PRESENT && !subject.is_unverifiable) { /* the link count may decide more */
        const int found = follow_link(&subject);

        rc = found < 0 ? found : found > 0 ? state_of(&subject) : rc;
    }
    mf_subject_close(&subject);
    pathless = rc == MF_FILE_UNKNOWN ? mf_subject_is_without_path(process, mapping) : 0;
    return pathless < 0 ? pathless : pathless > 0 ? MF_FILE_DELETED : rc;
}
