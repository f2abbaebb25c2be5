/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JVM on a second thread; the first one exits. /proc/<pid> is that of a zombie then, and the process continues. It prints
 * READY, and waits until its input ends. Usage: orphan_jvm LIBJVM
 */
#include <dlfcn.h>
#include <jni.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *run(void *library)
{
    jint (*const create)(JavaVM **, void **, void *) =
        (jint(*)(JavaVM **, void **, void *))(uintptr_t)dlsym(library, "JNI_CreateJavaVM");
    JavaVMOption options[] = {{.optionString = (char *)"-XX:+UseSerialGC"}};
    JavaVMInitArgs arguments = {.version = JNI_VERSION_10, .nOptions = 1, .options = options};
    JavaVM *vm;
    JNIEnv *env;

    if (create == NULL || create(&vm, (void **)&env, &arguments) != JNI_OK)
        exit(1);
    puts("READY");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    exit(0);
}

int main(int count, char **arguments)
{
    void *const library = count > 1 ? dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
    pthread_t thread;

    if (library == NULL || pthread_create(&thread, NULL, run, library) != 0)
        return 1;
    pthread_exit(NULL);
}
