/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_STATUS_H
#define MF_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* A field of proc_pid_status(5), and where its numbers are written. */
struct mf_status_field {
    const char *name; /* with the colon */
    unsigned base;    /* 10 or 16 */
    size_t count;     /* numbers to read */
    uint64_t *values;
};

/*
 * Reads numbers of a status file. The values of a field that the file lacks stay unchanged.
 *
 * @param path  relative to @p directory.
 * @return 0 or a negative errno.
 */
int mf_status_read(int directory, const char *path, const struct mf_status_field *fields, size_t count);

#endif
