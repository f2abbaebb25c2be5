/* SPDX-License-Identifier: Apache-2.0 */
/* The objects that the dynamic loader has loaded into this process. */
#ifndef MF_OBJECT_H
#define MF_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

struct mf_loaded_object {
    uint64_t bias;       /* what is added to the addresses in its file */
    uint64_t end;        /* behind its last segment, whose zeroed data is not of the file */
    const void *dynamic; /* its dynamic section; NULL: none */
    const char *path;    /* as it was loaded; empty: the program */
};

/** The object that has a segment at an address. Allocates nothing; the loader's lock is taken. @return whether there is one. */
bool mf_loaded_object_at(uint64_t address, struct mf_loaded_object *out);

#endif
