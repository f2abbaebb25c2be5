/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the methods at the instructions where threads of a JVM were interrupted with the JVM's own stack walker for the
 * same context (AsyncGetCallTrace, forte.cpp): the inlined methods of the top frame with their bytecode indexes. The JVM runs
 * its Java compiler meanwhile. Arguments: the path of libjvm.so, and the number of samples. It is built without sanitizers,
 * because a JVM replaces their signal handlers.
 */
#include "jvm/code_reader.h"
#include "../check.h"

#include <dlfcn.h>
#include <jvmti.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <ucontext.h>

#define DEPTH 64
#define SLOTS 1024u
#define MAX_ROUNDS 300 /* of compiling: the test ends even without enough samples */
#define PAGES 256u

/* The structures of AsyncGetCallTrace, which no header declares. */
struct trace_frame {
    jint bci;
    jmethodID method;
};

struct trace {
    JNIEnv *env;
    jint count;
    struct trace_frame *frames;
};

typedef void trace_function(struct trace *trace, jint depth, void *context);

struct sample {
    _Atomic int state; /* 0: free, 1: being written, 2: full */
    uint64_t pc;
    jint count;
    struct trace_frame frames[DEPTH];
};

static struct sample samples[SLOTS];
static _Atomic uint32_t next_sample;
static _Atomic bool is_done;
static trace_function *walk;
static JavaVM *vm;
static jvmtiEnv *jvmti;
static unsigned wanted;

/* The results of the samples, for each meaning of an address. */
static unsigned compared, without_record, same_method, exact[2], wrong_method[2];

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

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct sample *const sample = &samples[next_sample % SLOTS];
    struct trace trace = {.frames = sample->frames};
    int is_free = 0;

    (void)number;
    (void)info;
    if (is_done || (*vm)->GetEnv(vm, (void **)&trace.env, JNI_VERSION_1_8) != JNI_OK ||
        !atomic_compare_exchange_strong(&sample->state, &is_free, 1))
        return;
    next_sample++;
    sample->pc = pc_of(context);
    walk(&trace, DEPTH, context);
    sample->count = trace.count;
    sample->state = trace.count > 0 ? 2 : 0;
}

/* The walker reports only methods that have an ID (GetClassMethods of JVMTI makes them). */
static void JNICALL on_prepare(jvmtiEnv *env, JNIEnv *jni, jthread thread, jclass type)
{
    jmethodID *methods;
    jint count;

    (void)jni;
    (void)thread;
    if ((*env)->GetClassMethods(env, type, &count, &methods) == JVMTI_ERROR_NONE)
        (*env)->Deallocate(env, (unsigned char *)methods);
}

static void JNICALL on_load(jvmtiEnv *env, JNIEnv *jni, jthread thread, jclass type)
{
    (void)env;
    (void)jni;
    (void)thread;
    (void)type;
}

static void make_method_ids(JNIEnv *env)
{
    const jvmtiEventCallbacks callbacks = {.ClassPrepare = on_prepare, .ClassLoad = on_load};
    jclass *classes;
    jint count;

    (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_CLASS_LOAD, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_CLASS_PREPARE, NULL);
    if ((*jvmti)->GetLoadedClasses(jvmti, &count, &classes) != JVMTI_ERROR_NONE)
        return;
    for (jint i = 0; i < count; i++) {
        on_prepare(jvmti, env, NULL, classes[i]);
        (*env)->DeleteLocalRef(env, classes[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)classes);
}

static bool is_text(const struct mf_code_result *result, struct mf_result_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(result->text + text.at, expected, text.length) == 0;
}

/* Returns whether a frame is of a method, by name and signature. */
static bool is_method(const struct mf_code_result *result, uint32_t frame, jmethodID method)
{
    char *name, *signature;
    bool is_same;

    if ((*jvmti)->GetMethodName(jvmti, method, &name, &signature, NULL) != JVMTI_ERROR_NONE)
        return false;
    is_same = is_text(result, result->frames[frame].texts[MF_TARGET_NAME], name) &&
              is_text(result, result->frames[frame].texts[MF_TARGET_SIGNATURE], signature);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    return is_same;
}

static void compare(const struct mf_code_result *result, const struct sample *sample, enum mf_code_address meaning)
{
    bool is_exact = (uint32_t)sample->count >= result->frame_count || sample->count == DEPTH;

    if (!is_method(result, 0, sample->frames[0].method))
        wrong_method[meaning]++;
    for (uint32_t i = 0; is_exact && i < result->frame_count && i < DEPTH; i++)
        is_exact = is_method(result, i, sample->frames[i].method) && result->frames[i].frame.bci == sample->frames[i].bci;
    exact[meaning] += is_exact;
}

static void resolve(struct mf_code_reader *reader, const struct mf_target_memory *memory, const struct sample *sample)
{
    static struct mf_code_result result;

    if (mf_code_reader_find(reader, memory, sample->pc, MF_RUNNING_AT, &result) != 0 || result.code.kind != MF_TARGET_METHOD ||
        result.code.tier <= 0)
        return; /* in native code, a stub or the interpreter the walker's top frame is not of this instruction */
    if (!result.has_record) {
        without_record++;
        same_method += is_method(&result, 0, sample->frames[0].method);
        return;
    }
    compared++;
    compare(&result, sample, MF_RUNNING_AT);
    if (mf_code_reader_find(reader, memory, sample->pc, MF_RETURNS_TO, &result) == 0 && result.frame_count > 0)
        compare(&result, sample, MF_RETURNS_TO);
}

static struct mf_code_reader *open_reader(struct mf_target_memory *memory)
{
    static struct mf_vm_tables tables;
    struct mf_code_reader *const reader = malloc(mf_code_reader_bytes(PAGES));
    struct mf_pages *const pages = malloc(mf_pages_bytes(64));
    struct mf_snapshot *snapshot = new_snapshot(512, 1 << 16);
    struct mf_process process;
    struct mf_elf_image image;

    CHECK_IS(mf_process_open_pid(getpid(), &process), 0, "this process");
    CHECK(read_growing(&process, 0, &snapshot) >= 0, "its mappings");
    CHECK_IS(mf_target_memory_open(&process, memory), 0, "its memory");
    mf_pages_init(pages, 64, memory);
    CHECK_IS(mf_vm_image_next(pages, snapshot, 0, &image), 0, "libjvm");
    CHECK_IS(mf_vm_tables_read(pages, &image, &tables), 0, "its tables");
    mf_code_reader_init(reader, PAGES, &tables);
    mf_process_close(&process);
    free(snapshot);
    free(pages);
    return reader;
}

static void *resolve_all(void *unused)
{
    struct mf_target_memory memory;
    struct mf_code_reader *const reader = open_reader(&memory);
    JNIEnv *env;

    (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, NULL);
    while (!is_done) {
        for (uint32_t i = 0; i < SLOTS; i++)
            if (samples[i].state == 2) {
                resolve(reader, &memory, &samples[i]);
                samples[i].state = 0;
            }
        if (compared >= wanted)
            is_done = true;
        usleep(1000);
    }
    (*vm)->DetachCurrentThread(vm);
    mf_target_memory_close(&memory);
    free(reader);
    return unused;
}

/* A source with many methods for the compiler. */
static const char *write_source(const char *directory)
{
    static char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/Source.java", directory);
    file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    fputs("import java.util.*;\nclass Source {\n", file);
    for (int i = 0; i < 300; i++)
        fprintf(file, "  static <T extends Comparable<T>> Map<String, List<T>> m%d(List<T> in) { Map<String, List<T>> out = new HashMap<>();\n"
                "    for (T t : in) { out.computeIfAbsent(\"k\" + t + %d, k -> new ArrayList<>()).add(t); }\n"
                "    return in.isEmpty() ? out : m%d(in.subList(1, in.size())); }\n", i, i, i == 0 ? 0 : i - 1);
    fputs("}\n", file);
    fclose(file);
    return path;
}

static void compile_until_done(JNIEnv *env, const char *directory)
{
    const jclass provider = (*env)->FindClass(env, "javax/tools/ToolProvider");
    const jmethodID get = provider == NULL ? NULL
        : (*env)->GetStaticMethodID(env, provider, "getSystemJavaCompiler", "()Ljavax/tools/JavaCompiler;");
    const jobject compiler = get == NULL ? NULL : (*env)->CallStaticObjectMethod(env, provider, get);
    const jclass tool = (*env)->FindClass(env, "javax/tools/Tool");
    const jclass string = (*env)->FindClass(env, "java/lang/String");
    const jmethodID run = tool == NULL ? NULL
        : (*env)->GetMethodID(env, tool, "run", "(Ljava/io/InputStream;Ljava/io/OutputStream;Ljava/io/OutputStream;[Ljava/lang/String;)I");
    const char *const source = write_source(directory);
    const char *const arguments[] = {"-proc:none", "-d", directory, source};
    jobjectArray array;

    if (compiler == NULL || run == NULL || source == NULL) {
        puts("skipped: this JVM has no Java compiler");
        exit(CHECK_SKIPPED);
    }
    array = (*env)->NewObjectArray(env, 4, string, NULL);
    for (jsize i = 0; i < 4; i++)
        (*env)->SetObjectArrayElement(env, array, i, (*env)->NewStringUTF(env, arguments[i]));
    for (int round = 0; round < MAX_ROUNDS && !is_done; round++)
        CHECK_IS((*env)->CallIntMethod(env, compiler, run, NULL, NULL, NULL, array), 0, "the Java compiler");
}

static void start_samples(void)
{
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    const struct itimerval every = {{0, 1000}, {0, 1000}};

    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &every, NULL);
}

static JNIEnv *start_jvm(const char *library)
{
    JavaVMInitArgs arguments = {.version = JNI_VERSION_1_8};
    void *const handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    jint (*create)(JavaVM **, void **, void *);
    JNIEnv *env;

    if (handle == NULL)
        return NULL;
    *(void **)&create = dlsym(handle, "JNI_CreateJavaVM");
    *(void **)&walk = dlsym(handle, "AsyncGetCallTrace");
    if (create == NULL || walk == NULL || create(&vm, (void **)&env, &arguments) != JNI_OK ||
        (*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK)
        return NULL;
    return env;
}

int main(int count, char **arguments)
{
    const char *const directory = new_directory("call_trace");
    const struct itimerval never = {{0, 0}, {0, 0}};
    pthread_t resolver;
    JNIEnv *env;

    wanted = count > 2 ? (unsigned)atoi(arguments[2]) : 1000;
    env = count > 1 && pc_of(&(ucontext_t){0}) == 0 ? start_jvm(arguments[1]) : NULL;
    if (env == NULL) {
        puts("skipped: no JVM with AsyncGetCallTrace");
        return CHECK_SKIPPED;
    }
    make_method_ids(env);
    CHECK_IS(pthread_create(&resolver, NULL, resolve_all, NULL), 0, "a thread");
    start_samples();
    compile_until_done(env, directory);
    is_done = true;
    setitimer(ITIMER_PROF, &never, NULL);
    pthread_join(resolver, NULL);
    printf("%u samples with a record, %u without (%u of the same method); running at: %u exact, %u another method; returns to: %u exact, %u another method\n", compared,
           without_record, same_method, exact[MF_RUNNING_AT], wrong_method[MF_RUNNING_AT], exact[MF_RETURNS_TO], wrong_method[MF_RETURNS_TO]);
    CHECK(compared >= 500, "%u samples", compared);
    CHECK(without_record * 20 <= compared, "%u samples have no record", without_record); /* after the last call of a method */
    CHECK(exact[MF_RUNNING_AT] * 100 >= compared * 99, "%u of %u are exact", exact[MF_RUNNING_AT], compared);
    CHECK(exact[MF_RETURNS_TO] < exact[MF_RUNNING_AT], "what the address means makes no difference");
    return check_result();
}
