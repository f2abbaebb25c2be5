/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two images that code is kept in, in turn. When one is full, what lives and what went last moves to the other, and what
 * went first is forgotten: a *tidying*. Tidying number n writes to image n & 1 and then shows it; so who reads the image of
 * turn n may trust what it read unless tidying n + 2 had begun by then.
 */
#ifndef MF_CODES_H
#define MF_CODES_H

#include "jvm/code_image.h"

struct mf_codes {
    _Atomic uint32_t turn;  /* tidyings done: which image is shown */
    _Atomic uint32_t begun; /* tidyings begun */
    uint64_t image_bytes;
    uint64_t image_offset; /* of the first, from here; the second is behind it */
    uint64_t low;
    uint64_t cache;
    _Atomic uint64_t lost;
};

/** Bytes for both images, with room for @p log bytes each, over a code cache of @p cache bytes. */
uint64_t mf_codes_bytes(uint64_t cache, uint64_t log);

/** Begins; the memory is zero, of whole pages, and anonymous. */
void mf_codes_init(struct mf_codes *codes, uint64_t low, uint64_t cache, uint64_t log);

/** The writer's image. */
struct mf_code_image *mf_codes_current(const struct mf_codes *codes);

/** Makes room, by the writer. Whether there is more than before. */
bool mf_codes_tidy(struct mf_codes *codes);

int mf_codes_find(const struct mf_codes *codes, uint64_t address, uint64_t time, struct mf_code *out);
int mf_codes_frames(const struct mf_codes *codes, const struct mf_code *code, uint64_t address, struct mf_code_frame *out,
                    uint32_t room);
int mf_codes_text(const struct mf_codes *codes, const struct mf_code *code, uint32_t name, enum mf_code_text_kind part, char *out,
                  uint32_t room);
void mf_codes_count(const struct mf_codes *codes, struct mf_code_counts *out);

#endif
