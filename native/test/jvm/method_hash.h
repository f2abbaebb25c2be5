/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of the class, the name and the signature of a method. */
#ifndef METHOD_HASH_H
#define METHOD_HASH_H

#include "compiling_jvm.h"

/* Continues a hash (FNV-1a) with a text. Class names of hidden classes have a plus sign or a point before their number. */
static uint64_t hash_text(uint64_t hash, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)(text[i] == '+' ? '.' : text[i])) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

static uint64_t hash_method(const char *class, size_t class_length, const char *name, size_t name_length, const char *signature,
                            size_t signature_length)
{
    if (class_length > 1 && class[0] == 'L' && class[class_length - 1] == ';') /* a signature */
        class ++, class_length -= 2;
    return hash_text(hash_text(hash_text(0xcbf29ce484222325u, class, class_length), name, name_length), signature,
                     signature_length);
}

/* 0: the JVM does not have the method any more. */
static uint64_t hash_of_id(jmethodID method)
{
    char *name = NULL, *signature = NULL, *class_signature = NULL;
    jclass class = NULL;
    uint64_t hash = 0;
    JNIEnv *env;

    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK ||
        (*jvmti)->GetMethodName(jvmti, method, &name, &signature, NULL) != JVMTI_ERROR_NONE)
        return 0;
    if ((*jvmti)->GetMethodDeclaringClass(jvmti, method, &class) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetClassSignature(jvmti, class, &class_signature, NULL) == JVMTI_ERROR_NONE)
        hash = hash_method(class_signature, strlen(class_signature), name, strlen(name), signature, strlen(signature));
    if (class != NULL)
        (*env)->DeleteLocalRef(env, class);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)signature);
    (*jvmti)->Deallocate(jvmti, (unsigned char *)class_signature);
    return hash;
}

#endif
