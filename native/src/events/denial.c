/* SPDX-License-Identifier: Apache-2.0 */
/* Why perf_event_open(2) is denied: perf_event_paranoid, system call filters, security modules. */
#include "mapfiles_events.h"
#include "os/digits.h"
#include "os/system_calls.h"
#include "process/status.h"

#include <stdbool.h>

/* perfmon_capable() of include/linux/capability.h: the capability counts in the initial user namespace only. */
static bool is_perfmon_capable(void)
{
    const int privileges = mf_caller_privileges();

    return privileges & MF_CALLER_HAS_PERFMON && !(privileges & MF_CALLER_IN_USER_NAMESPACE);
}

int mf_events_denial_reasons(void)
{
    char paranoid[16];
    uint64_t seccomp = 0;
    const struct mf_status_field fields[] = {{"Seccomp:", 10, 1, &seccomp}};
    int reasons = 0;
    const long rc = mf_sys_read_file(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", paranoid, sizeof paranoid);

    if (rc == -ENOENT)
        return MF_EVENTS_ABSENT;
    if (mf_sys_is_shortage(rc))
        return (int)rc;
    (void)mf_status_read(AT_FDCWD, "/proc/thread-self/status", fields, sizeof fields / sizeof *fields);
    /* Up to 2, users may open events of their own processes. */
    if (rc > 0 && mf_get_number(paranoid) > 2 && !is_perfmon_capable())
        reasons |= MF_EVENTS_PARANOID;
    if (seccomp != 0)
        reasons |= MF_EVENTS_SECCOMP;
    return reasons ? reasons : MF_EVENTS_POLICY;
}
