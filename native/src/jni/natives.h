/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Native methods of the Java classes NativeCalls and JvmCalls: they pass on arguments and results. Addresses are of memory that
 * Java owns and keeps reachable during the call (NativeMemory.java). The called functions check sizes. Errors are returned as
 * numbers, and Java throws the exceptions: an exception thrown in C would need a class look-up for each type.
 */
#ifndef MF_NATIVES_H
#define MF_NATIVES_H

#include <jni.h>
#include <stdint.h>

#define UNUSED __attribute__((unused))
/* clang-format off */
#define METHOD(name, signature) {(char *)#name, (char *)signature, (void *)name}
#define NATIVES(methods) {methods, sizeof methods / sizeof *methods}
/* clang-format on */
#define OFFSET(type, field) (jint) offsetof(struct type, field)

/* Native methods of one topic. */
struct mf_natives {
    const JNINativeMethod *methods;
    jint count;
};

/* Of NativeCalls. */
extern const struct mf_natives mf_process_natives;
extern const struct mf_natives mf_file_natives;
extern const struct mf_natives mf_event_natives;
extern const struct mf_natives mf_target_natives;
extern const struct mf_natives mf_symbol_natives;
extern const struct mf_natives mf_resident_natives;
extern const struct mf_natives mf_layout_natives;

/* Of JvmCalls. */
extern const struct mf_natives mf_code_natives;
extern const struct mf_natives mf_target_code_natives;
extern const struct mf_natives mf_attach_natives;
extern const struct mf_natives mf_perf_map_natives;
extern const struct mf_natives mf_runtime_natives;
extern const struct mf_natives mf_code_layout_natives;

/* Returns an address that Java passes as a long. */
static inline void *at(jlong address)
{
    return (void *)(uintptr_t)address;
}

#endif
