/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls of the core for tests that replace them: every call goes through mf_hook(), which the test defines. CMake puts
 * this folder on the include path in place of a folder of os/arch.
 */
#ifndef MF_HOOKED_RAW_SYSTEM_CALL_H
#define MF_HOOKED_RAW_SYSTEM_CALL_H

#define mf_syscall mf_kernel_call
#include "../../src/os/arch/generic/raw_system_call.h"
#undef mf_syscall

/* Makes a system call, or returns another result. A call without a replacement is mf_kernel_call(). */
long mf_hook(long number, long a, long b, long c, long d, long e, long f);

static inline long mf_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    return mf_hook(number, a, b, c, d, e, f);
}

#endif
