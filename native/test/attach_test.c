/* SPDX-License-Identifier: Apache-2.0 */
/* The attach protocol with targets that leave traps: links, files and sockets of others at the names that it uses. */
#include "jvm/attach.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#define OTHER_USER 65534

static const char *directory; /* of this test, for everybody */
static char path[192];
static int report_fd; /* of a target: receives what it reports */

static const char *in_tmp(const char *prefix, pid_t pid)
{
    snprintf(path, sizeof path, "/tmp/%s%d", prefix, (int)pid);
    return path;
}

static const char *in_directory(const char *prefix, pid_t pid)
{
    snprintf(path, sizeof path, "%s/%s%d", directory, prefix, (int)pid);
    return path;
}

static void make_file(const char *at)
{
    const int fd = open(at, O_CREAT | O_EXCL | O_WRONLY, 0600);

    CHECK(fd >= 0, "%s: %s", at, strerror(errno));
    close(fd);
}

static bool is_there(const char *at)
{
    struct stat file;

    return lstat(at, &file) == 0;
}

/* Listens at a path with the shortest queue; the descriptor. */
static int listen_at(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, at);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 0) != 0)
        abort();
    return fd;
}

/* ---- Targets ---- */

struct target {
    struct mf_attach_target target;
    int status_fd; /* receives what the target reports */
};

static void report_quit(int number)
{
    (void)number;
    if (write(report_fd, "q", 1) != 1)
        _exit(1);
}

static void nothing(void) {}

static void listen_as_a_jvm(void)
{
    listen_at(in_tmp(".java_pid", getpid()));
}

static void become_another_user(void)
{
    if (setgroups(0, NULL) != 0 || setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        _exit(1);
}

static void listen_as_another_user(void)
{
    become_another_user();
    listen_as_a_jvm();
}

static __attribute__((noreturn)) void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

/* The first thread ends when all is set up. */
static bool ends_first_thread;

static void listen_and_end_first_thread(void)
{
    pthread_t thread;

    listen_as_a_jvm();
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
        _exit(1);
    ends_first_thread = true;
}

/* Its /tmp is a directory that is for root alone: a namespace of mounts of its own, as a user can have it with a user namespace. */
static void have_a_tmp_of_root(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(in_directory("secret", 0), "/tmp", NULL, MS_BIND, NULL) != 0)
        _exit(CHECK_SKIPPED);
    become_another_user();
}

static struct target start_target(void (*set_up)(void))
{
    struct target started = {.status_fd = -1};
    int ready[2];
    char proc[32], byte;
    pid_t pid;

    if (pipe(ready) != 0)
        abort();
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        report_fd = ready[1];
        signal(SIGQUIT, report_quit);
        if (chdir(directory) != 0)
            _exit(1);
        set_up();
        if (write(ready[1], "r", 1) != 1)
            _exit(1);
        if (ends_first_thread)
            pthread_exit(NULL);
        for (;;)
            pause();
    }
    close(ready[1]);
    started.status_fd = ready[0];
    started.target.pid = started.target.inner_pid = pid;
    started.target.uid = geteuid();
    started.target.gid = getegid();
    if (read(ready[0], &byte, 1) != 1)
        started.target.proc_fd = -1;
    else {
        snprintf(proc, sizeof proc, "/proc/%d", (int)pid);
        started.target.proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return started;
}

static struct target of_another_user(struct target target)
{
    target.target.uid = target.target.gid = OTHER_USER;
    return target;
}

static int end_target(struct target *target)
{
    int status = 0;

    kill(target->target.pid, SIGKILL);
    waitpid(target->target.pid, &status, 0);
    unlink(in_tmp(".java_pid", target->target.pid));
    if (target->target.proc_fd >= 0)
        close(target->target.proc_fd);
    close(target->status_fd);
    return status;
}

static int connect_and_close(const struct target *target)
{
    const int fd = mf_attach_connect(&target->target);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

/* ---- The socket ---- */

static void target_that_listens(void (*listening)(void), const char *what)
{
    struct target target = start_target(listening);

    if (listening == listen_as_another_user)
        target = of_another_user(target);
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
    CHECK_IS(connect_and_close(&target), -ECONNREFUSED, "nobody listens any more");
    end_target(&target);
}

/* A directory in place of the target's, which has a root and no process: as if the target exits while the socket is connected. */
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
    const struct itimerval soon = {.it_interval = {0, 10000}, .it_value = {0, 10000}}, never = {.it_interval = {0, 0}, .it_value = {0, 0}};
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

/* ---- The trigger file ---- */

static void trigger_is_made_and_removed(struct target target, const char *what)
{
    struct mf_attach_trigger trigger;
    struct stat file = {0};

    CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), 0, what);
    CHECK_IS(stat(in_tmp(".attach_pid", target.target.pid), &file), 0, what);
    CHECK_IS(file.st_uid, target.target.uid, "the target's user");
    CHECK_IS(file.st_gid, target.target.gid, "the target's group");
    CHECK_IS(file.st_mode, S_IFREG | 0600, "mode");
    mf_attach_trigger_remove(&target.target, &trigger);
    CHECK_IS(is_there(path), 0, what);
    end_target(&target);
}

/* A link at the name, to a file that nobody may touch: it stays, whoever runs this. */
static void trigger_that_is_a_trap(const char *(*where)(const char *, pid_t))
{
    struct target target = start_target(nothing);
    struct mf_attach_trigger trigger;
    char victim[192], trap[192];

    strcpy(victim, in_directory("victim", 0));
    make_file(victim);
    strcpy(trap, where(".attach_pid", target.target.pid));
    CHECK_IS(symlink(victim, trap), 0, "symlink");
    CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), -EEXIST, trap);
    CHECK(is_there(victim) && is_there(trap), "nothing is deleted");
    unlink(victim);
    CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), -EEXIST, "it leads nowhere");
    CHECK(!is_there(victim), "nothing is created behind a link");
    unlink(trap);
    end_target(&target);
}

static void trigger_of_another_program(void)
{
    struct target target = start_target(nothing);
    struct mf_attach_trigger trigger;

    make_file(in_tmp(".attach_pid", target.target.pid));
    CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), 0, "HotSpot accepts it");
    mf_attach_trigger_remove(&target.target, &trigger);
    CHECK(is_there(in_tmp(".attach_pid", target.target.pid)), "that program removes it");
    unlink(path);
    end_target(&target);
}

static void trigger_that_is_replaced(void)
{
    struct target target = start_target(nothing);
    struct mf_attach_trigger trigger;

    CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), 0, "create");
    unlink(in_tmp(".attach_pid", target.target.pid));
    make_file(path);
    mf_attach_trigger_remove(&target.target, &trigger);
    CHECK(is_there(in_tmp(".attach_pid", target.target.pid)), "another file");
    unlink(path);
    end_target(&target);
}

static void trigger_that_hotspot_ignores(void)
{
    struct target target = of_another_user(start_target(become_another_user));
    struct mf_attach_trigger trigger;

    make_file(in_directory(".attach_pid", target.target.pid));
    CHECK_IS(chown(path, 1, 1), 0, "chown");
    CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), -EEXIST, "of a third user in the working directory");
    unlink(in_directory(".attach_pid", target.target.pid));
    end_target(&target);
}

static void trigger_in_a_directory_of_root(void)
{
    struct target target;
    struct mf_attach_trigger trigger;
    const gid_t root = 0;
    char secret[192];

    strcpy(secret, in_directory("secret", 0));
    CHECK_IS(mkdir(secret, 0), 0, "mkdir");
    CHECK_IS(chmod(secret, 0070), 0, "chmod"); /* the supplementary groups of root are no way in either */
    CHECK_IS(setgroups(1, &root), 0, "setgroups");
    target = of_another_user(start_target(have_a_tmp_of_root));
    if (target.target.proc_fd < 0) {
        puts("skipped for a /tmp of root: this user cannot make a mount namespace");
    } else {
        CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), -EACCES, "the target's user could not, so nobody does");
        CHECK_IS(connect_and_close(&target), -EACCES, "socket");
    }
    end_target(&target);
    CHECK_IS(rmdir(secret), 0, "nothing is in it");
    CHECK_IS(setgroups(0, NULL), 0, "setgroups");
}

/* ---- The calling thread ---- */

static void credentials_are_restored(void)
{
    struct target target = of_another_user(start_target(listen_as_another_user));
    gid_t groups[] = {1, 2, 3}, after[8] = {0};

    CHECK_IS(setgroups(3, groups), 0, "setgroups");
    CHECK_IS(prctl(PR_SET_DUMPABLE, 1), 0, "dumpable");
    CHECK_IS(connect_and_close(&target), 0, "connect");
    CHECK_IS(geteuid(), 0, "user");
    CHECK_IS(getegid(), 0, "group");
    CHECK_IS(getgroups(8, after), 3, "groups");
    CHECK(memcmp(groups, after, sizeof groups) == 0, "%d %d %d", (int)after[0], (int)after[1], (int)after[2]);
    CHECK_IS(prctl(PR_GET_DUMPABLE), 1, "dumpable");
    make_file(in_directory("root", 0)); /* with its rights, too */
    CHECK_IS(chown(path, 1, 1), 0, "chown");
    unlink(path);
    CHECK_IS(setgroups(0, NULL), 0, "setgroups");
    end_target(&target);
}

/* Without the right to become the target's user nothing happens. */
static void user_without_rights(void)
{
    struct target target = of_another_user(start_target(listen_as_another_user));
    const pid_t child = fork();
    int status;

    if (child == 0) {
        struct mf_attach_trigger trigger;

        check_failures = 0;
        become_another_user();
        CHECK_IS(connect_and_close(&target), 0, "the same user needs none");
        target.target.gid = 1;
        CHECK_IS(connect_and_close(&target), -EPERM, "another group: HotSpot accepts its own alone");
        target.target.gid = OTHER_USER;
        target.target.uid = 1;
        CHECK_IS(connect_and_close(&target), -EPERM, "another user");
        CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), -EPERM, "another user");
        _exit(check_failures != 0);
    }
    waitpid(child, &status, 0);
    CHECK_IS(status, 0, "child");
    end_target(&target);
}

/* ---- The signal ---- */

static void signal_reaches_the_target(void)
{
    struct target target = start_target(nothing);
    char byte = 0;

    CHECK_IS(mf_attach_signal(&target.target), 0, "signal");
    CHECK(read(target.status_fd, &byte, 1) == 1 && byte == 'q', "%c", byte);
    end_target(&target);
}

/* A later process gets the PID. It does not catch SIGQUIT, which would end it. */
static void signal_spares_a_later_process(void)
{
    struct target target = start_target(nothing);
    const int proc_fd = dup(target.target.proc_fd);
    const struct mf_attach_target gone = {.proc_fd = proc_fd, .pid = target.target.pid, .inner_pid = target.target.pid};
    pid_t later = -1;
    int status;

    end_target(&target);
    for (int attempt = 0; attempt < 1000 && later != gone.pid; attempt++) {
        FILE *const last = fopen("/proc/sys/kernel/ns_last_pid", "w");

        if (last == NULL || fprintf(last, "%d", (int)gone.pid - 1) < 0 || fclose(last) != 0)
            break;
        later = fork();
        if (later == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
        if (later != gone.pid) {
            kill(later, SIGKILL);
            waitpid(later, NULL, 0);
        }
    }
    CHECK_IS(mf_attach_signal(&gone), -ESRCH, "exited");
    if (later == gone.pid) {
        CHECK_IS(waitpid(later, &status, WNOHANG), 0, "it lives");
        kill(later, SIGKILL);
        waitpid(later, &status, 0);
        CHECK_IS(WTERMSIG(status), SIGKILL, "it got no other signal");
    } else {
        puts("skipped for a PID that is used again: takes the right to write /proc/sys/kernel/ns_last_pid");
    }
    close(proc_fd);
}

int main(void)
{
    int before;

    directory = new_directory("attach");
    before = count_descriptors();
    target_without_socket();
    target_that_listens(listen_as_a_jvm, "the target listens");
    target_that_listens(listen_and_end_first_thread, "its first thread has ended");
    socket_of_another_process();
    target_that_exits_meanwhile();
    socket_that_is_none();
    queue_that_is_full();
    target_that_is_silent();
    trigger_is_made_and_removed(start_target(nothing), "own user");
    trigger_that_is_a_trap(in_tmp);
    trigger_that_is_a_trap(in_directory);
    trigger_of_another_program();
    trigger_that_is_replaced();
    signal_reaches_the_target();
    signal_spares_a_later_process();
    if (geteuid() == 0 && chmod(directory, 0777) == 0) {
        target_that_listens(listen_as_another_user, "another user");
        socket_of_another_user();
        trigger_is_made_and_removed(of_another_user(start_target(become_another_user)), "another user");
        trigger_that_hotspot_ignores();
        trigger_in_a_directory_of_root();
        credentials_are_restored();
        user_without_rights();
    } else {
        puts("skipped for targets of other users: takes root");
    }
    CHECK_IS(count_descriptors(), before, "descriptors");
    remove_directory(directory);
    return check_result();
}
