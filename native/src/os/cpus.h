/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CPUS_H
#define MF_CPUS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes the numbers of the CPUs that threads may run on, as many as fit into @p cpus.
 *
 * @param stride  distance between two numbers in @p cpus, in bytes.
 * @return the number of CPUs, which may be more than @p capacity; or a negative errno.
 */
int mf_cpus(int32_t *cpus, uint32_t capacity, size_t stride);

#endif
