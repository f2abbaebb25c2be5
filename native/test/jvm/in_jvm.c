/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library in a JVM that a C program creates: threads that are not attached, a thread that is suspended while the JVM
 * reports code, and the end of the JVM. Argument: the path of libjvm.so. It is built without sanitizers, because a JVM replaces
 * their signal handlers.
 */
#include "../check.h"

#include <mapfiles_jvm.h>

#include <dlfcn.h>
#include <errno.h>
#include <jvmti.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static JavaVM *vm;
static jthread _Atomic reported;
static pid_t _Atomic reported_tid;
static _Atomic bool is_over;

static void *open_unattached(void *unused)
{
    (void)unused;
    CHECK_IS(mf_jvm_open(vm, 0), -EINVAL, "a thread that is not attached");
    CHECK_IS(mf_jvm_close(), is_over ? -EINVAL : 0, "which does not close either");
    return NULL;
}

static void *open_attached(void *jvmti)
{
    jthread self;
    JNIEnv *env;

    CHECK_IS((*vm)->AttachCurrentThread(vm, (void **)&env, NULL), JNI_OK, "attach");
    CHECK_IS((*(jvmtiEnv *)jvmti)->GetCurrentThread(jvmti, &self), JVMTI_ERROR_NONE, "this thread");
    reported_tid = (pid_t)syscall(SYS_gettid);
    reported = (*env)->NewGlobalRef(env, self);
    CHECK_IS(mf_jvm_open(vm, 0), 0, "an attached thread");
    is_over = true;
    (*vm)->DetachCurrentThread(vm);
    return NULL;
}

static void run(void *(*body)(void *), void *argument)
{
    pthread_t thread;

    CHECK_IS(pthread_create(&thread, NULL, body, argument), 0, "a thread");
    CHECK_IS(pthread_join(thread, NULL), 0, "its end");
}

/*
 * Suspends a thread that receives methods and queries their names, after a number of names. Recorded code can still be read.
 * Returns whether the thread was suspended in time.
 */
static bool suspend_while_it_is_reported(jvmtiEnv *jvmti, uint64_t names)
{
    struct mf_code_counts counts = {0}, later;
    pthread_t thread;
    bool is_suspended, in_time;

    CHECK_IS(pthread_create(&thread, NULL, open_attached, jvmti), 0, "a thread");
    while (!is_over && counts.names < names)
        mf_code_count(&counts);
    is_suspended = !is_over && (*jvmti)->SuspendThread(jvmti, reported) == JVMTI_ERROR_NONE;
    if (is_suspended) { /* it runs on to its next safepoint check, or to its end */
        char directory[64];

        snprintf(directory, sizeof directory, "/proc/self/task/%d", (int)reported_tid);
        await_state(directory, 'S');
    }
    alarm(60); /* ends this test if the lock is held */
    CHECK_IS(mf_code_count(&counts), 0, "counts of a thread that is suspended");
    usleep(20000);
    CHECK_IS(mf_code_count(&later), 0, "once more");
    CHECK_IS(mf_jvm_close(), 0, "close does not wait");
    alarm(0);
    in_time = is_suspended && !is_over;
    if (in_time)
        CHECK_IS(later.names, counts.names, "names while it is suspended");
    if (is_suspended)
        CHECK_IS((*jvmti)->ResumeThread(jvmti, reported), JVMTI_ERROR_NONE, "resume");
    pthread_join(thread, NULL);
    return in_time;
}

static jvmtiEnv *make_jvm(const char *libjvm)
{
    JavaVMOption options[] = {{"-Xmx64m", NULL}, {"-Xcomp", NULL}, {"-XX:TieredStopAtLevel=1", NULL}};
    JavaVMInitArgs arguments = {JNI_VERSION_1_8, 3, options, JNI_FALSE};
    jvmtiCapabilities capabilities = {.can_suspend = 1};
    void *const library = dlopen(libjvm, RTLD_NOW | RTLD_GLOBAL);
    jint (*create)(JavaVM **, void **, void *);
    jvmtiEnv *jvmti;
    JNIEnv *env;

    *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
    CHECK_IS(create(&vm, (void **)&env, &arguments), JNI_OK, "a JVM");
    CHECK_IS((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_11), JNI_OK, "its JVMTI");
    CHECK_IS((*jvmti)->AddCapabilities(jvmti, &capabilities), JVMTI_ERROR_NONE, "suspending");
    return jvmti;
}

enum { TOO_LATE = 99 };

/* The result of a child: 0, or TOO_LATE if it was not suspended in time; and the final number of names. */
static int in_a_jvm(const char *libjvm, uint64_t suspend_at, uint64_t *names)
{
    jvmtiEnv *const jvmti = make_jvm(libjvm);
    struct mf_code_counts counts = {0};
    bool in_time;

    run(open_unattached, NULL);
    in_time = suspend_while_it_is_reported(jvmti, suspend_at);
    mf_code_count(&counts);
    *names = counts.names;
    run(open_unattached, NULL);
    CHECK_IS(mf_jvm_open(vm, 0), 0, "once more");
    CHECK_IS(mf_jvm_close(), 0, "the end of the second");
    CHECK_IS(mf_jvm_close(), 0, "one too many");
    CHECK_IS((*vm)->DestroyJavaVM(vm), JNI_OK, "the end");
    CHECK_IS(mf_jvm_open(vm, 0), -EINVAL, "after the end");
    return check_failures != 0 ? 1 : in_time ? 0 : TOO_LATE;
}

/* A program of musl cannot load a JVM for glibc. A child tries it: this process never loads a JVM. */
static bool can_load(const char *libjvm)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        if (dlopen(libjvm, RTLD_NOW) != NULL)
            _exit(0);
        printf("skipped: %s\n", dlerror());
        fflush(stdout);
        _exit(1);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

int main(int count, char **arguments)
{
    enum { TIMES = 20, METHODS = 150 }; /* the last names that the JVM reports are those of methods */
    uint64_t *const names = mmap(NULL, sizeof *names, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned in_time = 0;

    if (count != 2) {
        fputs("usage: in_jvm LIBJVM\n", stderr);
        return 2;
    }
    if (!can_load(arguments[1]))
        return CHECK_SKIPPED;
    *names = UINT64_MAX;
    for (int i = 0; i < TIMES; i++) {
        const pid_t child = fork();
        int status;

        if (child == 0)
            _exit(in_a_jvm(arguments[1], *names - METHODS, names));
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "JVM %d: %x", i, status);
        CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == TOO_LATE, "JVM %d", i);
        in_time += WEXITSTATUS(status) == 0;
    }
    if (in_time == 0 && check_failures == 0) {
        puts("skipped: no thread was suspended in time");
        return CHECK_SKIPPED;
    }
    return check_result();
}
