/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is at the path of a mapped file. */
#ifndef MF_SUBJECT_H
#define MF_SUBJECT_H

#include "mapfiles_files.h"
#include "os/statx.h"

#include <stdbool.h>

/* Which file is at a path. */
enum mf_at_path {
    MF_AT_PATH_SAME,   /* the mapped file */
    MF_AT_PATH_COPIED, /* on overlayfs, another copy of it than the mapped one */
    MF_AT_PATH_OTHER,  /* another file */
    MF_AT_PATH_ABSENT, /* none */
    MF_AT_PATH_HIDDEN, /* none, on overlayfs: the file may have other links in the lower layer */
    MF_AT_PATH_UNKNOWN,
};

/* The mapped file, and the root directory of its path. */
struct mf_subject {
    struct mf_process *process;
    const struct mf_mapping *mapping;
    const char *name;
    bool has_stat; /* file is valid; else only the device and inode in maps are known */
    struct mf_statx file;
    int root_fd;          /* negative: it could not be opened */
    bool root_is_guess;   /* mf_root_open(): only MF_AT_PATH_SAME and MF_AT_PATH_COPIED are valid results */
    bool is_unverifiable; /* the file at its path is on a file system where device and inode verify nothing */
};

/* Reads the stat of the file through its entry, if the caller may. Returns 0, -ESTALE or another error of the process. */
int mf_subject_open(struct mf_process *process, const struct mf_mapping *mapping, const char *name, struct mf_subject *out);

void mf_subject_close(const struct mf_subject *subject);

/* Which file is at the first bytes of a name: a value of enum mf_at_path, or a negative errno. */
int mf_subject_find(struct mf_subject *subject, const char *name, size_t length);

/*
 * 1: the file is one that never had a path, and that the kernel shows as deleted: a ring of io_setup(2), secret memory
 * (simple_dname(), fs/d_path.c); 0: not, or the caller may not follow its entry; or a negative errno. Other files may have the
 * same names, so the file system decides.
 */
int mf_subject_is_without_path(struct mf_process *process, const struct mf_mapping *mapping);

#endif
