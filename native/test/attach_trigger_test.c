/* SPDX-License-Identifier: Apache-2.0 */
/* The trigger file and the signal of the attach protocol with hostile targets, and the credentials of the calling thread. */
#include "attach_targets.h"

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

/* A link with the name, to a file that is not accessible: it stays, also if root runs this. */
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
    CHECK(is_there(in_tmp(".attach_pid", target.target.pid)), "the program removes it");
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
    CHECK_IS(chmod(secret, 0070), 0, "chmod"); /* supplementary groups of root give no access either */
    CHECK_IS(setgroups(1, &root), 0, "setgroups");
    target = of_another_user(start_target(have_a_tmp_of_root));
    if (target.target.proc_fd < 0) {
        puts("skipped for a /tmp of root: this user cannot make a mount namespace");
    } else {
        CHECK_IS(mf_attach_trigger_create(&target.target, &trigger), -EACCES, "the user of the target could not");
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
    make_file(in_directory("root", 0)); /* permissions included */
    CHECK_IS(chown(path, 1, 1), 0, "chown");
    unlink(path);
    CHECK_IS(setgroups(0, NULL), 0, "setgroups");
    end_target(&target);
}

/* Without the permission to become the user of the target nothing happens. */
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

/* A later process gets the PID. SIGQUIT would end it. */
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

    directory = new_directory("attach-trigger");
    before = count_descriptors();
    trigger_is_made_and_removed(start_target(nothing), "own user");
    trigger_that_is_a_trap(in_tmp);
    trigger_that_is_a_trap(in_directory);
    trigger_of_another_program();
    trigger_that_is_replaced();
    signal_reaches_the_target();
    signal_spares_a_later_process();
    if (geteuid() == 0 && chmod(directory, 0777) == 0) {
        trigger_is_made_and_removed(of_another_user(start_target(become_another_user)), "another user");
        trigger_that_hotspot_ignores();
        trigger_in_a_directory_of_root();
        credentials_are_restored();
        user_without_rights();
    } else {
        puts("skipped for targets of other users: needs root");
    }
    CHECK_IS(count_descriptors(), before, "descriptors");
    remove_directory(directory);
    return check_result();
}
