/* SPDX-License-Identifier: Apache-2.0 */
/* What a refused look at a process lacked: the rules of __ptrace_may_access() (kernel/ptrace.c), for a message. And perf events. */
#include "mapfiles_events.h"
#include "os/digits.h"
#include "process/process.h"

#include <stdbool.h>
#include <string.h>

struct credentials {
    uint64_t uid[4]; /* real, effective, saved, file system */
    uint64_t gid[4];
    uint64_t permitted;
    uint64_t effective;
};

#define CAPABILITY(number) (1ull << (number)) /* numbers of linux/capability.h: older headers lack the newest */
#define CAPABILITY_DAC (CAPABILITY(1) | CAPABILITY(2)) /* CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH */
#define CAPABILITY_PTRACE CAPABILITY(19) /* CAP_SYS_PTRACE */
#define CAPABILITY_ADMIN CAPABILITY(21) /* CAP_SYS_ADMIN: includes the two below */
#define CAPABILITY_PERFMON CAPABILITY(38)
#define CAPABILITY_CHECKPOINT_RESTORE CAPABILITY(40)

/* Inode of the initial user namespace in nsfs: USER_NS_INIT_INO of linux/nsfs.h, the same since Linux 3.8. */
#define INITIAL_USER_NAMESPACE 0xeffffffdu

enum { REAL, EFFECTIVE, SAVED, FILE_SYSTEM };

/* A field of proc_pid_status(5), and where its numbers go, up to four. */
struct field {
    const char *name;
    unsigned base;
    size_t count;
    uint64_t *values;
};

static void read_numbers(const char *at, unsigned base, uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;

        while (*at == '\t')
            at++;
        for (;; at++) {
            const unsigned digit = *at >= 'a' ? (unsigned)(*at - 'a') + 10 : (unsigned)(*at - '0');

            if (digit >= base)
                break;
            value = value * base + digit;
        }
        values[i] = value;
    }
}

struct fields {
    const struct field *first;
    size_t count;
};

static void take_line(const char *line, void *to)
{
    const struct fields *const fields = to;

    for (size_t i = 0; i < fields->count; i++) {
        const struct field *const field = &fields->first[i];
        const size_t length = strlen(field->name);

        if (strncmp(line, field->name, length) == 0)
            read_numbers(line + length, field->base, field->values, field->count);
    }
}

static int read_status(int proc_fd, const char *path, const struct field *fields, size_t count)
{
    struct fields wanted = {fields, count};

    return mf_sys_read_lines(proc_fd, path, take_line, &wanted);
}

static int read_credentials(int proc_fd, struct credentials *out)
{
    const struct field fields[] = {
        {"Uid:", 10, 4, out->uid},
        {"Gid:", 10, 4, out->gid},
        {"CapPrm:", 16, 1, &out->permitted},
        {"CapEff:", 16, 1, &out->effective},
    };

    return read_status(proc_fd, "status", fields, sizeof fields / sizeof *fields);
}

static bool all_equal(const uint64_t ids[4], uint64_t id)
{
    return ids[REAL] == id && ids[EFFECTIVE] == id && ids[SAVED] == id;
}

/* Yama, a security module, keeps from all but parents what takes the right to attach: memory, not mappings (ptrace(2)). */
static bool is_out_of_scope(int their_fd)
{
    char scope[4];
    const int maps_fd = mf_sys_openat(their_fd, "maps", O_RDONLY);

    if (maps_fd < 0)
        return false;
    mf_sys_close(maps_fd);
    return mf_sys_read_file(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", scope, sizeof scope) > 0 && scope[0] > '0';
}

static int reasons_between(int our_fd, int their_fd)
{
    struct credentials ours = {0};
    struct credentials theirs = {0};
    struct stat maps = {0};
    int reasons = 0;
    int rc = read_credentials(their_fd, &theirs);

    if (rc == 0)
        rc = read_credentials(our_fd, &ours);
    if (rc < 0)
        return rc;
    rc = mf_sys_stat(their_fd, "maps", 0, &maps);
    if (ours.effective & CAPABILITY_PTRACE) /* overrides all but the permissions of map_files and mem, which are their owner's */
        return rc == 0 && maps.st_uid != ours.uid[FILE_SYSTEM] && !(ours.effective & CAPABILITY_DAC) ? MF_DENIED_USER
                                                                                                     : MF_DENIED_POLICY;
    if (!all_equal(theirs.uid, ours.uid[FILE_SYSTEM]) || !all_equal(theirs.gid, ours.gid[FILE_SYSTEM]))
        reasons |= MF_DENIED_USER;
    if (theirs.permitted & ~ours.effective)
        reasons |= MF_DENIED_CAPABILITIES;
    /* Files of a process that is not dumpable belong to root (task_dump_owner(), fs/proc/base.c). */
    if (rc == 0 && maps.st_uid != theirs.uid[EFFECTIVE])
        reasons |= MF_DENIED_DUMPABLE;
    if (reasons == 0)
        reasons = is_out_of_scope(their_fd) ? MF_DENIED_PTRACE_SCOPE : MF_DENIED_POLICY;
    return reasons;
}

int mf_denial_reasons(int32_t pid)
{
    const int their_fd = pid < 1 ? -EINVAL : mf_proc_directory_open(pid);
    int our_fd;
    int rc;

    if (their_fd < 0)
        return their_fd;
    our_fd = mf_sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY);
    rc = our_fd < 0 ? our_fd : reasons_between(our_fd, their_fd);
    if (our_fd >= 0)
        mf_sys_close(our_fd);
    mf_sys_close(their_fd);
    return rc == -ENOENT ? -ESRCH : rc;
}

int mf_caller_privileges(void)
{
    struct {
        uint32_t version;
        int32_t pid; /* 0: the calling thread */
    } head = {0x20080522, 0}; /* _LINUX_CAPABILITY_VERSION_3: two pieces of 32 bits */
    struct {
        uint32_t effective, permitted, inheritable;
    } pieces[2] = {{0}};
    const long rc = MF_SYS(SYS_capget, &head, pieces);
    const uint64_t effective = rc == 0 ? pieces[0].effective | (uint64_t)pieces[1].effective << 32 : 0;
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

/* perfmon_capable() of include/linux/capability.h: the capability counts in the initial user namespace alone. */
static bool is_perfmon_capable(void)
{
    const int privileges = mf_caller_privileges();

    return privileges & MF_CALLER_HAS_PERFMON && !(privileges & MF_CALLER_IN_USER_NAMESPACE);
}

int mf_events_denial_reasons(void)
{
    char paranoid[16];
    uint64_t seccomp = 0;
    const struct field fields[] = {{"Seccomp:", 10, 1, &seccomp}};
    int reasons = 0;
    const long rc = mf_sys_read_file(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", paranoid, sizeof paranoid);

    if (rc == -ENOENT)
        return MF_EVENTS_ABSENT;
    if (mf_sys_is_shortage(rc))
        return (int)rc;
    (void)read_status(AT_FDCWD, "/proc/thread-self/status", fields, sizeof fields / sizeof *fields);
    /* Up to 2, anybody may watch their own processes. */
    if (rc > 0 && mf_get_number(paranoid) > 2 && !is_perfmon_capable())
        reasons |= MF_EVENTS_PARANOID;
    if (seccomp != 0)
        reasons |= MF_EVENTS_SECCOMP;
    return reasons ? reasons : MF_EVENTS_POLICY;
}
