/* SPDX-License-Identifier: Apache-2.0 */
#include "jvm/credentials.h"

#include "os/system_calls.h"

#include <linux/capability.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#define KEEP (-1) /* of setresuid(2) and setresgid(2): this ID stays */

/* Held by the thread that acts as another user. */
static pthread_mutex_t acting = PTHREAD_MUTEX_INITIALIZER;

static struct __user_cap_header_struct of_this_thread(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

_Static_assert(sizeof(struct __user_cap_data_struct[2]) == sizeof((struct mf_credentials){0}.capabilities),
               "as capset(2) takes them");

static long read_capabilities(uint32_t capabilities[6])
{
    struct __user_cap_header_struct head = of_this_thread();

    return MF_SYS(SYS_capget, &head, capabilities);
}

static long set_capabilities(const uint32_t capabilities[6])
{
    struct __user_cap_header_struct head = of_this_thread();

    return MF_SYS(SYS_capset, &head, capabilities);
}

/* With CAP_DAC_OVERRIDE a caller that is not root could open files that the other user cannot open. */
static long drop_effective(const uint32_t capabilities[6])
{
    uint32_t none[6];

    memcpy(none, capabilities, sizeof none);
    none[0] = none[3] = 0;
    return set_capabilities(none);
}

/* Whether a thread without capabilities could return to its present effective IDs (setresuid(2)). */
static bool can_return(uid_t uid, gid_t gid)
{
    uid_t user[3];
    gid_t group[3];

    return MF_SYS(SYS_getresuid, &user[0], &user[1], &user[2]) == 0 &&
           MF_SYS(SYS_getresgid, &group[0], &group[1], &group[2]) == 0 && (uid == user[0] || uid == user[2]) &&
           (gid == group[0] || gid == group[2]);
}

/* Reads the credentials that are restored later. */
static int save(struct mf_credentials *out)
{
    long rc = MF_SYS(SYS_getgroups, MF_MAX_GROUPS, out->groups);

    if (rc < 0)
        return rc == -EINVAL ? -E2BIG : (int)rc;
    out->group_count = (int)rc;
    out->dumpable = (int)MF_SYS(SYS_prctl, PR_GET_DUMPABLE);
    out->parent_death_signal = 0;
    (void)MF_SYS(SYS_prctl, PR_GET_PDEATHSIG, &out->parent_death_signal);
    return (int)read_capabilities(out->capabilities);
}

static long change(uid_t uid, gid_t gid, const struct mf_credentials *before)
{
    /* The user last: without root's effective ID the thread has no capability to change groups. */
    long rc = MF_SYS(SYS_setgroups, 0, NULL);

    if (rc == 0)
        rc = MF_SYS(SYS_setresgid, KEEP, gid, KEEP);
    if (rc == 0)
        rc = MF_SYS(SYS_setresuid, KEEP, uid, KEEP);
    return rc == 0 ? drop_effective(before->capabilities) : rc;
}

int mf_credentials_assume(uid_t uid, gid_t gid, struct mf_credentials *before)
{
    long rc;

    before->is_changed = false;
    before->uid = (uid_t)MF_SYS(SYS_geteuid);
    before->gid = (gid_t)MF_SYS(SYS_getegid);
    if (uid == (uid_t)KEEP || gid == (gid_t)KEEP)
        return -EINVAL;
    if (before->uid == uid && (before->gid == gid || uid == 0))
        return 0;
    if (!can_return(before->uid, before->gid))
        return -EPERM;
    pthread_mutex_lock(&acting);
    rc = save(before);
    if (rc < 0) {
        pthread_mutex_unlock(&acting);
        return (int)rc;
    }
    before->is_changed = true;
    rc = change(uid, gid, before);
    if (rc < 0)
        mf_credentials_restore(before);
    return (int)rc;
}

void mf_credentials_restore(const struct mf_credentials *before)
{
    if (!before->is_changed)
        return;
    /*
     * CAP_SETGID first. With its user ID root gets all permitted capabilities as effective ones, so the last call restores those
     * that it had.
     */
    (void)set_capabilities(before->capabilities);
    (void)MF_SYS(SYS_setresuid, KEEP, before->uid, KEEP);
    (void)MF_SYS(SYS_setresgid, KEEP, before->gid, KEEP);
    (void)MF_SYS(SYS_setgroups, before->group_count, before->groups);
    (void)set_capabilities(before->capabilities);
    /*
     * When a thread changes its IDs, the kernel makes the process undumpable and clears that signal (commit_creds(),
     * kernel/cred.c).
     */
    if (before->dumpable == 1)
        (void)MF_SYS(SYS_prctl, PR_SET_DUMPABLE, 1);
    if (before->parent_death_signal != 0)
        (void)MF_SYS(SYS_prctl, PR_SET_PDEATHSIG, before->parent_death_signal);
    pthread_mutex_unlock(&acting);
}
