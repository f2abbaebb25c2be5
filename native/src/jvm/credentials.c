/* SPDX-License-Identifier: Apache-2.0 */
#include "jvm/credentials.h"

#include "os/system_calls.h"

#include <sys/prctl.h>

#define KEEP (-1) /* of setresuid(2) and setresgid(2): this ID stays */

int mf_credentials_assume(uid_t uid, gid_t gid, struct mf_credentials *before)
{
    long rc;

    before->is_changed = false;
    before->uid = (uid_t)MF_SYS(SYS_geteuid);
    before->gid = (gid_t)MF_SYS(SYS_getegid);
    if (before->uid == uid && (before->gid == gid || uid == 0))
        return 0;
    rc = MF_SYS(SYS_getgroups, MF_MAX_GROUPS, before->groups);
    if (rc < 0)
        return rc == -EINVAL ? -E2BIG : (int)rc;
    before->group_count = (int)rc;
    before->dumpable = (int)MF_SYS(SYS_prctl, PR_GET_DUMPABLE);
    before->is_changed = true;
    /* The user last: without root's effective ID the thread has no capability to change groups. */
    rc = MF_SYS(SYS_setgroups, 0, NULL);
    if (rc == 0)
        rc = MF_SYS(SYS_setresgid, KEEP, gid, KEEP);
    if (rc == 0)
        rc = MF_SYS(SYS_setresuid, KEEP, uid, KEEP);
    if (rc < 0)
        mf_credentials_restore(before);
    return (int)rc;
}

void mf_credentials_restore(const struct mf_credentials *before)
{
    if (!before->is_changed)
        return;
    (void)MF_SYS(SYS_setresuid, KEEP, before->uid, KEEP);
    (void)MF_SYS(SYS_setresgid, KEEP, before->gid, KEEP);
    (void)MF_SYS(SYS_setgroups, before->group_count, before->groups);
    /* The kernel makes a process undumpable when a thread changes its IDs (commit_creds(), kernel/cred.c). */
    if (before->dumpable == 1)
        (void)MF_SYS(SYS_prctl, PR_SET_DUMPABLE, 1);
}
