/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods that read a target: of NativeCalls its memory, of JvmCalls its JVM structures and compiled code. */
#include "jni/natives.h"

#include "jvm/code_reader.h"
#include "jvm/vm_tables.h"
#include "memory/target_pages.h"

static jint targetMemoryOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong memory)
{
    return mf_target_memory_open(at(process), at(memory));
}

static void targetMemoryClose(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory)
{
    mf_target_memory_close(at(memory));
}

static jint targetMemoryRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong address, jlong to, jint bytes)
{
    return mf_target_memory_read(at(memory), (uint64_t)address, at(to), (uint32_t)bytes);
}

static jint targetMemoryReadAll(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong pieces, jint count)
{
    return mf_target_memory_read_all(at(memory), at(pieces), (uint32_t)count);
}

static jint targetMemoryFindPages(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong pages, jint count)
{
    return mf_target_memory_find_pages(at(memory), at(pages), (uint32_t)count);
}

static jlong pagesBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint slots)
{
    return (jlong)mf_pages_bytes((uint32_t)slots, MF_PAGE);
}

/* Reads the tables of the next image that has them. Returns 0 or a negative errno. */
static jint vmTablesRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong pages, jint slots, jlong snapshot,
                         jlong after, jlong tables)
{
    struct mf_pages *const cache = mf_pages_init(at(pages), (uint32_t)slots, MF_PAGE, at(memory));
    struct mf_elf_image image;
    const int rc = mf_vm_image_next(cache, at(snapshot), (uint64_t)after, &image);

    return rc != 0 ? rc : mf_vm_tables_read(cache, &image, at(tables));
}

/* clang-format off */
static const JNINativeMethod target_natives[] = {
    METHOD(targetMemoryOpen, "(JJ)I"),
    METHOD(targetMemoryClose, "(J)V"),
    METHOD(targetMemoryRead, "(JJJI)I"),
    METHOD(targetMemoryReadAll, "(JJI)I"),
    METHOD(targetMemoryFindPages, "(JJI)I"),
    METHOD(pagesBytes, "(I)J"),
    METHOD(vmTablesRead, "(JJIJJJ)I"),
};
/* clang-format on */

const struct mf_natives mf_target_natives = NATIVES(target_natives);

/*
 * Finds an entry of the tables. Sets the value and whether the field is static, and returns its type. Names in the tables are
 * ASCII.
 */
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
    mf_code_reader_init((*env)->GetDirectBufferAddress(env, reader), (uint32_t)slots,
                        (*env)->GetDirectBufferAddress(env, tables));
}

static jint codeReaderFind(JNIEnv *env, jclass self UNUSED, jobject reader, jlong memory, jlong address, jint kind,
                           jlong framePointer, jobject result)
{
    return mf_code_reader_find_in_frame((*env)->GetDirectBufferAddress(env, reader), at(memory), (uint64_t)address,
                                        (enum mf_code_address)kind, (uint64_t)framePointer,
                                        (*env)->GetDirectBufferAddress(env, result));
}

static jint codeReaderNext(JNIEnv *env, jclass self UNUSED, jobject reader, jlong memory, jboolean begin, jobject result)
{
    return mf_code_reader_next((*env)->GetDirectBufferAddress(env, reader), at(memory), begin,
                               (*env)->GetDirectBufferAddress(env, result));
}

/* clang-format off */
static const JNINativeMethod target_code_natives[] = {
    METHOD(vmEntry, "(Ljava/nio/ByteBuffer;Ljava/lang/String;Ljava/lang/String;I[J)Ljava/lang/String;"),
    METHOD(codeReaderBytes, "(I)J"),
    METHOD(codeReaderInit, "(Ljava/nio/ByteBuffer;ILjava/nio/ByteBuffer;)V"),
    METHOD(codeReaderFind, "(Ljava/nio/ByteBuffer;JJIJLjava/nio/ByteBuffer;)I"),
    METHOD(codeReaderNext, "(Ljava/nio/ByteBuffer;JZLjava/nio/ByteBuffer;)I"),
};
/* clang-format on */

const struct mf_natives mf_target_code_natives = NATIVES(target_code_natives);
