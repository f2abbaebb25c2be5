/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the method of a frame of the interpreter, in the JVM of this process. */
#ifndef INTERPRETED_FRAMES_H
#define INTERPRETED_FRAMES_H

#include "method_hash.h"

#include "mapfiles_target.h"

#include <ucontext.h>

struct frame {
    uint64_t method; /* as a hash of its texts; 0: not found */
    int32_t bci;
};

static struct mf_target *target;
static struct mf_code_result result;

/* The program counter and the frame pointer. */
static bool read_registers(const ucontext_t *context, uint64_t *pc, uint64_t *frame_pointer)
{
#if defined(__x86_64__)
    *pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    *frame_pointer = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
    return true;
#elif defined(__aarch64__)
    *pc = context->uc_mcontext.pc;
    *frame_pointer = context->uc_mcontext.regs[29];
    return true;
#else
    (void)context, (void)pc, (void)frame_pointer;
    return false;
#endif
}

/* Returns whether the instruction is in the interpreter. */
static bool find(uint64_t pc, enum mf_code_address kind, uint64_t frame_pointer, struct frame *out)
{
    const struct mf_result_text *const texts = result.frames[0].texts;

    if (mf_target_find_in_frame(target, pc, kind, frame_pointer, &result) != 0 || result.code.kind != MF_TARGET_INTERPRETER)
        return false;
    *out = (struct frame){0, -1};
    if (result.frame_count == 1)
        *out = (struct frame){hash_method(result.text + texts[MF_TARGET_CLASS].at, texts[MF_TARGET_CLASS].length,
                                          result.text + texts[MF_TARGET_NAME].at, texts[MF_TARGET_NAME].length,
                                          result.text + texts[MF_TARGET_SIGNATURE].at, texts[MF_TARGET_SIGNATURE].length),
                              result.frames[0].frame.bci};
    return true;
}

static void open_target(void)
{
    const size_t bytes = (mf_target_bytes() + 63) / 64 * 64;
    struct mf_snapshot *snapshot = new_snapshot(512, 1 << 16);
    struct mf_process process;

    CHECK_IS(mf_process_open_pid(getpid(), &process), 0, "the JVM");
    CHECK(read_growing(&process, 0, &snapshot) >= 0, "its mappings");
    CHECK_IS(mf_target_open(&process, snapshot, aligned_alloc(64, bytes), bytes, &target), 0, "its code");
    mf_process_close(&process);
    free(snapshot);
}

#endif
