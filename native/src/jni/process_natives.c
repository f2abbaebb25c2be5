/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of NativeCalls: processes, snapshots, queries, memory, descriptors. */
#include "jni/natives.h"

#include "mapfiles.h"
#include "os/system_calls.h"
#include "read/chunks.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static jlong addressOf(JNIEnv *env, jclass self UNUSED, jobject direct)
{
    return (jlong)(uintptr_t)(*env)->GetDirectBufferAddress(env, direct);
}

static jint openSelf(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_process_open_self(at(process));
}

static jint openPid(JNIEnv *env UNUSED, jclass self UNUSED, jint pid, jlong process)
{
    return mf_process_open_pid(pid, at(process));
}

static jint openDirectory(JNIEnv *env UNUSED, jclass self UNUSED, jlong path, jlong process)
{
    const int proc_fd = mf_sys_openat(AT_FDCWD, at(path), O_RDONLY | O_DIRECTORY);
    int rc;

    if (proc_fd < 0)
        return proc_fd;
    rc = mf_process_open_directory(proc_fd, at(process));
    mf_sys_close(proc_fd);
    return rc;
}

static void closeProcess(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    mf_process_close(at(process));
}

static jint pidOf(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_process_pid(at(process));
}

static jint denialReasons(JNIEnv *env UNUSED, jclass self UNUSED, jint pid)
{
    return mf_denial_reasons(pid);
}

static jint callerPrivileges(JNIEnv *env UNUSED, jclass self UNUSED)
{
    return mf_caller_privileges();
}

static jlong snapshotBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint mappings, jint text)
{
    return (jlong)mf_snapshot_bytes((uint32_t)mappings, (uint32_t)text);
}

static jint snapshotInit(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong bytes, jint mappings, jint text)
{
    return mf_snapshot_init(at(memory), (size_t)bytes, (uint32_t)mappings, (uint32_t)text);
}

static jint snapshotRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jint options, jlong previous, jlong out)
{
    return mf_snapshot_read(at(process), (uint32_t)options, at(previous), at(out));
}

static jint snapshotParse(JNIEnv *env UNUSED, jclass self UNUSED, jlong text, jint length, jint options, jlong out)
{
    return mf_snapshot_parse(at(text), (size_t)length, (uint32_t)options, at(out));
}

static jint chunksOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_chunks_open(at(process));
}

static jlong chunksRead(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor, jlong to, jlong capacity, jlong offset)
{
    return mf_chunks_read(descriptor, at(to), (size_t)capacity, (uint64_t)offset);
}

static jint chunksAreWhole(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jint descriptor)
{
    return mf_chunks_is_whole(at(process), descriptor);
}

static jint chunksParse(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong text, jint length, jint options, jlong out)
{
    return mf_chunks_parse(at(process), at(text), (size_t)length, (uint32_t)options, at(out));
}

static jint query(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong address, jint options, jlong result)
{
    return mf_query(at(process), (uint64_t)address, (uint32_t)options, at(result));
}

static jint memoryRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong address, jlong to, jint bytes)
{
    return (jint)mf_memory_read(at(process), (uint64_t)address, at(to), (size_t)bytes);
}

static jlong loaderChanges(JNIEnv *env UNUSED, jclass self UNUSED)
{
    uint64_t added, removed;

    return mf_loader_counts(&added, &removed) == 0 ? (jlong)(added + removed) : -1;
}

/*
 * Makes an open FileDescriptor refer to the file of another descriptor, by dup3(2). Returns 0 or a negative errno. It reads the
 * private field FileDescriptor.fd, which exists since JDK 1.0; -ENOTSUP: this JDK does not have it.
 */
static jint adopt(JNIEnv *env, jclass self UNUSED, jobject target, jint descriptor)
{
    const jclass type = (*env)->GetObjectClass(env, target);
    const jfieldID field = (*env)->GetFieldID(env, type, "fd", "I");
    jint replaced;

    if (field == NULL) {
        (*env)->ExceptionClear(env);
        return -ENOTSUP;
    }
    replaced = (*env)->GetIntField(env, target, field);
    if (replaced < 0)
        return -EBADF;
    const long rc = MF_SYS(SYS_dup3, descriptor, replaced, O_CLOEXEC);

    return rc < 0 ? (jint)rc : 0;
}

static void closeDescriptor(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor)
{
    mf_sys_close(descriptor);
}

static jlong descriptorLimit(JNIEnv *env UNUSED, jclass self UNUSED)
{
    return (jlong)mf_sys_descriptor_limit();
}

static jboolean isReaderGone(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor)
{
    struct pollfd output = {.fd = descriptor}; /* poll(2) reports errors without being asked for them */
    const struct timespec at_once = {0};

    return MF_SYS(SYS_ppoll, &output, 1, &at_once, NULL, 0) > 0 && (output.revents & POLLERR) != 0;
}

/* clang-format off */
static const JNINativeMethod process_natives[] = {
    METHOD(addressOf, "(Ljava/nio/ByteBuffer;)J"),
    METHOD(openSelf, "(J)I"),
    METHOD(openPid, "(IJ)I"),
    METHOD(openDirectory, "(JJ)I"),
    {(char *)"close", (char *)"(J)V", (void *)closeProcess},
    METHOD(pidOf, "(J)I"),
    METHOD(denialReasons, "(I)I"),
    METHOD(callerPrivileges, "()I"),
    METHOD(snapshotBytes, "(II)J"),
    METHOD(snapshotInit, "(JJII)I"),
    METHOD(snapshotRead, "(JIJJ)I"),
    METHOD(snapshotParse, "(JIIJ)I"),
    METHOD(chunksOpen, "(J)I"),
    METHOD(chunksRead, "(IJJJ)J"),
    METHOD(chunksAreWhole, "(JI)I"),
    METHOD(chunksParse, "(JJIIJ)I"),
    METHOD(query, "(JJIJ)I"),
    METHOD(memoryRead, "(JJJI)I"),
    METHOD(loaderChanges, "()J"),
    METHOD(adopt, "(Ljava/io/FileDescriptor;I)I"),
    METHOD(closeDescriptor, "(I)V"),
    METHOD(descriptorLimit, "()J"),
    METHOD(isReaderGone, "(I)Z"),
};
/* clang-format on */

const struct mf_natives mf_process_natives = NATIVES(process_natives);
