/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the changes of a process, compared with a snapshot, and changes without events. */
#include "watched.h"

#include "process/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#define LIBRARY "/proc/self/exe"

static struct watched child;
static struct mf_snapshot *snapshot;
static char directory[64];

/* ---- Commands of the child: each returns the address ---- */

static uintptr_t map_file(uintptr_t protection)
{
    const int fd = open(LIBRARY, O_RDONLY);
    void *const at = mmap(NULL, 4 * PAGE, (int)protection, MAP_PRIVATE, fd, 0);

    close(fd);
    return (uintptr_t)at;
}

static uintptr_t map_anonymous(uintptr_t protection)
{
    return (uintptr_t)mmap(NULL, 4 * PAGE, (int)protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static uintptr_t map_shared(uintptr_t protection)
{
    return (uintptr_t)mmap(NULL, 4 * PAGE, (int)protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static uintptr_t map_memfd(uintptr_t protection)
{
    const int fd = (int)syscall(SYS_memfd_create, "a b", 0);
    void *const at = ftruncate(fd, PAGE) == 0 ? mmap(NULL, PAGE, (int)protection, MAP_SHARED, fd, 0) : NULL;

    close(fd);
    return (uintptr_t)at;
}

static uintptr_t attach_segment(uintptr_t unused)
{
    const int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600 | IPC_CREAT);
    void *const at = shmat(id, NULL, 0);

    (void)unused;
    shmctl(id, IPC_RMID, NULL);
    return (uintptr_t)at;
}

/* The name has a newline, and the file is deleted. */
static uintptr_t map_special_file(uintptr_t protection)
{
    char path[128];
    void *at;
    int fd;

    snprintf(path, sizeof path, "%s/new\nline", directory);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    unlink(path);
    at = ftruncate(fd, PAGE) == 0 ? mmap(NULL, PAGE, (int)protection, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    return (uintptr_t)at;
}

static uintptr_t protect_second_page(uintptr_t at)
{
    return (uintptr_t)mprotect((char *)at + PAGE, PAGE, PROT_READ | PROT_EXEC);
}

static uintptr_t unprotect_second_page(uintptr_t at)
{
    return (uintptr_t)mprotect((char *)at + PAGE, PAGE, PROT_READ);
}

static uintptr_t unmap(uintptr_t at)
{
    return (uintptr_t)munmap((void *)at, 4 * PAGE);
}

static uintptr_t move(uintptr_t at)
{
    return (uintptr_t)mremap((void *)at, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
}

static uintptr_t grow_heap(uintptr_t bytes)
{
    return (uintptr_t)syscall(SYS_brk, syscall(SYS_brk, 0) + (long)bytes); /* sbrk(3) of musl does not support it */
}

static uintptr_t rename_thread(uintptr_t unused)
{
    return unused + (uintptr_t)prctl(PR_SET_NAME, "renamed");
}

static void *map_in_thread(void *tid)
{
    *(pid_t *)tid = (pid_t)syscall(SYS_gettid);
    return mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static uintptr_t start_thread(uintptr_t unused)
{
    char directory[64];
    pthread_t thread;
    void *at = NULL;
    pid_t tid;

    pthread_create(&thread, NULL, map_in_thread, &tid);
    pthread_join(thread, &at);
    snprintf(directory, sizeof directory, "/proc/self/task/%d", (int)tid);
    await_state(directory, '-'); /* pthread_join(3) returns before the kernel reports the end (do_exit(), kernel/exit.c) */
    return (uintptr_t)at + unused;
}

static uintptr_t start_process(uintptr_t unused)
{
    const pid_t pid = fork();

    if (pid == 0) {
        map_anonymous(PROT_READ | PROT_EXEC);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return (uintptr_t)pid + unused;
}

static uintptr_t become_another_program(uintptr_t unused)
{
    execl("/bin/sleep", "sleep", "1000", (char *)NULL);
    return unused;
}

/* ---- ---- */

/* The event of a new mapping has all fields that a snapshot has. */
static void check_against_snapshot(uintptr_t start, bool with_build_id, const char *what)
{
    const struct mf_event *const event = event_at(&child, start);
    const struct mf_mapping *seen;
    struct mf_mapping expected;
    struct mf_mapping reported;

    CHECK(event != NULL, "%s is reported", what);
    CHECK_IS(read_growing(&child.process, MF_BY_TEXT, &snapshot), 1, what);
    seen = mapping_at(snapshot, start);
    if (event == NULL || seen == NULL)
        return;
    expected = *seen;
    reported = event->mapping;
    CHECK_IS(reported.name_length, expected.name_length, what);
    CHECK(memcmp(child.text + reported.name_offset, mf_snapshot_name(snapshot, seen), reported.name_length) == 0,
          "%s: its name: %.*s", what, (int)reported.name_length, child.text + reported.name_offset);
    CHECK_IS(reported.file_index, expected.file_index < 0 ? -1 : 0, what);
    reported.name_offset = expected.name_offset = 0;
    reported.file_index = expected.file_index = 0;
    if (with_build_id)
        expected.inode = expected.dev_major = expected.dev_minor = 0;
    CHECK(memcmp(&reported, &expected, sizeof reported) == 0,
          "%s: %" PRIx64 "-%" PRIx64 " flags %x against %x, offset %" PRIx64, what, reported.start, reported.end,
          reported.flags, expected.flags, reported.offset);
    CHECK_IS(event->pid, child.pid, what);
    CHECK_IS(event->tid, child.pid, what);
}

static void an_event_equals_the_mapping_of_a_snapshot(void)
{
    static const struct {
        command *make;
        const char *what;
    } makes[] = {{map_file, "a file"},   {map_anonymous, "anonymous memory"}, {map_shared, "shared anonymous memory"},
                 {map_memfd, "a memfd"}, {attach_segment, "a SysV segment"},  {map_special_file, "a deleted file, newline"}};

    start(&child);
    CHECK_IS(watch(&child, MF_EVENTS_ALL, 65536, 0), 0, "watch");
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        const uint64_t before = child.drained.count ? child.events[child.drained.count - 1].time : 0;
        const uintptr_t at = command_child(&child, makes[i].make, PROT_READ | (i % 2 ? PROT_WRITE : PROT_EXEC));

        CHECK(drain(&child) > 0, "%s", makes[i].what);
        check_against_snapshot(at, false, makes[i].what);
        CHECK(child.events[0].time > before, "%s: time goes on", makes[i].what);
        command_child(&child, map_anonymous, PROT_NONE); /* separate from the next one */
    }
    end(&child);
}

/* Whether a file is at the path is known without the numbers; whether it is the mapped file is not. */
static void check_unnumbered(const struct mf_mapping *mapping, const char *name)
{
    struct mf_process without_query = child.process;
    struct mf_mapping other = *mapping;
    int fd;

    mf_state(&without_query)->traits = 0;
    other.offset += 4096;
    CHECK_IS(mf_mapping_validate(&child.process, mapping), 1, "it stands");
    CHECK_IS(mf_mapping_validate(&without_query, mapping), 1, "it stands, by the text");
    CHECK_IS(mf_mapping_validate(&child.process, &other), 0, "another offset");
    CHECK_IS(mf_mapping_validate(&without_query, &other), 0, "another offset, by the text");
    CHECK_IS(mf_file_open(&child.process, mapping, name, 0, &fd), -EINVAL, "opened without numbers");
    CHECK_IS(mf_file_quick_verify(&child.process, mapping, name), -EINVAL, "quick verification without numbers");
    CHECK_IS(mf_file_state(&child.process, mapping, name), -EINVAL, "state without numbers");
    CHECK_IS(mf_file_sharing_domain(&child.process, mapping, name), 0, "scope without numbers");
}

static void a_build_id_replaces_device_and_inode(void)
{
    struct mf_query_result result;
    const struct mf_event *event;
    uintptr_t at;

    start(&child);
    CHECK_IS(watch(&child, MF_EVENTS_BUILD_ID, 65536, 0), 0, "watch");
    at = command_child(&child, map_file, PROT_READ | PROT_EXEC);
    drain(&child);
    event = event_at(&child, at);
    CHECK(event != NULL, "reported");
    if (event != NULL && child.stream->options & MF_EVENTS_BUILD_ID && event->build_id_length > 0) {
        check_against_snapshot(at, true, "a file, by its build ID");
        check_unnumbered(&event->mapping, child.text + event->mapping.name_offset);
        if (mf_query(&child.process, at, MF_WITH_BUILD_ID, &result) == 0 && result.build_id_length > 0) {
            CHECK_IS(event->build_id_length, result.build_id_length, "length of the build ID");
            CHECK(memcmp(event->build_id, result.build_id, result.build_id_length) == 0, "the build ID");
        }
    } else {
        puts("skipped: no build IDs in events (Linux 5.12+)");
    }
    end(&child);
}

static void changes_of_protection_are_reported_with_the_range(void)
{
    const struct mf_event *event;
    uintptr_t at;

    start(&child);
    CHECK_IS(watch(&child, MF_EVENTS_ALL, 65536, 0), 0, "watch");
    at = command_child(&child, map_file, PROT_READ);
    command_child(&child, protect_second_page, at);
    drain(&child);
    event = event_at(&child, at + PAGE);
    CHECK(event != NULL && event->mapping.end == at + 2 * PAGE && event->mapping.flags & MF_EXECUTABLE, "one page of four");
    CHECK_IS(event ? event->mapping.offset : 0, PAGE, "its offset");
    command_child(&child, unprotect_second_page, at);
    drain(&child);
    event = event_at(&child, at);
    CHECK(event != NULL && event->mapping.end == at + 4 * PAGE && !(event->mapping.flags & MF_EXECUTABLE), "merged again");
    end(&child);
}

static void executable_only_reports_nothing_else(void)
{
    uintptr_t at;

    start(&child);
    CHECK_IS(watch(&child, 0, 65536, 0), 0, "watch");
    command_child(&child, map_anonymous, PROT_READ | PROT_WRITE);
    CHECK_IS(drain(&child), 0, "data is not reported");
    at = command_child(&child, map_file, PROT_READ);
    command_child(&child, protect_second_page, at);
    CHECK_IS(drain(&child), 1, "getting the permission is");
    command_child(&child, unprotect_second_page, at);
    CHECK_IS(drain(&child), 0, "losing it is not");
    end(&child);
}

/* The header documents this. If a kernel reports them, change the header. */
static void changes_without_an_event(void)
{
    uintptr_t at;

    start(&child);
    at = command_child(&child, map_file, PROT_READ);
    command_child(&child, grow_heap, 64 * PAGE);
    CHECK_IS(watch(&child, MF_EVENTS_ALL, 65536, 0), 0, "watch");
    at = command_child(&child, move, at);
    CHECK_IS(drain(&child), 0, "mremap");
    command_child(&child, unmap, at);
    CHECK_IS(drain(&child), 0, "munmap");
    command_child(&child, grow_heap, (uintptr_t)-32 * PAGE);
    CHECK_IS(drain(&child), 0, "a shrinking heap");
    command_child(&child, rename_thread, 0);
    CHECK_IS(drain(&child), 0, "a thread's name");
    command_child(&child, grow_heap, 64 * PAGE);
    CHECK(drain(&child) > 0, "a growing heap is reported");
    end(&child);
}

static void threads_and_children_are_reported(void)
{
    const struct mf_event *event;
    uintptr_t result;

    start(&child);
    CHECK_IS(watch(&child, 0, 65536, 0), 0, "watch");
    result = command_child(&child, start_thread, 0);
    drain(&child);
    event = event_of_kind(&child, MF_EVENT_THREAD_STARTED);
    CHECK(event != NULL && event->pid == child.pid && event->tid != child.pid, "a thread begins");
    CHECK(event_at(&child, result) != NULL && event != NULL && event_at(&child, result)->tid == event->tid, "what it maps");
    CHECK(event_of_kind(&child, MF_EVENT_THREAD_ENDED) != NULL, "it ends");

    result = command_child(&child, start_process, 0);
    CHECK_IS(drain(&child), 1, "a child process, and none of its events");
    CHECK_IS(child.events[0].kind, MF_EVENT_FORKED, "forked");
    CHECK_IS(child.events[0].pid, result, "its pid");
    end(&child);
}

static void exec_is_reported_before_its_mappings_and_is_followed(void)
{
    const uintptr_t order[] = {(uintptr_t)become_another_program, 0};
    const struct mf_event *event = NULL;

    start(&child);
    CHECK_IS(watch(&child, 0, 65536, 1), 0, "watch");
    CHECK_IS(write(child.to, order, sizeof order), sizeof order, "order");
    for (int i = 0; i < 600 && event == NULL; i++) {
        mf_events_wait(child.stream, 100);
        drain(&child);
        event = event_of_kind(&child, MF_EVENT_EXEC);
    }
    CHECK(event != NULL, "reported");
    if (event != NULL) {
        CHECK_IS(event - child.events, 0, "first of all");
        CHECK(event->mapping.name_length == 5 && memcmp(child.text + event->mapping.name_offset, "sleep", 5) == 0, "its name");
    }
    mf_events_wait(child.stream, 1000);
    end(&child);
}

int main(void)
{
    const int skipped = can_watch(&child);

    if (skipped)
        return skipped;
    snapshot = new_snapshot(4096, 1 << 20);
    strcpy(directory, new_directory("events"));
    an_event_equals_the_mapping_of_a_snapshot();
    a_build_id_replaces_device_and_inode();
    changes_of_protection_are_reported_with_the_range();
    executable_only_reports_nothing_else();
    changes_without_an_event();
    threads_and_children_are_reported();
    exec_is_reported_before_its_mappings_and_is_followed();
    rmdir(directory);
    free(snapshot);
    return check_result();
}
