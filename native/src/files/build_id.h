/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_BUILD_ID_H
#define MF_BUILD_ID_H

#include "os/system_calls.h"

/*
 * Bounds on the work for one file, because a file can be made to waste time. The kernel also reads at most 256 program headers
 * (MAX_PHDR_CNT, lib/buildid.c, Linux 6.12+; before, one page of the file). An ordinary library takes two reads.
 */
#define MF_BUILD_ID_HEADERS 256u
#define MF_BUILD_ID_READS 128u /* of 1 KiB each */

/*
 * Reads the GNU build ID of an ELF file of either class as the kernel finds it (lib/buildid.c), by this machine's byte order: the
 * first such note of the program headers, of 1 to MF_BUILD_ID_MAX bytes.
 *
 * Async-signal-safe; takes 3 KiB of stack.
 *
 * @return its length; 0: no ELF file, or none in its first MF_BUILD_ID_HEADERS program headers; -E2BIG: not known, as
 *         MF_BUILD_ID_READS system calls did not find it, or a segment of notes ends beyond 4 GiB; or another negative errno.
 */
int mf_build_id_of_file(int fd, uint8_t *build_id);

#endif
