/* SPDX-License-Identifier: Apache-2.0 */
/* A JVM in the process of a test that runs its Java compiler, and its stack walker. */
#ifndef COMPILING_JVM_H
#define COMPILING_JVM_H

#include "../check.h"

#include <dlfcn.h>
#include <jvmti.h>
#include <stdatomic.h>

#define MAX_ROUNDS 1000 /* of compiling: a test ends even without enough samples */

/* The structures of AsyncGetCallTrace, which no header declares. */
struct trace_frame {
    jint bci;
    jmethodID method;
};

struct trace {
    JNIEnv *env;
    jint count;
    struct trace_frame *frames;
};

typedef void trace_function(struct trace *trace, jint depth, void *context);

static trace_function *walk;
static JavaVM *vm;
static jvmtiEnv *jvmti;

/* The walker reports only methods that have an ID (GetClassMethods of JVMTI makes them). */
static void JNICALL on_prepare(jvmtiEnv *env, JNIEnv *jni, jthread thread, jclass type)
{
    jmethodID *methods;
    jint count;

    (void)jni;
    (void)thread;
    if ((*env)->GetClassMethods(env, type, &count, &methods) == JVMTI_ERROR_NONE)
        (*env)->Deallocate(env, (unsigned char *)methods);
}

static void JNICALL on_load(jvmtiEnv *env, JNIEnv *jni, jthread thread, jclass type)
{
    (void)env;
    (void)jni;
    (void)thread;
    (void)type;
}

static void make_method_ids(JNIEnv *env)
{
    const jvmtiEventCallbacks callbacks = {.ClassPrepare = on_prepare, .ClassLoad = on_load};
    jclass *classes;
    jint count;

    (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_CLASS_LOAD, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_CLASS_PREPARE, NULL);
    if ((*jvmti)->GetLoadedClasses(jvmti, &count, &classes) != JVMTI_ERROR_NONE)
        return;
    for (jint i = 0; i < count; i++) {
        on_prepare(jvmti, env, NULL, classes[i]);
        (*env)->DeleteLocalRef(env, classes[i]);
    }
    (*jvmti)->Deallocate(jvmti, (unsigned char *)classes);
}

/* A source with many methods for the compiler. */
static const char *write_source(const char *directory)
{
    static char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/Source.java", directory);
    file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    fputs("import java.util.*;\nclass Source {\n", file);
    for (int i = 0; i < 300; i++)
        fprintf(
            file,
            "  static <T extends Comparable<T>> Map<String, List<T>> m%d(List<T> in) { Map<String, List<T>> out = new HashMap<>();\n"
            "    for (T t : in) { out.computeIfAbsent(\"k\" + t + %d, k -> new ArrayList<>()).add(t); }\n"
            "    return in.isEmpty() ? out : m%d(in.subList(1, in.size())); }\n",
            i, i, i == 0 ? 0 : i - 1);
    fputs("}\n", file);
    fclose(file);
    return path;
}

/* Compiles a source file in this JVM; the classes are in the directory then. */
static void compile(JNIEnv *env, const char *directory, const char *source)
{
    static jobject compiler;
    static jmethodID run;
    const jclass string = (*env)->FindClass(env, "java/lang/String");
    const char *const arguments[] = {"-proc:none", "-d", directory, source};
    jobjectArray array;

    if (compiler == NULL) {
        const jclass provider = (*env)->FindClass(env, "javax/tools/ToolProvider");
        const jclass tool = (*env)->FindClass(env, "javax/tools/Tool");
        const jmethodID get = provider == NULL ? NULL
                                               : (*env)->GetStaticMethodID(env, provider, "getSystemJavaCompiler",
                                                                           "()Ljavax/tools/JavaCompiler;");

        compiler = get == NULL ? NULL : (*env)->CallStaticObjectMethod(env, provider, get);
        if (compiler == NULL || tool == NULL || source == NULL) {
            puts("skipped: this JVM has no Java compiler");
            exit(CHECK_SKIPPED);
        }
        run = (*env)->GetMethodID(env, tool, "run",
                                  "(Ljava/io/InputStream;Ljava/io/OutputStream;Ljava/io/OutputStream;[Ljava/lang/String;)I");
    }
    array = (*env)->NewObjectArray(env, 4, string, NULL);
    for (jsize i = 0; i < 4; i++) {
        const jstring argument = (*env)->NewStringUTF(env, arguments[i]);

        (*env)->SetObjectArrayElement(env, array, i, argument);
        (*env)->DeleteLocalRef(env, argument);
    }
    CHECK_IS((*env)->CallIntMethod(env, compiler, run, NULL, NULL, NULL, array), 0, "the Java compiler");
    (*env)->DeleteLocalRef(env, array);
}

static inline void compile_until_done(JNIEnv *env, const char *directory, const _Atomic bool *is_done)
{
    const char *const source = write_source(directory);

    for (int round = 0; round < MAX_ROUNDS && !*is_done; round++)
        compile(env, directory, source);
}

/* Starts the JVM of a library with options. NULL: it cannot be started. */
static JNIEnv *start_jvm(const char *library, char **options, int count)
{
    JavaVMOption all[16] = {{0}};
    JavaVMInitArgs arguments = {.version = JNI_VERSION_1_8, .options = all, .nOptions = count};
    void *const handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    jint (*create)(JavaVM **, void **, void *);
    JNIEnv *env;

    for (int i = 0; i < count && i < 16; i++)
        all[i].optionString = options[i];
    if (handle == NULL || count > 16)
        return NULL;
    *(void **)&create = dlsym(handle, "JNI_CreateJavaVM");
    *(void **)&walk = dlsym(handle, "AsyncGetCallTrace");
    if (create == NULL || walk == NULL || create(&vm, (void **)&env, &arguments) != JNI_OK ||
        (*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK)
        return NULL;
    return env;
}

#endif
