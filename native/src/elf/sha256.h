/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_SHA256_H
#define MF_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define MF_SHA256_BYTES 32

/* A computation of SHA-256 (FIPS 180-4). */
struct mf_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes added so far */
    uint8_t block[64];
};

void mf_sha256_begin(struct mf_sha256 *hash);
void mf_sha256_add(struct mf_sha256 *hash, const void *bytes, size_t count);

/* Ends the computation and writes MF_SHA256_BYTES bytes. */
void mf_sha256_end(struct mf_sha256 *hash, uint8_t *out);

#endif
