/* SPDX-License-Identifier: Apache-2.0 */
/* The facade's view of the JVM it runs in: arguments passed on, results passed back. */
#include "jni_jvm.h"

#include "vm_structs.h"

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

static const JNINativeMethod methods[] = {
    METHOD(vmField, "(Ljava/lang/String;Ljava/lang/String;[J)Ljava/lang/String;"),
    METHOD(vmTypeSize, "(Ljava/lang/String;)J"),
    METHOD(vmConstant, "(Ljava/lang/String;[J)Z"),
};

void mf_jni_bind_jvm(JNIEnv *env, jclass self UNUSED, jclass holder)
{
    /* A function of the JVM's own: which library is libjvm, whatever it is called and however it was loaded. */
    mf_vm_structs_open((const void *)(*env)->GetVersion);
    (*env)->RegisterNatives(env, holder, methods, sizeof methods / sizeof *methods);
}
