/* SPDX-License-Identifier: Apache-2.0 */
/* Why access to a process is denied, by the rules of __ptrace_may_access() (kernel/ptrace.c); and the caller's privileges. */
#include "process/process.h"
#include "process/status.h"

#include <stdbool.h>

struct credentials {
    uint64_t uid[4]; /* real, effective, saved, file system */
    uint64_t gid[4];
    uint64_t permitted;
    uint64_t effective;
};

#define CAPABILITY(number)            (1ull << (number)) /* numbers of linux/capability.h: older headers lack the newest */
#define CAPABILITY_DAC                (CAPABILITY(1) | CAPABILITY(2)) /* CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH */
#define CAPABILITY_PTRACE             CAPABILITY(19)                  /* CAP_SYS_PTRACE */
#define CAPABILITY_ADMIN              CAPABILITY(21)                  /* CAP_SYS_ADMIN: includes the two below */
#define CAPABILITY_PERFMON            CAPABILITY(38)
#define CAPABILITY_CHECKPOINT_RESTORE CAPABILITY(40)

/* Inode of the initial user namespace in nsfs: USER_NS_INIT_INO of linux/nsfs.h, the same since Linux 3.8. */
#define INITIAL_USER_NAMESPACE 0xeffffffdu

enum { REAL, EFFECTIVE, SAVED, FILE_SYSTEM };

static int read_credentials(int proc_fd, struct credentials *out)
{
    const struct mf_status_field fields[] = {
        {"Uid:", 10, 4, out->uid},
        {"Gid:", 10, 4, out->gid},
        {"CapPrm:", 16, 1, &out->permitted},
        {"CapEff:", 16, 1, &out->effective},
    };

    return mf_status_read(proc_fd, "status", fields, sizeof fields / sizeof *fields);
}

static bool all_equal(const uint64_t ids[4], uint64_t id)
{
    return ids[REAL] == id && ids[EFFECTIVE] == id && ids[SAVED] == id;
}

/*
 * Whether Yama denies access to the memory of a process whose maps can be read. Yama, a security module, allows only parents to
 * attach; reading memory needs permission to attach, reading maps does not (ptrace(2)).
 */
static bool is_denied_by_yama(int target_fd)
{
    char scope[4];
    const int maps_fd = mf_sys_openat(target_fd, "maps", O_RDONLY);

    if (maps_fd < 0)
        return false;
    mf_sys_close(maps_fd);
    return mf_sys_read_file(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", scope, sizeof scope) > 0 && scope[0] > '0';
}

static int compare_credentials(int own_fd, int target_fd)
{
    struct credentials own = {0};
    struct credentials target = {0};
    struct stat maps = {0};
    int reasons = 0;
    int rc = read_credentials(target_fd, &target);

    if (rc == 0)
        rc = read_credentials(own_fd, &own);
    if (rc < 0)
        return rc;
    rc = mf_sys_stat(target_fd, "maps", 0, &maps);
    /* CAP_SYS_PTRACE overrides all but the file permissions of map_files and mem, which allow access to their owner only. */
    if (own.effective & CAPABILITY_PTRACE)
        return rc == 0 && maps.st_uid != own.uid[FILE_SYSTEM] && !(own.effective & CAPABILITY_DAC) ? MF_DENIED_USER
                                                                                                   : MF_DENIED_POLICY;
    if (!all_equal(target.uid, own.uid[FILE_SYSTEM]) || !all_equal(target.gid, own.gid[FILE_SYSTEM]))
        reasons |= MF_DENIED_USER;
    if (target.permitted & ~own.effective)
        reasons |= MF_DENIED_CAPABILITIES;
    /* The /proc files of a process that is not dumpable belong to root (task_dump_owner(), fs/proc/base.c). */
    if (rc == 0 && maps.st_uid != target.uid[EFFECTIVE])
        reasons |= MF_DENIED_DUMPABLE;
    if (reasons == 0)
        reasons = is_denied_by_yama(target_fd) ? MF_DENIED_PTRACE_SCOPE : MF_DENIED_POLICY;
    return reasons;
}

int mf_denial_reasons(int32_t pid)
{
    const int target_fd = pid < 1 ? -EINVAL : mf_proc_directory_open(pid);
    int own_fd;
    int rc;

    if (target_fd < 0)
        return target_fd;
    own_fd = mf_sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY);
    rc = own_fd < 0 ? own_fd : compare_credentials(own_fd, target_fd);
    if (own_fd >= 0)
        mf_sys_close(own_fd);
    mf_sys_close(target_fd);
    return rc == -ENOENT ? -ESRCH : rc;
}

int mf_caller_privileges(void)
{
    struct {
        uint32_t version;
        int32_t pid;          /* 0: the calling thread */
    } head = {0x20080522, 0}; /* _LINUX_CAPABILITY_VERSION_3: two words of 32 bits */
    struct {
        uint32_t effective, permitted, inheritable;
    } words[2] = {{0}};
    const long rc = MF_SYS(SYS_capget, &head, words);
    const uint64_t effective = rc == 0 ? words[0].effective | (uint64_t)words[1].effective << 32 : 0;
    struct stat namespace;
    int privileges = MF_SYS(SYS_geteuid) == 0 ? MF_CALLER_IS_ROOT : 0;

    if (effective & CAPABILITY_PTRACE)
        privileges |= MF_CALLER_HAS_PTRACE;
    if (effective & (CAPABILITY_CHECKPOINT_RESTORE | CAPABILITY_ADMIN))
        privileges |= MF_CALLER_HAS_CHECKPOINT_RESTORE;
    if (effective & (CAPABILITY_PERFMON | CAPABILITY_ADMIN))
        privileges |= MF_CALLER_HAS_PERFMON;
    if (mf_sys_stat(AT_FDCWD, "/proc/thread-self/ns/user", 0, &namespace) == 0 && namespace.st_ino != INITIAL_USER_NAMESPACE)
        privileges |= MF_CALLER_IN_USER_NAMESPACE;
    return privileges;
}
