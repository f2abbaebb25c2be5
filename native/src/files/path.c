/* SPDX-License-Identifier: Apache-2.0 */
#include "files/path.h"

#include "files/entry.h"
#include "files/process_link.h"
#include "process/root.h"
#include "snapshot/mapping.h"

#include <string.h>

static int at_path(struct mf_process *process, const struct mf_mapping *mapping, int root_fd, const char *name,
                   size_t length, mf_use_path *use, int flags, int *fd)
{
    char path[MF_NAME_MAX];
    int path_fd;
    int rc;

    if (length >= sizeof path)
        return -ENAMETOOLONG;
    memcpy(path, name, length);
    path[length] = 0;
    path_fd = mf_root_open_path(root_fd, path, O_PATH);
    if (path_fd < 0)
        return path_fd == -ENOENT || path_fd == -ENOTDIR ? -EIDRM : mf_entry_file_error(path_fd);
    rc = use(process, mapping, path_fd, flags, fd);
    mf_sys_close(path_fd);
    return rc;
}

static int by_name(int closed, struct mf_process *process, const struct mf_mapping *mapping, const char *name, mf_use_path *use,
                   int flags, int *fd)
{
    const size_t length = mapping->name_length;
    bool is_guess;
    const int root_fd = mf_root_open(process, &is_guess);
    int rc;

    if (root_fd < 0)
        return root_fd;
    rc = at_path(process, mapping, root_fd, name, length, use, flags, fd);
    if ((rc == -EIDRM || rc == -ENAMETOOLONG) && mf_record_may_be_suffixed(mapping)) {
        const int at_name = rc;

        rc = at_path(process, mapping, root_fd, name, length - MF_SUFFIX_LENGTH, use, flags, fd);
        if (rc == -EIDRM)
            rc = at_name; /* really called so, and too long: not seen, and not surely another */
    }
    mf_sys_close(root_fd);
    if (rc == -EIDRM && (is_guess || mf_mapping_kind(mapping) != MF_KIND_FILE))
        rc = closed; /* the path may lead elsewhere for the process; and other kinds are what their names say */
    return rc;
}

static int by_link(struct mf_process *process, const struct mf_mapping *mapping, const char *name, mf_use_path *use, int flags,
                   int *fd)
{
    const int path_fd = mf_process_link_open(process, mapping, name);
    int rc;

    if (path_fd < 0)
        return path_fd;
    rc = use(process, mapping, path_fd, flags, fd);
    mf_sys_close(path_fd);
    return rc;
}

int mf_path_instead(int closed, struct mf_process *process, const struct mf_mapping *mapping, const char *name,
                    mf_use_path *use, int flags, int *fd)
{
    int at_name = closed;
    int at_link;

    if (closed != -EPERM && closed != -ENOTSUP)
        return closed;
    if (mf_record_may_have_path(mapping) && name[0] == '/')
        at_name = by_name(closed, process, mapping, name, use, flags, fd);
    if (!mf_entry_is_out_of_reach(at_name))
        return at_name;
    at_link = by_link(process, mapping, name, use, flags, fd);
    return at_link >= 0 || !mf_entry_is_out_of_reach(at_link) ? at_link : at_name;
}
