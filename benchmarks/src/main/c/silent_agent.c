/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that receives the JVM's reports of compiled code, as that of mapfiles does, and ignores them: the cost of the JVM
 * alone.
 */
#include <jvmti.h>
#include <string.h>

static void JNICALL on_load(jvmtiEnv *jvmti, jmethodID method, jint size, const void *code, jint map_length,
                            const jvmtiAddrLocationMap *map, const void *compile_info)
{
    (void)jvmti, (void)method, (void)size, (void)code, (void)map_length, (void)map, (void)compile_info;
}

static void JNICALL on_unload(jvmtiEnv *jvmti, jmethodID method, const void *code)
{
    (void)jvmti, (void)method, (void)code;
}

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    jvmtiCapabilities capabilities;
    jvmtiEventCallbacks callbacks;
    jvmtiEnv *jvmti;

    (void)options, (void)reserved;
    memset(&capabilities, 0, sizeof capabilities);
    memset(&callbacks, 0, sizeof callbacks);
    capabilities.can_generate_compiled_method_load_events = 1;
    callbacks.CompiledMethodLoad = on_load;
    callbacks.CompiledMethodUnload = on_unload;
    if ((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_11) != JNI_OK)
        return JNI_ERR;
    (*jvmti)->AddCapabilities(jvmti, &capabilities);
    (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_COMPILED_METHOD_LOAD, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_COMPILED_METHOD_UNLOAD, NULL);
    return JNI_OK;
}
