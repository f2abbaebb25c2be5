/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole sampler: a signal comes a thousand times a second, its handler notes which file the interrupted code belongs to, and
 * at the end the files are listed by their share.
 *
 *     cc sampler.c $(pkg-config --cflags --libs mapfiles) -pthread -ldl -Wl,-rpath,$(pkg-config --variable=libdir mapfiles)
 *     ./a.out
 *
 * Which call goes where:
 *   in the handler         mf_find(): no system call, no lock, no allocation
 *   on the sampling thread nothing: it runs its own program
 *   on the reporting one   mf_snapshot_read() into a picture that no handler uses yet; names
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

#define MOST_SAMPLES 100000

struct sample {
    uint64_t address;
    uint32_t picture; /* the one that it was found in */
    int32_t mapping;  /* its index there, or -1 */
};

static struct sample samples[MOST_SAMPLES];
static atomic_uint sampled;
static atomic_uint missed;

/* Pictures are kept until the end, so that a sample means what it meant when it was taken. Handlers use the newest. */
static struct mf_snapshot *pictures[1000];
static atomic_uint newest;

static uint64_t interrupted_at(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return context->uc_mcontext.pc;
#else
#error "which register is the program counter?"
#endif
}

static void take_sample(int signal, siginfo_t *info, void *context)
{
    const unsigned at = atomic_fetch_add(&sampled, 1);

    (void)signal;
    (void)info;
    if (at >= MOST_SAMPLES)
        return;
    samples[at].address = interrupted_at(context);
    samples[at].picture = atomic_load(&newest);
    samples[at].mapping = mf_find(pictures[samples[at].picture], samples[at].address);
    if (samples[at].mapping < 0)
        atomic_fetch_add(&missed, 1); /* a library that was loaded since: the reporting thread looks again */
}

/* A picture of all that is executable now; grown until it fits. */
static struct mf_snapshot *picture_of(struct mf_process *process)
{
    uint32_t mappings = 64;
    uint32_t text = 16384;

    for (;;) {
        const size_t bytes = mf_snapshot_bytes(mappings, text);
        struct mf_snapshot *const picture = malloc(bytes);
        int rc;

        if (picture == NULL || mf_snapshot_init(picture, bytes, mappings, text) < 0)
            abort();
        rc = mf_snapshot_read(process, MF_EXECUTABLE, NULL, picture);
        if (rc == 1)
            return picture;
        mappings = picture->needed_mappings + picture->needed_mappings / 4;
        text = picture->needed_text + picture->needed_text / 4;
        free(picture);
        if (rc != -ENOBUFS) {
            fprintf(stderr, "no picture: %s\n", strerror(-rc));
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

/* What was missed was mapped after its picture, and is in the next one. */
static const struct mf_mapping *mapping_of(const struct sample *sample, const struct mf_snapshot **picture)
{
    int32_t index = sample->mapping;

    *picture = pictures[sample->picture];
    if (index < 0 && sample->picture < atomic_load(&newest)) {
        *picture = pictures[sample->picture + 1];
        index = mf_find(*picture, sample->address);
    }
    return index < 0 ? NULL : &mf_snapshot_mappings(*picture)[index];
}

static void report(void)
{
    static struct line lines[1000];
    const unsigned all = atomic_load(&sampled) < MOST_SAMPLES ? atomic_load(&sampled) : MOST_SAMPLES;
    unsigned count = 0;

    for (unsigned i = 0; i < all; i++) {
        const struct mf_snapshot *picture;
        const struct mf_mapping *const mapping = mapping_of(&samples[i], &picture);
        const char *const name = mapping == NULL ? "(not known)" : mf_snapshot_name(picture, mapping);
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

static atomic_bool over;

/* The program that is sampled: it works in two libraries, one of which it loads itself. */
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
    while (!atomic_load(&over)) {
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
        fprintf(stderr, "this process cannot be opened: %s\n", strerror(-rc));
        return 1;
    }
    pictures[0] = picture_of(&process);
    sigemptyset(&signals);
    sigaddset(&signals, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* this thread reports: others are sampled */
    if (sigaction(SIGALRM, &action, NULL) != 0 || pthread_create(&worker, NULL, work, NULL) != 0 ||
        setitimer(ITIMER_REAL, &thousand_a_second, NULL) != 0)
        return 1;
    for (int round = 0; round < rounds; round++) {
        nanosleep(&rest, NULL);
        if (atomic_exchange(&missed, 0) > 0) {
            const unsigned next = atomic_load(&newest) + 1;

            if (next == sizeof pictures / sizeof *pictures)
                break;
            pictures[next] = picture_of(&process);
            atomic_store(&newest, next);
        }
    }
    atomic_store(&over, true);
    pthread_join(worker, NULL);
    setitimer(ITIMER_REAL, &(const struct itimerval){0}, NULL);
    report();
    mf_process_close(&process);
    return 0;
}
