/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one system call of a Java thread fail: org.mapfiles.testing.FailingCalls.
 *
 * A seccomp filter of the thread raises SIGSYS for each call of libmapfiles.so, and for each call of other code that uses files,
 * sockets or processes. The handler makes the call, or returns an error instead. Its own calls have one instruction pointer, which
 * the filter allows.
 *
 * Memory, locks and signals of the JVM itself do not fail: it ends then. Threads that the thread starts inherit the filter, but
 * their calls do not fail.
 */
#include "possible_errors.h"

#include <jni.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/ucontext.h>
#include <unistd.h>

struct injector {
    uint32_t calls; /* so far */
    uint32_t at;    /* the number of the call that fails; 0: calls are only counted */
    int error;
    long failed; /* the system call that failed; negative: none did */
    jboolean is_on;
};

static __thread struct injector injector __attribute__((tls_model("initial-exec")));
static uint64_t library_start, library_end;

/* Calls of the JDK that use files, sockets or processes. */
static const int outside[] = {
    SYS_openat, SYS_read,     SYS_pread64,    SYS_write,      SYS_fstat,     SYS_newfstatat,
    SYS_statx,  SYS_lseek,    SYS_readlinkat, SYS_getdents64, SYS_socket,    SYS_connect,
    SYS_sendto, SYS_recvfrom, SYS_ftruncate,  SYS_unlinkat,   SYS_renameat2, SYS_faccessat,
#ifdef __x86_64__
    SYS_open,   SYS_stat,     SYS_lstat,      SYS_readlink,   SYS_access,    SYS_unlink,
    SYS_rename, SYS_mkdir,    SYS_poll,
#endif
};

/* Makes a system call at mf_test_call_end, which is its instruction pointer. */
long mf_test_call(long number, long a, long b, long c, long d, long e, long f);
extern const char mf_test_call_end[];

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
__asm__(".text\n.globl mf_test_call\n.hidden mf_test_call_end\n.globl mf_test_call_end\nmf_test_call:\n"
        "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nmov %rcx, %rdx\nmov %r8, %r10\nmov %r9, %r8\nmov 8(%rsp), %r9\n"
        "syscall\nmf_test_call_end:\nret\n");
#define REGISTER(context, n) \
    ((context)->uc_mcontext.gregs[(const int[]){REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9}[n]])
#define NUMBER(context) ((context)->uc_mcontext.gregs[REG_RAX])
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ARCHITECTURE         AUDIT_ARCH_AARCH64
__asm__(".text\n.globl mf_test_call\n.hidden mf_test_call_end\n.globl mf_test_call_end\nmf_test_call:\n"
        "mov x8, x0\nmov x0, x1\nmov x1, x2\nmov x2, x3\nmov x3, x4\nmov x4, x5\nmov x5, x6\n"
        "svc #0\nmf_test_call_end:\nret\n");
#define REGISTER(context, n) ((context)->uc_mcontext.regs[n])
#define NUMBER(context)      ((context)->uc_mcontext.regs[8])
#define RESULT(context)      ((context)->uc_mcontext.regs[0])
#endif

#ifdef ARCHITECTURE

/* Whether a call reads a device. SecureRandom reads /dev/urandom, which does not fail, and is unusable after a failure. */
static jboolean reads_device(long number, long fd)
{
    struct stat file;

    return number == SYS_read && mf_test_call(SYS_fstat, fd, (long)&file, 0, 0, 0, 0) == 0 && S_ISCHR(file.st_mode);
}

static jboolean fails(long number, long first)
{
    if (!injector.is_on || is_close(number) || reads_device(number, first) || ++injector.calls != injector.at ||
        !is_possible(number, injector.error))
        return JNI_FALSE;
    injector.failed = number;
    return JNI_TRUE;
}

static void handle(int signal, siginfo_t *info, void *to)
{
    ucontext_t *const context = to;
    const long number = info->si_syscall;

    (void)signal;
    if (fails(number, (long)REGISTER(context, 0)))
        RESULT(context) = -injector.error;
    else
        RESULT(context) =
            mf_test_call(number, (long)REGISTER(context, 0), (long)REGISTER(context, 1), (long)REGISTER(context, 2),
                         (long)REGISTER(context, 3), (long)REGISTER(context, 4), (long)REGISTER(context, 5));
}

#define OUTSIDE     (sizeof outside / sizeof *outside)
#define BEFORE      15 /* instructions before the numbers are compared */
#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, name))
#define POINTER_HIGH \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, instruction_pointer) + 4) /* little-endian */
#define IF(comparison, value, then, otherwise) BPF_JUMP(BPF_JMP | (comparison) | BPF_K, (uint32_t)(value), then, otherwise)
#define RETURN(action)                         BPF_STMT(BPF_RET | BPF_K, action)

static int install(void)
{
    const uint64_t own = (uintptr_t)mf_test_call_end;
    struct sock_filter filter[BEFORE + OUTSIDE + 2] = {
        FIELD(arch),
        IF(BPF_JEQ, ARCHITECTURE, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        POINTER_HIGH,
        IF(BPF_JEQ, own >> 32, 0, 3),
        FIELD(instruction_pointer),
        IF(BPF_JEQ, own, 0, 1),
        RETURN(SECCOMP_RET_ALLOW),
        POINTER_HIGH,
        IF(BPF_JEQ, library_start >> 32, 0, 4),
        FIELD(instruction_pointer),
        IF(BPF_JGE, library_start, 0, 2),
        IF(BPF_JGE, library_end, 1, 0),
        RETURN(SECCOMP_RET_TRAP),
        FIELD(nr),
    };
    const struct sock_filter allow = RETURN(SECCOMP_RET_ALLOW), trap = RETURN(SECCOMP_RET_TRAP);

    for (unsigned i = 0; i < OUTSIDE; i++) {
        const struct sock_filter compare = IF(BPF_JEQ, outside[i], OUTSIDE - i, 0);

        filter[BEFORE + i] = compare;
    }
    filter[BEFORE + OUTSIDE] = allow;
    filter[BEFORE + OUTSIDE + 1] = trap;
    {
        const struct sock_fprog program = {.len = BEFORE + OUTSIDE + 2, .filter = filter};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            return errno;
    }
    return 0;
}

#endif

/* Returns 0, or the error of seccomp(2), or ENOSYS on other architectures. Start and end are those of the code of the library. */
JNIEXPORT jint JNICALL Java_org_mapfiles_testing_FailingCalls_install(JNIEnv *env, jclass type, jlong start, jlong end)
{
#ifdef ARCHITECTURE
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};

    (void)env, (void)type;
    library_start = (uint64_t)start;
    library_end = (uint64_t)end;
    if (library_start >> 32 != library_end >> 32)
        return ERANGE; /* the filter compares 32 bits */
    return sigaction(SIGSYS, &action, NULL) != 0 ? errno : install();
#else
    (void)env, (void)type, (void)start, (void)end;
    return ENOSYS;
#endif
}

/* Call number at, from 1, of this thread fails with an error, until end(). */
JNIEXPORT void JNICALL Java_org_mapfiles_testing_FailingCalls_begin(JNIEnv *env, jclass type, jint at, jint error)
{
    const struct injector next = {.at = (uint32_t)at, .error = error, .failed = -1, .is_on = JNI_TRUE};

    (void)env, (void)type;
    injector = next;
}

/* Returns the number of calls since begin(). */
JNIEXPORT jint JNICALL Java_org_mapfiles_testing_FailingCalls_end(JNIEnv *env, jclass type)
{
    (void)env, (void)type;
    injector.is_on = JNI_FALSE;
    return (jint)injector.calls;
}

/* Returns the number of the system call that failed since begin(); -1: none did, or that call cannot fail so. */
JNIEXPORT jlong JNICALL Java_org_mapfiles_testing_FailingCalls_failed(JNIEnv *env, jclass type)
{
    (void)env, (void)type;
    return injector.failed;
}
