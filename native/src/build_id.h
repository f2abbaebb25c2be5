/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_BUILD_ID_H
#define MF_BUILD_ID_H

#include "sys.h"

/*
 * Reads the GNU build ID of an ELF file of either class in this machine's byte order, as the kernel finds it
 * (lib/buildid.c): the first such note of the program headers, of 1 to MF_BUILD_ID_MAX bytes.
 *
 * @return its length; 0: no ELF file, or without one; or a negative errno.
 */
int mf_build_id_of_file(int fd, uint8_t *build_id);

#endif
