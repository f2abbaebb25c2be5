/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_TARGET_H
#define MAPFILES_TARGET_H

/**
 * @file
 * mapfiles, for the JVM in any process: the Java method with its inlined methods, or the stub, that an address belongs to now.
 *
 * The code is read from the memory of the target, which is a HotSpot JVM (JDK 17 and later): another process, or the calling
 * one. Nothing is loaded into it, no signal is sent to it, and it may be stopped, frozen or in a container. This needs ptrace
 * access to the process (ptrace(2)).
 *
 * A search finds the code that is in memory at that moment. mapfiles_jvm.h records the code of the own JVM, also unloaded code.
 *
 * The target runs meanwhile, and may be malicious. Each result is read again until it is consistent. No content of the target
 * makes a function crash or loop. A read blocks while the target withholds a page of its memory (userfaultfd(2)).
 *
 * **Signals and threads.** The functions take no lock and allocate nothing. A target is used by one thread at a time. They are
 * not meant for signal handlers: a search makes several system calls and uses up to 24 KiB of stack.
 */

#include "mapfiles.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Which instruction an address of code stands for. HotSpot's debug records (PcDesc, pcDesc.hpp) mark the *end* of an
 * instruction: the record of a call is at the address that the call returns to. So the record of an instruction that runs is
 * the first one *above* its address. HotSpot does the same for interrupted frames (forte.cpp). With the wrong kind the methods
 * are wrong for up to a third of all samples.
 */
enum mf_code_address {
    MF_CODE_RUNNING_AT = 0, /**< the instruction that begins at the address: the program counter of a sampled thread */
    MF_CODE_RETURNS_TO = 1, /**< the call that ends at the address: the return address of a stack frame */
};

/** The open JVM of a process, in memory of the caller. Its content is internal. */
struct mf_target;

/** What a piece of code is. */
enum mf_target_code_kind {
    MF_TARGET_METHOD = 1,      /**< a compiled Java method, or the wrapper of a native method */
    MF_TARGET_INTERPRETER = 2, /**< the interpreter */
    MF_TARGET_STUB = 3,        /**< other code of the JVM: an adapter, a stub */
};

/**
 * One piece of code (CodeBlob). Addresses are those of the target. mf_target_find() returns the start and the end of the codelet
 * in place of those of the interpreter, if the codelet is found; the codelet begins with its fields (InterpreterCodelet).
 */
struct mf_target_code {
    uint64_t blob;      /**< address of the CodeBlob */
    uint64_t start;     /**< first address of the code */
    uint64_t end;       /**< first address after the code */
    uint64_t blob_end;  /**< first address after the CodeBlob */
    uint64_t name;      /**< address of its name, a text with a NUL */
    uint64_t method;    /**< address of the Method of a method; 0: unknown */
    uint32_t kind;      /**< a value of enum mf_target_code_kind */
    int32_t tier;       /**< of a method: 1 to 3: C1; 4: C2 or another compiler; 0: not compiled, a native wrapper; -1: unknown */
    int32_t compile_id; /**< of a method, as -XX:+PrintCompilation prints it; -1: unknown */
    int32_t entry_bci;  /**< of a method that is compiled for on-stack replacement: the bytecode index; else, and if unknown, -1 */
};

/** A method, and a bytecode in it. */
struct mf_target_frame {
    uint64_t method; /**< address of the Method, which identifies it until its class is unloaded; 0: unknown */
    int32_t bci;     /**< bytecode index; -1: unknown, or before the first bytecode */
    uint32_t reserved; /**< unused */
};

/** Index of a text of a method. */
enum mf_target_text {
    MF_TARGET_CLASS = 0,     /**< the declaring class, such as "java/lang/String"; of a hidden class with '+', 0x and a number */
    MF_TARGET_NAME = 1,      /**< the name of the method */
    MF_TARGET_SIGNATURE = 2, /**< such as "(I)C" */
    MF_TARGET_TEXTS = 3
};

/** A text in mf_code_result.text, in the modified UTF-8 of the JVM (JVMS 4.4.7), not terminated. */
struct mf_result_text {
    uint32_t at;     /**< offset in mf_code_result.text, in bytes */
    uint32_t length; /**< in bytes; 0: unknown */
};

/** A method at an instruction. */
struct mf_code_result_frame {
    struct mf_target_frame frame;                 /**< the method and the bytecode */
    struct mf_result_text texts[MF_TARGET_TEXTS]; /**< index: enum mf_target_text */
};

/** Maximum depth of inlining. HotSpot's limits are far below. */
#define MF_TARGET_MAX_FRAMES 256u

/** Size of all texts of a result, in bytes. One name has up to 65,535. A text that does not fit is unknown. */
#define MF_CODE_RESULT_TEXT (128u << 10)

/** The code at an instruction. It has 138 KiB. */
struct mf_code_result {
    struct mf_target_code code; /**< the piece of code */
    uint32_t frame_count;       /**< of a method at least 1: the innermost inlined method first, the compiled method last; of the
                                   interpreter 1 if mf_target_find_in_frame() found the method; else 0 */
    uint32_t has_record;        /**< 1: the frames are of a debug record; 0: the only frame is the compiled method, with bci -1, or
                                   the method that the interpreter executes */
    struct mf_result_text name; /**< of a stub, or of a codelet of the interpreter, such as "iload_0"; empty for a method;
                                   "Interpreter": start and end are those of the whole interpreter */
    uint32_t text_length;       /**< bytes of text that are used */
    uint32_t reserved; /**< unused */
    struct mf_code_result_frame frames[MF_TARGET_MAX_FRAMES]; /**< frame_count of them are set */
    char text[MF_CODE_RESULT_TEXT];                           /**< of name and frames; not terminated */
};

/** Returns the size of the memory of a target, in bytes: about 1.5 MiB. */
MF_API size_t mf_target_bytes(void);

/**
 * Opens the JVM in a process. It is found by the tables that HotSpot exports, not by the name of a file. Takes two descriptors,
 * which are O_CLOEXEC. The process may be closed before the target.
 *
 * @param process   the process.
 * @param snapshot  all its mappings, of this moment.
 * @param memory    aligned to 64 bytes. The target uses it until mf_target_close().
 * @param bytes     size of the memory, at least mf_target_bytes().
 * @param[out] out  valid only if 0 is returned.
 * @retval 0        opened
 * @retval -ENOENT  the process has no library with HotSpot's tables, or they are damaged
 * @retval -EINVAL  the memory is too small or not aligned
 * @retval -EACCES  the caller may not attach to the process (ptrace(2))
 * @retval -ESRCH   the process has exited, or runs another program
 * @return -EMFILE, -ENFILE and other errors of mf_process_open_pid()
 */
MF_API int mf_target_open(const struct mf_process *process, const struct mf_snapshot *snapshot, void *memory, size_t bytes,
                          struct mf_target **out);

/** Closes the descriptors. The memory is the caller's again. */
MF_API void mf_target_close(struct mf_target *target);

/**
 * Reads the code that an instruction belongs to now.
 *
 * @param address   any 64-bit value.
 * @param kind      the instruction that the address stands for. A return address may be the end of the code.
 * @param[out] out  valid only if 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  the address is in no code, or the JVM does not export where its code is
 * @retval -EAGAIN  the code changed during each of several attempts
 * @retval -EFAULT  the structures that lead to the code cannot be read
 * @retval -EINVAL  the structures that lead to the code contradict each other
 * @retval -ESRCH   the process has exited, or runs another program
 */
MF_API int mf_target_find(struct mf_target *target, uint64_t address, enum mf_code_address kind, struct mf_code_result *out);

/**
 * Reads the code that an instruction of a stack frame belongs to now. If it is in the interpreter, the only frame of the result is
 * the method that the interpreter executes. It is not found while the method is entered or left, if it is an old version of a
 * method (JVMTI RedefineClasses), or if the frame pointer is wrong: then the result has no frame. The thread must stay in the
 * frame during the call: it is stopped, or it calls this function itself.
 *
 * @param address        as of mf_target_find().
 * @param kind           MF_CODE_RUNNING_AT: the program counter of a thread; the bytecode index is -1. MF_CODE_RETURNS_TO: the
 *                       return address in the next frame; the bytecode is that of the call, if another method was called; else,
 *                       in a function of the JVM, the bytecode index is -1.
 * @param frame_pointer  of the frame: rbp on x86-64, x29 on AArch64. The frame pointer of its caller is at this address, and the
 *                       address that it returns to is behind it. 0: unknown.
 * @param[out] out       valid only if 0 is returned.
 * @return as mf_target_find()
 */
MF_API int mf_target_find_in_frame(struct mf_target *target, uint64_t address, enum mf_code_address kind,
                                   uint64_t frame_pointer, struct mf_code_result *out);

/**
 * Reads the next piece of code of a walk over all code. Its only frame is the compiled method. The interpreter is one piece,
 * named "Interpreter". Code that is loaded or unloaded during the walk may be missing.
 *
 * @param begin     1: begins a walk; 0: continues it.
 * @param[out] out  valid only if 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  there is no more code
 * @retval -EFAULT  there is no more code that can be read, and some could not be read
 * @return other errors of mf_target_find()
 */
MF_API int mf_target_next(struct mf_target *target, int begin, struct mf_code_result *out);

/**
 * Reads memory of the process, by system calls: an address that is not mapped is a result, also if the process unmaps it during
 * the read.
 *
 * @param to  @p bytes bytes.
 * @return the number of bytes read, which is smaller if unreadable memory follows
 * @retval -EFAULT  no byte can be read
 * @retval -ESRCH   the process has exited, or runs another program
 */
MF_API int mf_target_read(const struct mf_target *target, uint64_t address, void *to, uint32_t bytes);

#ifdef __cplusplus
}
#endif

#endif
