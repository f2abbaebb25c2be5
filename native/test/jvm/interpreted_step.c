/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes single instructions of a JVM (the trap flag of x86-64), and finds the method that the interpreter executes before each
 * of them. A signal of a timer seldom hits the few instructions that return from a method. After the instruction that removes a
 * frame, no method may be found: the frame pointer is that of the caller. If that is compiled code, as here, its frame may still
 * have the words of an interpreted method that has returned. Before that instruction the method must be that of the JVM's own stack
 * walker. Argument: the path of libjvm.so, and options of the JVM.
 */
#include "interpreted_frames.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#define TRAP      0x100 /* the flag that traps after an instruction */
#define LEAVE     0xc9  /* the instruction that removes a frame */
#define STEPS     4000  /* after each signal of the timer */
#define WANTED    40000u
#define MIN_FOUND 10000u
#define MAX_STEPS 4000000u
#define PAIRS     8192u
#define WARM_UP   100 /* runs, until methods are compiled */
#define METHODS   6
#define VARIABLES 24

struct pair {
    uint64_t found; /* as a hash */
    jmethodID expected;
};

static struct pair pairs[PAIRS]; /* different ones, in a hash table */
static unsigned pair_count, steps, found, not_found, removed_frames, found_after_removal;
static int steps_left;
static pthread_t stepped;
static uint64_t before;     /* the instruction that was executed; 0: not in the interpreter */
static uint64_t removed_in; /* code that has removed its frame; 0: none */
static _Atomic bool is_done;

static void add_pair(uint64_t method, jmethodID expected)
{
    const struct pair pair = {method, expected};
    uint32_t at = (uint32_t)(method ^ (uintptr_t)expected >> 3) % PAIRS;

    while (pairs[at].found != 0 && (pairs[at].found != method || pairs[at].expected != expected))
        at = (at + 1) % PAIRS;
    if (pairs[at].found == 0) {
        pairs[at] = pair;
        pair_count++;
    }
}

static void check_step(ucontext_t *context)
{
    struct trace_frame expected = {0, NULL};
    struct trace trace = {.frames = &expected};
    uint64_t pc, frame_pointer;
    struct frame frame;
    bool has_removed;

    read_registers(context, &pc, &frame_pointer);
    has_removed = before != 0 && *(const unsigned char *)before == LEAVE;
    before = 0;
    steps++;
    if (!find(pc, MF_CODE_RUNNING_AT, frame_pointer, &frame)) {
        removed_in = 0;
        return;
    }
    before = pc;
    if (has_removed) {
        removed_in = result.code.start;
        removed_frames++;
    }
    if (result.code.start != removed_in)
        removed_in = 0;
    if (frame.method == 0) {
        not_found++;
        return;
    }
    found++;
    found_after_removal += removed_in != 0;
    if ((*vm)->GetEnv(vm, (void **)&trace.env, JNI_VERSION_1_8) != JNI_OK)
        return;
    walk(&trace, 1, context);
    if (trace.count > 0)
        add_pair(frame.method, expected.method);
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *const interrupted = context;
    const int error = errno;

    (void)number;
    (void)info;
    if (steps_left > 0 && !is_done) {
        check_step(interrupted);
        steps_left--;
    }
    if (found >= WANTED || steps >= MAX_STEPS || pair_count > PAIRS / 2)
        is_done = true;
    if (steps_left == 0 || is_done)
        interrupted->uc_mcontext.gregs[REG_EFL] &= ~TRAP;
    errno = error;
}

static void on_timer(int number, siginfo_t *info, void *context)
{
    ucontext_t *const interrupted = context;

    (void)number;
    (void)info;
    if (is_done || !pthread_equal(pthread_self(), stepped))
        return;
    if (steps_left == 0) {
        before = removed_in = 0;
        steps_left = STEPS;
    }
    interrupted->uc_mcontext.gregs[REG_EFL] |= TRAP; /* code that restores saved flags may have cleared it */
}

/* The source of a class whose interpreted methods call a compiled one with a large frame, which calls an interpreted one. */
static const char *write_frames(const char *directory)
{
    static char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/Frames.java", directory);
    file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    fputs("class Frames {\n  static int sum;\n  static int compiled(int a) {\n    if (a == -1) {\n      int v0 = 0", file);
    for (int i = 1; i < VARIABLES; i++)
        fprintf(file, ", v%d = a * %d", i, i);
    fputs(";\n      sum = interpreted0(a);\n      return sum", file);
    for (int i = 0; i < VARIABLES; i++)
        fprintf(file, " + v%d", i);
    fputs(";\n    }\n    return interpreted0(a);\n  }\n", file);
    for (int i = 0; i < METHODS; i++) { /* their frames have different sizes */
        fprintf(file, "  static int interpreted%d(int a) {", i);
        for (int j = 0; j < i; j++)
            fprintf(file, " int v%d = a;", j);
        fprintf(file, " return a + 1; }\n  static void interpretedCaller%d(int a) {", i);
        for (int j = 0; j < i; j++)
            fprintf(file, " int v%d = a;", j);
        for (int j = 0; j < METHODS; j++)
            fprintf(file, " sum += interpreted%d(a); sum += compiled(a);", j);
        fputs(" }\n", file);
    }
    fputs("  static void interpretedRun() {\n    for (int i = 0; i < 300; i++) {\n", file);
    for (int i = 0; i < METHODS; i++)
        fprintf(file, "      interpretedCaller%d(i);\n", i);
    fputs("    }\n  }\n}\n", file);
    fclose(file);
    return path;
}

static void run_frames(JNIEnv *env, const char *directory)
{
    const struct itimerval every = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    jclass class;
    jmethodID run;

    compile(env, directory, write_frames(directory));
    class = (*env)->FindClass(env, "Frames");
    run = class == NULL ? NULL : (*env)->GetStaticMethodID(env, class, "interpretedRun", "()V");
    CHECK(run != NULL, "the class");
    for (int i = 0; run != NULL && i < WARM_UP; i++)
        (*env)->CallStaticVoidMethod(env, class, run);
    setitimer(ITIMER_PROF, &every, NULL);
    while (run != NULL && !is_done)
        (*env)->CallStaticVoidMethod(env, class, run);
    setitimer(ITIMER_PROF, &never, NULL);
}

static unsigned count_others(void)
{
    unsigned others = 0;

    for (uint32_t i = 0; i < PAIRS; i++)
        others += pairs[i].found != 0 && pairs[i].found != hash_of_id(pairs[i].expected);
    return others;
}

int main(int count, char **arguments)
{
    static char class_path[300], frame_pointers[] = "-XX:+PreserveFramePointer", quiet[] = "-XX:CompileCommand=quiet",
                                 exclude[] = "-XX:CompileCommand=exclude,Frames.interpreted*",
                                 tier[] = "-XX:TieredStopAtLevel=1"; /* C2 leaves out code that has not run, with its frame */
    char *options[16] = {class_path, frame_pointers, quiet, exclude, tier};
    const char *const directory = new_directory("interpreted_step");
    struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART};
    const struct sigaction timer = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
    unsigned others;
    JNIEnv *env;

    snprintf(class_path, sizeof class_path, "-Djava.class.path=%s", directory);
    for (int i = 2; i < count && i < 13; i++)
        options[i + 3] = arguments[i];
    env = count > 1 && count <= 13 ? start_jvm(arguments[1], options, count + 3) : NULL;
    if (env == NULL) {
        puts("skipped: no JVM with AsyncGetCallTrace");
        remove_directory(directory);
        return CHECK_SKIPPED;
    }
    make_method_ids(env);
    open_target();
    stepped = pthread_self();
    sigaddset(&trap.sa_mask, SIGPROF);
    sigaction(SIGTRAP, &trap, NULL);
    sigaction(SIGPROF, &timer, NULL);
    run_frames(env, directory);
    others = count_others();
    printf("%u instructions, of which the interpreter has %u: %u with a method, %u of another method; %u frames were removed, "
           "and %u instructions after that had a method\n",
           steps, found + not_found, found, others, removed_frames, found_after_removal);
    CHECK(found >= MIN_FOUND, "%u instructions with a method", found);
    CHECK(removed_frames >= 50, "%u removed frames", removed_frames);
    CHECK_IS(others, 0u, "other methods than those of the stack walker");
    CHECK_IS(found_after_removal, 0u, "methods after the frame was removed");
    CHECK_IS(remove_directory(directory), 0, "removing the directory");
    return check_result();
}
