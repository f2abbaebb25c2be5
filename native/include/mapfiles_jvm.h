/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_JVM_H
#define MAPFILES_JVM_H

/**
 * @file
 * mapfiles, inside a JVM: the Java method, or the stub of the JVM, that an address of the code cache belongs to, now and
 * earlier.
 *
 * The JVM reports its code through JVMTI. The library records the reports in memory of its own, whose size the caller sets,
 * until the process ends. When that memory is full it is compacted: code that was unloaded long ago is evicted.
 *
 * **Words**
 *  - *Code* is one compiled method, or one stub: a piece of the interpreter, an adapter, a wrapper.
 *  - *Loaded* and *unloaded* are the times of the JVM's two reports. A *live* piece of code is loaded and not unloaded.
 *  - Times are CLOCK_MONOTONIC in nanoseconds: System.nanoTime() of a JVM on Linux.
 *
 * **Late reports.** The JVM queues its reports: one of its threads sends them. So code can run before it is reported, and other
 * code can be at an address before the end of the earlier code is reported. Reports were up to 0.4 s late on JDK 17 and 25, more
 * on a machine that is overloaded. So take the time of each sample, and resolve samples half a second later with that time. If
 * another piece of code was loaded at the address within 5 s, the result has MF_CODE_UNCERTAIN. The library also compares live
 * code with what is in memory: another compile ID or a free block has the same flag.
 *
 * **Memory.** When the memory for records is full, the code that was unloaded first is evicted. If that frees too little, the
 * inlined methods and bytecode indices of the recorded code are dropped, and names stay. After that new code is not recorded:
 * -ENOSPC.
 *
 * **Signals and threads.** mf_code_find(), mf_code_frames() and mf_code_text() take no lock, allocate nothing, make no system
 * call and are async-signal-safe: a handler may interrupt anything, also a compaction. They are thread-safe for different
 * output memory. The other functions take locks and must not be called from a signal handler.
 *
 * | error    | meaning |
 * | -------- | ------- |
 * | -ESRCH   | no call of mf_jvm_open() has succeeded; of mf_jvm_open() and mf_jvm_close(): the JVM is exiting |
 * | -ENOENT  | no code that was reported covers the address at that time |
 * | -ENODATA | the time is so early that code at the address may have been evicted |
 * | -ENOSPC  | the JVM reported code at the address that was not recorded: memory was full, or it has no name |
 * | -EAGAIN  | memory was compacted during each of several attempts |
 * | -ESTALE  | memory was compacted since the code was found: find it again |
 * | -ENOTSUP | the JVM has no JVMTI, or does not report compiled code |
 * | -ENOMEM  | address space or memory is used up |
 * | -EINVAL  | the calling thread is not attached to the JVM |
 */

#include "mapfiles.h"
#include "mapfiles_target.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a piece of code is. */
enum mf_code_kind {
    MF_CODE_METHOD = 1, /**< a compiled Java method, or the wrapper of a native method */
    MF_CODE_STUB = 2,   /**< other code of the JVM: the interpreter, an adapter, a stub */
};

/** Bits of mf_code.flags. */
enum mf_code_flag {
    MF_CODE_RECORDED_LATER = 1u << 0, /**< the JVM reported this code after the requested time, and no code at the address
                                           before. Probably it ran at that time already */
    MF_CODE_BEFORE_START = 1u << 1,   /**< it existed at mf_jvm_open(): its load time is unknown, and the JVM may report its
                                           inlined methods only coarsely */
    MF_CODE_OSR = 1u << 2,            /**< compiled for on-stack replacement: it is entered at entry_bci */
    MF_CODE_UNCERTAIN = 1u << 3,      /**< other code may have been at the address at that time: the place was used again, and
                                           the JVM reports the end of code late */
    MF_CODE_NO_DETAILS = 1u << 4,     /**< its inlined methods and bytecode indices are not recorded: memory was full */
};

/** One piece of code. Names are numbers: mf_code_text() returns their text. */
struct mf_code {
    uint64_t start;      /**< first address */
    uint64_t end;        /**< first address after the code */
    uint64_t loaded;     /**< when the JVM reported the code, in ns */
    uint64_t unloaded;   /**< when the JVM reported its end, in ns; 0: not reported */
    uint32_t kind;       /**< a value of enum mf_code_kind */
    uint32_t flags;      /**< bits of enum mf_code_flag */
    uint32_t name;       /**< of the compiled method, or of the stub */
    int32_t tier;        /**< 1 to 3: C1; 4: C2 or another compiler; 0: not compiled, such as a native wrapper; -1: unknown */
    int32_t compile_id;  /**< as -XX:+PrintCompilation prints it; -1: unknown */
    int32_t entry_bci;   /**< with MF_CODE_OSR: the bytecode index; else -1 */
    uint32_t record;     /**< internal */
    uint32_t compaction; /**< internal: number of compactions before this code was found */
};

/** A method, and a bytecode in it. */
struct mf_code_frame {
    uint32_t name; /**< 0: unknown */
    int32_t bci;   /**< bytecode index; -1: unknown */
};

/** Which text of a name to return. */
enum mf_code_text_kind {
    MF_CODE_TEXT_CLASS = 0,    /**< the class as a JVM type, such as "Ljava/lang/String;"; empty for a stub */
    MF_CODE_TEXT_NAME = 1,     /**< the name of the method or of the stub */
    MF_CODE_TEXT_SIGNATURE = 2,/**< such as "(I)C"; empty for a stub */
};

/** What is recorded. */
struct mf_code_counts {
    uint64_t live;           /**< pieces of code that are loaded */
    uint64_t unloaded;       /**< pieces of code that are unloaded and still recorded */
    uint64_t names;          /**< methods and stubs with a name */
    uint64_t bytes;          /**< memory in use, in bytes */
    uint64_t capacity;       /**< maximum of bytes */
    uint64_t evicted_before; /**< code that was unloaded before this time may be evicted; 0: none is */
    uint64_t lost;           /**< pieces of code that were not recorded: memory was full, or they have no name, or are outside
                                  the code cache */
    uint64_t compactions;    /**< how often memory was compacted */
};

/** The time argument of mf_code_find() that means now. */
#define MF_CODE_NOW UINT64_MAX

/**
 * Starts recording the code of the JVM, and records the code that exists. The library records until mf_jvm_close(). A later
 * call, also by another thread at the same time, only records the existing code again. Each successful call needs one
 * mf_jvm_close().
 *
 * @param java_vm  a JavaVM of jni.h. The calling thread is attached to it (AttachCurrentThread).
 * @param bytes    memory for records, in bytes; twice as much address space is reserved. 0: 64 MiB; else 1 MiB to 1 GiB, and
 *                 other values are limited to that. Memory is used as code is recorded. Only the first call sets it.
 * @retval 0        recording
 * @retval -ENOTSUP the JVM has no JVMTI, or does not report compiled code
 * @retval -ENOMEM  address space or memory is used up
 * @retval -ESRCH   the JVM is exiting
 * @retval -EINVAL  the calling thread is not attached to the JVM
 *
 * Blocks while the JVM reports its existing code.
 */
MF_API int mf_jvm_open(void *java_vm, uint64_t bytes);

/**
 * Ends one mf_jvm_open(). After the last of them the library stops recording. What is recorded stays and becomes out of date:
 * code that is unloaded later still seems to be live. The agent of the command line (-agentpath, or attached) never stops
 * recording.
 *
 * @retval 0        ended, or recording had not started
 * @retval -EINVAL  the calling thread is not attached to the JVM, or the JVM has ended
 * @retval -ESRCH   the JVM is exiting
 */
MF_API int mf_jvm_close(void);

/**
 * Returns the code that an address belongs to.
 *
 * @param address   any 64-bit value.
 * @param kind      the instruction that the address stands for. A return address may be the end of the code.
 * @param time      a time in ns, or MF_CODE_NOW for the code that is live.
 * @param[out] out  the code; unchanged unless 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  no code that was reported covers the address at that time
 * @retval -ENODATA the time is so early that code at the address may have been evicted
 * @retval -ENOSPC  the JVM reported code at the address, or within 128 bytes, that was not recorded: the memory was full,
 *                  or the JVM returned no name of the method, which it was unloading
 * @retval -EAGAIN  memory was compacted during each of several attempts
 * @retval -ESRCH   no call of mf_jvm_open() has succeeded
 */
MF_API int mf_code_find(uint64_t address, enum mf_code_address kind, uint64_t time, struct mf_code *out);

/**
 * Returns the methods at an address of a piece of code: the innermost inlined method first, the compiled method last.
 *
 * The JVM reports debug information at calls and safepoints; each record is valid for the instructions that end at or before
 * its address.
 *
 * @param code      as mf_code_find() returned it.
 * @param address   in the code.
 * @param kind      the instruction that the address stands for, as for mf_code_find().
 * @param[out] out  @p capacity frames; may be NULL if that is 0.
 * @param capacity  0 or more.
 * @return the number of methods, of which at most @p capacity are written; 1 with bci -1 for a method without debug information
 *         at the address; 0 for a stub
 * @retval -ESTALE  memory was compacted since: find the code again
 */
MF_API int mf_code_frames(const struct mf_code *code, uint64_t address, enum mf_code_address kind, struct mf_code_frame *out,
                          uint32_t capacity);

/**
 * Returns a text of a name, in the modified UTF-8 of the JVM (JVMS 4.4.7), not terminated. The text of name 0 is empty.
 *
 * @param code      the code that the name was found in, itself or in its frames.
 * @param name      mf_code.name or mf_code_frame.name.
 * @param kind      which text.
 * @param[out] out  @p capacity bytes; may be NULL if that is 0.
 * @param capacity  in bytes.
 * @return the length in bytes, of which at most @p capacity are written
 * @retval -ESTALE  memory was compacted since, or @p kind is invalid: find the code again
 */
MF_API int mf_code_text(const struct mf_code *code, uint32_t name, enum mf_code_text_kind kind, char *out, uint32_t capacity);

/**
 * Counts what is recorded.
 *
 * @param[out] out  valid only if 0 is returned.
 * @retval 0       done
 * @retval -ESRCH  no call of mf_jvm_open() has succeeded
 *
 * Takes a lock.
 */
MF_API int mf_code_count(struct mf_code_counts *out);

#ifdef __cplusplus
}
#endif

#endif
