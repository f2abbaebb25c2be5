/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of the attach protocol with hostile targets: sockets and files of others at its name. */
#include "attach_targets.h"

static void target_that_listens(void (*listening)(void), const char *what)
{
    struct target target = start_target(listening);

    if (listening == listen_as_another_user)
        target = of_another_user(target);
    if (listening == listen_and_end_first_thread)
        CHECK(await_state_of(target.target.pid, 'Z'), "its first thread exits");
    CHECK_IS(connect_and_close(&target), 0, what);
    end_target(&target);
}

static void target_without_socket(void)
{
    struct target target = start_target(nothing);

    CHECK_IS(connect_and_close(&target), -ENOENT, "no socket");
    end_target(&target);
    CHECK_IS(connect_and_close(&target) < 0, 1, "exited");
}

static void socket_of_another_process(void)
{
    struct target target = start_target(nothing);
    const int fd = listen_at(in_tmp(".java_pid", target.target.pid));

    CHECK_IS(connect_and_close(&target), -EXDEV, "this process listens, not the target");
    close(fd);
    CHECK_IS(connect_and_close(&target), -ECONNREFUSED, "no process listens");
    end_target(&target);
}

/* A directory in place of the /proc directory, with a root and no process: the target seems to exit while connected. */
static void target_that_exits_meanwhile(void)
{
    struct target target = start_target(listen_as_a_jvm);
    struct mf_attach_target exited = target.target;
    char root[192];

    snprintf(root, sizeof root, "%s/root", directory);
    CHECK_IS(symlink("/", root), 0, "symlink");
    exited.proc_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_IS(mf_attach_connect(&exited), -ESRCH, "its PID may be another process' by now");
    close(exited.proc_fd);
    unlink(root);
    end_target(&target);
}

static void socket_that_is_none(void)
{
    struct target target = start_target(nothing);
    struct target other = start_target(listen_as_a_jvm);
    char link[192];

    make_file(in_tmp(".java_pid", target.target.pid));
    CHECK_IS(connect_and_close(&target), -ENOTSOCK, "a file");
    unlink(path);
    strcpy(link, in_tmp(".java_pid", target.target.pid));
    CHECK_IS(symlink(in_tmp(".java_pid", other.target.pid), link), 0, "symlink");
    CHECK_IS(connect_and_close(&target), -ENOTSOCK, "a link to a socket");
    unlink(link);
    end_target(&other);
    end_target(&target);
}

static void socket_of_another_user(void)
{
    struct target target = start_target(listen_as_another_user);

    target.target.gid = target.target.uid = 1; /* as if the target had changed its user after it made the socket */
    CHECK_IS(connect_and_close(&target), -ENOTSOCK, "belongs neither to the target's user nor to root");
    end_target(&target);
}

static void socket_that_root_left(void)
{
    struct target target = of_another_user(start_target(become_another_user));
    int fd;

    umask(0077);
    fd = listen_at(in_tmp(".java_pid", target.target.pid));
    CHECK_IS(connect_and_close(&target), -ENOTSOCK, "the target's user may not connect");
    CHECK_IS(chmod(path, 0777), 0, "chmod");
    CHECK_IS(connect_and_close(&target), -EXDEV, "root listens, not the target");
    close(fd);
    CHECK_IS(connect_and_close(&target), -ENOTSOCK, "no process listens");
    end_target(&target);
}

static void queue_that_is_full(void)
{
    struct target target = start_target(listen_as_a_jvm);
    int fds[16], count = 0;

    while (count < 16 && (fds[count] = mf_attach_connect(&target.target)) >= 0)
        count++;
    CHECK(count > 0 && count < 16, "%d", count);
    CHECK_IS(fds[count], -EAGAIN, "does not wait");
    while (count > 0)
        close(fds[--count]);
    end_target(&target);
}

static void ignore(int number)
{
    (void)number;
}

static void target_that_is_silent(void)
{
    struct target target = start_target(listen_as_a_jvm);
    const int fd = mf_attach_connect(&target.target);
    const struct sigaction interrupting = {.sa_handler = ignore};
    const struct itimerval soon = {.it_interval = {0, 10000}, .it_value = {0, 10000}},
                           never = {.it_interval = {0, 0}, .it_value = {0, 0}};
    static char bytes[65536];
    long sent = 0, rc;

    CHECK_IS(mf_attach_receive(fd, bytes, sizeof bytes, 1), -ETIMEDOUT, "never answers");
    sigaction(SIGALRM, &interrupting, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_IS(mf_attach_receive(fd, bytes, sizeof bytes, 60000), -EINTR, "a signal");
    setitimer(ITIMER_REAL, &never, NULL);
    while ((rc = mf_attach_send(fd, bytes, sizeof bytes, 1)) > 0)
        sent += rc;
    CHECK(sent > 0 && (rc == -ETIMEDOUT || rc == -EAGAIN), "sent %ld, then %ld", sent, rc);
    kill(target.target.pid, SIGKILL);
    while (mf_attach_receive(fd, bytes, sizeof bytes, 1000) == -ETIMEDOUT)
        continue;
    CHECK_IS(mf_attach_send(fd, bytes, sizeof bytes, 1000), -EPIPE, "no SIGPIPE");
    close(fd);
    end_target(&target);
}

int main(void)
{
    int before;

    directory = new_directory("attach");
    before = count_descriptors();
    target_without_socket();
    target_that_listens(listen_as_a_jvm, "the target listens");
    target_that_listens(listen_and_end_first_thread, "its first thread has exited");
    socket_of_another_process();
    target_that_exits_meanwhile();
    socket_that_is_none();
    queue_that_is_full();
    target_that_is_silent();
    if (geteuid() == 0 && chmod(directory, 0777) == 0) {
        target_that_listens(listen_as_another_user, "another user");
        socket_of_another_user();
        socket_that_root_left();
    } else {
        puts("skipped for targets of other users: needs root");
    }
    CHECK_IS(count_descriptors(), before, "descriptors");
    remove_directory(directory);
    return check_result();
}
