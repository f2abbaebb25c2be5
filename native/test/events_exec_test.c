/* SPDX-License-Identifier: Apache-2.0 */
/* Programs with other privileges, or that are not readable: the kernel ends their events when they start. */
#include "watched.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#define RING   16384u
#define NOBODY 65534
#define MARK   (77 * PAGE) /* size of the mapping that the new program makes on command */

static struct watched child;
static char image[160]; /* the path of this program */
static int ready[2];
static int go[2];

/* ---- Commands of the child ---- */

static uintptr_t become_nobody(uintptr_t unused)
{
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return 1;
    return unused + (uintptr_t)prctl(PR_SET_DUMPABLE, 1);
}

static uintptr_t stay_on_this_cpu(uintptr_t unused)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    return unused + (uintptr_t)sched_setaffinity(0, sizeof one, &one);
}

static uintptr_t map_more_than_fits(uintptr_t unused)
{
    for (int i = 0; i < 1000; i++)
        munmap(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
    return unused;
}

static uintptr_t run_image(uintptr_t unused)
{
    char to[16];
    char from[16];

    snprintf(to, sizeof to, "%d", ready[1]);
    snprintf(from, sizeof from, "%d", go[0]);
    execl(image, image, to, from, (char *)NULL);
    return unused;
}

static void *run_image_there(void *unused)
{
    run_image(0);
    return unused;
}

/* execve(2) ends all other threads, and its caller takes the ID of the first. */
static uintptr_t run_image_in_thread(uintptr_t unused)
{
    pthread_t thread;

    pthread_create(&thread, NULL, run_image_there, NULL);
    pause();
    return unused;
}

/* The new program: reports its start, maps on command, and reports that. */
static int be_image(int to, int from)
{
    char byte = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1)
        munmap(mmap(NULL, MARK, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MARK);
    return 0;
}

/* ---- ---- */

static bool make_image(const char *directory, mode_t mode)
{
    char buffer[1 << 16];
    const int from = open("/proc/self/exe", O_RDONLY);
    int to;
    ssize_t length;

    snprintf(image, sizeof image, "%s/image", directory);
    unlink(image);
    to = open(image, O_WRONLY | O_CREAT, 0700);
    while ((length = read(from, buffer, sizeof buffer)) > 0 && write(to, buffer, (size_t)length) == length)
        ;
    close(from);
    close(to);
    return length == 0 && chmod(image, mode) == 0;
}

static void start_nobody(void)
{
    if (pipe(ready) != 0 || pipe(go) != 0)
        abort();
    start(&child);
    if (geteuid() == 0)
        CHECK_IS(command_child(&child, become_nobody, 0), 0, "nobody");
}

static void end_nobody(void)
{
    end(&child);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
}

static void become_image(command *how)
{
    const uintptr_t order[] = {(uintptr_t)how, 0};
    char byte;

    CHECK_IS(write(child.to, order, sizeof order), sizeof order, "order");
    CHECK_IS(read(ready[0], &byte, 1), 1, "the new program runs");
}

static void let_it_map(void)
{
    char byte = 0;

    CHECK_IS(write(go[1], &byte, 1), 1, "the command to map");
    CHECK_IS(read(ready[0], &byte, 1), 1, "has mapped");
}

static bool mark_is_reported(void)
{
    for (uint32_t i = 0; i < child.drained.count; i++) {
        const struct mf_mapping *const mapping = &child.events[i].mapping;

        if (child.events[i].kind == MF_EVENT_MAPPED && mapping->end - mapping->start == MARK)
            return true;
    }
    return false;
}

/* From now on all events are reported. */
static void check_watched(int descriptors)
{
    CHECK_IS(child.drained.unwatched_threads, 0, "it is watched");
    CHECK_IS(count_descriptors(), descriptors, "descriptors");
    CHECK_IS(child.stream->thread_count, 1, "threads");
    drain(&child);
    CHECK_IS(mf_events_wait(child.stream, 0), 0, "silence");
    let_it_map();
    CHECK_IS(mf_events_wait(child.stream, 60000), 1, "its mapping wakes the reader");
    drain(&child);
    CHECK(mark_is_reported(), "its mapping is reported");
    CHECK_IS(child.drained.incomplete + child.drained.lost, 0, "nothing is missing any more");
    kill(child.pid, SIGKILL);
    CHECK_IS(mf_events_wait(child.stream, 60000), 1, "the end");
    drain(&child);
    CHECK(event_of_kind(&child, MF_EVENT_THREAD_ENDED) != NULL, "reported");
    CHECK_IS(child.drained.incomplete + child.drained.unwatched_threads, 0, "as an end");
    CHECK_IS(mf_events_wait(child.stream, 60000), -ESRCH, "no event can follow");
}

static void program_is_watched_from_its_start(command *how)
{
    int descriptors;
    uint32_t last;

    start_nobody();
    CHECK_IS(watch(&child, 0, RING, 1), 0, "watch");
    descriptors = count_descriptors();
    become_image(how);
    drain(&child);
    last = child.drained.count - 1;
    CHECK(child.drained.count > 0 && child.events[last].kind == MF_EVENT_EXEC,
          "the execve is reported, and no exit of a thread");
    CHECK_IS(child.drained.incomplete, 1, "and a possible loss");
    check_watched(descriptors);
    end_nobody();
}

/* On one CPU nothing is recorded between the false end and the real one: both look the same. */
static void its_end_is_reported_once(void)
{
    int ends = 0;

    start_nobody();
    command_child(&child, stay_on_this_cpu, 0);
    CHECK_IS(watch(&child, 0, RING, 1), 0, "watch");
    become_image(run_image);
    drain(&child);
    CHECK(event_of_kind(&child, MF_EVENT_THREAD_ENDED) == NULL, "it lives");
    kill(child.pid, SIGKILL);
    while (mf_events_wait(child.stream, 60000) == 1) {
        drain(&child);
        for (uint32_t i = 0; i < child.drained.count; i++)
            ends += child.events[i].kind == MF_EVENT_THREAD_ENDED;
    }
    CHECK_IS(ends, 1, "reported exits");
    end_nobody();
}

/* The ring is full: neither the execve nor the loss is recorded. The kernel reports the loss with the first new record. */
static void it_is_watched_again_after_lost_events(void)
{
    int descriptors;

    start_nobody();
    command_child(&child, stay_on_this_cpu, 0);
    CHECK_IS(watch(&child, 0, RING, 1), 0, "watch");
    descriptors = count_descriptors();
    command_child(&child, map_more_than_fits, 0);
    become_image(run_image);
    drain(&child);
    CHECK(event_of_kind(&child, MF_EVENT_EXEC) == NULL, "the execve is lost");
    CHECK_IS(child.drained.incomplete, 1, "something may be missing");
    let_it_map();
    drain(&child);
    CHECK(child.drained.lost > 0, "is missing");
    check_watched(descriptors);
    end_nobody();
}

/* A caller without access to the new program is informed that events have ended. */
static void a_denial_is_reported(void)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        check_failures = become_nobody(0) != 0;
        start_nobody();
        if (watch(&child, 0, RING, 1) != 0) {
            puts("skipped: only root may watch here");
        } else {
            become_image(run_image);
            drain(&child);
            CHECK(event_of_kind(&child, MF_EVENT_EXEC) != NULL, "the execve is reported");
            CHECK(event_of_kind(&child, MF_EVENT_THREAD_ENDED) == NULL, "no thread has ended");
            CHECK_IS(child.drained.unwatched_threads, 1, "it is not watched");
            let_it_map();
            CHECK_IS(drain(&child), 0, "no event is reported");
            CHECK_IS(child.drained.unwatched_threads, 1, "reported each time");
            CHECK_IS(mf_events_wait(child.stream, 0), 0, "it lives");
        }
        end_nobody();
        fflush(stdout);
        _exit(check_failures != 0);
    }
    waitpid(pid, &status, 0);
    CHECK_IS(status, 0, "refused");
}

static void check_all(const char *directory, mode_t mode)
{
    CHECK(make_image(directory, mode), "image");
    program_is_watched_from_its_start(run_image);
    program_is_watched_from_its_start(run_image_in_thread);
    its_end_is_reported_once();
    it_is_watched_again_after_lost_events();
    a_denial_is_reported();
}

int main(int argc, char **argv)
{
    struct statvfs fs;
    const char *directory;
    int skipped;

    if (argc == 3)
        return be_image(atoi(argv[1]), atoi(argv[2]));
    if (geteuid() != 0) {
        puts("skipped: takes root to make such programs");
        return CHECK_SKIPPED;
    }
    skipped = can_watch(&child);
    if (skipped)
        return skipped;
    directory = new_directory("events-exec");
    check_all(directory, 0711);
    if (statvfs(directory, &fs) != 0 || fs.f_flag & ST_NOSUID)
        puts("skipped: set-user-ID programs, by the file system here");
    else
        check_all(directory, 04755);
    remove_directory(directory);
    return check_result();
}
