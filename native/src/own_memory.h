/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_OWN_MEMORY_H
#define MF_OWN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/**
 * Reads memory of this process as the kernel reads it: what is not mapped, or not readable, is an answer and no fault, whatever
 * other threads unmap meanwhile.
 *
 * No lock, no allocation; one system call, three where a sandbox forbids the first.
 *
 * @return bytes read, fewer where unreadable memory begins; -EFAULT or -EIO: none can be read there; another negative errno: refused.
 */
long mf_own_memory_read(uint64_t address, void *to, size_t bytes);

#endif
