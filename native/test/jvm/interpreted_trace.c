/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the methods that the interpreter executes, found by frame pointers, with the JVM's own stack walker for the same
 * context (AsyncGetCallTrace, forte.cpp): the frame that runs, and its callers with their bytecode indexes. The JVM interprets
 * its Java compiler meanwhile. Argument: the path of libjvm.so, and options of the JVM. It is built without sanitizers, because
 * a JVM replaces their signal handlers.
 */
#include "interpreted_frames.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#define DEPTH   6
#define SAMPLES 2000u
#define WANTED  1000u

struct sample {
    struct trace_frame expected[DEPTH];
    struct frame found[DEPTH];
    jint count; /* of expected */
};

static struct sample samples[SAMPLES];
static _Atomic uint32_t sample_count;
static _Atomic bool is_done;

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct sample *const sample = &samples[sample_count];
    struct trace trace = {.frames = sample->expected};
    uint64_t pc, frame_pointer, next[2];
    int error = errno;

    (void)number;
    (void)info;
    if (is_done || (*vm)->GetEnv(vm, (void **)&trace.env, JNI_VERSION_1_8) != JNI_OK ||
        !read_registers(context, &pc, &frame_pointer) || !find(pc, MF_CODE_RUNNING_AT, frame_pointer, &sample->found[0]))
        goto end;
    walk(&trace, DEPTH, context);
    sample->count = trace.count;
    for (int i = 1; i < DEPTH; i++) { /* the callers, while they are interpreted too */
        sample->found[i] = (struct frame){0, -1};
        if (sample->found[i - 1].method == 0 || mf_target_read(target, frame_pointer, next, sizeof next) != sizeof next ||
            !find(next[1], MF_CODE_RETURNS_TO, next[0], &sample->found[i]))
            break;
        frame_pointer = next[0];
    }
    if (trace.count > 0 && ++sample_count == SAMPLES)
        is_done = true;
end:
    errno = error;
}

static void check_samples(void)
{
    unsigned running = 0, not_found = 0, other = 0, callers = 0, other_callers = 0, native = 0;

    for (uint32_t i = 0; i < sample_count; i++) {
        const struct sample *const sample = &samples[i];

        running++;
        not_found += sample->found[0].method == 0;
        other += sample->found[0].method != 0 && sample->found[0].method != hash_of_id(sample->expected[0].method);
        for (int k = 1; k < DEPTH && k < sample->count && sample->found[k].method != 0; k++) {
            callers++;
            native += sample->found[k].bci < 0;
            other_callers += sample->found[k].method != hash_of_id(sample->expected[k].method) ||
                             sample->found[k].bci != sample->expected[k].bci;
        }
    }
    printf("%u samples in the interpreter: %u without a method, %u of another method; %u callers: %u others\n", running,
           not_found, other, callers, other_callers);
    CHECK(running >= WANTED, "%u samples", running);
    /* 15 to 27 percent were seen: methods are being entered. */
    CHECK(not_found * 2 <= running, "%u of %u samples have no method", not_found, running);
    CHECK_IS(other, 0u, "samples of another method");
    CHECK(callers >= running, "%u callers", callers);
    CHECK_IS(other_callers, 0u, "callers that are another method, or make another call");
    CHECK_IS(native, 0u, "callers without a bytecode");
}

int main(int count, char **arguments)
{
    static char interpreted[] = "-Xint";
    const char *const directory = new_directory("interpreted_trace");
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    const struct itimerval every = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    JNIEnv *env;

    if (count > 1)
        arguments[1 - 1] = arguments[1], arguments[1] = interpreted;
    env = count > 1 ? start_jvm(arguments[0], arguments + 1, count - 1) : NULL;
    if (env == NULL) {
        puts("skipped: no JVM with AsyncGetCallTrace");
        remove_directory(directory);
        return CHECK_SKIPPED;
    }
    make_method_ids(env);
    open_target();
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &every, NULL);
    compile_until_done(env, directory, &is_done);
    is_done = true;
    setitimer(ITIMER_PROF, &never, NULL);
    check_samples();
    CHECK_IS(remove_directory(directory), 0, "removing the directory");
    return check_result();
}
