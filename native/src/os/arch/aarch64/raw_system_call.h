/* SPDX-License-Identifier: Apache-2.0 */
/* A system call on AArch64: syscall(2), "Architecture calling conventions". */
#ifndef MF_RAW_SYSTEM_CALL_H
#define MF_RAW_SYSTEM_CALL_H

#ifndef __aarch64__
#error "this file is for AArch64"
#endif

/*
 * With SVE a system call may zero the upper bits of the vector registers (all but the low 128), the predicate registers and the
 * first-fault register (Documentation/arch/arm64/sve.rst, "System call behaviour"). Compilers keep values there only in code
 * built for SVE.
 */
#ifdef __ARM_FEATURE_SVE
#define MF_SVE_CLOBBERS                                                                                                        \
    "z0", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8", "z9", "z10", "z11", "z12", "z13", "z14", "z15", "z16", "z17", "z18", \
        "z19", "z20", "z21", "z22", "z23", "z24", "z25", "z26", "z27", "z28", "z29", "z30", "z31", "p0", "p1", "p2", "p3",     \
        "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", MF_FFR_CLOBBER
#ifdef __clang__ /* Clang keeps no value in the first-fault register, and accepts no name for it */
#define MF_FFR_CLOBBER
#else
#define MF_FFR_CLOBBER "ffr",
#endif
#else
#define MF_SVE_CLOBBERS
#endif

static inline long mf_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : MF_SVE_CLOBBERS "memory");
    return first;
}

#endif
