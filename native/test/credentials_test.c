/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that acts as another user has only the permissions of that user, and afterwards its own again. */
#include "child.h"
#include "jvm/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define OTHER_USER         65534
#define CALLER_USER        65533
#define CAPABILITY(number) (1u << (number)) /* capabilities below 32 are in the first word */
#define TO_CHANGE          (CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID))

static char closed[192]; /* a directory that only root can enter */

static void get_capabilities(struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

    if (syscall(SYS_capget, &head, data) != 0)
        abort();
}

static void set_capabilities(uint32_t effective, uint32_t permitted)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = effective, .permitted = permitted}};

    if (syscall(SYS_capset, &head, data) != 0)
        _exit(CHECK_SKIPPED);
}

/* Returns whether this thread can enter the directory of root. */
static bool enters_closed(void)
{
    const int fd = openat(AT_FDCWD, closed, O_RDONLY | O_DIRECTORY);

    close(fd);
    return fd >= 0;
}

static void acts_and_returns(const char *what)
{
    struct __user_cap_data_struct before[2], meanwhile[2], after[2];
    struct mf_credentials own;
    gid_t groups[8], groups_after[8];
    const int count = getgroups(8, groups);
    const uid_t user = geteuid();
    const gid_t group = getegid();

    get_capabilities(before);
    CHECK_IS(mf_credentials_assume(OTHER_USER, OTHER_USER, &own), 0, what);
    get_capabilities(meanwhile);
    CHECK_IS(syscall(SYS_geteuid), OTHER_USER, what);
    CHECK_IS(syscall(SYS_getegid), OTHER_USER, what);
    CHECK_IS(getgroups(0, NULL), 0, what);
    CHECK(!enters_closed(), "%s: with more than the rights of that user", what);
    CHECK(meanwhile[0].effective == 0 && meanwhile[1].effective == 0, "%s: effective capabilities", what);
    mf_credentials_restore(&own);
    get_capabilities(after);
    CHECK(memcmp(before, after, sizeof before) == 0, "%s: %x %x, before %x %x", what, after[0].effective, after[0].permitted,
          before[0].effective, before[0].permitted);
    CHECK_IS(syscall(SYS_geteuid), user, what);
    CHECK_IS(syscall(SYS_getegid), group, what);
    CHECK(getgroups(8, groups_after) == count && memcmp(groups, groups_after, sizeof(gid_t) * (size_t)count) == 0, "%s: groups",
          what);
}

/* ---- Each is run in a child ---- */

static void as_root(void)
{
    const gid_t groups[] = {1, 2, 3};

    CHECK_IS(setgroups(3, groups), 0, "setgroups");
    CHECK(enters_closed(), "root");
    acts_and_returns("root");
    CHECK(enters_closed(), "root again");
}

/* Root has some capabilities that are permitted and not effective: they are not raised. */
static void as_root_with_few_effective_capabilities(void)
{
    set_capabilities(TO_CHANGE, TO_CHANGE | CAPABILITY(CAP_SYS_ADMIN));
    acts_and_returns("root with few effective capabilities");
}

/* The kernel drops root's capabilities with its user ID. Other users keep theirs: CAP_DAC_OVERRIDE opens everything. */
static void as_a_user_with_capabilities(void)
{
    const uint32_t own = TO_CHANGE | CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_DAC_READ_SEARCH);

    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setgroups(0, NULL) != 0 || setgid(CALLER_USER) != 0 || setuid(CALLER_USER) != 0)
        _exit(1);
    set_capabilities(own, own);
    CHECK(enters_closed(), "by its capability");
    acts_and_returns("a user with capabilities");
    CHECK(enters_closed(), "by its capability again");
}

/* No credential is changed that could not be restored. */
static void with_ids_that_could_not_be_restored(void)
{
    struct mf_credentials own;

    CHECK_IS(mf_credentials_assume((uid_t)-1, OTHER_USER, &own), -EINVAL, "no user");
    CHECK_IS(mf_credentials_assume(OTHER_USER, (gid_t)-1, &own), -EINVAL, "no group");
    if (setresuid(CALLER_USER, 0, CALLER_USER) != 0)
        _exit(1);
    CHECK_IS(mf_credentials_assume(OTHER_USER, OTHER_USER, &own), -EPERM, "root is neither the real nor the saved user");
    CHECK_IS(geteuid(), 0, "still root");
    CHECK_IS(getegid(), 0, "still root's group");
}

static void with_a_signal_for_the_end_of_the_parent(void)
{
    int number = 0;

    CHECK_IS(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0, "set");
    acts_and_returns("with a signal");
    CHECK_IS(prctl(PR_GET_PDEATHSIG, &number), 0, "get");
    CHECK_IS(number, SIGUSR1, "the signal");
}

static void *act_often(void *unused)
{
    struct mf_credentials own;

    for (unsigned i = rounds(500); i > 0; i--) {
        CHECK_IS(mf_credentials_assume(OTHER_USER, OTHER_USER, &own), 0, "act");
        mf_credentials_restore(&own);
    }
    return unused;
}

/* The dumpable flag is shared by all threads. */
static void with_four_threads(void)
{
    pthread_t threads[4];

    CHECK_IS(prctl(PR_SET_DUMPABLE, 1), 0, "set");
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, act_often, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_IS(prctl(PR_GET_DUMPABLE), 1, "dumpable");
}

int main(void)
{
    const char *directory;

    if (geteuid() != 0) {
        puts("skipped: needs root");
        return CHECK_SKIPPED;
    }
    directory = new_directory("credentials");
    snprintf(closed, sizeof closed, "%s/closed", directory);
    CHECK_IS(chmod(directory, 0755), 0, "chmod");
    CHECK_IS(mkdir(closed, 0700), 0, "mkdir");
    check_in_child(as_root, "as root");
    check_in_child(as_root_with_few_effective_capabilities, "as root with few capabilities");
    check_in_child(as_a_user_with_capabilities, "as a user with capabilities");
    check_in_child(with_ids_that_could_not_be_restored, "IDs that could not be restored");
    check_in_child(with_a_signal_for_the_end_of_the_parent, "a signal for the end of the parent");
    check_in_child(with_four_threads, "four threads");
    return remove_directory(directory) == 0 ? check_result() : 1;
}
