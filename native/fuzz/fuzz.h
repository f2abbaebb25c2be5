/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the harnesses: the input as a stream of numbers, and checks that stop the fuzzer. */
#ifndef MF_FUZZ_H
#define MF_FUZZ_H

#include "os/system_calls.h"

#include "../test/check.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rest of the input. After its end all numbers are 0. */
struct input {
    const uint8_t *at;
    size_t left;
};

static inline void take_bytes(struct input *input, void *to, size_t bytes)
{
    const size_t count = bytes < input->left ? bytes : input->left;

    memset(to, 0, bytes);
    if (count > 0)
        memcpy(to, input->at, count);
    input->at += count;
    input->left -= count;
}

static inline uint64_t take(struct input *input, size_t bytes)
{
    uint64_t value = 0;

    take_bytes(input, &value, bytes);
    return value;
}

/* Copies the rest of the input to memory of exactly that size, so that AddressSanitizer reports a read after its end. */
static inline void *take_rest(struct input *input, size_t *size)
{
    void *const copy = malloc(input->left > 0 ? input->left : 1);

    if (copy == NULL)
        abort();
    *size = input->left;
    take_bytes(input, copy, *size);
    return copy;
}

/* Ends a run: a failed check is a finding. */
static inline int end_run(void)
{
    if (check_failures > 0)
        abort();
    return 0;
}

/* The time limit of check.h is for tests. */
#define FUZZ_INITIALIZE                                     \
    int LLVMFuzzerInitialize(int *count, char ***arguments) \
    {                                                       \
        (void)count;                                        \
        (void)arguments;                                    \
        alarm(0);                                           \
        return 0;                                           \
    }

/* For harnesses whose system calls the kernel makes. */
#define CALLS_OF_KERNEL                                                       \
    long mf_hook(long number, long a, long b, long c, long d, long e, long f) \
    {                                                                         \
        return mf_kernel_call(number, a, b, c, d, e, f);                      \
    }

#endif
