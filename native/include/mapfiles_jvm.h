/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_JVM_H
#define MAPFILES_JVM_H

/**
 * @file
 * mapfiles, inside a JVM: which Java method, or stub of the JVM's, an address of its code belongs to, now and earlier.
 *
 * The JVM tells of its code through JVMTI, and it is kept in memory of the library's own, of a size the caller sets, until
 * the process ends. Looking up takes no lock, allocates nothing, makes no system call, and is async-signal-safe: a
 * handler may interrupt anything, the keeping of that memory included.
 *
 * Times are CLOCK_MONOTONIC in nanoseconds (System.nanoTime() of a JVM on Linux), and are those at which the JVM told: it
 * tells of code shortly after it can run, and of code that went before its place is used again.
 */

#include "mapfiles.h"

#ifdef __cplusplus
extern "C" {
#endif

enum mf_code_kind {
    MF_CODE_METHOD = 1, /**< a compiled Java method, or the wrapper of a native one */
    MF_CODE_STUB = 2,   /**< a piece of the JVM's own: the interpreter, an adapter, a stub, ... */
};

enum mf_code_flag {
    /** The JVM told of it later than the time asked for, and of nothing else there before: very likely it ran already. */
    MF_CODE_RECORDED_LATER = 1u << 0,
    /** It was there when the JVM was asked: since when is not known, and its inlining may be told coarsely. */
    MF_CODE_BEFORE_START = 1u << 1,
    MF_CODE_OSR = 1u << 2, /**< compiled to be entered in a loop, at entry_bci */
};

/** One piece of code. Names are numbers that mf_code_text() turns to text. */
struct mf_code {
    uint64_t start;
    uint64_t end;      /**< exclusive */
    uint64_t loaded;   /**< when the JVM told of it */
    uint64_t unloaded; /**< 0: it is there, as far as the JVM told */
    uint32_t kind;     /**< enum mf_code_kind */
    uint32_t flags;    /**< enum mf_code_flag */
    uint32_t name;     /**< of the method compiled, or the stub */
    int32_t tier;      /**< 1 to 3 C1, 4 C2 or another; 0 no compiler's: a wrapper; -1 not known */
    int32_t compile_id;/**< as -XX:+PrintCompilation numbers it; -1: not known */
    int32_t entry_bci; /**< of MF_CODE_OSR; else -1 */
    uint32_t record;   /**< the library's own */
    uint32_t turn;     /**< the library's own: how often memory was tidied when this was found */
};

/** A method, and where in it. */
struct mf_code_frame {
    uint32_t name; /**< 0: not known */
    int32_t bci;   /**< bytecode index; -1: not known */
};

enum mf_code_text_kind {
    MF_CODE_TEXT_CLASS = 0,    /**< "Ljava/lang/String;", as the JVM writes types; empty for a stub */
    MF_CODE_TEXT_NAME = 1,     /**< the method's or the stub's name */
    MF_CODE_TEXT_SIGNATURE = 2,/**< "(I)C"; empty for a stub */
};

/** What is kept. */
struct mf_code_counts {
    uint64_t live;      /**< pieces of code that are there */
    uint64_t gone;      /**< that went, and are remembered */
    uint64_t names;     /**< methods and stubs named */
    uint64_t bytes;     /**< in use */
    uint64_t capacity;  /**< of these at most */
    uint64_t forgotten; /**< code that went before this time is no longer known; 0: all is */
    uint64_t lost;      /**< pieces of code that there was no room for, or that are outside the code cache: never known */
    uint64_t turns;     /**< how often memory was tidied: what went first was forgotten */
};

/** The time to ask for what is there now. */
#define MF_CODE_NOW UINT64_MAX

/**
 * Asks the JVM to tell of its code until mf_jvm_close(), and of all that is there. May be called again, also from several
 * threads: then it only asks again what there is. Each call that succeeds is to be ended by a closing of its own.
 *
 * @param java_vm a JavaVM of jni.h, to which the calling thread is attached (AttachCurrentThread).
 * @param bytes   address space to keep it in, twice: while it fills up, what went first is forgotten. 0: 64 MiB. Memory is
 *                taken as it is used. Later calls do not change it.
 * @return 0; -ENOTSUP: the JVM has no JVMTI, or cannot tell of code; -ENOMEM; -ESRCH: it is exiting; -EINVAL: the thread is
 *         not attached.
 */
MF_API int mf_jvm_open(void *java_vm, uint64_t bytes);

/**
 * Ends one opening. After the last the JVM tells no more: what is known stays, and ages: code that goes from then on seems to be
 * there. An agent of the command line, or attached, never closes.
 *
 * @return 0, also where nothing is open; -EINVAL: the thread is not attached to the JVM, or that has ended; -ESRCH: it is
 *         exiting.
 */
MF_API int mf_jvm_close(void);

/**
 * Which code an address belongs to.
 *
 * @param time when; MF_CODE_NOW: what is there as far as the JVM told.
 * @return 0; -ENOENT: none that was told of; -ENODATA: if there was any then, it is forgotten; -EAGAIN: memory was tidied
 *         twice meanwhile; -ESRCH: nobody called mf_jvm_open().
 */
MF_API int mf_code_find(uint64_t address, uint64_t time, struct mf_code *out);

/**
 * The methods at an address of a piece of code, the innermost inlined one first, the one compiled last. The address may be
 * one that a thread returns to, or one that it runs at: debug information is told at calls and safepoints, and holds
 * for the instructions up to there.
 *
 * @return how many there are, of which at most @p room are written; 1 with bci -1 for code without debug information there; 0
 *         for a stub; -ESTALE: memory was tidied since: find it again.
 */
MF_API int mf_code_frames(const struct mf_code *code, uint64_t address, struct mf_code_frame *out, uint32_t room);

/**
 * A text of a name found in @p code or its frames, in the JVM's modified UTF-8, without an end mark; of name 0 an empty one.
 *
 * @param out may be NULL where @p room is 0.
 * @return its length, of which at most @p room bytes are written; -ESTALE: as mf_code_frames().
 */
MF_API int mf_code_text(const struct mf_code *code, uint32_t name, enum mf_code_text_kind part, char *out, uint32_t room);

/** What is kept now. Takes a lock: not for signal handlers. @return 0; -ESRCH: nobody called mf_jvm_open(). */
MF_API int mf_code_count(struct mf_code_counts *out);

#ifdef __cplusplus
}
#endif

#endif
