/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the JVM to tell of its code, and keeps what it tells in address space of its own, reserved once and never given back:
 * no reader, however late, finds it gone. The library as an agent (-agentpath, or attached) does the same from its own start.
 */
#include "agent/agent.h"

#include "jvm/vm_code.h"
#include "jvm/vm_structs.h"
#include "os/loaded_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define USUAL_BYTES (64u << 20)
#define LEAST_BYTES (1u << 20)
#define MOST_BYTES (1u << 30)

struct mf_agent mf_agent = {
    .opening = PTHREAD_MUTEX_INITIALIZER,
    .asking = PTHREAD_MUTEX_INITIALIZER,
    .writing = PTHREAD_MUTEX_INITIALIZER,
};

static const jvmtiEvent events[] = {
    JVMTI_EVENT_COMPILED_METHOD_LOAD, JVMTI_EVENT_COMPILED_METHOD_UNLOAD, JVMTI_EVENT_DYNAMIC_CODE_GENERATED,
};

static int errno_of(jvmtiError error)
{
    return error == JVMTI_ERROR_NONE ? 0 : error == JVMTI_ERROR_WRONG_PHASE ? -ESRCH : -ENOTSUP;
}

static int set_events(jvmtiEventMode mode)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof events / sizeof *events; i++)
        rc = errno_of((*mf_agent.jvmti)->SetEventNotificationMode(mf_agent.jvmti, mode, events[i], NULL));
    return rc;
}

/* An environment of JVMTI's that may be told of code. The sooner, the better: the JVM notes inlining for it. */
static int open_jvmti(JavaVM *vm)
{
    jvmtiCapabilities capabilities = {.can_generate_compiled_method_load_events = 1};
    jvmtiEventCallbacks callbacks = {
        .CompiledMethodLoad = mf_on_method_load,
        .CompiledMethodUnload = mf_on_method_unload,
        .DynamicCodeGenerated = mf_on_stub,
    };
    jvmtiEnv *jvmti;
    int rc;

    if (mf_agent.jvmti != NULL)
        return 0;
    rc = (*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_11);
    if (rc != JNI_OK)
        return rc == JNI_EDETACHED ? -ESRCH : -ENOTSUP; /* of a thread that is attached: there is no JVMTI any more */
    rc = errno_of((*jvmti)->AddCapabilities(jvmti, &capabilities));
    if (rc == 0)
        rc = errno_of((*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks));
    if (rc != 0) {
        (*jvmti)->DisposeEnvironment(jvmti);
        return rc;
    }
    mf_agent.vm = vm;
    mf_agent.jvmti = jvmti;
    return 0;
}

#define GUARD 65536u /* whole pages, whatever their size */

/* Zeroed memory. What is around it stays reserved, or the kernel would join it with memory of others into one mapping. */
static void *reserve(uint64_t bytes)
{
    char *const all = mmap(NULL, bytes + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all == MAP_FAILED)
        return NULL;
    if (mprotect(all + GUARD, bytes, PROT_READ | PROT_WRITE) == 0)
        return all + GUARD;
    munmap(all, bytes + 2 * GUARD);
    return NULL;
}

/* Where what is told is kept. */
static int open_memory(uint64_t log)
{
    uint64_t low, high, bytes;
    void *memory;

    if (mf_agent.codes != NULL)
        return 0;
    if (mf_vm_structs_open((const void *)(*mf_agent.vm)->GetEnv) != 0 || mf_vm_code_cache(&low, &high) != 0)
        return -ENOTSUP;
    log = log == 0 ? USUAL_BYTES : log < LEAST_BYTES ? LEAST_BYTES : log > MOST_BYTES ? MOST_BYTES : log;
    bytes = mf_codes_bytes(high - low, log);
    memory = reserve(bytes);
    if (memory == NULL)
        return -ENOMEM;
    mf_codes_init(memory, low, high - low, log);
    mf_agent.codes = memory;
    return 0;
}

/* Has the JVM tell what there is. What it no longer tells of went while nobody listened. */
static int ask(void)
{
    const uint64_t begun = mf_agent_now();
    int rc = 0;

    pthread_mutex_lock(&mf_agent.writing); /* who notes an event reads the round */
    mf_agent.round++;
    pthread_mutex_unlock(&mf_agent.writing);
    mf_agent.asker = pthread_self();
    mf_agent.is_asking = true;
    if ((*mf_agent.jvmti)->GenerateEvents(mf_agent.jvmti, JVMTI_EVENT_DYNAMIC_CODE_GENERATED) != JVMTI_ERROR_NONE ||
        (*mf_agent.jvmti)->GenerateEvents(mf_agent.jvmti, JVMTI_EVENT_COMPILED_METHOD_LOAD) != JVMTI_ERROR_NONE)
        rc = -ESRCH;
    mf_agent.is_asking = false;
    if (rc == 0) {
        pthread_mutex_lock(&mf_agent.writing);
        mf_code_remove_untold(mf_codes_current(mf_agent.codes), mf_agent.round, begun);
        pthread_mutex_unlock(&mf_agent.writing);
    }
    return rc;
}

/* Of a thread that the JVM does not know, its JVMTI crashes. */
static bool is_attached(JavaVM *vm)
{
    JNIEnv *env;

    return (*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) == JNI_OK;
}

static int begin(JavaVM *vm, uint64_t bytes)
{
    int rc;

    pthread_mutex_lock(&mf_agent.opening);
    rc = open_jvmti(vm);
    if (rc == 0)
        rc = open_memory(bytes);
    if (rc == 0)
        rc = set_events(JVMTI_ENABLE);
    if (rc == 0)
        mf_agent.users++;
    else if (mf_agent.users == 0 && mf_agent.jvmti != NULL)
        set_events(JVMTI_DISABLE);
    pthread_mutex_unlock(&mf_agent.opening);
    return rc;
}

int mf_jvm_open(void *java_vm, uint64_t bytes)
{
    int rc;

    if (!is_attached(java_vm))
        return -EINVAL;
    rc = begin(java_vm, bytes);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&mf_agent.asking);
    rc = ask();
    pthread_mutex_unlock(&mf_agent.asking);
    if (rc != 0)
        mf_jvm_close();
    return rc;
}

int mf_jvm_close(void)
{
    int rc = 0;

    if (mf_agent.codes == NULL) /* nothing was ever opened */
        return 0;
    if (!is_attached(mf_agent.vm))
        return -EINVAL;
    pthread_mutex_lock(&mf_agent.opening);
    if (mf_agent.users == 1)
        rc = set_events(JVMTI_DISABLE);
    if (mf_agent.users > 0 && rc == 0)
        mf_agent.users--;
    pthread_mutex_unlock(&mf_agent.opening);
    return rc;
}

int mf_code_find(uint64_t address, uint64_t time, struct mf_code *out)
{
    const struct mf_codes *const codes = mf_agent.codes;

    return codes == NULL ? -ESRCH : mf_codes_find(codes, address, time, out);
}

int mf_code_frames(const struct mf_code *code, uint64_t address, struct mf_code_frame *out, uint32_t room)
{
    const struct mf_codes *const codes = mf_agent.codes;

    return codes == NULL ? -ESTALE : mf_codes_frames(codes, code, address, out, room);
}

int mf_code_text(const struct mf_code *code, uint32_t name, enum mf_code_text_kind part, char *out, uint32_t room)
{
    const struct mf_codes *const codes = mf_agent.codes;

    return codes == NULL ? -ESTALE : mf_codes_text(codes, code, name, part, out, room);
}

int mf_code_count(struct mf_code_counts *out)
{
    const struct mf_codes *const codes = mf_agent.codes;

    if (codes == NULL)
        return -ESRCH;
    pthread_mutex_lock(&mf_agent.writing);
    mf_codes_count(codes, out);
    pthread_mutex_unlock(&mf_agent.writing);
    return 0;
}

/* ---- As an agent ---- */

/* "memory=64m": what mf_jvm_open() takes. False: not understood, or not as much as there may be. */
static bool read_options(const char *options, uint64_t *bytes)
{
    static const char memory[] = "memory=";
    char *end;

    *bytes = 0;
    if (options == NULL || *options == '\0')
        return true;
    if (strncmp(options, memory, sizeof memory - 1) != 0)
        return false;
    options += sizeof memory - 1;
    if (*options < '0' || *options > '9')
        return false;
    *bytes = strtoull(options, &end, 10);
    if (*bytes > MOST_BYTES)
        return false;
    if (*end == 'm' || *end == 'M')
        *bytes <<= 20, end++;
    else if (*end == 'g' || *end == 'G')
        *bytes <<= 30, end++;
    return *end == '\0' && *bytes >= LEAST_BYTES && *bytes <= MOST_BYTES;
}

static bool is_told_why(bool works, const char *why)
{
    if (!works) {
        const ssize_t written = write(STDERR_FILENO, why, strlen(why)); /* as agents do: the JVM only says that one failed */

        (void)written;
    }
    return works;
}

#define OPTIONS "mapfiles agent: the option is memory=SIZE, such as memory=64m, from 1m to 1g\n"
#define JVMTI "mapfiles agent: this JVM cannot tell of its compiled code\n"

/* System.setProperty(name, value), unless there is one. */
static void set_property(JNIEnv *env, const char *name, const char *value)
{
    const jclass system = (*env)->FindClass(env, "java/lang/System");
    const jmethodID get = (*env)->GetStaticMethodID(env, system, "getProperty", "(Ljava/lang/String;)Ljava/lang/String;");
    const jmethodID set = (*env)->GetStaticMethodID(env, system, "setProperty",
                                                    "(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;");
    const jstring key = (*env)->NewStringUTF(env, name), path = (*env)->NewStringUTF(env, value);
    const jobject given = key == NULL ? NULL : (*env)->CallStaticObjectMethod(env, system, get, key);

    if (!(*env)->ExceptionCheck(env) && given == NULL && path != NULL)
        (*env)->CallStaticObjectMethod(env, system, set, key, path);
    (*env)->ExceptionClear(env); /* without the property the Java side loads a copy of its own */
}

/* Of other characters it depends on the locale whether, and how, Java can name the file. */
static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* Has the Java side load this very file, unless it is told another: then both have one memory of code. */
static void tell_own_path(JNIEnv *env)
{
    struct mf_loaded_object self;

    if (mf_loaded_object_at((uint64_t)(uintptr_t)&mf_agent, &self) && *self.path == '/' && is_ascii(self.path))
        set_property(env, "org.mapfiles.library.path", self.path);
}

static void JNICALL on_init(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    (void)jvmti;
    (void)thread;
    tell_own_path(env);
    is_told_why(mf_jvm_open(mf_agent.vm, mf_agent.log_bytes) == 0, JVMTI);
}

/* At the JVM's start there is no code yet, and no code cache: what is compiled from now on has its inlining noted. */
MF_API JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    const jvmtiEventCallbacks callbacks = {
        .VMInit = on_init,
        .CompiledMethodLoad = mf_on_method_load,
        .CompiledMethodUnload = mf_on_method_unload,
        .DynamicCodeGenerated = mf_on_stub,
    };

    (void)reserved;
    if (!is_told_why(read_options(options, &mf_agent.log_bytes), OPTIONS) || !is_told_why(open_jvmti(vm) == 0, JVMTI))
        return JNI_ERR;
    (*mf_agent.jvmti)->SetEventCallbacks(mf_agent.jvmti, &callbacks, sizeof callbacks);
    (*mf_agent.jvmti)->SetEventNotificationMode(mf_agent.jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL);
    return JNI_OK;
}

MF_API JNIEXPORT jint JNICALL Agent_OnAttach(JavaVM *vm, char *options, void *reserved)
{
    uint64_t bytes;

    (void)reserved;
    if (!is_told_why(read_options(options, &bytes), OPTIONS) || !is_told_why(mf_jvm_open(vm, bytes) == 0, JVMTI))
        return JNI_ERR;
    return JNI_OK;
}
