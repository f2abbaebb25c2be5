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

/*
 * Classes and fields of the JDK's list of direct buffers. Until JDK 26 it is a linked list of jdk.internal.ref.Cleaner, whose
 * monitor guards it. Since then it is java.nio.BufferCleaner.CleanerList, whose monitor guards it: a linked list of nodes, each
 * with an array of cleaners (src/java.base/share/classes/java/nio/BufferCleaner.java).
 */
struct buffer_list {
    jclass list; /* the class with the static field */
    jfieldID first, next, action;
    jfieldID head, cleaners, used; /* since JDK 27, else NULL */
    jclass memory;                 /* java.nio.DirectByteBuffer.Deallocator */
    jfieldID address, size;
};

/* Finds a class. NULL: this JDK does not have it. */
static jclass class_or_null(JNIEnv *env, const char *name)
{
    const jclass found = (*env)->FindClass(env, name);

    if (found == NULL)
        (*env)->ExceptionClear(env);
    return found;
}

static bool find_linked_list(JNIEnv *env, struct buffer_list *found)
{
    const char *const link = "Ljdk/internal/ref/Cleaner;";

    return (found->first = (*env)->GetStaticFieldID(env, found->list, "first", link)) != NULL &&
           (found->next = (*env)->GetFieldID(env, found->list, "next", link)) != NULL &&
           (found->action = (*env)->GetFieldID(env, found->list, "thunk", "Ljava/lang/Runnable;")) != NULL;
}

static bool find_nodes(JNIEnv *env, struct buffer_list *found)
{
    const char *const node_type = "Ljava/nio/BufferCleaner$CleanerList$Node;";
    jclass list, node, cleaner;

    return (found->list = class_or_null(env, "java/nio/BufferCleaner")) != NULL &&
           (list = class_or_null(env, "java/nio/BufferCleaner$CleanerList")) != NULL &&
           (node = class_or_null(env, "java/nio/BufferCleaner$CleanerList$Node")) != NULL &&
           (cleaner = class_or_null(env, "java/nio/BufferCleaner$PhantomCleaner")) != NULL &&
           (found->first = (*env)->GetStaticFieldID(env, found->list, "cleanerList", "Ljava/nio/BufferCleaner$CleanerList;")) !=
               NULL &&
           (found->head = (*env)->GetFieldID(env, list, "head", node_type)) != NULL &&
           (found->next = (*env)->GetFieldID(env, node, "next", node_type)) != NULL &&
           (found->cleaners = (*env)->GetFieldID(env, node, "arr", "[Ljava/nio/BufferCleaner$PhantomCleaner;")) != NULL &&
           (found->used = (*env)->GetFieldID(env, node, "size", "I")) != NULL &&
           (found->action = (*env)->GetFieldID(env, cleaner, "action", "Ljava/lang/Runnable;")) != NULL;
}

/* Finds these classes and fields. Returns false if this JDK does not have all of them. */
static bool find_buffer_list(JNIEnv *env, struct buffer_list *found)
{
    *found = (struct buffer_list){.list = class_or_null(env, "jdk/internal/ref/Cleaner")};
    return (found->list != NULL ? find_linked_list(env, found) : find_nodes(env, found)) &&
           (found->memory = class_or_null(env, "java/nio/DirectByteBuffer$Deallocator")) != NULL &&
           (found->address = (*env)->GetFieldID(env, found->memory, "address", "J")) != NULL &&
           (found->size = (*env)->GetFieldID(env, found->memory, "size", "J")) != NULL;
}

/* The direct buffers that are found. */
struct buffers {
    jlongArray out; /* address and size of each buffer, as many as fit */
    jsize capacity;
    jint count;
};

/* Adds the memory of a cleaner, unless it cleans something else, or the memory is freed. */
static void add_memory(JNIEnv *env, const struct buffer_list *from, jobject cleaner, struct buffers *buffers)
{
    const jobject action = (*env)->GetObjectField(env, cleaner, from->action);

    if (action != NULL && (*env)->IsInstanceOf(env, action, from->memory)) {
        const jlong range[] = {(*env)->GetLongField(env, action, from->address), (*env)->GetLongField(env, action, from->size)};

        if (range[0] != 0 && range[1] > 0) {
            if (buffers->count < buffers->capacity)
                (*env)->SetLongArrayRegion(env, buffers->out, 2 * buffers->count, 2, range);
            buffers->count += buffers->count < INT32_MAX;
        }
    }
    (*env)->DeleteLocalRef(env, action);
}

/* Adds the memory of the cleaners of a node. */
static void add_node(JNIEnv *env, const struct buffer_list *from, jobject node, struct buffers *buffers)
{
    const jobjectArray cleaners = (*env)->GetObjectField(env, node, from->cleaners);
    const jint used = (*env)->GetIntField(env, node, from->used);
    const jsize length = cleaners == NULL ? 0 : (*env)->GetArrayLength(env, cleaners);

    for (jsize i = 0; i < length && i < used; i++) {
        const jobject cleaner = (*env)->GetObjectArrayElement(env, cleaners, i);

        if (cleaner != NULL)
            add_memory(env, from, cleaner, buffers);
        (*env)->DeleteLocalRef(env, cleaner);
    }
    (*env)->DeleteLocalRef(env, cleaners);
}

/* Adds the memory of all cleaners from one cleaner or node on. */
static void add_list(JNIEnv *env, const struct buffer_list *from, jobject at, struct buffers *buffers)
{
    while (at != NULL) {
        const jobject next = (*env)->GetObjectField(env, at, from->next);

        if (from->head == NULL)
            add_memory(env, from, at, buffers);
        else
            add_node(env, from, at, buffers);
        (*env)->DeleteLocalRef(env, at);
        at = next;
    }
}

/* Writes address and size of each direct buffer, as many as fit. Returns the number of buffers. */
static jint directBuffers(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    struct buffers buffers = {.out = out, .capacity = (*env)->GetArrayLength(env, out) / 2};
    struct buffer_list from;
    jobject list, monitor;

    if (!find_buffer_list(env, &from)) {
        (*env)->ExceptionClear(env);
        return 0;
    }
    list = from.head == NULL ? NULL : (*env)->GetStaticObjectField(env, from.list, from.first);
    monitor = from.head == NULL ? from.list : list;
    if (monitor == NULL || (*env)->MonitorEnter(env, monitor) != JNI_OK)
        return 0;
    add_list(env, &from,
             from.head == NULL ? (*env)->GetStaticObjectField(env, from.list, from.first)
                               : (*env)->GetObjectField(env, list, from.head),
             &buffers);
    (*env)->MonitorExit(env, monitor);
    return buffers.count;
}

/* clang-format off */
static const JNINativeMethod runtime_natives[] = {
    METHOD(isMallocOfCLibrary, "()Z"),
    METHOD(threadAddress, "(Ljava/lang/Thread;)J"),
    METHOD(directBuffers, "([J)I"),
};
/* clang-format on */

const struct mf_natives mf_runtime_natives = NATIVES(runtime_natives);
