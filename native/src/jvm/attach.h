/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of HotSpot's attach protocol that need file descriptors, credentials and a signal. The rules are HotSpot's
 * (os/linux/attachListener_linux.cpp of JDK 17 to 21, os/posix/attachListener_posix.cpp since JDK 22):
 *
 *   - A JVM with a listener listens at the socket /tmp/.java_pid<pid>, where pid is its PID in its own PID namespace.
 *   - On SIGQUIT, a JVM without a listener checks for the file .attach_pid<pid>, first in its working directory, then in /tmp.
 *     If the file belongs to the JVM's effective user or to root, the JVM starts its listener. If not, it prints a thread dump.
 *   - The listener accepts root, and its own effective user with its own effective group.
 *
 * The target controls the files with these names. So all functions act with the permissions of the target's user, below the
 * root directory of the target. They follow no link, and overwrite and delete no file that they have not created.
 */
#ifndef MF_ATTACH_H
#define MF_ATTACH_H

#include <stddef.h>
#include <stdint.h>

/** A JVM to attach to. */
struct mf_attach_target {
    int32_t proc_fd;   /* its directory in /proc: a recycled PID is never mistaken for it */
    int32_t pid;       /* its PID in the caller's PID namespace */
    int32_t inner_pid; /* its PID in its own PID namespace: the last number of NSpid (proc_pid_status(5)) */
    uint32_t uid;      /* its effective user */
    uint32_t gid;      /* its effective group */
};

/** The file .attach_pid<pid>. It is open, so its inode number cannot be reused before it is removed. */
struct mf_attach_trigger {
    int32_t directory_fd;
    int32_t file_fd; /* -1: the file belongs to another attaching program, and is not removed */
};

/**
 * Connects to the socket of the target. Does not block.
 *
 * @return the connected socket, non-blocking, which the caller closes; or
 * @retval -ENOENT        the target has no socket
 * @retval -ECONNREFUSED  no process listens at the socket: an earlier process of this user with this PID left it
 * @retval -EAGAIN        the target's queue of connections is full: retry
 * @retval -ENOTSOCK      the file with this name is no socket, or belongs neither to the target's user nor to root, or is a
 *                        socket of root that the target's user cannot connect to
 * @retval -EXDEV         another process listens at the socket
 * @retval -EPERM         the thread may not act as the target's user
 * @retval -ESRCH, -ECHILD  the target has exited
 * @return any other negative value is the errno of opening the target's /tmp, or of connect(2).
 *
 * Thread-safe. Changes the credentials of the calling thread and restores them. Allocates nothing. Blocks while another thread
 * of this process acts as another user.
 */
int mf_attach_connect(const struct mf_attach_target *target);

/**
 * Creates the file that makes the target start its listener, in the /tmp of the target. HotSpot checks the working directory
 * first, but a JVM that cannot use its /tmp cannot create its socket either, and the target chooses its working directory.
 *
 * @param[out] out  if 0 is returned: the caller passes it to mf_attach_trigger_remove()
 * @retval 0        the file exists
 * @retval -EEXIST  a file with this name, in /tmp or in the working directory, is not one that HotSpot accepts
 * @return any other negative value as mf_attach_connect() returns it, or the errno of creating the file.
 */
int mf_attach_trigger_create(const struct mf_attach_target *target, struct mf_attach_trigger *out);

/** Removes the file if it is still the one that was created, and closes the descriptors. */
void mf_attach_trigger_remove(const struct mf_attach_target *target, struct mf_attach_trigger *trigger);

/**
 * Sends SIGQUIT to the process of proc_fd, also if its PID belongs to another process now (pidfd_send_signal(2) accepts a
 * directory in /proc; Linux 5.1).
 *
 * SIGQUIT ends a process that does not catch it: the caller must have verified that the target is a JVM that catches it.
 *
 * @retval 0        sent
 * @retval -ESRCH   the target has exited
 * @retval -ENOSYS  before Linux 5.1
 * @return any other negative value is the errno of pidfd_send_signal(2).
 */
int mf_attach_signal(const struct mf_attach_target *target);

/**
 * Waits until bytes can be sent, and sends some.
 *
 * @param millis  maximum time to wait, in milliseconds
 * @return the number of bytes sent
 * @retval -ETIMEDOUT       the time is over
 * @retval -EINTR, -EAGAIN  retry
 * @retval -EPIPE           the target has closed the connection
 */
long mf_attach_send(int socket, const void *from, size_t bytes, int millis);

/**
 * Waits until bytes can be received, and receives some. As mf_attach_send(), but returns 0 if the target has closed the
 * connection.
 */
long mf_attach_receive(int socket, void *to, size_t bytes, int millis);

#endif
