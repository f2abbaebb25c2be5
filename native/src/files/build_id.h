/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_BUILD_ID_H
#define MF_BUILD_ID_H

#include "os/system_calls.h"

/*
 * Limits of the work for one file, because a malicious file can cause any amount of it. The kernel also reads at most 256
 * program headers (MAX_PHDR_CNT, lib/buildid.c, Linux 6.12+; before, one page of the file). A usual library takes two reads.
 */
#define MF_BUILD_ID_HEADERS 256u
#define MF_BUILD_ID_READS   128u /* of 1 KiB each */

/*
 * Reads the GNU build ID of an ELF file of either class, as the kernel does (lib/buildid.c) and in the byte order of this
 * machine: the first such note of the program headers, of 1 to MF_BUILD_ID_MAX bytes.
 *
 * Returns its length in bytes; 0: no ELF file, or no build ID in its first MF_BUILD_ID_HEADERS program headers; -E2BIG:
 * unknown, because MF_BUILD_ID_READS system calls did not find it, or a segment of notes ends after 4 GiB; or another negative
 * errno.
 *
 * Async-signal-safe. Takes 3 KiB of stack.
 */
int mf_build_id_of_file(int fd, uint8_t *build_id);

#endif
