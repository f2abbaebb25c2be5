/* SPDX-License-Identifier: Apache-2.0 */
/* What the JVM tells through JVMTI, and where it is kept. */
#ifndef MF_AGENT_H
#define MF_AGENT_H

#include "jvm/code_store.h"

#include <jvmti.h>
#include <pthread.h>

struct mf_agent {
    pthread_mutex_t opening; /* one opens or closes at a time; events go on */
    pthread_mutex_t asking;  /* one asks what there is, and is told for long: not to be held by who closes */
    pthread_mutex_t writing; /* one event is noted at a time; no call into the JVM is made with it, which may wait there */
    JavaVM *vm;
    jvmtiEnv *jvmti;
    struct mf_codes *_Atomic codes; /* NULL before the first opening; never taken back */
    uint64_t log_bytes;
    uint32_t users; /* openings that are not closed: the JVM tells while there is one */
    uint32_t round; /* how often the JVM was asked what there is */
    pthread_t asker;
    _Atomic bool is_asking; /* by that thread, which is then the one that is told */
};

extern struct mf_agent mf_agent;

/** CLOCK_MONOTONIC, in nanoseconds. */
uint64_t mf_agent_now(void);

/* The events that are noted. */
void JNICALL mf_on_method_load(jvmtiEnv *jvmti, jmethodID method, jint size, const void *code, jint map_length,
                               const jvmtiAddrLocationMap *map, const void *compile_info);
void JNICALL mf_on_method_unload(jvmtiEnv *jvmti, jmethodID method, const void *code);
void JNICALL mf_on_stub(jvmtiEnv *jvmti, const char *name, const void *code, jint size);

#endif
