/* SPDX-License-Identifier: Apache-2.0 */
/* The glue of the package org.mapfiles.jvm, which is bound on its first use: most programs never load it. */
#ifndef MF_JNI_JVM_H
#define MF_JNI_JVM_H

#include <jni.h>

/** Gives the class JvmCalls its natives. What is wrong stays pending as an exception. */
void mf_jni_bind_jvm(JNIEnv *env, jclass self, jclass holder);

#endif
