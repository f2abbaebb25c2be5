/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of JvmCalls: the recorded code of the own JVM. */
#include "jni/natives.h"

#include "agent/agent.h"
#include "jvm/vm_code.h"

#include <errno.h>

static jint codeOpen(JNIEnv *env, jclass self UNUSED, jlong bytes)
{
    JavaVM *vm;

    if ((*env)->GetJavaVM(env, &vm) != JNI_OK)
        return -ENOTSUP;
    return mf_jvm_open(vm, (uint64_t)bytes);
}

static void codeClose(JNIEnv *env UNUSED, jclass self UNUSED)
{
    mf_jvm_close();
}

/* Returns memory: 0 the head of the store with the bits of lost code, 1 and 2 its images, 3 the code cache. NULL: no store. */
static jobject codeMemory(JNIEnv *env, jclass self UNUSED, jint part)
{
    struct mf_code_store *const store = mf_agent.store;

    if (store == NULL)
        return NULL;
    if (part == 0)
        return (*env)->NewDirectByteBuffer(env, store, (jlong)store->image_offset);
    if (part == 3)
        return (*env)->NewDirectByteBuffer(env, at((jlong)store->low),
                                           (jlong)(store->cache < INT32_MAX ? store->cache : INT32_MAX));
    return (*env)->NewDirectByteBuffer(env, (char *)store + store->image_offset + (part == 2 ? store->image_bytes : 0),
                                       (jlong)store->image_bytes);
}

/* Writes start and end of the memory of the store. Returns false if there is none. */
static jboolean codeRange(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    const struct mf_code_store *const store = mf_agent.store;
    jlong range[2];

    if (store == NULL)
        return JNI_FALSE;
    range[0] = (jlong)(uintptr_t)store;
    range[1] = range[0] + (jlong)(store->image_offset + 2 * store->image_bytes);
    (*env)->SetLongArrayRegion(env, out, 0, 2, range);
    return JNI_TRUE;
}

/* Writes start and end of the interpreter, after codeOpen(). Returns false if they are unknown. */
static jboolean interpreterRange(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    uint64_t low, high;
    jlong range[2];

    if (mf_agent.store == NULL || mf_vm_interpreter(&low, &high) != 0)
        return JNI_FALSE;
    range[0] = (jlong)low;
    range[1] = (jlong)high;
    (*env)->SetLongArrayRegion(env, out, 0, 2, range);
    return JNI_TRUE;
}

static void codeCount(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    struct mf_code_counts counts = {0};

    mf_code_count(&counts);
    const jlong values[] = {
        (jlong)counts.live,     (jlong)counts.unloaded,       (jlong)counts.names, (jlong)counts.bytes,
        (jlong)counts.capacity, (jlong)counts.evicted_before, (jlong)counts.lost,  (jlong)counts.compactions,
    };
    (*env)->SetLongArrayRegion(env, out, 0, sizeof values / sizeof *values, values);
}

/* clang-format off */
static const JNINativeMethod code_natives[] = {
    METHOD(codeOpen, "(J)I"),
    METHOD(codeClose, "()V"),
    METHOD(codeMemory, "(I)Ljava/nio/ByteBuffer;"),
    METHOD(codeRange, "([J)Z"),
    METHOD(interpreterRange, "([J)Z"),
    METHOD(codeCount, "([J)V"),
};
/* clang-format on */

const struct mf_natives mf_code_natives = NATIVES(code_natives);
