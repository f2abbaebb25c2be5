/* SPDX-License-Identifier: Apache-2.0 */
/* The library as a JVMTI agent: its options, and its start by -agentpath or by attaching. */
#include "agent/agent.h"
#include "os/loaded_object.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Parses "memory=SIZE", or no options, for which @p bytes is 0. Returns false if they are invalid. */
static bool parse_options(const char *options, uint64_t *bytes)
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
    if (*bytes > MF_AGENT_MAX_BYTES)
        return false;
    if (*end == 'm' || *end == 'M')
        *bytes <<= 20, end++;
    else if (*end == 'g' || *end == 'G')
        *bytes <<= 30, end++;
    return *end == '\0' && *bytes >= MF_AGENT_MIN_BYTES && *bytes <= MF_AGENT_MAX_BYTES;
}

/* Writes a message to standard error: if an agent fails, the JVM prints only that it has failed. Returns JNI_ERR. */
static jint fail(const char *message)
{
    const ssize_t written = write(STDERR_FILENO, message, strlen(message));

    (void)written;
    return JNI_ERR;
}

#define OPTIONS "mapfiles agent: the option is memory=SIZE, such as memory=64m, from 1m to 1g\n"
#define JVMTI   "mapfiles agent: this JVM does not report its compiled code\n"

/* Calls System.setProperty(name, value) unless the property is set. */
static void set_property(JNIEnv *env, const char *name, const char *value)
{
    const jclass system = (*env)->FindClass(env, "java/lang/System");
    const jmethodID get = (*env)->GetStaticMethodID(env, system, "getProperty", "(Ljava/lang/String;)Ljava/lang/String;");
    const jmethodID set =
        (*env)->GetStaticMethodID(env, system, "setProperty", "(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;");
    const jstring key = (*env)->NewStringUTF(env, name), path = (*env)->NewStringUTF(env, value);
    const jobject given = key == NULL ? NULL : (*env)->CallStaticObjectMethod(env, system, get, key);

    if (!(*env)->ExceptionCheck(env) && given == NULL && path != NULL)
        (*env)->CallStaticObjectMethod(env, system, set, key, path);
    (*env)->ExceptionClear(env); /* without the property the Java library loads its own copy of this library */
}

/* Whether a text is ASCII. For other paths the locale decides whether Java can open them. */
static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* Makes the Java library load this file, unless the user has chosen another: then both share one store. */
static void set_library_path(JNIEnv *env)
{
    struct mf_loaded_object self;

    if (mf_loaded_object_at((uint64_t)(uintptr_t)&mf_agent, &self) && *self.path == '/' && is_ascii(self.path))
        set_property(env, "org.mapfiles.library.path", self.path);
}

static void JNICALL on_init(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    (void)jvmti;
    (void)thread;
    set_library_path(env);
    if (mf_jvm_open(mf_agent.vm, mf_agent.log_bytes) != 0)
        fail(JVMTI);
}

/* Runs before the JVM has code or a code cache. It opens JVMTI, so that the JVM records inlining for all compilations. */
MF_API JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    const jvmtiEventCallbacks callbacks = {
        .VMInit = on_init,
        .CompiledMethodLoad = mf_on_method_load,
        .CompiledMethodUnload = mf_on_method_unload,
        .DynamicCodeGenerated = mf_on_stub,
    };

    (void)reserved;
    if (!parse_options(options, &mf_agent.log_bytes))
        return fail(OPTIONS);
    if (mf_agent_open_jvmti(vm) != 0)
        return fail(JVMTI);
    (*mf_agent.jvmti)->SetEventCallbacks(mf_agent.jvmti, &callbacks, sizeof callbacks);
    (*mf_agent.jvmti)->SetEventNotificationMode(mf_agent.jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL);
    return JNI_OK;
}

MF_API JNIEXPORT jint JNICALL Agent_OnAttach(JavaVM *vm, char *options, void *reserved)
{
    uint64_t bytes;

    (void)reserved;
    if (!parse_options(options, &bytes))
        return fail(OPTIONS);
    return mf_jvm_open(vm, bytes) == 0 ? JNI_OK : fail(JVMTI);
}
