/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

int mf_parts_open(const struct mf_process *process)
{
    return mf_maps_open(process->proc_fd);
}

long mf_parts_read(int maps_fd, char *to, size_t room, uint64_t offset)
{
    size_t done = 0;

    while (done < room) {
        const long count = mf_sys_pread(maps_fd, to + done, room - done, offset + done);

        if (count < 0)
            return count;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (long)done;
}

int mf_parts_is_whole(const struct mf_process *process, int maps_fd)
{
    return mf_maps_alive(maps_fd, process->traits);
}
