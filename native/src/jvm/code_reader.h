/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CODE_READER_H
#define MF_CODE_READER_H

#include "jvm/target_code.h"

/*
 * The code that an instruction of a target JVM belongs to, with all names, in one call and in memory of the caller. The result
 * is consistent: the same code was there before and after its names were read.
 */

/* A layout, followed by pages. Used by one thread at a time. */
struct mf_code_reader {
    struct mf_code_layout layout;
    struct mf_pages *pages;
    struct mf_target_constants constants;
    struct mf_target_walk walk;
};

/*
 * Size of a page that a reader caches, in bytes. It needs a few fields of each object, and objects are far from each other: to
 * copy 4 KiB would take twice the time of the system call for 1 KiB.
 */
#define MF_CODE_READER_PAGE 1024u

/* Returns the size of a reader with this many pages, a power of two of at least 8. */
size_t mf_code_reader_bytes(uint32_t slots);

/* Makes a reader. @p memory is aligned to 16 and has mf_code_reader_bytes(slots) bytes. */
struct mf_code_reader *mf_code_reader_init(void *memory, uint32_t slots, const struct mf_vm_tables *tables);

/*
 * Reads the code that an instruction belongs to now.
 *
 * @param[out] out  valid only if 0 is returned.
 *
 * Returns 0; -ENOENT: no code, or the JVM does not export the fields that are needed; -EAGAIN: the code changed during each of
 * several attempts; -EFAULT: the structures that lead to the code cannot be read; -EINVAL: they contradict each other; -ESRCH:
 * the target has exited, or runs another program.
 */
int mf_code_reader_find(struct mf_code_reader *reader, const struct mf_target_memory *memory, uint64_t address,
                        enum mf_code_address kind, struct mf_code_result *out);

/*
 * As mf_code_reader_find(), for an instruction of a frame with this frame pointer; 0: unknown. If the instruction is in the
 * interpreter, and the method that it executes is found, that method is the only frame.
 */
int mf_code_reader_find_in_frame(struct mf_code_reader *reader, const struct mf_target_memory *memory, uint64_t address,
                                 enum mf_code_address kind, uint64_t frame_pointer, struct mf_code_result *out);

/*
 * Reads the next code of a walk over all code. Its only frame is the compiled method. Each returned code existed; code that is
 * loaded or unloaded during the walk may be missing.
 *
 * @param begin  1: begins a walk.
 *
 * Returns as mf_code_reader_find(); -ENOENT: there is no more code; -EFAULT: there is no more, and some could not be read.
 */
int mf_code_reader_next(struct mf_code_reader *reader, const struct mf_target_memory *memory, int begin,
                        struct mf_code_result *out);

#endif
