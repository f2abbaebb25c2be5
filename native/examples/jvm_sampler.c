/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sampler of a JVM, as a JVMTI agent. Each Java thread has a timer of its own processor time, whose signal interrupts it. The
 * handler records the address and the time. When the JVM exits, the methods are listed by their share of the samples.
 *
 *     cc -shared -fPIC jvm_sampler.c -I$JAVA_HOME/include -I$JAVA_HOME/include/linux \
 *        $(pkg-config --cflags --libs mapfiles) -Wl,-rpath,$(pkg-config --variable=libdir mapfiles) -o libjvm_sampler.so
 *     java -agentpath:$PWD/libjvm_sampler.so ...
 *
 * Which thread calls what:
 *   signal handler   mf_code_find(): no system call, no lock, no allocation
 *   each thread      creates and deletes its timer
 *   exiting thread   mf_code_find() with the time of the sample, and names, when the JVM has reported its code
 *
 * The handler uses no thread-local variable. In a library that is loaded at run time, the first use in a thread may allocate
 * memory (__tls_get_addr() of glibc and musl). A handler that has interrupted malloc(3) then waits for its own thread. If a
 * sampler needs such variables, it uses them once in each thread, where it creates the timer. errno is safe, and the library
 * has none.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* REG_RIP, SIGEV_THREAD_ID */
#endif
#include <mapfiles_jvm.h>

#include <jvmti.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define SLOTS      (1u << 16) /* the oldest samples are overwritten */
#define INTERVAL   1000000    /* ns of processor time */
#define MAX_LINES  1000
#define LATE_AFTER 600000000 /* ns: the JVM reports code up to 0.4 s late */

struct sample {
    uint64_t address;
    uint64_t time;  /* 0: the handler has not finished */
    int32_t result; /* of mf_code_find() in the handler */
};

static struct sample samples[SLOTS];
static atomic_uint taken;
static atomic_bool is_over;

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
    struct timespec now;
    struct sample *sample;
    struct mf_code code;

    (void)signal;
    (void)info;
    if (atomic_load(&is_over))
        return;
    sample = &samples[atomic_fetch_add(&taken, 1) % SLOTS];
    clock_gettime(CLOCK_MONOTONIC, &now);
    sample->address = interrupted_at(context);
    sample->result = mf_code_find(sample->address, MF_CODE_RUNNING_AT, MF_CODE_NOW, &code);
    sample->time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Called in the thread that is to be sampled. */
static void start_timer(jvmtiEnv *jvmti, jthread thread)
{
    const struct itimerspec every = {{0, INTERVAL}, {0, INTERVAL}};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    void *known = NULL;
    timer_t timer;

    /* The first thread has an event of its start too, after that of the start of the JVM. */
    if ((*jvmti)->GetThreadLocalStorage(jvmti, thread, &known) != JVMTI_ERROR_NONE || known != NULL)
        return;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0)
        return;
    /* The first timer of a process has number 0, and no storage is NULL. */
    if ((*jvmti)->SetThreadLocalStorage(jvmti, thread, (char *)timer + 1) == JVMTI_ERROR_NONE)
        timer_settime(timer, 0, &every, NULL);
    else
        timer_delete(timer);
}

static void JNICALL on_thread_start(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    (void)env;
    start_timer(jvmti, thread);
}

static void JNICALL on_thread_end(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    void *timer = NULL;

    (void)env;
    if ((*jvmti)->GetThreadLocalStorage(jvmti, thread, &timer) == JVMTI_ERROR_NONE && timer != NULL)
        timer_delete((timer_t)((char *)timer - 1));
}

static void JNICALL on_start(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    JavaVM *vm;
    int rc = (*env)->GetJavaVM(env, &vm) == JNI_OK ? mf_jvm_open(vm, 0) : -1;

    if (rc != 0) {
        fprintf(stderr, "jvm_sampler: the code is not recorded: %s\n", mf_strerror(rc));
        return;
    }
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_THREAD_START, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_THREAD_END, NULL);
    start_timer(jvmti, thread);
}

struct line {
    char name[256];
    unsigned count;
};

static int by_count(const void *one, const void *other)
{
    return (int)((const struct line *)other)->count - (int)((const struct line *)one)->count;
}

/* Writes the innermost method at an address, such as "Ljava/lang/String;.hashCode", or the name of a stub. */
static void write_name(const struct mf_code *code, uint64_t address, char *out, size_t capacity)
{
    struct mf_code_frame innermost = {code->name, -1};
    char type[128], name[128];
    int type_length, name_length;

    mf_code_frames(code, address, MF_CODE_RUNNING_AT, &innermost, 1);
    type_length = mf_code_text(code, innermost.name, MF_CODE_TEXT_CLASS, type, sizeof type);
    name_length = mf_code_text(code, innermost.name, MF_CODE_TEXT_NAME, name, sizeof name);
    type_length = type_length < 0 ? 0 : type_length > (int)sizeof type ? (int)sizeof type : type_length;
    name_length = name_length < 0 ? 0 : name_length > (int)sizeof name ? (int)sizeof name : name_length;
    snprintf(out, capacity, "%.*s%s%.*s", type_length, type, type_length > 0 ? "." : "", name_length, name);
}

static void JNICALL on_exit_of_jvm(jvmtiEnv *jvmti, JNIEnv *env)
{
    static struct line lines[MAX_LINES];
    const struct timespec late = {0, LATE_AFTER};
    unsigned all, count = 0, later = 0;

    (void)jvmti;
    (void)env;
    atomic_store(&is_over, true);
    nanosleep(&late, NULL);
    all = atomic_load(&taken) < SLOTS ? atomic_load(&taken) : SLOTS;
    for (unsigned i = 0; i < all; i++) {
        char name[sizeof lines[0].name] = "(not in compiled code, a stub or the interpreter)";
        struct mf_code code;
        unsigned at = 0;

        if (samples[i].time == 0)
            continue;
        if (mf_code_find(samples[i].address, MF_CODE_RUNNING_AT, samples[i].time, &code) == 0) {
            later += samples[i].result != 0;
            write_name(&code, samples[i].address, name, sizeof name);
        }
        while (at < count && strcmp(lines[at].name, name) != 0)
            at++;
        if (at == MAX_LINES)
            continue;
        if (at == count)
            memcpy(lines[count++].name, name, sizeof name);
        lines[at].count++;
    }
    qsort(lines, count, sizeof *lines, by_count);
    printf("%u samples, %u in code that was reported after the sample\n", all, later);
    for (unsigned i = 0; i < count && i < 10; i++)
        printf("%5.1f%%  %s\n", 100.0 * lines[i].count / all, lines[i].name);
    fflush(stdout);
}

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    const jvmtiEventCallbacks callbacks = {
        .VMInit = on_start, .VMDeath = on_exit_of_jvm, .ThreadStart = on_thread_start, .ThreadEnd = on_thread_end};
    const struct sigaction action = {.sa_sigaction = take_sample, .sa_flags = SA_SIGINFO | SA_RESTART};
    jvmtiEnv *jvmti;

    (void)options;
    (void)reserved;
    if ((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_11) != JNI_OK || sigaction(SIGPROF, &action, NULL) != 0)
        return JNI_ERR;
    (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_DEATH, NULL);
    return JNI_OK;
}
