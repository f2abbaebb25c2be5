/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the agent: its JVMTI environment, and the code that it has recorded. */
#ifndef MF_AGENT_H
#define MF_AGENT_H

#include "jvm/code_store.h"

#include <jvmti.h>
#include <pthread.h>

/* Limits of the memory for records, in bytes. */
#define MF_AGENT_MIN_BYTES (1u << 20)
#define MF_AGENT_MAX_BYTES (1u << 30)

struct mf_agent {
    pthread_mutex_t open_lock;     /* for opening and closing. No event callback takes it */
    pthread_mutex_t generate_lock; /* for GenerateEvents, which takes long: mf_jvm_close() does not wait for it */
    pthread_mutex_t write_lock;    /* for writing to the store. It is released before calls into the JVM, which may block */
    JavaVM *vm;
    jvmtiEnv *jvmti;                     /* NULL before the first opening */
    struct mf_code_store *_Atomic store; /* NULL before the first opening; never released */
    uint64_t log_bytes;                  /* of the option memory=; 0: the default */
    uint32_t users;                      /* openings that are not closed: events are enabled while there is one */
    uint32_t round;                      /* how often GenerateEvents was called */
    pthread_t generating_thread;
    _Atomic bool is_generating; /* generating_thread is in GenerateEvents: events of that thread are of existing code */
};

extern struct mf_agent mf_agent;

/* Opens the JVMTI environment of a JVM, unless it is open. Returns 0, -ENOTSUP, or -ESRCH if the JVM is exiting. */
int mf_agent_open_jvmti(JavaVM *vm);

/* Returns CLOCK_MONOTONIC, in nanoseconds. */
uint64_t mf_agent_now(void);

/* Event callbacks that record code. */
void JNICALL mf_on_method_load(jvmtiEnv *jvmti, jmethodID method, jint size, const void *code, jint map_length,
                               const jvmtiAddrLocationMap *map, const void *compile_info);
void JNICALL mf_on_method_unload(jvmtiEnv *jvmti, jmethodID method, const void *code);
void JNICALL mf_on_stub(jvmtiEnv *jvmti, const char *name, const void *code, jint size);

#endif
