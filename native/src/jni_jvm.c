/* SPDX-License-Identifier: Apache-2.0 */
/* The facade's view of the JVM it runs in: arguments passed on, results passed back. */
#include "jni_jvm.h"

#include "agent.h"
#include "object.h"
#include "vm_structs.h"

#include <errno.h>
#include <stddef.h>

#define UNUSED __attribute__((unused))
#define METHOD(name, signature) {(char *)#name, (char *)signature, (void *)name}

static jstring vmField(JNIEnv *env, jclass self UNUSED, jstring type, jstring field, jlongArray answer)
{
    const char *const type_name = (*env)->GetStringUTFChars(env, type, NULL);
    const char *const field_name = type_name == NULL ? NULL : (*env)->GetStringUTFChars(env, field, NULL);
    struct mf_vm_field found = {0};

    if (field_name != NULL && mf_vm_field(type_name, field_name, &found) == 0) {
        const jlong values[] = {(jlong)found.where, found.is_static};

        (*env)->SetLongArrayRegion(env, answer, 0, 2, values);
    }
    if (field_name != NULL)
        (*env)->ReleaseStringUTFChars(env, field, field_name);
    if (type_name != NULL)
        (*env)->ReleaseStringUTFChars(env, type, type_name);
    if ((*env)->ExceptionCheck(env) || found.type_string == NULL)
        return NULL;
    return (*env)->NewStringUTF(env, found.type_string);
}

static jlong vmTypeSize(JNIEnv *env, jclass self UNUSED, jstring type)
{
    const char *const name = (*env)->GetStringUTFChars(env, type, NULL);
    uint64_t size = 0;
    const int rc = name == NULL ? -1 : mf_vm_type_size(name, &size);

    if (name != NULL)
        (*env)->ReleaseStringUTFChars(env, type, name);
    return rc != 0 ? -1 : (jlong)size;
}

static jboolean vmConstant(JNIEnv *env, jclass self UNUSED, jstring constant, jlongArray answer)
{
    const char *const name = (*env)->GetStringUTFChars(env, constant, NULL);
    int64_t value = 0;
    const int rc = name == NULL ? -1 : mf_vm_constant(name, &value);
    const jlong out = value;

    if (name != NULL)
        (*env)->ReleaseStringUTFChars(env, constant, name);
    if (rc != 0)
        return JNI_FALSE;
    (*env)->SetLongArrayRegion(env, answer, 0, 1, &out);
    return JNI_TRUE;
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
    struct mf_codes *const codes = mf_agent.codes;

    if (codes == NULL)
        return NULL;
    if (which == 0)
        return (*env)->NewDirectByteBuffer(env, codes, sizeof *codes);
    return (*env)->NewDirectByteBuffer(env, (char *)codes + codes->image_offset + (which == 2 ? codes->image_bytes : 0),
                                       (jlong)codes->image_bytes);
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

static jlong objectEnd(JNIEnv *env UNUSED, jclass self UNUSED, jlong address)
{
    struct mf_object object;

    return mf_object_at((uint64_t)address, &object) ? (jlong)object.end : 0;
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

static const JNINativeMethod methods[] = {
    METHOD(vmField, "(Ljava/lang/String;Ljava/lang/String;[J)Ljava/lang/String;"),
    METHOD(vmTypeSize, "(Ljava/lang/String;)J"),
    METHOD(vmConstant, "(Ljava/lang/String;[J)Z"),
    METHOD(codeOpen, "(J)I"),
    METHOD(codeClose, "()V"),
    METHOD(codeMemory, "(I)Ljava/nio/ByteBuffer;"),
    METHOD(codeCount, "([J)V"),
    METHOD(codeLayout, "([I)I"),
    METHOD(objectEnd, "(J)J"),
    METHOD(threadAddress, "(Ljava/lang/Thread;)J"),
};

void mf_jni_bind_jvm(JNIEnv *env, jclass self UNUSED, jclass holder)
{
    /* A function of the JVM's own: which library is libjvm, whatever it is called and however it was loaded. */
    mf_vm_structs_open((const void *)(*env)->GetVersion);
    (*env)->RegisterNatives(env, holder, methods, sizeof methods / sizeof *methods);
}
