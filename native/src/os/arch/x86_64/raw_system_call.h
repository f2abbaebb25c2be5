/* SPDX-License-Identifier: Apache-2.0 */
/* A system call on x86-64: syscall(2), "Architecture calling conventions". */
#ifndef MF_RAW_SYSTEM_CALL_H
#define MF_RAW_SYSTEM_CALL_H

#ifndef __x86_64__
#error "this file is for x86-64"
#endif

static inline long mf_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    long rc;

    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return rc;
}

#endif
