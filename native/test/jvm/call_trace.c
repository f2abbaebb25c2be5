/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the methods at the instructions where threads of a JVM were interrupted with the JVM's own stack walker for the
 * same context (AsyncGetCallTrace, forte.cpp): the inlined methods of the top frame with their bytecode indexes. Another
 * process reads them from outside at the same time; in the JVM they are found in the recorded code, one second later and with
 * the time of the sample. The JVM runs its Java compiler meanwhile; with "varied" as second argument also code of many other
 * kinds (varied_load.h). Arguments: the path of libjvm.so, "javac" or "varied", the number of samples, and options of the JVM.
 * It is built without sanitizers, because a JVM replaces their signal handlers.
 */
#include "method_hash.h"
#include "varied_load.h"

#include "mapfiles_jvm.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

#define DEPTH 64
#define SLOTS 8192u
#define LATER 1000000000u /* ns until a sample is found in the recorded code */

/* A method, as a hash of its texts, and a bytecode. */
struct frame {
    uint64_t method;
    int32_t bci;
};

enum { IS_FREE, IS_WRITTEN, IS_FULL, IS_READ };

/* What another process has read for a sample, for each kind of address. */
struct outside {
    int32_t count; /* of frames; 0: no compiled method */
    int32_t has_record;
    int32_t compile_id;
    struct frame frames[DEPTH];
};

struct sample {
    _Atomic int state;
    uint64_t pc, time;
    jint count;
    struct trace_frame frames[DEPTH];
    struct outside outside[2];
};

/* The memory that both processes share. */
static struct shared {
    _Atomic bool is_started, is_done;
    struct sample samples[SLOTS];
} * shared;

static _Atomic uint32_t next_sample;
static unsigned wanted;
static bool is_varied;

/* Results of the samples. */
struct results {
    unsigned compared, without_record, same_method, exact[2], wrong_method[2];
    unsigned not_found, recorded_later, uncertain, unloaded, other_code;
};
static struct results from_outside, recorded;

static uint64_t pc_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static uint64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct sample *const sample = &shared->samples[next_sample % SLOTS];
    struct trace trace = {.frames = sample->frames};
    int state = IS_FREE;

    (void)number;
    (void)info;
    if (shared->is_done || (*vm)->GetEnv(vm, (void **)&trace.env, JNI_VERSION_1_8) != JNI_OK ||
        !atomic_compare_exchange_strong(&sample->state, &state, IS_WRITTEN))
        return;
    next_sample++;
    sample->pc = pc_of(context);
    sample->time = clock_now();
    walk(&trace, DEPTH, context);
    sample->count = trace.count;
    sample->state = trace.count > 0 ? IS_FULL : IS_FREE;
}

/* Whether the JVM still has the names of the methods that its stack walker found. A class may be unloaded since then. */
static bool has_names(struct results *results, const struct sample *sample)
{
    for (jint i = 0; i < sample->count; i++)
        if (hash_of_id(sample->frames[i].method) == 0) {
            results->unloaded++;
            return false;
        }
    return true;
}

static void compare(struct results *results, const struct sample *sample, const struct frame *frames, int32_t count,
                    enum mf_code_address kind)
{
    bool is_exact = sample->count >= count || sample->count == DEPTH;

    if (count == 0 || frames[0].method != hash_of_id(sample->frames[0].method))
        results->wrong_method[kind]++;
    for (int32_t i = 0; is_exact && i < count && i < DEPTH; i++)
        is_exact = frames[i].method == hash_of_id(sample->frames[i].method) && frames[i].bci == sample->frames[i].bci;
    results->exact[kind] += is_exact && count > 0;
}

/* Counts a sample whose frames have no debug record: after the last call of a method, for example. */
static void count_without_record(struct results *results, const struct sample *sample, uint64_t method)
{
    results->without_record++;
    results->same_method += method == hash_of_id(sample->frames[0].method);
}

/* ---- From outside, in another process ---- */

static void read_outside(struct mf_target *target, uint64_t pc, enum mf_code_address kind, struct outside *out)
{
    static struct mf_code_result result;

    out->count = 0;
    if (mf_target_find(target, pc, kind, &result) != 0 || result.code.kind != MF_TARGET_METHOD || result.code.tier <= 0)
        return; /* in native code, a stub or the interpreter the walker's top frame is not of this instruction */
    out->has_record = (int32_t)result.has_record;
    out->compile_id = result.code.compile_id;
    out->count = (int32_t)(result.frame_count < DEPTH ? result.frame_count : DEPTH);
    for (int32_t i = 0; i < out->count; i++) {
        const struct mf_result_text *const texts = result.frames[i].texts;

        out->frames[i].bci = result.frames[i].frame.bci;
        out->frames[i].method = hash_method(result.text + texts[MF_TARGET_CLASS].at, texts[MF_TARGET_CLASS].length,
                                            result.text + texts[MF_TARGET_NAME].at, texts[MF_TARGET_NAME].length,
                                            result.text + texts[MF_TARGET_SIGNATURE].at, texts[MF_TARGET_SIGNATURE].length);
    }
}

static struct mf_target *open_target(void)
{
    const size_t bytes = (mf_target_bytes() + 63) / 64 * 64;
    void *const memory = aligned_alloc(64, bytes);
    struct mf_snapshot *snapshot = new_snapshot(512, 1 << 16);
    struct mf_target *target = NULL;
    struct mf_process process;

    CHECK_IS(mf_process_open_pid(getppid(), &process), 0, "the JVM");
    CHECK(read_growing(&process, 0, &snapshot) >= 0, "its mappings");
    CHECK_IS(mf_target_open(&process, snapshot, memory, bytes, &target), 0, "its code");
    mf_process_close(&process);
    free(snapshot);
    return target;
}

static int read_all_outside(void)
{
    struct mf_target *target;

    while (!shared->is_started)
        usleep(1000);
    target = open_target();
    while (target != NULL && !shared->is_done) {
        for (uint32_t i = 0; i < SLOTS; i++) {
            struct sample *const sample = &shared->samples[i];

            if (sample->state == IS_FULL) {
                for (enum mf_code_address kind = MF_CODE_RUNNING_AT; kind <= MF_CODE_RETURNS_TO; kind++)
                    read_outside(target, sample->pc, kind, &sample->outside[kind]);
                sample->state = IS_READ;
            }
        }
        usleep(1000);
    }
    return check_failures == 0 ? 0 : 1;
}

/* Whether the other process has read later code in the same place. On a busy machine it reads some time after the sample. */
static bool is_of_other_code(const struct sample *sample, const struct outside *read)
{
    struct mf_code code;

    return mf_code_find(sample->pc, MF_CODE_RUNNING_AT, sample->time, &code) == 0 && code.kind == MF_CODE_METHOD &&
           code.compile_id != read->compile_id;
}

static void compare_outside(const struct sample *sample)
{
    const struct outside *const running = &sample->outside[MF_CODE_RUNNING_AT];

    if (running->count == 0 || !has_names(&from_outside, sample))
        return;
    if (is_of_other_code(sample, running)) {
        from_outside.other_code++;
        return;
    }
    if (!running->has_record)
        return count_without_record(&from_outside, sample, running->frames[0].method);
    from_outside.compared++;
    for (enum mf_code_address kind = MF_CODE_RUNNING_AT; kind <= MF_CODE_RETURNS_TO; kind++)
        compare(&from_outside, sample, sample->outside[kind].frames, sample->outside[kind].count, kind);
}

/* ---- In the JVM, in the recorded code ---- */

static bool read_recorded(const struct mf_code *code, uint64_t pc, enum mf_code_address kind, struct frame *out, int *count)
{
    static struct mf_code_frame frames[DEPTH];
    static char texts[3][65536];

    *count = mf_code_frames(code, pc, kind, frames, DEPTH);
    for (int i = 0; i < *count && i < DEPTH; i++) {
        int lengths[3];

        for (int k = 0; k < 3; k++) {
            lengths[k] = mf_code_text(code, frames[i].name, (enum mf_code_text_kind)k, texts[k], sizeof texts[k]);
            if (lengths[k] < 0)
                return false;
        }
        out[i] = (struct frame){
            hash_method(texts[0], (size_t)lengths[0], texts[1], (size_t)lengths[1], texts[2], (size_t)lengths[2]),
            frames[i].bci};
    }
    return *count > 0;
}

static void compare_recorded(const struct sample *sample)
{
    struct frame frames[DEPTH];
    struct mf_code code;
    int count;
    const int rc = mf_code_find(sample->pc, MF_CODE_RUNNING_AT, sample->time, &code);

    if (sample->outside[MF_CODE_RUNNING_AT].count == 0 || !has_names(&recorded, sample))
        return;
    if (rc != 0 || code.kind != MF_CODE_METHOD) {
        recorded.not_found++;
        return;
    }
    if (!read_recorded(&code, sample->pc, MF_CODE_RUNNING_AT, frames, &count))
        return;
    if (code.flags & MF_CODE_UNCERTAIN) {
        recorded.uncertain++;
        return;
    }
    recorded.recorded_later += (code.flags & MF_CODE_RECORDED_LATER) != 0;
    if (count == 1 && frames[0].bci == -1 && !sample->outside[MF_CODE_RUNNING_AT].has_record)
        return count_without_record(&recorded, sample, frames[0].method);
    recorded.compared++;
    compare(&recorded, sample, frames, count, MF_CODE_RUNNING_AT);
    if (read_recorded(&code, sample->pc, MF_CODE_RETURNS_TO, frames, &count))
        compare(&recorded, sample, frames, count, MF_CODE_RETURNS_TO);
}

static void *compare_all(void *unused)
{
    JNIEnv *env;

    (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, NULL);
    while (!shared->is_done) {
        for (uint32_t i = 0; i < SLOTS; i++) {
            struct sample *const sample = &shared->samples[i];

            if (sample->state == IS_READ && clock_now() - sample->time >= LATER) {
                compare_outside(sample);
                compare_recorded(sample);
                sample->state = IS_FREE;
            }
        }
        if (from_outside.compared >= wanted && recorded.compared >= wanted)
            shared->is_done = true;
        usleep(1000);
    }
    (*vm)->DetachCurrentThread(vm);
    return unused;
}

/* Interrupts the thread that compiles more often than a timer of the kernel, whose interval is several milliseconds. */
static void *interrupt(void *thread)
{
    while (!shared->is_done) {
        pthread_kill(*(pthread_t *)thread, SIGPROF);
        if (is_varied)
            signal_running_threads(SIGPROF);
        usleep(500);
    }
    return NULL;
}

static void start_samples(pthread_t *thread, pthread_t *interrupter)
{
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    const struct itimerval every = {{0, 1000}, {0, 1000}};

    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &every, NULL); /* for all threads */
    CHECK_IS(pthread_create(interrupter, NULL, interrupt, thread), 0, "a thread");
}

static void check_results(const char *where, const struct results *results)
{
    const unsigned permille = wanted >= 20000 ? 995 : 990; /* few samples vary more */

    printf(
        "%s: %u samples with a record, %u without (%u of the same method); running at: %u exact, %u another method; returns to: %u "
        "exact, %u another method; %u not found, %u recorded later, %u uncertain, %u unloaded, %u other code\n",
        where, results->compared, results->without_record, results->same_method, results->exact[MF_CODE_RUNNING_AT],
        results->wrong_method[MF_CODE_RUNNING_AT], results->exact[MF_CODE_RETURNS_TO],
        results->wrong_method[MF_CODE_RETURNS_TO], results->not_found, results->recorded_later, results->uncertain,
        results->unloaded, results->other_code);
    CHECK(results->compared >= 500, "%s: %u samples", where, results->compared);
    /* Samples of one loop without a record come together, so few samples vary more: 1 to 43 of 1,000 were seen. */
    CHECK(results->without_record * (wanted >= 20000 ? 20 : 5) <= results->compared, "%s: %u samples have no record", where,
          results->without_record);
    CHECK(results->same_method * 100ull >= results->without_record * 99ull,
          "%s: %u of %u without a record are of the same method", where, results->same_method, results->without_record);
    CHECK(results->wrong_method[MF_CODE_RUNNING_AT] == 0, "%s: %u samples are of another method", where,
          results->wrong_method[MF_CODE_RUNNING_AT]);
    CHECK(results->exact[MF_CODE_RUNNING_AT] * 1000ull >= (uint64_t)results->compared * permille, "%s: %u of %u are exact",
          where, results->exact[MF_CODE_RUNNING_AT], results->compared);
    CHECK(results->exact[MF_CODE_RETURNS_TO] < results->exact[MF_CODE_RUNNING_AT],
          "%s: the kind of address makes no difference", where);
    CHECK(results->not_found * 50 <= results->compared, "%s: %u not found", where, results->not_found);
    /* How many are uncertain depends on how often the JVM uses a place again within 5 s: only certain ones count as compared. */
}

/* The child reads the JVM from outside, so it is created before the JVM. */
static pid_t start_child(void)
{
    const pid_t child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the JVM may crash in its stack walker */
        _exit(read_all_outside());
    }
    prctl(PR_SET_PTRACER, child, 0, 0, 0); /* Yama allows only descendants to be read */
    return child;
}

int main(int count, char **arguments)
{
    const char *const directory = new_directory("call_trace");
    const struct itimerval never = {{0, 0}, {0, 0}};
    pthread_t comparer, interrupter, redefiner, self = pthread_self();
    char class_path[256];
    int status = 0;
    pid_t child;
    JNIEnv *env;

    is_varied = count > 2 && strcmp(arguments[2], "varied") == 0;
    wanted = count > 3 ? (unsigned)atoi(arguments[3]) : 1000;
    snprintf(class_path, sizeof class_path, "-Djava.class.path=%s", directory);
    if (count > 3)
        arguments[3] = class_path; /* before the other options */
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    child = start_child();
    env = count > 1 && pc_of(&(ucontext_t){0}) == 0 ? start_jvm(arguments[1], arguments + 3, count - 3) : NULL;
    if (env == NULL) {
        puts("skipped: no JVM with AsyncGetCallTrace");
        kill(child, SIGKILL);
        remove_directory(directory);
        return CHECK_SKIPPED;
    }
    make_method_ids(env);
    if (is_varied)
        start_load(env, directory, &redefiner);
    CHECK_IS(mf_jvm_open(vm, 0), 0, "recording");
    shared->is_started = true;
    CHECK_IS(pthread_create(&comparer, NULL, compare_all, NULL), 0, "a thread");
    start_samples(&self, &interrupter);
    compile_until_done(env, directory, &shared->is_done);
    shared->is_done = true;
    setitimer(ITIMER_PROF, &never, NULL);
    pthread_join(interrupter, NULL);
    if (is_varied)
        stop_load(redefiner);
    pthread_join(comparer, NULL);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child: %x", status);
    check_results("from outside", &from_outside);
    check_results("recorded", &recorded);
    CHECK_IS(remove_directory(directory), 0, "removing the directory");
    return check_result();
}
