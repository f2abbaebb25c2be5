/* SPDX-License-Identifier: Apache-2.0 */
#include "jvm/attach.h"

#include "jvm/credentials.h"
#include "os/digits.h"
#include "process/process.h"
#include "process/root.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* the same on every architecture */
#endif

enum { NAME_SIZE = 32 };

static const char *file_name(char to[NAME_SIZE], const char *prefix, int32_t pid)
{
    strcpy(to, prefix);
    *mf_put_decimal(to + strlen(to), (uint64_t)pid) = 0;
    return to;
}

/*
 * Opens a directory of the target: "root" or "cwd". The links of the first thread end with it; those of a living thread remain.
 */
static int open_link(const struct mf_attach_target *target, const char *link)
{
    const int flags = O_PATH | O_DIRECTORY;
    const int fd = mf_sys_openat(target->proc_fd, link, flags);

    return fd == -ENOENT ? mf_maps_open_file(target->proc_fd, link, flags) : fd;
}

/*
 * The target's /tmp, opened as the target's user. HotSpot always uses /tmp (os::get_temp_directory()), below the root that the
 * process has by chroot(2). On success the calling thread acts as that user until mf_credentials_restore().
 */
static int open_tmp(const struct mf_attach_target *target, struct mf_credentials *before)
{
    const int root_fd = open_link(target, "root"); /* needs ptrace access to the target, so before permissions are dropped */
    int rc;

    if (root_fd < 0)
        return mf_maps_explain(target->proc_fd, root_fd);
    rc = mf_credentials_assume(target->uid, target->gid, before);
    if (rc == 0) {
        rc = mf_root_open_directory(root_fd, "tmp");
        if (rc < 0)
            mf_credentials_restore(before);
    }
    mf_sys_close(root_fd);
    return rc;
}

/* Whether HotSpot accepts a file or a socket of this user. */
static bool is_trusted(const struct mf_attach_target *target, const struct stat *file)
{
    return file->st_uid == target->uid || file->st_uid == 0;
}

/*
 * Connects to the socket that is open with O_PATH, so it cannot be replaced between check and use: connect(2) follows the link
 * in /proc to the same inode.
 */
static int connect_to(int socket_file_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = (int)MF_SYS(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc;

    if (fd < 0)
        return fd;
    _Static_assert(sizeof address.sun_path >= MF_FD_PATH, "the path of a descriptor fits");
    mf_put_fd_path(address.sun_path, socket_file_fd);
    rc = (int)MF_SYS(SYS_connect, fd, &address, sizeof address);
    if (rc == 0)
        return fd;
    mf_sys_close(fd);
    return rc;
}

/* Connects to a file if it is a socket that HotSpot made, or may have made. */
static int connect_if_trusted(int file_fd, const struct stat *file, const struct mf_attach_target *target)
{
    int rc;

    if (!S_ISSOCK(file->st_mode) || !is_trusted(target, file))
        return -ENOTSOCK;
    rc = connect_to(file_fd);
    /* One that an earlier process of root left. The target cannot replace it: only the owner may delete files in /tmp. */
    return (rc == -EACCES || rc == -ECONNREFUSED) && file->st_uid != target->uid ? -ENOTSOCK : rc;
}

static int connect_in(int tmp_fd, const struct mf_attach_target *target)
{
    char name[NAME_SIZE];
    const int file_fd = mf_sys_openat(tmp_fd, file_name(name, ".java_pid", target->inner_pid), O_PATH | O_NOFOLLOW);
    struct stat file;
    int rc;

    if (file_fd < 0)
        return file_fd;
    rc = mf_sys_stat(file_fd, "", AT_EMPTY_PATH, &file);
    if (rc == 0)
        rc = connect_if_trusted(file_fd, &file, target);
    mf_sys_close(file_fd);
    return rc;
}

/*
 * Whether the target itself listens at the other end (unix(7): SO_PEERCRED is of the process that called listen(2)). If the
 * target exists after the call, it had its PID during the call, so the PID is not that of a later process.
 */
static int check_peer(int socket, const struct mf_attach_target *target)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    long rc = MF_SYS(SYS_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);

    if (rc < 0)
        return (int)rc;
    if (peer.pid != target->pid)
        return -EXDEV;
    rc = MF_SYS(SYS_faccessat, target->proc_fd, "stat", F_OK);
    return rc == -ENOENT ? -ESRCH : (int)rc;
}

int mf_attach_connect(const struct mf_attach_target *target)
{
    struct mf_credentials before;
    const int tmp_fd = open_tmp(target, &before);
    int rc;

    if (tmp_fd < 0)
        return tmp_fd;
    rc = connect_in(tmp_fd, target);
    mf_credentials_restore(&before);
    mf_sys_close(tmp_fd);
    if (rc >= 0) {
        const int error = check_peer(rc, target);

        if (error < 0) {
            mf_sys_close(rc);
            return error;
        }
    }
    return rc;
}

/* 1: the name is a file that HotSpot accepts as a request to attach; 0: there is no file; -EEXIST: it is another file. */
static int find_trigger(int directory_fd, const char *name, const struct mf_attach_target *target)
{
    struct stat file;
    const int rc = mf_sys_stat(directory_fd, name, AT_SYMLINK_NOFOLLOW, &file);

    if (rc < 0)
        return 0;
    return S_ISREG(file.st_mode) && is_trusted(target, &file) ? 1 : -EEXIST;
}

/* HotSpot checks the working directory first: a file there must be one that HotSpot accepts. */
static int check_working_directory(const char *name, const struct mf_attach_target *target, int cwd_fd)
{
    return cwd_fd < 0 ? 0 : find_trigger(cwd_fd, name, target);
}

static int create_in(int tmp_fd, const char *name, const struct mf_attach_target *target, struct mf_attach_trigger *out)
{
    const int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC;
    const int fd = (int)MF_SYS(SYS_openat, tmp_fd, name, flags, 0600);

    if (fd == -EEXIST && find_trigger(tmp_fd, name, target) == 1) {
        out->file_fd = -1; /* of another program that attaches now, or left over: it has the same effect, and is not removed */
        return 0;
    }
    if (fd < 0)
        return fd;
    out->file_fd = fd;
    return 0;
}

int mf_attach_trigger_create(const struct mf_attach_target *target, struct mf_attach_trigger *out)
{
    const int cwd_fd = open_link(target, "cwd");
    struct mf_credentials before;
    char name[NAME_SIZE];
    int rc;

    file_name(name, ".attach_pid", target->inner_pid);
    out->directory_fd = open_tmp(target, &before);
    rc = out->directory_fd;
    if (rc >= 0) {
        rc = check_working_directory(name, target, cwd_fd);
        if (rc >= 0)
            rc = create_in(out->directory_fd, name, target, out);
        mf_credentials_restore(&before);
        if (rc < 0)
            mf_sys_close(out->directory_fd);
    }
    if (cwd_fd >= 0)
        mf_sys_close(cwd_fd);
    return rc;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

void mf_attach_trigger_remove(const struct mf_attach_target *target, struct mf_attach_trigger *trigger)
{
    struct mf_credentials before;
    struct stat made, found;
    char name[NAME_SIZE];

    file_name(name, ".attach_pid", target->inner_pid);
    /*
     * The target's user can still replace the file between the comparison and its removal. This thread has only the permissions
     * of that user, so it can only remove a file that the user could have removed too.
     */
    if (trigger->file_fd >= 0 && mf_credentials_assume(target->uid, target->gid, &before) == 0) {
        if (mf_sys_stat(trigger->file_fd, "", AT_EMPTY_PATH, &made) == 0 &&
            mf_sys_stat(trigger->directory_fd, name, AT_SYMLINK_NOFOLLOW, &found) == 0 && is_same_file(&made, &found))
            (void)MF_SYS(SYS_unlinkat, trigger->directory_fd, name, 0);
        mf_credentials_restore(&before);
    }
    if (trigger->file_fd >= 0)
        mf_sys_close(trigger->file_fd);
    mf_sys_close(trigger->directory_fd);
}

int mf_attach_signal(const struct mf_attach_target *target)
{
    return (int)MF_SYS(SYS_pidfd_send_signal, target->proc_fd, SIGQUIT, NULL, 0);
}

/* Waits until the socket is ready for these events. Returns 0, -ETIMEDOUT, -EINTR or another negative errno. */
static int wait_for(int socket, short events, int millis)
{
    struct pollfd wanted = {.fd = socket, .events = events};
    const struct timespec limit = {millis / 1000, millis % 1000 * 1000000L};
    const long rc = MF_SYS(SYS_ppoll, &wanted, 1, &limit, NULL, 0);

    return rc == 0 ? -ETIMEDOUT : rc < 0 ? (int)rc : 0;
}

long mf_attach_send(int socket, const void *from, size_t bytes, int millis)
{
    const int rc = wait_for(socket, POLLOUT, millis);

    return rc < 0 ? rc : MF_SYS(SYS_sendto, socket, from, bytes, MSG_NOSIGNAL, NULL, 0);
}

long mf_attach_receive(int socket, void *to, size_t bytes, int millis)
{
    const int rc = wait_for(socket, POLLIN, millis);

    return rc < 0 ? rc : MF_SYS(SYS_recvfrom, socket, to, bytes, 0, NULL, NULL);
}
