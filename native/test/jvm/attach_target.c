/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets of tests of attaching. Usage: attach_target MODE LIBJVM
 *   maps        maps libjvm.so read-only, as a Go program may do
 *   loads       loads libjvm.so and creates no JVM
 *   deaf        creates a JVM, and replaces its handler of SIGQUIT by one that does nothing
 * SIGQUIT ends the first two. It prints READY, and runs until its input ends.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <jni.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void end(int number)
{
    _exit(100 + number);
}

static void ignore(int number)
{
    (void)number;
}

static void wait_for_end(void)
{
    char byte;

    puts("READY");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    _exit(0);
}

static int maps(const char *libjvm)
{
    const int fd = open(libjvm, O_RDONLY);
    struct stat file;

    return fd >= 0 && fstat(fd, &file) == 0 && mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED;
}

static void *load(const char *libjvm)
{
    void *const library = dlopen(libjvm, RTLD_NOW | RTLD_GLOBAL);

    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    return library;
}

static int create_jvm(const char *libjvm)
{
    JavaVMOption options[] = {{"-Xmx64m", NULL}, {"-XX:+UseSerialGC", NULL}, {"-XX:TieredStopAtLevel=1", NULL}};
    JavaVMInitArgs arguments = {JNI_VERSION_1_8, 3, options, JNI_FALSE};
    void *const library = load(libjvm);
    jint (*create)(JavaVM **, void **, void *);
    JavaVM *vm;
    JNIEnv *env;

    if (library == NULL)
        return 0;
    *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
    return create != NULL && create(&vm, (void **)&env, &arguments) == JNI_OK && (*vm)->DetachCurrentThread(vm) == JNI_OK;
}

int main(int count, char **arguments)
{
    const char *const mode = count == 3 ? arguments[1] : "";

    signal(SIGQUIT, end);
    if (strcmp(mode, "maps") == 0 && maps(arguments[2]))
        wait_for_end();
    if (strcmp(mode, "loads") == 0 && load(arguments[2]) != NULL)
        wait_for_end();
    if (strcmp(mode, "deaf") == 0 && create_jvm(arguments[2]) && signal(SIGQUIT, ignore) != SIG_ERR)
        wait_for_end();
    return 1;
}
