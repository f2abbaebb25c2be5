/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_PATH_H
#define MF_PATH_H

#include "process/process.h"

#include <stdbool.h>

/*
 * A search for the file of a mapping without its map_files entry. It opens up to three candidates with O_PATH: the file at the
 * name of the mapping; if that is another file, the file at the name without a suffix that may be the kernel's; then a file
 * that the process has open or executes (process_link.h). The caller checks each candidate:
 *
 *     for (fd = mf_path_first(&search, ...); fd >= 0; fd = mf_path_next(&search, result))
 *         result = check(fd);
 *
 * The result of the search is search.result then.
 */
struct mf_path_search {
    struct mf_process *process;
    const struct mf_mapping *mapping;
    const char *name;
    int entry_error;
    int root_fd;
    bool root_is_guess; /* as mf_root_open() */
    int step;
    int candidate_fd;
    int result;
};

/*
 * Begins a search.
 *
 * @param entry_error  why the entry was not opened. If this is neither -EPERM (the caller may not follow it) nor -ENOTSUP (the
 *                     kernel has no map_files), there is no candidate, and it is the result.
 *
 * Returns the first candidate, which the search closes; negative: there is none, and the search has ended.
 */
int mf_path_first(struct mf_path_search *search, int entry_error, struct mf_process *process, const struct mf_mapping *mapping,
                  const char *name);

/*
 * Continues a search.
 *
 * @param result  of the check of the last candidate: 0 or above, or a negative errno. -EIDRM: it is another file.
 *
 * Returns the next candidate; negative: the search has ended. Its result is the result of the last check that decides; the
 * entry's error if the file has no path, has another error, or if the root is a guess and the file is not found there; -EIDRM
 * if no file is at the path; or -ENAMETOOLONG.
 */
int mf_path_next(struct mf_path_search *search, int result);

#endif
