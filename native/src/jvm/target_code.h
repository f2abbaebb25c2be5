/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_CODE_H
#define MF_TARGET_CODE_H

#include "jvm/code_layout.h"
#include "mapfiles_target.h"

/*
 * The code of a target JVM, read from its memory: without JVMTI, without attaching, and without a signal to the target, which
 * may be stopped. The target may be this process.
 *
 * The target runs meanwhile, and may be malicious. Each address that is read there is checked, each length is limited, and each
 * step of a chain makes it shorter. A value that cannot be read, or that contradicts others, is unknown.
 *
 * No lock, no allocation. The pages are used by one thread at a time.
 */

/* A code heap. */
struct mf_code_heap {
    uint64_t low, high; /* committed */
    uint64_t map;       /* its segment map */
    uint64_t segments;  /* that have a byte in the map */
    int32_t shift;      /* log2 of the size of a segment */
    uint32_t reserved;
};

#define MF_TARGET_MAX_HEAPS 16u /* HotSpot has up to three */

/*
 * What a JVM keeps while it runs, so that a search reads it once: its code heaps, which only become larger; the address of the
 * name of compiled methods; its version. Begins with zeros. Used by one thread at a time.
 */
struct mf_target_constants {
    struct mf_code_heap heaps[MF_TARGET_MAX_HEAPS];
    uint32_t heap_count;
    int32_t version;      /* 0: not read yet */
    uint64_t method_name; /* 0: not read yet */
};

/*
 * Finds the code that an instruction is in.
 *
 * Returns 0; -ENOENT: it is in no code, or the JVM does not export the fields that are needed; -EFAULT: the structures that
 * lead to the code cannot be read; -EINVAL: they contradict each other; -ESRCH: the target has exited, or runs another program.
 */
int mf_target_code_find(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                        uint64_t address, enum mf_code_address kind, struct mf_target_code *out);

/* Maximum of blocks that a walk visits. JVMs have up to some hundred thousand. A malicious target may report any number. */
#define MF_TARGET_MAX_BLOCKS (1u << 22)

#define MF_TARGET_BATCH 64u  /* pieces of code that a walk reads together */
#define MF_TARGET_HEAD  512u /* bytes of a CodeBlob: its fields are in them */

/* A walk over all code; begins with zeros. */
struct mf_target_walk {
    uint32_t heap;    /* number of the code heap */
    uint32_t blocks;  /* visited so far */
    uint32_t damaged; /* blocks, and rests of segment maps, that could not be read so far */
    uint32_t count;   /* of codes */
    uint32_t next;    /* the first of codes that was not returned */
    uint32_t checked; /* clock of the pages when the codes were read again */
    uint64_t segment; /* the first segment of the code heap that was not visited */
    uint64_t end;     /* of the last code of the code heap */
    struct mf_target_code codes[MF_TARGET_BATCH];
    struct mf_target_frame frames[MF_TARGET_BATCH]; /* the methods of the codes */
    unsigned char heads[MF_TARGET_BATCH][MF_TARGET_HEAD];
};

/*
 * Reads the next pieces of code of a walk into codes, in order of address in each code heap. Code heaps are in the order of the
 * JVM's list. The pages of the names of the methods are read too. Then the codes are read again: the kind
 * of one that has changed meanwhile is 0.
 *
 * Returns as mf_target_code_find(); -ENOENT: there is no more code; -EFAULT: there is no more, and some could not be read;
 * -EINVAL: more than MF_TARGET_MAX_BLOCKS blocks, or too many
 * that are no code.
 */
int mf_target_code_batch(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                         struct mf_target_walk *walk);

/*
 * Checks whether the same code is still there, by reading it again from memory. If it is, all that was read of it is of this
 * code. The memory of code is reused at any time, but not with the same compile ID.
 *
 * Returns 1, 0, or -ESRCH.
 */
int mf_target_code_is_there(const struct mf_pages *pages, const struct mf_code_layout *layout,
                            const struct mf_target_code *code);

/*
 * Reads the methods at an instruction of a compiled method: the innermost inlined method first, the compiled method last.
 *
 * @param[out] out  MF_TARGET_MAX_FRAMES frames.
 *
 * Returns their number; 0: there is no debug record, as for a native wrapper and a stub; -ENOENT: the JVM does not export the
 * fields that are needed; -EINVAL: the records contradict each other; -EFAULT, -ESRCH as mf_target_code_find().
 */
int mf_target_code_frames(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                          const struct mf_target_code *code, uint64_t address, enum mf_code_address kind,
                          struct mf_target_frame *out);

/* The name of a codelet, not terminated. */
struct mf_codelet_name {
    const char *text;
    uint32_t length;
};

/*
 * Returns whether the frame pointer is that of a complete frame of the interpreter at an instruction of a codelet. An instruction
 * while a frame is made or removed has none.
 *
 * @param start    of the codelet.
 * @param address  of the instruction, or the address behind a call.
 */
int mf_codelet_has_frame(struct mf_pages *pages, struct mf_codelet_name name, uint64_t start, uint64_t address,
                         enum mf_code_address kind);

/*
 * Returns whether the frame has the bytecode of a call that returns to the codelet: a method was called. The code of a bytecode
 * also calls functions of the JVM before which it does not write it (call_VM_leaf()); the frame has that of an earlier call then.
 * A thread that runs has it in a register.
 */
int mf_codelet_saves_bytecode(struct mf_codelet_name name, enum mf_code_address kind);

/*
 * Finds the method that the interpreter executes in a frame.
 *
 * @param frame_pointer  any number.
 * @param kind           whether the thread runs in this frame, or has made a call.
 *
 * The bytecode is that of the last call; see mf_codelet_saves_bytecode().
 *
 * Returns 0; -ENOENT: it is no frame of the interpreter, the method is being entered or left, it is an old version of a method
 * (JVMTI RedefineClasses), or the JVM does not export the fields that are needed; -EINVAL: the class of the method contradicts
 * itself; -EFAULT, -ESRCH as mf_target_code_find().
 */
int mf_target_interpreted(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t frame_pointer,
                          enum mf_code_address kind, struct mf_target_frame *out);

/* Reads again whether a frame is of a method. Returns 1, 0, or -ESRCH. */
int mf_target_is_interpreted(const struct mf_pages *pages, uint64_t frame_pointer, uint64_t method);

/* Reads the pages of the texts of methods, in a few system calls. @p count is up to MF_TARGET_MAX_FRAMES. */
void mf_target_method_prefetch(struct mf_pages *pages, const struct mf_code_layout *layout,
                               const struct mf_target_frame *frames, uint32_t count);

/*
 * Reads a text of a Method, in modified UTF-8 (JVMS 4.4.7), not terminated.
 *
 * Returns its length in bytes; -ENAMETOOLONG: it has more than @p capacity bytes; -ENOENT, -EINVAL, -EFAULT, -ESRCH as
 * mf_target_code_frames().
 */
int32_t mf_target_method_text(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t method,
                              enum mf_target_text kind, char *out, uint32_t capacity);

/* A codelet of the interpreter: the code of one bytecode, or of another task. */
struct mf_codelet {
    uint64_t start; /* of the InterpreterCodelet: the code follows its fields */
    uint64_t end;   /* exclusive */
    uint64_t name;  /* address of its name, such as "iload_0", a text with a NUL */
};

/*
 * Finds the codelet that an instruction is in. The codelets are adjacent in a StubQueue, and each has its size (stubs.hpp).
 *
 * @param code  the interpreter.
 *
 * Returns 0; -ENOENT: it is in no codelet, or the JVM does not export the fields that are needed; -EINVAL: the sizes contradict
 * each other; -EFAULT, -ESRCH as mf_target_code_find().
 */
int mf_target_codelet_find(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code,
                           uint64_t instruction, struct mf_codelet *out);

#endif
