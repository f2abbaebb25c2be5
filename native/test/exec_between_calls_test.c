/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that calls execve(2), or exits, between two system calls of one operation. If a thread other than the first one calls
 * execve(2), it takes the PID of the process and its own directory ends.
 */
#include "mapfiles_resident.h"
#include "memory/target_memory.h"
#include "os/system_calls.h"

#include "child.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#define MARK     ((void *)0x10000000) /* below all other mappings: smaps has it first */
#define MAPPINGS 4096

static struct target {
    pid_t pid;
    int32_t tid;     /* of the thread that calls execve(2) */
    int go;          /* a byte lets it do so */
    int closed_then; /* the end of this pipe is read when it has done so */
} target;

/* What happens next to the target. */
static struct {
    void (*happen)(void); /* NULL: nothing */
    char path[40];        /* before this path is opened, or before the second read of this file */
    bool during_reads;
    int reads; /* of the file; negative: it is not open */
} event;

static void execute_another_program(void)
{
    char byte = 0;

    if (write(target.go, &byte, 1) != 1)
        abort();
    CHECK_IS(read(target.closed_then, &byte, 1), 0, "closed by exec");
}

static void become_a_zombie(void)
{
    siginfo_t ended;

    kill(target.pid, SIGKILL);
    waitid(P_PID, (id_t)target.pid, &ended, WEXITED | WNOWAIT);
}

static void happen(void)
{
    void (*const now)(void) = event.happen;

    event.happen = NULL;
    now();
}

/* The next perf_event_open(2) of the target fails as that of a thread that has ended. */
static bool has_ended_once;

long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    if (event.happen != NULL && number == SYS_openat && strcmp((const char *)b, event.path) == 0) {
        if (event.during_reads)
            event.reads = 0;
        else
            happen();
    } else if (event.happen != NULL && number == SYS_pread64 && event.reads >= 0 && ++event.reads == 2) {
        happen();
    }
    if (has_ended_once && number == SYS_perf_event_open && b == target.pid) {
        has_ended_once = false;
        return -ESRCH;
    }
    return mf_kernel_call(number, a, b, c, d, e, f);
}

/* The path of a file of the thread, and whether the event comes before it is opened or while it is read. */
static void expect(void (*happen)(void), bool during_reads, const char *before, const char *part)
{
    if (before != NULL)
        snprintf(event.path, sizeof event.path, "%s%d/%s", before, (int)target.tid, part);
    else
        snprintf(event.path, sizeof event.path, "%s", part);
    event.during_reads = during_reads;
    event.reads = -1;
    event.happen = happen;
}

static void *wait_and_execute(void *pipes)
{
    char byte;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* of this thread */
    if (read(((int *)pipes)[0], &byte, 1) == 1)
        execlp("sleep", "sleep", "1000", (char *)NULL);
    _exit(1);
}

/* Starts a target whose first thread has ended; without threads, one whose only thread calls execve(2). */
static void start(bool has_threads)
{
    static int pipes[2]; /* the ends that the target reads and writes */
    char state = 0;
    int go[2], closed[2];

    fflush(stdout);
    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(closed, O_CLOEXEC) != 0)
        abort();
    target.pid = fork();
    if (target.pid == 0) {
        pthread_t thread;

        close(closed[0]);
        pipes[0] = go[0];
        if (mmap(MARK, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MARK)
            _exit(1);
        if (!has_threads)
            wait_and_execute(pipes);
        pthread_create(&thread, NULL, wait_and_execute, pipes);
        pthread_exit(NULL);
    }
    close(go[0]);
    close(closed[1]);
    target.go = go[1];
    target.closed_then = closed[0];
    target.tid = target.pid;
    while (has_threads && state != 'Z') { /* until the first thread is a zombie */
        char path[40];
        FILE *file;

        snprintf(path, sizeof path, "/proc/%d/stat", (int)target.pid);
        file = fopen(path, "r");
        if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            abort();
        fclose(file);
        usleep(1000);
    }
    if (has_threads) {
        char path[40];
        DIR *tasks;

        snprintf(path, sizeof path, "/proc/%d/task", (int)target.pid);
        tasks = opendir(path);
        for (struct dirent *task; (task = readdir(tasks)) != NULL;)
            if (atoi(task->d_name) > 0 && atoi(task->d_name) != target.pid)
                target.tid = atoi(task->d_name);
        closedir(tasks);
    }
}

static void end(void)
{
    CHECK(event.happen == NULL, "nothing has happened at %s", event.path);
    event.happen = NULL;
    close(target.go);
    close(target.closed_then);
    end_child(target.pid);
}

static struct mf_process process;
static struct mf_snapshot *snapshot;

static void start_and_open(bool has_threads)
{
    start(has_threads);
    CHECK_IS(mf_process_open_pid(target.pid, &process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
}

static void close_and_end(void)
{
    mf_process_close(&process);
    end();
}

static void while_it_is_opened(void)
{
    start(true);
    expect(execute_another_program, false, "", "maps");
    CHECK_IS(mf_process_open_pid(target.pid, &process), 0, "open");
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    CHECK(snapshot->mapping_count > 0 && mf_snapshot_mappings(snapshot)[0].start != (uintptr_t)MARK, "the new program");
    close_and_end();
}

static void while_its_pages_are_read(void)
{
    static struct mf_page_range ranges[MAPPINGS];
    struct mf_resident_walk walk = {.next = 0, .end = 1u << 30};

    start_and_open(true);
    expect(execute_another_program, false, "task/", "pagemap");
    CHECK(mf_resident_read(&process, snapshot, &walk, ranges, MAPPINGS) >= 0, "pages");
    close_and_end();
}

static void while_its_memory_is_read(void)
{
    struct mf_target_memory memory;
    char byte;

    start_and_open(true);
    expect(execute_another_program, false, "task/", "mem");
    CHECK_IS(mf_memory_read(&process, 0, &byte, 1), -EIO, "no memory is at 0");
    close_and_end();
    start_and_open(true);
    expect(execute_another_program, false, "task/", "mem");
    CHECK_IS(mf_target_memory_open(&process, &memory), 0, "memory");
    mf_target_memory_close(&memory);
    close_and_end();
}

static void while_its_entries_are_opened(void)
{
    start_and_open(true);
    expect(execute_another_program, false, "../", "map_files");
    CHECK_IS(mf_entries_list_access(&process), 0, "entries");
    close_and_end();
}

/* As another thread may do. */
static void execute_and_read(void)
{
    execute_another_program();
    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
}

static void while_smaps_is_read(void)
{
    static struct mf_smaps usage[MAPPINGS];
    uint32_t count = 0;

    start_and_open(true);
    expect(execute_another_program, false, "task/", "smaps");
    CHECK_IS(mf_smaps_read(&process, usage, MAPPINGS, &count), 0, "smaps");
    close_and_end();
    start_and_open(false);
    expect(execute_another_program, true, NULL, "smaps");
    CHECK_IS(mf_smaps_read(&process, usage, MAPPINGS, &count), 0, "smaps");
    CHECK(count > 0 && usage[0].start != (uintptr_t)MARK, "a part of the old program");
    close_and_end();
    start_and_open(false);
    expect(execute_and_read, true, NULL, "smaps");
    CHECK_IS(mf_smaps_read(&process, usage, MAPPINGS, &count), 0, "smaps");
    CHECK(count > 0 && usage[0].start != (uintptr_t)MARK, "a part of the old program, and a new descriptor of maps");
    close_and_end();
    start_and_open(false);
    expect(become_a_zombie, true, NULL, "smaps");
    CHECK_IS(mf_smaps_read(&process, usage, MAPPINGS, &count), -ECHILD, "a part of smaps");
    close_and_end();
}

/* The listing of the threads has the first one, which ends. Another thread takes its place by execve(2). */
static void while_its_events_are_opened(void)
{
    const uint32_t cpus = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
    const size_t bytes = mf_events_bytes(16, cpus);
    struct mf_events *const events = malloc(bytes);
    int rc;

    if (events == NULL || mf_events_init(events, bytes, 16, cpus) != 0)
        abort();
    start_and_open(false);
    rc = mf_events_open(&process, 0, MF_EVENTS_RING_MIN, 0, events);
    mf_events_close(events);
    if (rc == 0) {
        has_ended_once = true;
        CHECK_IS(mf_events_open(&process, 0, MF_EVENTS_RING_MIN, 0, events), 0, "events");
        mf_events_close(events);
    } else {
        printf("skipped for events: %s\n", mf_strerror(rc));
    }
    CHECK(!has_ended_once, "no event was opened");
    free(events);
    close_and_end();
}

int main(void)
{
    skip_if_emulated();
    snapshot = new_snapshot(MAPPINGS, 1u << 20);
    while_it_is_opened();
    while_its_pages_are_read();
    while_its_memory_is_read();
    while_its_entries_are_opened();
    while_smaps_is_read();
    while_its_events_are_opened();
    free(snapshot);
    return check_result();
}
