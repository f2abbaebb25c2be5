/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sampler: a signal interrupts a thread a thousand times a second, and its handler records the mapping of the interrupted
 * code. At the end the files are listed by their share of the samples.
 *
 *     cc sampler.c $(pkg-config --cflags --libs mapfiles) -pthread -ldl -Wl,-rpath,$(pkg-config --variable=libdir mapfiles)
 *     ./a.out
 *
 * Which thread calls what:
 *   signal handler     mf_find(): no system call, no lock, no allocation
 *   sampled thread     nothing
 *   reporting thread   mf_snapshot_read() into a snapshot that no handler uses yet; names
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* REG_RIP */
#endif
#include <mapfiles.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#define MAX_SAMPLES 100000

struct sample {
    uint64_t address;
    uint32_t snapshot; /* index of the snapshot that was searched */
    int32_t mapping;   /* index of the mapping in it, or -1 */
};

static struct sample samples[MAX_SAMPLES];
static atomic_uint sampled;
static atomic_uint missed;

/* Snapshots are kept until the end, because samples have indices in them. Handlers use the newest one. */
static struct mf_snapshot *snapshots[1000];
static atomic_uint newest;

static uint64_t interrupted_at(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return context->uc_mcontext.pc;
#else
#error "add the program counter of this architecture"
#endif
}

static void take_sample(int signal, siginfo_t *info, void *context)
{
    const unsigned index = atomic_fetch_add(&sampled, 1);

    (void)signal;
    (void)info;
    if (index >= MAX_SAMPLES)
        return;
    samples[index].address = interrupted_at(context);
    samples[index].snapshot = atomic_load(&newest);
    samples[index].mapping = mf_find(snapshots[samples[index].snapshot], samples[index].address);
    if (samples[index].mapping < 0)
        atomic_fetch_add(&missed, 1); /* a library was loaded since: the reporting thread reads a new snapshot */
}

/* Reads the executable mappings, with more memory until they fit. */
static struct mf_snapshot *read_snapshot(struct mf_process *process)
{
    uint32_t mappings = 64;
    uint32_t text = 16384;

    for (;;) {
        const size_t bytes = mf_snapshot_bytes(mappings, text);
        struct mf_snapshot *const snapshot = malloc(bytes);
        int rc;

        if (snapshot == NULL || mf_snapshot_init(snapshot, bytes, mappings, text) < 0)
            abort();
        rc = mf_snapshot_read(process, MF_EXECUTABLE, NULL, snapshot);
        if (rc == 1)
            return snapshot;
        mappings = snapshot->needed_mappings + snapshot->needed_mappings / 4;
        text = snapshot->needed_text + snapshot->needed_text / 4;
        free(snapshot);
        if (rc != -ENOBUFS) {
            fprintf(stderr, "cannot read the mappings: %s\n", mf_strerror(rc));
            exit(1);
        }
    }
}

struct line {
    const char *name;
    int length;
    unsigned count;
};

static int by_count(const void *one, const void *other)
{
    return (int)((const struct line *)other)->count - (int)((const struct line *)one)->count;
}

/* Returns the mapping of a sample. If its code was mapped after the snapshot, the mapping is in the next one. */
static const struct mf_mapping *mapping_of(const struct sample *sample, const struct mf_snapshot **snapshot)
{
    int32_t index = sample->mapping;

    *snapshot = snapshots[sample->snapshot];
    if (index < 0 && sample->snapshot < atomic_load(&newest)) {
        *snapshot = snapshots[sample->snapshot + 1];
        index = mf_find(*snapshot, sample->address);
    }
    return index < 0 ? NULL : &mf_snapshot_mappings(*snapshot)[index];
}

static void report(void)
{
    static struct line lines[1000];
    const unsigned all = atomic_load(&sampled) < MAX_SAMPLES ? atomic_load(&sampled) : MAX_SAMPLES;
    unsigned count = 0;

    for (unsigned i = 0; i < all; i++) {
        const struct mf_snapshot *snapshot;
        const struct mf_mapping *const mapping = mapping_of(&samples[i], &snapshot);
        const char *const name = mapping == NULL ? "(unknown)" : mf_snapshot_name(snapshot, mapping);
        const int length = mapping == NULL ? (int)strlen(name) : (int)mapping->name_length;
        unsigned at = 0;

        while (at < count && (lines[at].length != length || memcmp(lines[at].name, name, (size_t)length) != 0))
            at++;
        if (at == count && count < sizeof lines / sizeof *lines)
            lines[count++] = (struct line){.name = name, .length = length};
        if (at < count)
            lines[at].count++;
    }
    qsort(lines, count, sizeof *lines, by_count);
    printf("%u samples\n", all);
    for (unsigned i = 0; i < count; i++)
        printf("%5.1f%%  %.*s\n", 100.0 * lines[i].count / all, lines[i].length, lines[i].name);
}

static atomic_bool is_over;

/* The sampled program: it runs code of two libraries, and loads one of them itself. */
static void *work(void *unused)
{
    void *const library = dlopen("libm.so.6", RTLD_NOW);
    double (*const cosine)(double) = library == NULL ? NULL : (double (*)(double))dlsym(library, "cos");
    static volatile double sum;
    sigset_t signals;

    (void)unused;
    if (cosine == NULL)
        abort();
    sigemptyset(&signals);
    sigaddset(&signals, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    while (!atomic_load(&is_over)) {
        for (int i = 0; i < 1000; i++)
            sum += cosine(sum + i);
        for (volatile int i = 0; i < 5000; i++)
            ;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct itimerval thousand_a_second = {{0, 1000}, {0, 1000}};
    const struct timespec rest = {0, 10 * 1000 * 1000};
    const int rounds = argc == 2 ? atoi(argv[1]) : 100;
    struct sigaction action = {.sa_sigaction = take_sample, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct mf_process process;
    sigset_t signals;
    pthread_t worker;
    int rc = mf_process_open_self(&process);

    if (rc < 0) {
        fprintf(stderr, "cannot open this process: %s\n", mf_strerror(rc));
        return 1;
    }
    snapshots[0] = read_snapshot(&process);
    sigemptyset(&signals);
    sigaddset(&signals, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* this thread reports; others are sampled */
    if (sigaction(SIGALRM, &action, NULL) != 0 || pthread_create(&worker, NULL, work, NULL) != 0 ||
        setitimer(ITIMER_REAL, &thousand_a_second, NULL) != 0)
        return 1;
    for (int round = 0; round < rounds; round++) {
        nanosleep(&rest, NULL);
        if (atomic_exchange(&missed, 0) > 0) {
            const unsigned next = atomic_load(&newest) + 1;

            if (next == sizeof snapshots / sizeof *snapshots)
                break;
            snapshots[next] = read_snapshot(&process);
            atomic_store(&newest, next);
        }
    }
    atomic_store(&is_over, true);
    pthread_join(worker, NULL);
    setitimer(ITIMER_REAL, &(const struct itimerval){0}, NULL);
    report();
    mf_process_close(&process);
    return 0;
}
