/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of JvmCalls: facts about the own JVM and process. */
#include "jni/natives.h"

#include "os/loaded_object.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * Whether malloc of this process is that of the C library. The dynamic linker finds another allocator first (LD_PRELOAD, or
 * linked to the program), for this library as for libjvm. getpid identifies the C library, because no allocator defines it.
 */
static jboolean isMallocOfCLibrary(JNIEnv *env UNUSED, jclass self UNUSED)
{
    struct mf_loaded_object of_malloc;
    struct mf_loaded_object of_libc;

    return mf_loaded_object_at((uint64_t)(uintptr_t)&malloc, &of_malloc) &&
           mf_loaded_object_at((uint64_t)(uintptr_t)&getpid, &of_libc) && of_malloc.bias == of_libc.bias &&
           of_malloc.end == of_libc.end;
}

/*
 * Returns the private field Thread.eetop, which exists since JDK 1.0: the address of the JVM's structure. 0: it does not exist.
 */
static jlong threadAddress(JNIEnv *env, jclass self UNUSED, jobject thread)
{
    const jclass type = (*env)->FindClass(env, "java/lang/Thread");
    const jfieldID field = type == NULL ? NULL : (*env)->GetFieldID(env, type, "eetop", "J");

    if (field == NULL) {
        (*env)->ExceptionClear(env);
        return 0;
    }
    return (*env)->GetLongField(env, thread, field);
}

/* Classes and fields of the JDK's list of direct buffers. */
struct buffer_list {
    jclass list; /* jdk.internal.ref.Cleaner, whose monitor guards the list */
    jfieldID first, next, thunk;
    jclass memory; /* java.nio.DirectByteBuffer.Deallocator */
    jfieldID address, size;
};

/* Finds these classes and fields. Returns false if this JDK does not have all of them. */
static bool find_buffer_list(JNIEnv *env, struct buffer_list *found)
{
    const char *const link = "Ljdk/internal/ref/Cleaner;";

    return (found->list = (*env)->FindClass(env, "jdk/internal/ref/Cleaner")) != NULL &&
           (found->first = (*env)->GetStaticFieldID(env, found->list, "first", link)) != NULL &&
           (found->next = (*env)->GetFieldID(env, found->list, "next", link)) != NULL &&
           (found->thunk = (*env)->GetFieldID(env, found->list, "thunk", "Ljava/lang/Runnable;")) != NULL &&
           (found->memory = (*env)->FindClass(env, "java/nio/DirectByteBuffer$Deallocator")) != NULL &&
           (found->address = (*env)->GetFieldID(env, found->memory, "address", "J")) != NULL &&
           (found->size = (*env)->GetFieldID(env, found->memory, "size", "J")) != NULL;
}

/* Returns address and size of the memory of a cleaner. False: it cleans something else, or the memory is freed. */
static bool memory_of(JNIEnv *env, const struct buffer_list *from, jobject cleaner, jlong range[2])
{
    const jobject thunk = (*env)->GetObjectField(env, cleaner, from->thunk);
    bool is_memory = false;

    if (thunk != NULL && (*env)->IsInstanceOf(env, thunk, from->memory)) {
        range[0] = (*env)->GetLongField(env, thunk, from->address);
        range[1] = (*env)->GetLongField(env, thunk, from->size);
        is_memory = range[0] != 0 && range[1] > 0;
    }
    (*env)->DeleteLocalRef(env, thunk);
    return is_memory;
}

/* Writes address and size of each direct buffer, as many as fit. Returns the number of buffers. */
static jint directBuffers(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    const jsize capacity = (*env)->GetArrayLength(env, out) / 2;
    struct buffer_list from;
    jint count = 0;

    if (!find_buffer_list(env, &from)) {
        (*env)->ExceptionClear(env);
        return 0;
    }
    if ((*env)->MonitorEnter(env, from.list) != JNI_OK)
        return 0;
    for (jobject at = (*env)->GetStaticObjectField(env, from.list, from.first); at != NULL && count < INT32_MAX;) {
        const jobject next = (*env)->GetObjectField(env, at, from.next);
        jlong range[2];

        if (memory_of(env, &from, at, range)) {
            if (count < capacity)
                (*env)->SetLongArrayRegion(env, out, 2 * count, 2, range);
            count++;
        }
        (*env)->DeleteLocalRef(env, at);
        at = next;
    }
    (*env)->MonitorExit(env, from.list);
    return count;
}

/* clang-format off */
static const JNINativeMethod runtime_natives[] = {
    METHOD(isMallocOfCLibrary, "()Z"),
    METHOD(threadAddress, "(Ljava/lang/Thread;)J"),
    METHOD(directBuffers, "([J)I"),
};
/* clang-format on */

const struct mf_natives mf_runtime_natives = NATIVES(runtime_natives);
