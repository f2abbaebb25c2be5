/* SPDX-License-Identifier: Apache-2.0 */
/* How many objects the dynamic loader has loaded and unloaded. */
#include "mapfiles.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>

struct counts {
    uint64_t added;
    uint64_t removed;
    bool counted;
};

static int take_counts(struct dl_phdr_info *info, size_t size, void *out)
{
    struct counts *const counts = out;

    if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs)
        *counts = (struct counts){info->dlpi_adds, info->dlpi_subs, true};
    return 1; /* stops after the first object: the counts are the same for all */
}

int mf_loader_counts(uint64_t *added, uint64_t *removed)
{
    struct counts counts = {0};

    dl_iterate_phdr(take_counts, &counts);
    if (!counts.counted)
        return -ENOTSUP;
    *added = counts.added;
    *removed = counts.removed;
    return 0;
}
