/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records the code that the JVM reports. The store is reserved once and never released, so a reader may use it at any time. The
 * library records from the first mf_jvm_open() on; as an agent (-agentpath, or attached) from the start of the agent.
 */
#include "agent/agent.h"

#include "jvm/vm_code.h"
#include "jvm/vm_structs.h"

#include <errno.h>
#include <sys/mman.h>

#define DEFAULT_BYTES (64u << 20)

struct mf_agent mf_agent = {
    .open_lock = PTHREAD_MUTEX_INITIALIZER,
    .generate_lock = PTHREAD_MUTEX_INITIALIZER,
    .write_lock = PTHREAD_MUTEX_INITIALIZER,
};

static const jvmtiEvent events[] = {
    JVMTI_EVENT_COMPILED_METHOD_LOAD,
    JVMTI_EVENT_COMPILED_METHOD_UNLOAD,
    JVMTI_EVENT_DYNAMIC_CODE_GENERATED,
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

int mf_agent_open_jvmti(JavaVM *vm)
{
    jvmtiCapabilities capabilities = {.can_generate_compiled_method_load_events = 1}; /* the JVM then records inlining */
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
        return rc == JNI_EDETACHED ? -ESRCH : -ENOTSUP; /* for an attached thread JNI_EDETACHED means that JVMTI has ended */
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

#define GUARD 65536u /* a multiple of every page size */

/* Reserves zeroed memory between two guards. Without them the kernel would merge it with neighbours into one mapping. */
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

/* Reserves the store, unless it exists. */
static int open_store(uint64_t log)
{
    uint64_t low, high, bytes;
    void *memory;

    if (mf_agent.store != NULL)
        return 0;
    if (mf_vm_structs_open((const void *)(*mf_agent.vm)->GetEnv) != 0 || mf_vm_code_cache(&low, &high) != 0)
        return -ENOTSUP;
    if (log == 0)
        log = DEFAULT_BYTES;
    else if (log < MF_AGENT_MIN_BYTES)
        log = MF_AGENT_MIN_BYTES;
    else if (log > MF_AGENT_MAX_BYTES)
        log = MF_AGENT_MAX_BYTES;
    bytes = mf_code_store_bytes(high - low, log);
    memory = reserve(bytes);
    if (memory == NULL)
        return -ENOMEM;
    mf_code_store_init(memory, low, high - low, log);
    mf_vm_code_header(&((struct mf_code_store *)memory)->header);
    mf_agent.store = memory;
    return 0;
}

/* Lets the JVM report all code that exists. Recorded code that it does not report was unloaded while events were disabled. */
static int record_existing_code(void)
{
    uint64_t start;
    int rc = 0;

    pthread_mutex_lock(&mf_agent.write_lock); /* event callbacks read the round, and the time after it */
    mf_agent.round++;
    start = mf_agent_now(); /* all code of earlier rounds was loaded before */
    pthread_mutex_unlock(&mf_agent.write_lock);
    mf_agent.generating_thread = pthread_self();
    mf_agent.is_generating = true;
    if ((*mf_agent.jvmti)->GenerateEvents(mf_agent.jvmti, JVMTI_EVENT_DYNAMIC_CODE_GENERATED) != JVMTI_ERROR_NONE ||
        (*mf_agent.jvmti)->GenerateEvents(mf_agent.jvmti, JVMTI_EVENT_COMPILED_METHOD_LOAD) != JVMTI_ERROR_NONE)
        rc = -ESRCH;
    mf_agent.is_generating = false;
    if (rc == 0) {
        pthread_mutex_lock(&mf_agent.write_lock);
        mf_code_remove_unreported(mf_code_store_current(mf_agent.store), mf_agent.round, start);
        pthread_mutex_unlock(&mf_agent.write_lock);
    }
    return rc;
}

/* Whether the calling thread is attached to the JVM. JVMTI functions crash if they are called by another thread. */
static bool is_attached(JavaVM *vm)
{
    JNIEnv *env;

    return (*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) == JNI_OK;
}

static int enable(JavaVM *vm, uint64_t bytes)
{
    int rc;

    pthread_mutex_lock(&mf_agent.open_lock);
    rc = mf_agent_open_jvmti(vm);
    if (rc == 0)
        rc = open_store(bytes);
    if (rc == 0)
        rc = set_events(JVMTI_ENABLE);
    if (rc == 0)
        mf_agent.users++;
    else if (mf_agent.users == 0 && mf_agent.jvmti != NULL)
        set_events(JVMTI_DISABLE);
    pthread_mutex_unlock(&mf_agent.open_lock);
    return rc;
}

int mf_jvm_open(void *java_vm, uint64_t bytes)
{
    int rc;

    if (!is_attached(java_vm))
        return -EINVAL;
    rc = enable(java_vm, bytes);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&mf_agent.generate_lock);
    rc = record_existing_code();
    pthread_mutex_unlock(&mf_agent.generate_lock);
    if (rc != 0)
        mf_jvm_close();
    return rc;
}

int mf_jvm_close(void)
{
    int rc = 0;

    if (mf_agent.store == NULL) /* no mf_jvm_open() has succeeded */
        return 0;
    if (!is_attached(mf_agent.vm))
        return -EINVAL;
    pthread_mutex_lock(&mf_agent.open_lock);
    if (mf_agent.users == 1)
        rc = set_events(JVMTI_DISABLE);
    if (mf_agent.users > 0 && rc == 0)
        mf_agent.users--;
    pthread_mutex_unlock(&mf_agent.open_lock);
    return rc;
}

int mf_code_find(uint64_t address, enum mf_code_address kind, uint64_t time, struct mf_code *out)
{
    const struct mf_code_store *const store = mf_agent.store;

    return store == NULL ? -ESRCH : mf_code_store_find(store, address, kind, time, out);
}

int mf_code_frames(const struct mf_code *code, uint64_t address, enum mf_code_address kind, struct mf_code_frame *out,
                   uint32_t capacity)
{
    const struct mf_code_store *const store = mf_agent.store;

    return store == NULL ? -ESTALE : mf_code_store_frames(store, code, address, kind, out, capacity);
}

int mf_code_text(const struct mf_code *code, uint32_t name, enum mf_code_text_kind kind, char *out, uint32_t capacity)
{
    const struct mf_code_store *const store = mf_agent.store;

    return store == NULL ? -ESTALE : mf_code_store_text(store, code, name, kind, out, capacity);
}

int mf_code_count(struct mf_code_counts *out)
{
    const struct mf_code_store *const store = mf_agent.store;

    if (store == NULL)
        return -ESRCH;
    pthread_mutex_lock(&mf_agent.write_lock);
    mf_code_store_count(store, out);
    pthread_mutex_unlock(&mf_agent.write_lock);
    return 0;
}
