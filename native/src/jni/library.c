/* SPDX-License-Identifier: Apache-2.0 */
/* Registers the native methods by tables, so the library exports no name per method. */
#include "jni/natives.h"

#include "jvm/vm_structs.h"
#include "mapfiles.h"

#include <stdbool.h>

static bool add_natives(JNIEnv *env, jclass type, const struct mf_natives *const *natives, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((*env)->RegisterNatives(env, type, natives[i]->methods, natives[i]->count) != 0)
            return false;
    }
    return true;
}

/*
 * NativeLibrary.bind(JvmCalls.class): registers the methods of JvmCalls at the first use of the package org.mapfiles.jvm,
 * because most programs do not load it. An exception is pending if this fails.
 */
static void bind(JNIEnv *env, jclass self UNUSED, jclass jvm_calls)
{
    static const struct mf_natives *const natives[] = {
        &mf_code_natives,     &mf_target_code_natives, &mf_attach_natives,
        &mf_perf_map_natives, &mf_runtime_natives,     &mf_code_layout_natives,
    };

    /* GetVersion is a function of libjvm, so its address identifies that library under any name. */
    mf_vm_structs_open((const void *)(*env)->GetVersion);
    add_natives(env, jvm_calls, natives, sizeof natives / sizeof *natives);
}

static const JNINativeMethod library_natives[] = {
    METHOD(bind, "(Ljava/lang/Class;)V"),
};

static const struct mf_natives of_library = NATIVES(library_natives);

MF_API JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved UNUSED)
{
    static const struct mf_natives *const natives[] = {
        &mf_process_natives, &mf_file_natives,     &mf_event_natives,  &mf_target_natives,
        &mf_symbol_natives,  &mf_resident_natives, &mf_layout_natives,
    };
    static const struct mf_natives *const natives_of_library[] = {&of_library};
    JNIEnv *env;
    jclass calls;
    jclass library;

    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    /* After JNI_ERR System.load() throws the pending exception. */
    if ((calls = (*env)->FindClass(env, "org/mapfiles/internal/NativeCalls")) == NULL ||
        !add_natives(env, calls, natives, sizeof natives / sizeof *natives) ||
        (library = (*env)->FindClass(env, "org/mapfiles/internal/NativeLibrary")) == NULL ||
        !add_natives(env, library, natives_of_library, 1))
        return JNI_ERR;
    return JNI_VERSION_1_8;
}
