/* SPDX-License-Identifier: Apache-2.0 */
/* Lets the calling thread act as another user, with the permissions of that user and no others. */
#ifndef MF_CREDENTIALS_H
#define MF_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MF_MAX_GROUPS = 256 }; /* maximum of supplementary groups that can be restored */

/* The credentials that mf_credentials_restore() restores. */
struct mf_credentials {
    bool is_changed;
    int dumpable;
    int parent_death_signal;
    uid_t uid;
    gid_t gid;
    uint32_t capabilities[6]; /* two struct __user_cap_data_struct of capset(2) */
    int group_count;
    gid_t groups[MF_MAX_GROUPS];
};

/**
 * Gives the calling thread the effective user and group of another user, no supplementary groups and no effective capability.
 * File permission checks and SO_PEERCRED of the thread follow (credentials(7): file system IDs follow effective IDs). Real and
 * saved IDs stay, so the other user gets no permission to signal or trace this process. Other threads are not changed:
 * credentials belong to threads in the kernel, and these are system calls, not functions of the C library.
 *
 * Changes nothing if the thread has these IDs, or if both it and the other user are root.
 *
 * One thread of a process acts as another user at a time; others wait. Whether a process is dumpable belongs to all of its
 * threads, and the kernel changes it with the IDs of any of them.
 *
 * @retval 0        success: call mf_credentials_restore() on the same thread
 * @retval -EPERM   the thread lacks CAP_SETUID or CAP_SETGID; or its effective user or group is neither its real nor its saved
 *                  one, so it might not be able to return to it
 * @retval -E2BIG   the thread has more than MF_MAX_GROUPS groups
 * @retval -EINVAL  the user or the group is -1, or does not exist in the user namespace
 */
int mf_credentials_assume(uid_t uid, gid_t gid, struct mf_credentials *before);

/**
 * Restores the credentials of before mf_credentials_assume(). It cannot fail: the kernel lets a thread return to its real or
 * saved IDs and raise its permitted capabilities.
 */
void mf_credentials_restore(const struct mf_credentials *before);

#endif
