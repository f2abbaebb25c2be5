/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of a JVM that run code of many kinds: loops that are replaced on the stack, hidden classes that are unloaded, call
 * sites that are deoptimized, a class that is redefined, intrinsics and, since JDK 21, virtual threads.
 */
#ifndef VARIED_LOAD_H
#define VARIED_LOAD_H

#include "compiling_jvm.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char load_source[] =
    "import java.lang.invoke.*; import java.util.*; import java.util.function.*;\n"
    "public final class Load {\n"
    "  static volatile int sink;\n"
    "  public static final class Work implements IntUnaryOperator {\n" /* it is also defined as a hidden class */
    "    public Work() {}\n"
    "    public int applyAsInt(int n) {\n"
    "      int sum = 1;\n"
    "      for (int i = 0; i < n; i++) { sum += step(i, sum); if (sum == 0x7fffffff) sum = rare(sum); }\n"
    "      return sum;\n"
    "    }\n"
    "    static int step(int i, int sum) { return mix(i) ^ Integer.bitCount(sum) + Math.max(i, sum >>> 3); }\n"
    "    static int mix(int i) { return (int) Math.sqrt(i) * 31 + (i >>> 7); }\n"
    "    static int rare(int sum) { return sum ^ 1; }\n"
    "  }\n"
    "  public static final class Calls implements ToIntFunction<Object[]> {\n"
    "    public Calls() {}\n"
    "    public int applyAsInt(Object[] all) { int sum = 0; for (Object one : all) sum += call(one, sum); return sum; }\n"
    "    static int call(Object one, int sum) { return ((IntUnaryOperator) one).applyAsInt(sum) + one.hashCode(); }\n"
    "  }\n"
    "  public static final class Redefined {\n"
    "    static int run(int n) { int sum = 0; for (int i = 0; i < n; i++) sum += inner(i); return sum; }\n"
    "    static int inner(int i) { return Integer.reverse(i) ^ i; }\n"
    "  }\n"
    "  static final class Other implements IntUnaryOperator { public int applyAsInt(int a) { return a * 7; } }\n"
    "  static byte[] bytes(String name) throws Exception {\n"
    "    try (var in = Load.class.getResourceAsStream(name)) { return in.readAllBytes(); }\n"
    "  }\n"
    "  static Object hidden(byte[] bytes) throws Exception {\n"
    "    return MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass().getDeclaredConstructor().newInstance();\n"
    "  }\n"
    "  interface Body { void run() throws Exception; }\n"
    "  static void thread(String name, Body body) {\n"
    "    Thread thread = new Thread(() -> { try { while (true) body.run(); } catch (Exception e) { e.printStackTrace(); } }, name);\n"
    "    thread.setDaemon(true); thread.start();\n"
    "  }\n"
    "  public static void start() throws Exception {\n"
    "    byte[] work = bytes(\"Load$Work.class\"), calls = bytes(\"Load$Calls.class\");\n"
    /* Classes stay loaded for some seconds: samples in them are compared after one. */
    "    ArrayDeque<Object> kept = new ArrayDeque<>();\n"
    "    thread(\"hidden\", () -> {\n"
    "      IntUnaryOperator one = (IntUnaryOperator) hidden(work);\n"
    "      for (int i = 0; i < 20; i++) sink += one.applyAsInt(50_000);\n"
    "      kept.add(one); if (kept.size() > 3000) kept.remove();\n"
    "      Thread.sleep(1);\n"
    "    });\n"
    "    ArrayDeque<Object> others = new ArrayDeque<>();\n"
    "    thread(\"deoptimized\", () -> {\n"
    "      @SuppressWarnings(\"unchecked\") ToIntFunction<Object[]> one = (ToIntFunction<Object[]>) hidden(calls);\n"
    "      Object[] all = new Object[5000]; Arrays.fill(all, new Work() );\n"
    "      Arrays.fill(all, new Other());\n"
    "      for (int i = 0; i < 20; i++) sink += one.applyAsInt(all);\n"
    "      IntUnaryOperator twice = a -> a * 2; Arrays.fill(all, 0, 100, twice);\n"
    "      for (int i = 0; i < 20; i++) sink += one.applyAsInt(all);\n"
    "      IntUnaryOperator negated = a -> -a; Arrays.fill(all, 100, 200, negated);\n"
    "      for (int i = 0; i < 20; i++) sink += one.applyAsInt(all);\n"
    "      others.add(one); if (others.size() > 3000) others.remove();\n"
    "      Thread.sleep(1);\n"
    "    });\n"
    "    thread(\"redefined\", () -> { sink += Redefined.run(100_000); Thread.sleep(1); });\n"
    "    thread(\"collected\", () -> { System.gc(); Thread.sleep(1500); });\n"
    "    try {\n"
    "      var virtual = Thread.class.getMethod(\"startVirtualThread\", Runnable.class);\n"
    "      for (int i = 0; i < 20; i++)\n"
    "        virtual.invoke(null, (Runnable) () -> {\n"
    "          IntUnaryOperator one = new Work();\n"
    "          while (true) { sink += one.applyAsInt(20_000); Thread.yield(); }\n"
    "        });\n"
    "    } catch (NoSuchMethodException none) { }\n" /* until JDK 20 */
    "  }\n"
    "}\n";

static _Atomic bool load_is_over;

static const char *read_class(const char *directory, const char *name, jint *bytes)
{
    static char content[65536];
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.class", directory, name);
    file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    *bytes = (jint)fread(content, 1, sizeof content, file);
    fclose(file);
    return content;
}

/* Redefines a class again and again: code of its methods is removed and compiled again. */
static void *redefine(void *directory)
{
    jvmtiClassDefinition definition = {0};
    unsigned redefined = 0;
    JNIEnv *env;

    (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, NULL);
    definition.klass = (*env)->FindClass(env, "Load$Redefined");
    definition.class_bytes = (const unsigned char *)read_class(directory, "Load$Redefined", &definition.class_byte_count);
    CHECK(definition.klass != NULL && definition.class_bytes != NULL, "the class");
    while (!load_is_over && definition.klass != NULL) {
        redefined += (*jvmti)->RedefineClasses(jvmti, 1, &definition) == JVMTI_ERROR_NONE;
        usleep(200000);
    }
    CHECK(redefined > 0, "no class was redefined");
    (*vm)->DetachCurrentThread(vm);
    return NULL;
}

/* The class path of the JVM must have the directory. */
static void start_load(JNIEnv *env, const char *directory, pthread_t *thread)
{
    const jvmtiCapabilities can = {.can_redefine_classes = 1};
    char path[256];
    FILE *file;
    jclass load;
    jmethodID start;

    snprintf(path, sizeof path, "%s/Load.java", directory);
    file = fopen(path, "w");
    CHECK(file != NULL && fputs(load_source, file) >= 0 && fclose(file) == 0, "the source");
    compile(env, directory, path);
    CHECK_IS((*jvmti)->AddCapabilities(jvmti, &can), JVMTI_ERROR_NONE, "redefinition");
    load = (*env)->FindClass(env, "Load");
    start = load == NULL ? NULL : (*env)->GetStaticMethodID(env, load, "start", "()V");
    CHECK(start != NULL, "the load");
    if (start == NULL)
        return;
    (*env)->CallStaticVoidMethod(env, load, start);
    if ((*env)->ExceptionCheck(env)) {
        (*env)->ExceptionDescribe(env);
        CHECK(false, "the load");
    }
    CHECK_IS(pthread_create(thread, NULL, redefine, (void *)(uintptr_t)directory), 0, "a thread");
}

static void stop_load(pthread_t thread)
{
    load_is_over = true;
    pthread_join(thread, NULL);
}

/* Sends a signal to each thread of this process that runs. */
static void signal_running_threads(int number)
{
    DIR *const tasks = opendir("/proc/self/task");
    struct dirent *entry;

    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        char path[300], text[256];
        const char *state;
        ssize_t got;
        int fd;

        snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (fd >= 0)
            close(fd);
        if (got <= 0)
            continue;
        text[got] = '\0';
        state = strrchr(text, ')');
        if (state != NULL && state[1] == ' ' && state[2] == 'R' && atoi(entry->d_name) != (int)syscall(SYS_gettid))
            syscall(SYS_tgkill, getpid(), atoi(entry->d_name), number);
    }
    if (tasks != NULL)
        closedir(tasks);
}

#endif
