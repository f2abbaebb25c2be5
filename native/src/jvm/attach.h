/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HotSpot's attach protocol, as far as it needs file descriptors, credentials and a signal. The rules are HotSpot's
 * (os/linux/attachListener_linux.cpp of JDK 17 to 21, os/posix/attachListener_posix.cpp from JDK 22 on):
 *
 *   - A JVM that takes requests listens at the socket /tmp/.java_pid<pid>, with the PID that it has in its own PID namespace.
 *   - On SIGQUIT, a JVM without a listener looks for the file .attach_pid<pid>, first in its working directory, then in /tmp.
 *     If the file belongs to the JVM's effective user or to root, the JVM starts its listener. If not, it prints a thread dump.
 *   - The listener accepts root, and its own effective user with its own effective group.
 *
 * The target chooses what is at these names. So everything below happens with the rights of the target's user and below the
 * target's own root directory. Nothing is followed, overwritten or deleted that this code has not made itself.
 */
#ifndef MF_ATTACH_H
#define MF_ATTACH_H

#include <stddef.h>
#include <stdint.h>

/** The JVM to attach to. */
struct mf_attach_target {
    int32_t proc_fd;   /* its directory in /proc: holds the process, so that its PID cannot mean another one */
    int32_t pid;       /* its PID in the caller's PID namespace */
    int32_t inner_pid; /* its PID in its own PID namespace: the last number of NSpid (proc_pid_status(5)) */
    uint32_t uid;      /* its effective user */
    uint32_t gid;      /* its effective group */
};

/** The file .attach_pid<pid>, held open so that its inode number stays its own until it is removed. */
struct mf_attach_trigger {
    int32_t directory_fd;
    int32_t file_fd; /* -1: the file belongs to another attaching program, and is not removed */
};

/**
 * Connects to the socket of the target. Does not block.
 *
 * @return the connected socket, non-blocking, to be closed by the caller; or
 * @retval -ENOENT        the target has no socket
 * @retval -ECONNREFUSED  nobody listens at the socket: an earlier process with this PID left it
 * @retval -EAGAIN        the target's queue of connections is full: try again
 * @retval -ENOTSOCK      what is at this name is no socket, or belongs neither to the target's user nor to root
 * @retval -EXDEV         another process listens at the socket
 * @retval -EPERM         the thread may not act as the target's user
 * @retval -ESRCH, -ECHILD  the target has exited
 * @return any other negative value is the errno of opening the target's /tmp, or of connect(2).
 *
 * Thread-safe; changes the credentials of the calling thread and restores them; allocates nothing. While a thread of this process acts
 * as another user, others that would do so wait.
 */
int mf_attach_connect(const struct mf_attach_target *target);

/**
 * Creates the file that makes the target start its listener, in the /tmp of the target. HotSpot checks the working directory
 * first, but a JVM that cannot use its /tmp cannot create its socket either, and the target chooses its working directory.
 *
 * @param[out] out  to be given to mf_attach_trigger_remove(), if 0 is returned
 * @retval 0        the file is there
 * @retval -EEXIST  something else is at this name, in /tmp or in the working directory, that HotSpot would not accept
 * @return any other negative value as mf_attach_connect() returns it, or the errno of creating the file.
 */
int mf_attach_trigger_create(const struct mf_attach_target *target, struct mf_attach_trigger *out);

/** Removes the file if it is still the one that was created, and closes the descriptors. */
void mf_attach_trigger_remove(const struct mf_attach_target *target, struct mf_attach_trigger *trigger);

/**
 * Sends SIGQUIT to the process that proc_fd stands for, whatever its PID means now (pidfd_send_signal(2) takes the descriptor of a
 * directory in /proc; Linux 5.1).
 *
 * SIGQUIT ends a process that does not catch it: the caller must have verified that the target is a JVM that does.
 *
 * @retval 0        sent
 * @retval -ESRCH   the target has exited
 * @retval -ENOSYS  this kernel cannot signal a process by a descriptor
 * @return any other negative value is the errno of pidfd_send_signal(2).
 */
int mf_attach_signal(const struct mf_attach_target *target);

/**
 * Waits until bytes can be sent, and sends some.
 *
 * @param millis  how long to wait at most
 * @return bytes sent, or a negative errno: -ETIMEDOUT; -EINTR or -EAGAIN: try again; -EPIPE
 */
long mf_attach_send(int socket, const void *from, size_t bytes, int millis);

/** The same for receiving. 0: the target has closed the connection. */
long mf_attach_receive(int socket, void *to, size_t bytes, int millis);

#endif
