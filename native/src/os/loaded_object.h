/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_LOADED_OBJECT_H
#define MF_LOADED_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

/* A program or library that the dynamic loader has loaded into the calling process. */
struct mf_loaded_object {
    uint64_t bias;       /* address of a byte minus its address in the file */
    uint64_t end;        /* end of the last segment, with the zeroed data that is not in the file */
    const void *dynamic; /* the dynamic section; NULL: none */
    const char *path;    /* the path that was loaded; empty for the program */
};

/*
 * Finds the loaded object that has a segment at an address. Returns false if there is none. Takes the lock of the loader,
 * allocates nothing.
 */
bool mf_loaded_object_at(uint64_t address, struct mf_loaded_object *out);

#endif
