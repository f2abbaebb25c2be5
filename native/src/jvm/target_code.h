/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_TARGET_CODE_H
#define MF_TARGET_CODE_H

#include "jvm/code_layout.h"

/*
 * The code of a JVM, in another process or in this one, as it is in memory at the time of a call: without JVMTI, without
 * attaching, and without any signal to the target, which may be stopped.
 *
 * The target runs on meanwhile, and may be hostile. Every address that is read there may lead anywhere, every length is
 * bounded, every chain gets shorter with each step. What cannot be read or contradicts itself is unknown.
 *
 * No lock, no allocation. The pages belong to one thread.
 */

/*
 * Which instruction an address stands for. HotSpot's debug records (PcDesc, pcDesc.hpp) mark the *end* of an instruction: a
 * call's record is at the address that the call returns to. So the record of an instruction is the first one above the
 * instruction's own address. HotSpot does the same for interrupted frames (forte.cpp).
 */
enum mf_code_address {
    MF_RUNNING_AT = 0, /* the instruction at the address: of a sampled or an interrupted thread */
    MF_RETURNS_TO = 1, /* the instruction that ends at the address: a call, of a frame that waits for it to return */
};

enum mf_target_code_kind {
    MF_TARGET_METHOD = 1,  /* a compiled Java method, or the wrapper of a native one */
    MF_TARGET_INTERPRETER, /* the interpreter */
    MF_TARGET_STUB,        /* other code of the JVM's: an adapter, a stub, ... */
};

/* One CodeBlob. */
struct mf_target_code {
    uint64_t blob;      /* address of the CodeBlob */
    uint64_t start, end;/* of its code; end exclusive */
    uint64_t blob_end;
    uint64_t name;      /* address of its name, a text with a NUL */
    uint64_t method;    /* a method's Method; 0: unknown */
    uint32_t kind;      /* enum mf_target_code_kind */
    int32_t tier;       /* of a method: 0 none's, as of a native wrapper, 1 to 3 C1, 4 C2 or what stands for it; -1: unknown */
    int32_t compile_id; /* of a method, as -XX:+PrintCompilation numbers it; -1: unknown */
    int32_t entry_bci;  /* of a method: where it is entered in a loop (OSR); -1: at its beginning, or unknown */
};

/*
 * The code that an instruction is in.
 *
 * Returns 0; -ENOENT: in no code, or the JVM does not export what it takes; -EFAULT: what leads there cannot be read; -ESRCH:
 * the target has exited, or runs another program.
 */
int mf_target_code_find(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t address, enum mf_code_address meaning,
                        struct mf_target_code *out);

/* Blocks that a walk visits at most. JVMs have up to some hundred thousand; a target may make up more, and change them meanwhile. */
#define MF_TARGET_MAX_BLOCKS (1u << 22)

/* A walk over all code; begins with zeros. */
struct mf_target_walk {
    uint32_t heap;     /* number of the code heap */
    uint32_t blocks;   /* visited so far */
    uint32_t reserved;
    uint32_t damaged;  /* blocks so far that could not be read */
    uint64_t segment;  /* the first that was not visited in the code heap */
    uint64_t prefetched;/* the first that has not been read ahead */
};

/*
 * The next code of a walk: in order of address in a code heap, and code heaps as the JVM lists them. Returns as
 * mf_target_code_find(); -ENOENT: there is no more; -EINVAL: there is too much that cannot be code, or more
 * than MF_TARGET_MAX_BLOCKS.
 */
int mf_target_code_next(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_walk *walk,
                        struct mf_target_code *out);

/*
 * Whether the same code is there still, read anew: then what was read of it and of what it refers to is of this code. A place
 * is used again for other code at any time, but not with the same compile id. Returns 1, 0, or -ESRCH.
 */
int mf_target_code_is_there(const struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code);

/* A method, and where in it. */
struct mf_target_frame {
    uint64_t method; /* address of the Method */
    int32_t bci;     /* bytecode index; -1: unknown, or before the first bytecode */
    uint32_t reserved;
};

/* Depth of inlining: HotSpot's own limits are far below it. */
#define MF_TARGET_MAX_FRAMES 256u

/*
 * The methods at an instruction of a compiled method: the innermost inlined one first, the compiled one last.
 *
 * @param out  room for MF_TARGET_MAX_FRAMES.
 *
 * Returns how many; 0: no debug record, as for a native wrapper and a stub; -ENOENT: the JVM does not export what it takes;
 * -EINVAL: the records contradict each other; -EFAULT, -ESRCH.
 */
int mf_target_code_frames(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code,
                          uint64_t address, enum mf_code_address meaning, struct mf_target_frame *out);

enum mf_target_part {
    MF_TARGET_CLASS = 0, /* the class that declares it, as "java/lang/String"; hidden classes have a '+' and 0x before a number */
    MF_TARGET_NAME,
    MF_TARGET_SIGNATURE, /* "(I)C" */
    MF_TARGET_PARTS
};

/* Reads the pages that the texts of methods are on, in a few system calls. */
void mf_target_method_prefetch(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_frame *frames,
                               uint32_t count);

/*
 * A text of a Method, in the JVM's modified UTF-8 (JVMS 4.4.7), without a NUL. Returns its length; -ENAMETOOLONG: longer than
 * @p room bytes; -ENOENT, -EINVAL, -EFAULT, -ESRCH as mf_target_code_frames().
 */
int32_t mf_target_method_text(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t method, enum mf_target_part part,
                              char *out, uint32_t room);

/*
 * The name of a piece of code: of a stub its own, of the interpreter that of the codelet which an instruction is in, such as
 * "iload_0". Returns its length without the NUL that follows it; otherwise as mf_target_method_text().
 */
int32_t mf_target_code_text(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code,
                            uint64_t instruction, char *out, uint32_t room);

#endif
