/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of JvmCalls: the attach protocol. */
#include "jni/natives.h"

#include "jvm/attach.h"

#include <errno.h>

/* Returns the target from the numbers that AttachTarget.numbers() returns. */
static struct mf_attach_target attach_target(JNIEnv *env, jintArray numbers)
{
    jint of[5] = {-1};

    (*env)->GetIntArrayRegion(env, numbers, 0, 5, of);
    return (struct mf_attach_target){
        .proc_fd = of[0], .pid = of[1], .inner_pid = of[2], .uid = (uint32_t)of[3], .gid = (uint32_t)of[4]};
}

static jint attachConnect(JNIEnv *env, jclass self UNUSED, jintArray numbers)
{
    const struct mf_attach_target target = attach_target(env, numbers);

    return mf_attach_connect(&target);
}

static jint attachTriggerCreate(JNIEnv *env, jclass self UNUSED, jintArray numbers, jintArray out)
{
    const struct mf_attach_target target = attach_target(env, numbers);
    struct mf_attach_trigger trigger = {-1, -1};
    const int rc = mf_attach_trigger_create(&target, &trigger);
    const jint descriptors[] = {trigger.directory_fd, trigger.file_fd};

    if (rc == 0)
        (*env)->SetIntArrayRegion(env, out, 0, 2, descriptors);
    return rc;
}

static void attachTriggerRemove(JNIEnv *env, jclass self UNUSED, jintArray numbers, jintArray created)
{
    const struct mf_attach_target target = attach_target(env, numbers);
    jint descriptors[2] = {-1, -1};

    (*env)->GetIntArrayRegion(env, created, 0, 2, descriptors);
    struct mf_attach_trigger trigger = {.directory_fd = descriptors[0], .file_fd = descriptors[1]};
    mf_attach_trigger_remove(&target, &trigger);
}

static jint attachSignal(JNIEnv *env, jclass self UNUSED, jintArray numbers)
{
    const struct mf_attach_target target = attach_target(env, numbers);

    return mf_attach_signal(&target);
}

static jint attachSend(JNIEnv *env, jclass self UNUSED, jint socket, jbyteArray from, jint offset, jint bytes, jint timeout_ms)
{
    jbyte buffer[4096];
    const jint some = bytes < (jint)sizeof buffer ? bytes : (jint)sizeof buffer;

    (*env)->GetByteArrayRegion(env, from, offset, some, buffer);
    return (*env)->ExceptionCheck(env) ? -EINVAL : (jint)mf_attach_send(socket, buffer, (size_t)some, timeout_ms);
}

static jint attachReceive(JNIEnv *env, jclass self UNUSED, jint socket, jbyteArray to, jint timeout_ms)
{
    jbyte buffer[8192];
    const size_t capacity = (size_t)(*env)->GetArrayLength(env, to);
    const long got = mf_attach_receive(socket, buffer, capacity < sizeof buffer ? capacity : sizeof buffer, timeout_ms);

    if (got > 0)
        (*env)->SetByteArrayRegion(env, to, 0, (jsize)got, buffer);
    return (jint)got;
}

/* clang-format off */
static const JNINativeMethod attach_natives[] = {
    METHOD(attachConnect, "([I)I"),
    METHOD(attachTriggerCreate, "([I[I)I"),
    METHOD(attachTriggerRemove, "([I[I)V"),
    METHOD(attachSignal, "([I)I"),
    METHOD(attachSend, "(I[BIII)I"),
    METHOD(attachReceive, "(I[BI)I"),
};
/* clang-format on */

const struct mf_natives mf_attach_natives = NATIVES(attach_natives);
