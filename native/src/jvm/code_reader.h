/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CODE_READER_H
#define MF_CODE_READER_H

#include "jvm/target_code.h"

/*
 * What an instruction of a JVM belongs to, with all names, in one call into the caller's memory. The result is of one moment:
 * the same code was there before and after its names were read.
 */

/* A text in the result. */
struct mf_result_text {
    uint32_t at;     /* from mf_code_result.text on */
    uint32_t length; /* in bytes, without a NUL; 0: unknown */
};

struct mf_code_result_frame {
    struct mf_target_frame frame;
    struct mf_result_text texts[MF_TARGET_PARTS]; /* by enum mf_target_part */
};

/* Bytes of all texts of a result: the longest name alone has 65,535. A text that does not fit is unknown. */
#define MF_CODE_RESULT_TEXT (128u << 10)

struct mf_code_result {
    struct mf_target_code code;
    uint32_t frame_count;   /* of a method: at least 1, the compiled method is the last; else 0 */
    uint32_t has_record;    /* 1: the frames are those of a debug record; 0: there is only the compiled method, with bci -1 */
    struct mf_result_text name; /* of a stub, or of a codelet of the interpreter; of a method unknown */
    uint32_t text_length;
    uint32_t reserved;
    struct mf_code_result_frame frames[MF_TARGET_MAX_FRAMES];
    char text[MF_CODE_RESULT_TEXT];
};

/* A layout, and pages behind it. Of one thread. */
struct mf_code_reader {
    struct mf_code_layout layout;
    struct mf_pages *pages;
    struct mf_target_walk walk;
};

/* Bytes that a reader with so many pages takes, a power of two from 8 on. */
size_t mf_code_reader_bytes(uint32_t slots);

/* Makes a reader. @p memory is aligned to 16 and has mf_code_reader_bytes(slots) bytes. */
struct mf_code_reader *mf_code_reader_init(void *memory, uint32_t slots, const struct mf_vm_tables *tables);

/*
 * What an instruction belongs to now.
 *
 * Returns 0; -ENOENT: no code, or the JVM does not export what it takes; -EAGAIN: the code changed during each of several
 * attempts; -EFAULT, -EINVAL: what leads there cannot be read, or contradicts itself; -ESRCH: the target has exited, or runs
 * another program. The result counts only if 0 is returned.
 */
int mf_code_reader_find(struct mf_code_reader *reader, const struct mf_target_memory *memory, uint64_t address,
                        enum mf_code_address meaning, struct mf_code_result *out);

/*
 * The next code in a walk over all of it; its frames are the compiled method alone. Code that comes or goes during the walk may
 * be part of it or not; what is returned was there.
 *
 * @param begin  1: begins at the first.
 *
 * Returns as mf_code_reader_find(); -ENOENT: there is no more.
 */
int mf_code_reader_next(struct mf_code_reader *reader, const struct mf_target_memory *memory, int begin, struct mf_code_result *out);

#endif
