/* SPDX-License-Identifier: Apache-2.0 */
/* The facade's view of the JVM it runs in: arguments passed on, results passed back. */
#include "jni/jvm_natives.h"

#include "agent/agent.h"
#include "jvm/attach.h"
#include "jvm/code_reader.h"
#include "jvm/perf_map.h"
#include "jvm/vm_structs.h"
#include "jvm/vm_tables.h"
#include "os/loaded_object.h"
#include "os/system_calls.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define METHOD(name, signature) {(char *)#name, (char *)signature, (void *)name}

/* Text of the JVM's own names is ASCII. */
static jstring vmEntry(JNIEnv *env, jclass self UNUSED, jobject tables, jstring type, jstring field, jint kind, jlongArray out)
{
    const struct mf_vm_tables *const from = (*env)->GetDirectBufferAddress(env, tables);
    const char *const type_name = (*env)->GetStringUTFChars(env, type, NULL);
    const char *const field_name = field == NULL || type_name == NULL ? NULL : (*env)->GetStringUTFChars(env, field, NULL);
    const struct mf_vm_entry *entry = NULL;

    if (from != NULL && !(*env)->ExceptionCheck(env))
        entry = mf_vm_tables_find(from, type_name, field_name, (enum mf_vm_kind)kind);
    if (field_name != NULL)
        (*env)->ReleaseStringUTFChars(env, field, field_name);
    if (type_name != NULL)
        (*env)->ReleaseStringUTFChars(env, type, type_name);
    if (entry == NULL)
        return NULL;
    const jlong values[] = {(jlong)entry->value, entry->kind == MF_VM_STATIC};

    (*env)->SetLongArrayRegion(env, out, 0, 2, values);
    return (*env)->ExceptionCheck(env) ? NULL : (*env)->NewStringUTF(env, field == NULL ? "" : mf_vm_entry_type(from, entry));
}

static jlong codeReaderBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint slots)
{
    return (jlong)mf_code_reader_bytes((uint32_t)slots);
}

static void codeReaderInit(JNIEnv *env, jclass self UNUSED, jobject reader, jint slots, jobject tables)
{
    mf_code_reader_init((*env)->GetDirectBufferAddress(env, reader), (uint32_t)slots, (*env)->GetDirectBufferAddress(env, tables));
}

static jint codeReaderFind(JNIEnv *env, jclass self UNUSED, jobject reader, jlong memory, jlong address, jint meaning, jobject result)
{
    return mf_code_reader_find((*env)->GetDirectBufferAddress(env, reader), (const struct mf_target_memory *)(uintptr_t)memory,
                               (uint64_t)address, (enum mf_code_address)meaning, (*env)->GetDirectBufferAddress(env, result));
}

static jint codeReaderNext(JNIEnv *env, jclass self UNUSED, jobject reader, jlong memory, jboolean begin, jobject result)
{
    return mf_code_reader_next((*env)->GetDirectBufferAddress(env, reader), (const struct mf_target_memory *)(uintptr_t)memory, begin,
                               (*env)->GetDirectBufferAddress(env, result));
}

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

static jobject codeMemory(JNIEnv *env, jclass self UNUSED, jint which)
{
    struct mf_codes *const codes = mf_agent.store;

    if (codes == NULL)
        return NULL;
    if (which == 0)
        return (*env)->NewDirectByteBuffer(env, codes, sizeof *codes);
    return (*env)->NewDirectByteBuffer(env, (char *)codes + codes->image_offset + (which == 2 ? codes->image_bytes : 0),
                                       (jlong)codes->image_bytes);
}

static jboolean codeRange(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    const struct mf_codes *const codes = mf_agent.store;
    jlong range[2];

    if (codes == NULL)
        return JNI_FALSE;
    range[0] = (jlong)(uintptr_t)codes;
    range[1] = range[0] + (jlong)(codes->image_offset + 2 * codes->image_bytes);
    (*env)->SetLongArrayRegion(env, out, 0, 2, range);
    return JNI_TRUE;
}

static void codeCount(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    struct mf_code_counts counts = {0};

    mf_code_count(&counts);
    const jlong values[] = {
        (jlong)counts.live, (jlong)counts.gone, (jlong)counts.names, (jlong)counts.bytes,
        (jlong)counts.capacity, (jlong)counts.forgotten, (jlong)counts.lost, (jlong)counts.turns,
    };
    (*env)->SetLongArrayRegion(env, out, 0, sizeof values / sizeof *values, values);
}

/*
 * Whether this process' malloc is that of the C library: an allocator in its place (LD_PRELOAD, or linked to the program) is found
 * first by the dynamic linker, for this library as for libjvm. No allocator has a getpid of its own.
 */
static jboolean isMallocOfCLibrary(JNIEnv *env UNUSED, jclass self UNUSED)
{
    struct mf_loaded_object of_malloc;
    struct mf_loaded_object of_libc;

    return mf_loaded_object_at((uint64_t)(uintptr_t)&malloc, &of_malloc) && mf_loaded_object_at((uint64_t)(uintptr_t)&getpid, &of_libc) &&
           of_malloc.bias == of_libc.bias && of_malloc.end == of_libc.end;
}

/* Thread.eetop: private, and there by this name and type since JDK 1.0; a JVM that has another one tells nothing. */
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

/* What is to be read of the JDK's list of buffers and their memory; NULL where this JDK has other classes or fields. */
struct buffer_list {
    jclass list; /* jdk.internal.ref.Cleaner, whose monitor guards the list */
    jfieldID first, next, thunk;
    jclass memory; /* java.nio.DirectByteBuffer.Deallocator */
    jfieldID address, size;
};

static bool find_buffer_list(JNIEnv *env, struct buffer_list *found)
{
    const char *const link = "Ljdk/internal/ref/Cleaner;";

    return (found->list = (*env)->FindClass(env, "jdk/internal/ref/Cleaner")) != NULL
        && (found->first = (*env)->GetStaticFieldID(env, found->list, "first", link)) != NULL
        && (found->next = (*env)->GetFieldID(env, found->list, "next", link)) != NULL
        && (found->thunk = (*env)->GetFieldID(env, found->list, "thunk", "Ljava/lang/Runnable;")) != NULL
        && (found->memory = (*env)->FindClass(env, "java/nio/DirectByteBuffer$Deallocator")) != NULL
        && (found->address = (*env)->GetFieldID(env, found->memory, "address", "J")) != NULL
        && (found->size = (*env)->GetFieldID(env, found->memory, "size", "J")) != NULL;
}

/* Address and size of one; false: of something else, or freed already. */
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

static jint directBuffers(JNIEnv *env, jclass self UNUSED, jlongArray out)
{
    const jsize room = (*env)->GetArrayLength(env, out) / 2;
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
            if (count < room)
                (*env)->SetLongArrayRegion(env, out, 2 * count, 2, range);
            count++;
        }
        (*env)->DeleteLocalRef(env, at);
        at = next;
    }
    (*env)->MonitorExit(env, from.list);
    return count;
}

/* A file system may have any number as a time: what 64 bits of nanoseconds do not hold becomes the next best. */
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
    const jsize room = (*env)->GetArrayLength(env, to);
    const long got = mf_sys_pread(descriptor, read, (size_t)room < sizeof read ? (size_t)room : sizeof read, (uint64_t)offset);

    if (got > 0)
        (*env)->SetByteArrayRegion(env, to, 0, (jsize)got, read);
    return (jint)got;
}

static void descriptorClose(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor)
{
    mf_sys_close(descriptor);
}

/* The numbers of AttachTarget.java, in the order of numbers(). */
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

static void attachTriggerRemove(JNIEnv *env, jclass self UNUSED, jintArray numbers, jintArray made)
{
    const struct mf_attach_target target = attach_target(env, numbers);
    jint descriptors[2] = {-1, -1};

    (*env)->GetIntArrayRegion(env, made, 0, 2, descriptors);
    struct mf_attach_trigger trigger = {.directory_fd = descriptors[0], .file_fd = descriptors[1]};
    mf_attach_trigger_remove(&target, &trigger);
}

static jint attachSignal(JNIEnv *env, jclass self UNUSED, jintArray numbers)
{
    const struct mf_attach_target target = attach_target(env, numbers);

    return mf_attach_signal(&target);
}

static jint attachSend(JNIEnv *env, jclass self UNUSED, jint socket, jbyteArray from, jint at, jint bytes, jint millis)
{
    jbyte part[4096];
    const jint some = bytes < (jint)sizeof part ? bytes : (jint)sizeof part;

    (*env)->GetByteArrayRegion(env, from, at, some, part);
    return (*env)->ExceptionCheck(env) ? -EINVAL : (jint)mf_attach_send(socket, part, (size_t)some, millis);
}

static jint attachReceive(JNIEnv *env, jclass self UNUSED, jint socket, jbyteArray to, jint millis)
{
    jbyte part[8192];
    const jsize room = (*env)->GetArrayLength(env, to);
    const long got = mf_attach_receive(socket, part, (size_t)room < sizeof part ? (size_t)room : sizeof part, millis);

    if (got > 0)
        (*env)->SetByteArrayRegion(env, to, 0, (jsize)got, part);
    return (jint)got;
}

#define OFFSET(type, field) (jint)offsetof(struct type, field)

/* What CodeMemory.java states by itself, for the test that holds both sides together. */
static jint codeLayout(JNIEnv *env, jclass self UNUSED, jintArray out)
{
    static const jint layout[] = {
        OFFSET(mf_codes, turn), OFFSET(mf_codes, begun),
        OFFSET(mf_code_image, low), OFFSET(mf_code_image, forgotten), OFFSET(mf_code_image, segments), OFFSET(mf_code_image, log),
        OFFSET(mf_code_image, used), OFFSET(mf_code_image, table),
        OFFSET(mf_code_entry, units), OFFSET(mf_code_entry, kind),
        OFFSET(mf_code_record, start), OFFSET(mf_code_record, end), OFFSET(mf_code_record, loaded),
        OFFSET(mf_code_record, unloaded), OFFSET(mf_code_record, name), OFFSET(mf_code_record, first_segment),
        OFFSET(mf_code_record, segments), OFFSET(mf_code_record, pcs), OFFSET(mf_code_record, scopes),
        OFFSET(mf_code_record, tier), OFFSET(mf_code_record, compile_id), OFFSET(mf_code_record, entry_bci),
        OFFSET(mf_code_record, flags), sizeof(struct mf_code_record),
        sizeof(struct mf_code_pc), sizeof(struct mf_code_scope),
        OFFSET(mf_code_name, key), OFFSET(mf_code_name, class_length), OFFSET(mf_code_name, name_length),
        OFFSET(mf_code_name, signature_length), OFFSET(mf_code_name, text),
    };
    const jint count = sizeof layout / sizeof *layout, room = (*env)->GetArrayLength(env, out);

    (*env)->SetIntArrayRegion(env, out, 0, count < room ? count : room, layout);
    return count;
}

/* What CodeLocation.java states by itself. */
static jint codeResultLayout(JNIEnv *env, jclass self UNUSED, jintArray out)
{
    static const jint layout[] = {
        OFFSET(mf_code_result, code.start), OFFSET(mf_code_result, code.end), OFFSET(mf_code_result, code.method),
        OFFSET(mf_code_result, code.kind), OFFSET(mf_code_result, code.tier), OFFSET(mf_code_result, code.compile_id),
        OFFSET(mf_code_result, code.entry_bci), OFFSET(mf_code_result, frame_count), OFFSET(mf_code_result, has_record),
        OFFSET(mf_code_result, name), OFFSET(mf_code_result, frames), OFFSET(mf_code_result, text), sizeof(struct mf_code_result),
        OFFSET(mf_code_result_frame, frame.method), OFFSET(mf_code_result_frame, frame.bci), OFFSET(mf_code_result_frame, texts),
        sizeof(struct mf_code_result_frame), sizeof(struct mf_result_text), MF_TARGET_METHOD, MF_TARGET_INTERPRETER, MF_RETURNS_TO,
    };
    const jint count = sizeof layout / sizeof *layout, room = (*env)->GetArrayLength(env, out);

    (*env)->SetIntArrayRegion(env, out, 0, count < room ? count : room, layout);
    return count;
}

static const JNINativeMethod methods[] = {
    METHOD(vmEntry, "(Ljava/nio/ByteBuffer;Ljava/lang/String;Ljava/lang/String;I[J)Ljava/lang/String;"),
    METHOD(codeReaderBytes, "(I)J"),
    METHOD(codeReaderInit, "(Ljava/nio/ByteBuffer;ILjava/nio/ByteBuffer;)V"),
    METHOD(codeReaderFind, "(Ljava/nio/ByteBuffer;JJILjava/nio/ByteBuffer;)I"),
    METHOD(codeReaderNext, "(Ljava/nio/ByteBuffer;JZLjava/nio/ByteBuffer;)I"),
    METHOD(codeResultLayout, "([I)I"),
    METHOD(codeOpen, "(J)I"),
    METHOD(codeClose, "()V"),
    METHOD(codeMemory, "(I)Ljava/nio/ByteBuffer;"),
    METHOD(codeRange, "([J)Z"),
    METHOD(codeCount, "([J)V"),
    METHOD(codeLayout, "([I)I"),
    METHOD(isMallocOfCLibrary, "()Z"),
    METHOD(threadAddress, "(Ljava/lang/Thread;)J"),
    METHOD(directBuffers, "([J)I"),
    METHOD(perfMapOpen, "([B[J)I"),
    METHOD(perfMapOpenOf, "(I[J)I"),
    METHOD(descriptorRead, "(IJ[B)I"),
    METHOD(descriptorClose, "(I)V"),
    METHOD(attachConnect, "([I)I"),
    METHOD(attachTriggerCreate, "([I[I)I"),
    METHOD(attachTriggerRemove, "([I[I)V"),
    METHOD(attachSignal, "([I)I"),
    METHOD(attachSend, "(I[BIII)I"),
    METHOD(attachReceive, "(I[BI)I"),
};

void mf_jni_bind_jvm(JNIEnv *env, jclass self UNUSED, jclass holder)
{
    /* A function of the JVM's own: which library is libjvm, whatever it is called and however it was loaded. */
    mf_vm_structs_open((const void *)(*env)->GetVersion);
    (*env)->RegisterNatives(env, holder, methods, sizeof methods / sizeof *methods);
}
