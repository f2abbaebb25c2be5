/* SPDX-License-Identifier: Apache-2.0 */
/* The calling thread acts as another user for a while: with the rights of that user and no more. */
#ifndef MF_CREDENTIALS_H
#define MF_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MF_MAX_GROUPS = 256 }; /* supplementary groups that can be restored */

/* What mf_credentials_restore() restores. */
struct mf_credentials {
    bool is_changed;
    int dumpable;
    uid_t uid;
    gid_t gid;
    int group_count;
    gid_t groups[MF_MAX_GROUPS];
};

/**
 * Gives the calling thread the effective user and group of another user, and no supplementary groups. File permission checks and
 * SO_PEERCRED of the thread follow (credentials(7): file system IDs follow effective IDs). Real and saved IDs stay, so that the
 * other user gets no permission to signal or trace this process. Other threads are not changed: credentials belong to threads
 * in the kernel, and these are system calls, not functions of the C library.
 *
 * Changes nothing if the thread has these IDs, or if both it and the other user are root.
 *
 * @retval 0       success: call mf_credentials_restore() on the same thread
 * @retval -EPERM  the thread lacks CAP_SETUID or CAP_SETGID
 * @retval -E2BIG  the thread has more than MF_MAX_GROUPS groups
 */
int mf_credentials_assume(uid_t uid, gid_t gid, struct mf_credentials *before);

/** Undoes mf_credentials_assume(). It cannot fail: the kernel lets a thread return to its real user and saved IDs. */
void mf_credentials_restore(const struct mf_credentials *before);

#endif
