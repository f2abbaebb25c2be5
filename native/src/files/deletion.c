/* SPDX-License-Identifier: Apache-2.0 */
/* Whether " (deleted)" is the kernel's suffix or part of the name. */
#include "files/subject.h"
#include "mapfiles_files.h"
#include "process/process.h"
#include "snapshot/mapping.h"

/* Which file is at the name; or a negative errno. If the mapping is stale, the name is still checked. */
static int find_at_name(struct mf_subject *subject, int opened)
{
    int finding;
    int pathless;

    if (opened < 0 && opened != -ESTALE)
        return opened;
    if (opened == 0 && subject->has_stat && subject->file.nlink == 0)
        return MF_AT_PATH_ABSENT;
    finding = mf_subject_find(subject, subject->name, subject->mapping->name_length);
    pathless = finding == MF_AT_PATH_UNKNOWN ? mf_subject_is_without_path(subject->process, subject->mapping) : 0;
    return pathless < 0 ? pathless : pathless > 0 ? MF_AT_PATH_ABSENT : finding;
}

int mf_deletion(struct mf_process *process, const struct mf_mapping *mapping, const char *name)
{
    struct mf_subject subject;
    int finding;
    int exited = 0;

    if (mapping->flags & MF_DELETED)
        return MF_IS_DELETED;
    if (!(mapping->flags & MF_SUFFIXED))
        return MF_NOT_DELETED;
    if (mf_mapping_is_unnumbered(mapping))
        return MF_DELETION_UNKNOWN;
    finding = mf_subject_open(process, mapping, name, &subject);
    finding = find_at_name(&subject, finding);
    mf_subject_close(&subject);
    if (finding == MF_AT_PATH_UNKNOWN) /* without maps_fd: another thread may be reading it */
        exited = mf_maps_explain(mf_state(process)->proc_fd, 0);
    if (finding < 0 || exited == -ESRCH || exited == -ECHILD)
        return finding < 0 ? finding : exited;
    return finding <= MF_AT_PATH_COPIED ? MF_NOT_DELETED : finding == MF_AT_PATH_UNKNOWN ? MF_DELETION_UNKNOWN : MF_IS_DELETED;
}
