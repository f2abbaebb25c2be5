/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of JvmCalls: perf map files. */
#include "jni/natives.h"

#include "jvm/perf_map.h"
#include "os/system_calls.h"

#include <errno.h>

/* Converts a time to nanoseconds. A file system may return any number of seconds: a number out of range becomes the nearest. */
static jlong nanoseconds_of(const struct mf_statx_time *time)
{
    const int64_t limit = 9000000000; /* seconds: the year 2255 */
    const int64_t seconds = time->seconds > limit ? limit : time->seconds < -limit ? -limit : time->seconds;

    return seconds * 1000000000 + time->nanoseconds;
}

static void set_file_facts(JNIEnv *env, const struct mf_statx *file, jlongArray facts)
{
    const jlong values[] = {file->mode, file->uid, (jlong)file->size, nanoseconds_of(&file->mtime)};

    (*env)->SetLongArrayRegion(env, facts, 0, sizeof values / sizeof *values, values);
}

static jint perfMapOpen(JNIEnv *env, jclass self UNUSED, jbyteArray path, jlongArray facts)
{
    struct mf_statx file = {0};
    jbyte *const bytes = (*env)->GetByteArrayElements(env, path, NULL);
    const int rc = bytes == NULL ? -ENOMEM : mf_perf_map_open((const char *)bytes, &file);

    if (bytes != NULL)
        (*env)->ReleaseByteArrayElements(env, path, bytes, JNI_ABORT);
    set_file_facts(env, &file, facts);
    return rc;
}

static jint perfMapOpenOf(JNIEnv *env, jclass self UNUSED, jint pid, jlongArray facts)
{
    struct mf_statx file = {0};
    struct mf_perf_map_owner owner = {.pid = pid};
    const int rc = mf_perf_map_open_of(pid, &owner, &file);
    const jlong of_owner[] = {owner.pid, owner.uid, owner.started};

    set_file_facts(env, &file, facts);
    (*env)->SetLongArrayRegion(env, facts, 4, sizeof of_owner / sizeof *of_owner, of_owner);
    return rc;
}

static jint descriptorRead(JNIEnv *env, jclass self UNUSED, jint descriptor, jlong offset, jbyteArray to)
{
    jbyte read[8192];
    const size_t capacity = (size_t)(*env)->GetArrayLength(env, to);
    const long got = mf_sys_pread(descriptor, read, capacity < sizeof read ? capacity : sizeof read, (uint64_t)offset);

    if (got > 0)
        (*env)->SetByteArrayRegion(env, to, 0, (jsize)got, read);
    return (jint)got;
}

static void descriptorClose(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor)
{
    mf_sys_close(descriptor);
}

/* clang-format off */
static const JNINativeMethod perf_map_natives[] = {
    METHOD(perfMapOpen, "([B[J)I"),
    METHOD(perfMapOpenOf, "(I[J)I"),
    METHOD(descriptorRead, "(IJ[B)I"),
    METHOD(descriptorClose, "(I)V"),
};
/* clang-format on */

const struct mf_natives mf_perf_map_natives = NATIVES(perf_map_natives);
