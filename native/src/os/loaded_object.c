/* SPDX-License-Identifier: Apache-2.0 */
/* Uses dl_iterate_phdr(3), because dladdr(3) is in libdl before glibc 2.34. */
#include "os/loaded_object.h"

#include <link.h>
#include <stddef.h>

struct search {
    uint64_t address;
    struct mf_loaded_object *out;
};

static int take_object(struct dl_phdr_info *info, size_t size, void *out)
{
    const struct search *const search = out;
    struct mf_loaded_object found = {.bias = info->dlpi_addr, .path = info->dlpi_name};
    bool covers = false;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *const segment = &info->dlpi_phdr[i];
        const uint64_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_DYNAMIC)
            found.dynamic = (const void *)(uintptr_t)start;
        if (segment->p_type != PT_LOAD)
            continue;
        covers |= search->address - start < segment->p_memsz;
        if (start + segment->p_memsz > found.end)
            found.end = start + segment->p_memsz;
    }
    if (covers)
        *search->out = found;
    return covers;
}

bool mf_loaded_object_at(uint64_t address, struct mf_loaded_object *out)
{
    struct search search = {address, out};

    return dl_iterate_phdr(take_object, &search) != 0;
}
