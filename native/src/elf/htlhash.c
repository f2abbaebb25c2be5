/* SPDX-License-Identifier: Apache-2.0 */
/* The hash that identifies a file in OpenTelemetry profiles ("process.executable.build_id.htlhash"). */
#include "elf/reader.h"
#include "elf/sha256.h"

#include <string.h>

#define PART 4096u /* bytes at the begin and at the end of the file; they overlap in a shorter file */

int mf_elf_htlhash(const struct mf_elf_bytes *bytes, uint8_t *out)
{
    const uint32_t part = bytes->size < PART ? (uint32_t)bytes->size : PART;
    uint8_t data[PART], length[8], digest[MF_SHA256_BYTES];
    struct mf_sha256 hash;
    int rc;

    mf_sha256_begin(&hash);
    for (int i = 0; i < 2; i++) {
        rc = mf_elf_read_at(bytes, i == 0 ? 0 : bytes->size - part, data, part);
        if (rc < 0)
            return rc;
        mf_sha256_add(&hash, data, part);
    }
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bytes->size >> (56 - 8 * i));
    mf_sha256_add(&hash, length, sizeof length);
    mf_sha256_end(&hash, digest);
    memcpy(out, digest, MF_ELF_HTLHASH_BYTES);
    return 0;
}
