/* SPDX-License-Identifier: Apache-2.0 */
#include "files/path.h"

#include "files/entry.h"
#include "files/process_link.h"
#include "process/root.h"
#include "snapshot/mapping.h"

#include <string.h>

enum step { AT_NAME, AT_NAME_WITHOUT_SUFFIX, AT_LINK, ENDED };

static int open_at(int root_fd, const char *name, size_t length)
{
    char path[MF_NAME_MAX];
    int fd;

    if (length >= sizeof path)
        return -ENAMETOOLONG;
    memcpy(path, name, length);
    path[length] = 0;
    fd = mf_root_open_path(root_fd, path, O_PATH);
    return fd == -ENOENT || fd == -ENOTDIR ? -EIDRM : fd < 0 ? mf_entry_file_error(fd) : fd;
}

static int open_candidate(const struct mf_path_search *search)
{
    const size_t length = search->mapping->name_length;

    switch (search->step) {
    case AT_NAME:
        return open_at(search->root_fd, search->name, length);
    case AT_NAME_WITHOUT_SUFFIX:
        return open_at(search->root_fd, search->name, length - MF_SUFFIX_LENGTH);
    default:
        return mf_process_link_open(search->process, search->mapping, search->name);
    }
}

static void end_names(struct mf_path_search *search)
{
    if (search->root_fd >= 0)
        mf_sys_close(search->root_fd);
    /* The path may lead elsewhere for the process. Other kinds than files may have a name that is no path. */
    if (search->result == -EIDRM && (search->root_is_guess || mf_mapping_kind(search->mapping) != MF_KIND_FILE))
        search->result = search->entry_error;
    search->step = mf_entry_is_inaccessible(search->result) ? AT_LINK : ENDED;
}

/* Takes the result of a step, which may be an error of opening the candidate, and goes to the next step. */
static void end_step(struct mf_path_search *search, int result)
{
    switch (search->step) {
    case AT_NAME:
        search->result = result;
        if ((result == -EIDRM || result == -ENAMETOOLONG) && mf_mapping_may_be_suffixed(search->mapping))
            search->step = AT_NAME_WITHOUT_SUFFIX;
        else
            end_names(search);
        break;
    case AT_NAME_WITHOUT_SUFFIX:
        if (result != -EIDRM) /* else the result at the name: one that is too long was not checked, so it is not -EIDRM */
            search->result = result;
        end_names(search);
        break;
    default:
        if (!mf_entry_is_inaccessible(result))
            search->result = result;
        search->step = ENDED;
        break;
    }
}

static int open_next(struct mf_path_search *search)
{
    int fd = -1;

    while (fd < 0 && search->step != ENDED) {
        fd = open_candidate(search);
        if (fd < 0)
            end_step(search, fd);
    }
    search->candidate_fd = fd;
    return fd;
}

int mf_path_first(struct mf_path_search *search, int entry_error, struct mf_process *process, const struct mf_mapping *mapping,
                  const char *name)
{
    *search = (struct mf_path_search){
        .process = process,
        .mapping = mapping,
        .name = name,
        .entry_error = entry_error,
        .root_fd = -1,
        .step = entry_error == -EPERM || entry_error == -ENOTSUP ? AT_LINK : ENDED,
        .result = entry_error,
    };
    if (search->step == AT_LINK && mf_mapping_may_have_path(mapping) && name[0] == '/') {
        search->root_fd = mf_root_open(process, &search->root_is_guess);
        search->step = AT_NAME;
        if (search->root_fd < 0) {
            search->result = search->root_fd;
            end_names(search);
        }
    }
    return open_next(search);
}

int mf_path_next(struct mf_path_search *search, int result)
{
    mf_sys_close(search->candidate_fd);
    end_step(search, result);
    return open_next(search);
}
