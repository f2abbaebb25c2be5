/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include "record.h"
#include "root.h"

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
        return path_fd == -ENOENT || path_fd == -ENOTDIR ? -EIDRM : path_fd;
    rc = use(process, mapping, path_fd, flags, fd);
    mf_sys_close(path_fd);
    return rc;
}

int mf_path_instead(int closed, struct mf_process *process, const struct mf_mapping *mapping, const char *name,
                    mf_use_path *use, int flags, int *fd)
{
    const size_t length = mapping->name_length;
    bool is_guess;
    int root_fd;
    int rc;

    if ((closed != -EPERM && closed != -ENOTSUP) || !mf_record_may_have_path(mapping) || name[0] != '/')
        return closed;
    root_fd = mf_root_open(process, &is_guess);
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
