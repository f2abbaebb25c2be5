/* SPDX-License-Identifier: Apache-2.0 */
/* Opening processes: every way, and every error. */
#include "check.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mf_snapshot *snapshot;
static struct mf_process process;

static void self_is_this_process(void)
{
    CHECK_IS(mf_process_open_self(&process), 0, "self");
    CHECK_IS(mf_process_pid(&process), getpid(), "pid");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    CHECK(mapping_at(snapshot, (uintptr_t)&process) != NULL, "own data is mapped");
    mf_process_close(&process);
    mf_process_close(&process);
}

static void descriptors_are_given_back(void)
{
    const int before = count_descriptors();

    for (int i = 0; i < 50; i++) {
        CHECK_IS(mf_process_open_self(&process), 0, "open");
        mf_process_close(&process);
        CHECK_IS(mf_process_open_pid(2147483647, &process), -ESRCH, "no such pid");
        CHECK_IS(mf_process_open_directory(0, &process), -EINVAL, "not a proc directory");
    }
    CHECK_IS(count_descriptors(), before, "descriptors");
}

/* Reading the kernel's internal devices needs a descriptor: a failure is reported, and the next call tries again. */
static void a_lack_of_descriptors_is_not_cached(void)
{
    const int before = count_descriptors();
    const int first = dup(0);
    const int second = dup(0);
    const int third = dup(0);
    const struct rlimit few = {.rlim_cur = (rlim_t)third, .rlim_max = 1024}; /* as many as the process itself needs */
    const struct rlimit enough = {.rlim_cur = 1024, .rlim_max = 1024};
    const int fd = (int)syscall(SYS_memfd_create, "mine", 0);
    void *const at = ftruncate(fd, 4096) == 0 ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    const struct mf_mapping *found;

    close(fd);
    close(first);
    close(second);
    close(third);
    setrlimit(RLIMIT_NOFILE, &few);
    CHECK_IS(mf_process_open_self(&process), -EMFILE, "no descriptor left");
    setrlimit(RLIMIT_NOFILE, &enough);
    CHECK_IS(count_descriptors(), before, "none was lost");
    CHECK_IS(mf_process_open_self(&process), 0, "enough descriptors");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    found = mapping_at(snapshot, (uintptr_t)at);
    CHECK_IS(mf_mapping_kind(found), MF_KIND_MEMFD, "a memfd");
    mf_process_close(&process);
    munmap(at, 4096);
}

static void invalid_arguments_are_rejected(void)
{
    const int proc = open("/proc", O_RDONLY | O_DIRECTORY);

    CHECK_IS(mf_process_open_pid(0, &process), -EINVAL, "pid 0");
    CHECK_IS(mf_process_open_pid(-1, &process), -EINVAL, "pid -1");
    CHECK_IS(mf_process_open_pidfd(-1, &process), -EBADF, "pidfd -1");
    CHECK_IS(mf_process_open_pidfd(proc, &process), -EINVAL, "a directory is not a pidfd");
    CHECK_IS(mf_process_open_directory(-1, &process), -EBADF, "descriptor -1");
    CHECK_IS(mf_process_open_directory(proc, &process), -EINVAL, "/proc is not a process");
    close(proc);
}

/* Directories of a proc file system that belong to no process. */
static void other_descriptors_of_proc_are_rejected(void)
{
    static const char *const paths[] = {"/proc/self/maps", "/proc/self/net", "/proc/self/fd", "/proc/self/task",
                                        "/proc/self/ns",   "/proc/sys",      "/proc/stat",    "/proc/thread-self"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const int fd = open(paths[i], O_RDONLY);

        CHECK(fd >= 0, "%s", paths[i]);
        CHECK_IS(mf_process_open_directory(fd, &process), -EINVAL, paths[i]);
        close(fd);
    }
}

static _Atomic pid_t thread_number;

static void *say_number_and_pause(void *ends)
{
    char byte;

    thread_number = (pid_t)syscall(SYS_gettid);
    return read(*(int *)ends, &byte, 1) == 1 ? ends : NULL;
}

/* As in the kernel, the ID of a thread leads to the memory of its process. */
static void a_thread_means_its_process(void)
{
    const int before = count_descriptors();
    struct mf_process by[3];
    pthread_t thread;
    char path[32];
    int ends[2];
    int count = 2;
    int fd;

    CHECK_IS(pipe(ends), 0, "pipe");
    pthread_create(&thread, NULL, say_number_and_pause, ends);
    while (thread_number == 0)
        usleep(1000);
    CHECK_IS(mf_process_open_pid(thread_number, &by[0]), 0, "its number");
    snprintf(path, sizeof path, "/proc/%d", thread_number);
    fd = open(path, O_RDONLY | O_DIRECTORY);
    CHECK_IS(mf_process_open_directory(fd, &by[1]), 0, "its directory");
    close(fd);
    fd = (int)syscall(434 /* pidfd_open */, thread_number, O_EXCL); /* PIDFD_THREAD: Linux 6.9 */
    if (fd >= 0)
        CHECK_IS(mf_process_open_pidfd(fd, &by[count++]), 0, "its pidfd");
    CHECK_IS(write(ends[1], "", 1), 1, "it ends");
    pthread_join(thread, NULL);
    for (int i = 0; i < count; i++) {
        CHECK_IS(mf_process_pid(&by[i]), getpid(), "its process");
        CHECK_IS(read_growing(&by[i], MF_BY_TEXT, &snapshot), 1, "which is there when the thread has ended");
        CHECK(mapping_at(snapshot, (uintptr_t)&process) != NULL, "own data is mapped");
        mf_process_close(&by[i]);
    }
    for (int i = 0; i < 60000 && access(path, F_OK) == 0;
         i++) /* pthread_join(3) returns before the kernel removes it (exit_mm()) */
        usleep(1000);
    CHECK_IS(mf_process_open_pid(thread_number, &process), -ESRCH, "no thread any more");
    if (fd >= 0) {
        CHECK_IS(mf_process_open_pidfd(fd, &process), -ESRCH, "nor by its pidfd");
        close(fd);
    }
    close(ends[0]);
    close(ends[1]);
    CHECK_IS(count_descriptors(), before, "descriptors");
}

static void a_pidfd_and_a_directory_open_the_same_process(void)
{
    const pid_t pid = start_child();
    const int pidfd = (int)syscall(434 /* pidfd_open */, pid, 0);
    char path[32];
    int directory;

    snprintf(path, sizeof path, "/proc/%d", pid);
    directory = open(path, O_RDONLY | O_DIRECTORY);
    CHECK_IS(mf_process_open_directory(directory, &process), 0, "directory");
    CHECK_IS(mf_process_pid(&process), pid, "its pid");
    close(directory);
    CHECK_IS(mf_snapshot_read(&process, 0, NULL, snapshot), 1, "the descriptor was duplicated");
    mf_process_close(&process);
    if (pidfd >= 0) {
        CHECK_IS(mf_process_open_pidfd(pidfd, &process), 0, "pidfd");
        CHECK_IS(mf_process_pid(&process), pid, "its pid");
        mf_process_close(&process);
        end_child(pid);
        CHECK_IS(mf_process_open_pidfd(pidfd, &process), -ESRCH, "pidfd of a process that has ended");
        close(pidfd);
    } else {
        printf("skipped: no pidfd_open on this kernel\n");
        end_child(pid);
    }
}

static void an_exited_process_and_a_zombie_are_reported(void)
{
    const pid_t pid = start_child();
    struct mf_process early;
    struct mf_query_result answer;

    CHECK_IS(mf_process_open_pid(pid, &early), 0, "alive");
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
    CHECK_IS(mf_process_open_pid(pid, &process), -ECHILD, "zombie, opened");
    CHECK_IS(mf_snapshot_read(&early, 0, NULL, snapshot), -ECHILD, "zombie, read");
    if (mf_query(&early, 0, MF_COVERING, &answer) != -ENOTTY)
        CHECK_IS(mf_query(&early, 0, MF_COVERING, &answer), -ECHILD, "zombie, asked");
    waitpid(pid, NULL, 0);
    CHECK_IS(mf_process_open_pid(pid, &process), -ESRCH, "gone, opened");
    CHECK_IS(mf_snapshot_read(&early, 0, NULL, snapshot), -ESRCH, "gone, read");
    CHECK_IS(mf_snapshot_read(&early, MF_EXECUTABLE, NULL, snapshot), -ESRCH, "gone, walked");
    mf_process_close(&early);
}

static void a_kernel_thread_has_no_mappings(void)
{
    char comm[32] = "";
    FILE *const file = fopen("/proc/2/comm", "r");

    if (file == NULL || fgets(comm, sizeof comm, file) == NULL || strcmp(comm, "kthreadd\n") != 0)
        printf("skipped: no kernel thread to be seen in this pid namespace\n");
    else
        CHECK_IS(mf_process_open_pid(2, &process), -ENXIO, "kthreadd");
    if (file != NULL)
        fclose(file);
}

/* Prints "ready", waits for SIGUSR1, and executes another program; the pipe is closed when that has happened. */
static void wait_and_exec(int ready)
{
    sigset_t set;
    int signal;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(ready, F_SETFD, FD_CLOEXEC);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (write(ready, "r", 1) == 1 && sigwait(&set, &signal) == 0)
        execlp("sleep", "sleep", "1000", (char *)NULL);
    _exit(1);
}

static void an_exec_is_followed(void)
{
    int ready[2];
    pid_t pid;
    char byte;

    CHECK_IS(pipe(ready), 0, "pipe");
    pid = fork();
    if (pid == 0)
        wait_and_exec(ready[1]);
    close(ready[1]);
    CHECK_IS(read(ready[0], &byte, 1), 1, "child is ready");
    CHECK_IS(mf_process_open_pid(pid, &process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "before");
    kill(pid, SIGUSR1);
    CHECK_IS(read(ready[0], &byte, 1), 0, "closed by exec");
    /* The kernel closes descriptors before it maps the new program (begin_new_exec(), load_elf_binary()). */
    CHECK(await_state_of(pid, 'S'), "the new program sleeps");
    for (int by_query = 0; by_query < 2; by_query++) {
        bool found = false;

        CHECK_IS(mf_snapshot_read(&process, by_query ? MF_EXECUTABLE : MF_BY_TEXT, NULL, snapshot), 1, "after");
        for (uint32_t i = 0; i < snapshot->mapping_count; i++) {
            const struct mf_mapping *const mapping = &mf_snapshot_mappings(snapshot)[i];

            found |= mapping->name_length > 6 &&
                     memcmp(mf_snapshot_name(snapshot, mapping) + mapping->name_length - 6, "/sleep", 6) == 0;
        }
        CHECK(found, "the new program is seen, by_query %d", by_query);
    }
    mf_process_close(&process);
    end_child(pid);
    close(ready[0]);
}

static pid_t child_to_replace;
static int closed_by_exec;

/* During a read the process executes another program, and a query finds its new memory. */
static void replace_and_ask(int signal)
{
    static struct mf_query_result answer;
    char byte;

    (void)signal;
    kill(child_to_replace, SIGUSR1);
    if (read(closed_by_exec, &byte, 1) == 0)
        mf_query(&process, 0, MF_COVERING_OR_NEXT, &answer);
}

static void a_picture_is_of_one_program(uint32_t options)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    int of_old_one = 0;
    bool new_one = false;
    int ready[2];
    char byte;

    CHECK_IS(pipe(ready), 0, "pipe");
    child_to_replace = fork();
    if (child_to_replace == 0) {
        for (int i = 0; i < 20000; i++)
            mmap(NULL, 4096, (i & 1 ? PROT_READ : PROT_READ | PROT_WRITE) | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        wait_and_exec(ready[1]);
    }
    close(ready[1]);
    closed_by_exec = ready[0];
    CHECK_IS(read(ready[0], &byte, 1), 1, "child is ready");
    CHECK_IS(mf_process_open_pid(child_to_replace, &process), 0, "open");
    CHECK_IS(read_growing(&process, options, &snapshot), 1, "before");
    signal(SIGALRM, replace_and_ask);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_IS(mf_snapshot_read(&process, options, NULL, snapshot), 1, "read while the program is replaced");
    for (uint32_t i = 0; i < snapshot->mapping_count; i++) {
        const struct mf_mapping *const mapping = &mf_snapshot_mappings(snapshot)[i];

        of_old_one += mf_mapping_kind(mapping) == MF_KIND_SHARED_ANONYMOUS;
        new_one |= mapping->name_length > 6 &&
                   memcmp(mf_snapshot_name(snapshot, mapping) + mapping->name_length - 6, "/sleep", 6) == 0;
    }
    /* The kernel may not have mapped the new program yet: see an_exec_is_followed(). */
    CHECK(of_old_one == 0 || (of_old_one == 20000 && !new_one), "%d mappings of 20000 of the old program, of %u", of_old_one,
          snapshot->mapping_count);
    mf_process_close(&process);
    end_child(child_to_replace);
    close(ready[0]);
}

static void *outlive_the_first_thread(void *unused)
{
    (void)unused;
    usleep(200 * 1000); /* the first thread exits meanwhile; the result does not depend on the time */
    if (mf_process_open_self(&process) != 0 || mf_snapshot_read(&process, MF_BY_TEXT, NULL, snapshot) != 1 ||
        mapping_at(snapshot, (uintptr_t)&process) == NULL)
        _exit(1);
    pause();
    return NULL;
}

static void memory_is_readable_after_the_first_thread_ended(void)
{
    const pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        pthread_t thread;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pthread_create(&thread, NULL, outlive_the_first_thread, NULL);
        pthread_exit(NULL);
    }
    CHECK(await_state_of(pid, 'Z'), "the first thread has ended");
    CHECK_IS(mf_process_open_pid(pid, &process), 0, "open through a living thread");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    CHECK(mapping_at(snapshot, (uintptr_t)&process) != NULL, "its data is read");
    mf_process_close(&process);
    usleep(400 * 1000);
    CHECK_IS(waitpid(pid, &status, WNOHANG), 0, "it could open itself too");
    end_child(pid);
}

int main(void)
{
    snapshot = new_snapshot(4096, 1 << 20);
    a_lack_of_descriptors_is_not_cached(); /* runs first, because the devices are read once */
    self_is_this_process();
    descriptors_are_given_back();
    invalid_arguments_are_rejected();
    other_descriptors_of_proc_are_rejected();
    a_thread_means_its_process();
    a_pidfd_and_a_directory_open_the_same_process();
    an_exited_process_and_a_zombie_are_reported();
    a_kernel_thread_has_no_mappings();
    an_exec_is_followed();
    a_picture_is_of_one_program(MF_BY_TEXT);
    a_picture_is_of_one_program(MF_EXECUTABLE);
    memory_is_readable_after_the_first_thread_ended();
    free(snapshot);
    return check_result();
}
