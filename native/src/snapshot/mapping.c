/* SPDX-License-Identifier: Apache-2.0 */
/* Derives the kind of a mapping from its name and device. */
#include "snapshot/mapping.h"

#include "os/internal_devices.h"

#include <string.h>

struct naming {
    const char *text;
    uint8_t length;
    uint8_t kind;
};

/* clang-format off */

#define NAMING(literal, kind) {literal, sizeof literal - 1, kind}

/* Prefixes of names of mappings without a file (arch_vma_name() and special mappings). */
static const struct naming without_file[] = {
    NAMING("[heap]", MF_KIND_HEAP),
    NAMING("[stack]", MF_KIND_STACK),
    NAMING("[vdso]", MF_KIND_VDSO),
    NAMING("[vvar", MF_KIND_VVAR),
    NAMING("[vsyscall]", MF_KIND_VSYSCALL),
    NAMING("[anon:", MF_KIND_NAMED_ANONYMOUS),
    NAMING("", MF_KIND_OTHER),
};

/*
 * Prefixes of names of files on the kernel's internal mounts. These files are created without a path, so they count as deleted.
 */
static const struct naming internal[] = {
    NAMING("/memfd:", MF_KIND_MEMFD),
    NAMING("/SYSV", MF_KIND_SYSV),
    NAMING("/dev/zero (deleted)", MF_KIND_SHARED_ANONYMOUS),
    NAMING("[anon_shmem:", MF_KIND_SHARED_ANONYMOUS),
    NAMING("/anon_hugepage (deleted)", MF_KIND_HUGETLB),
    NAMING("", MF_KIND_OTHER),
};

/* Prefixes of names of files that are on no mounted file system (d_dname() of their file systems). */
static const struct naming pseudo[] = {
    NAMING("anon_inode:", MF_KIND_ANON_INODE),
    NAMING("/dmabuf:", MF_KIND_DMA_BUF),
    NAMING("/", MF_KIND_FILE),
    NAMING("", MF_KIND_OTHER),
};

/*
 * Whole names of such files that the kernel shows with " (deleted)": simple_dname() (fs/d_path.c) of the name that was passed
 * to alloc_file_pseudo(). Graphics drivers have tmpfs mounts of their own for huge pages (i915_gemfs.c, drm_gem.c).
 *
 * In the root directory of a file system without a block device, such as that of a container, an ordinary file may have one of
 * these names, or the name of a DMA buffer: see mf_mapping_may_have_path().
 */
static const struct naming pseudo_deleted[] = {
    NAMING("/[aio]", MF_KIND_AIO),
    NAMING("/secretmem", MF_KIND_OTHER),
    NAMING("/[kvm-gmem]", MF_KIND_OTHER),
    NAMING("/drm mm object", MF_KIND_OTHER),
    NAMING("/i915", MF_KIND_OTHER),
};

/* clang-format on */

/* Returns the kind of the first prefix that matches. The last one of each table is empty and matches every name. */
static uint32_t kind_of(const struct naming *entry, const char *name, uint32_t length)
{
    while (entry->length > length || memcmp(entry->text, name, entry->length) != 0)
        entry++;
    return entry->kind;
}

static uint32_t kind_of_pseudo(const char *name, uint32_t length, bool suffixed)
{
    for (size_t i = 0; suffixed && i < sizeof pseudo_deleted / sizeof *pseudo_deleted; i++) {
        const struct naming *const entry = &pseudo_deleted[i];

        if (length - MF_SUFFIX_LENGTH == entry->length && memcmp(entry->text, name, entry->length) == 0)
            return entry->kind;
    }
    return kind_of(pseudo, name, length);
}

static bool has_suffix(const char *name, uint32_t length)
{
    return length >= MF_SUFFIX_LENGTH && name[length - 1] == ')' &&
           memcmp(name + length - MF_SUFFIX_LENGTH, MF_SUFFIX, MF_SUFFIX_LENGTH) == 0;
}

static bool is_internal(uint64_t device, const uint64_t *devices)
{
    bool found = false;

    for (int i = 0; i < MF_DEVICES; i++)
        found |= devices[i] == device;
    return found;
}

static void set_kind(struct mf_mapping *mapping, uint32_t kind)
{
    mapping->flags |= kind << MF_KIND_SHIFT;
}

static void mark_deleted(struct mf_mapping *mapping, bool suffixed)
{
    mapping->flags |= MF_DELETED;
    if (suffixed)
        mapping->name_length -= MF_SUFFIX_LENGTH;
}

/*
 * Classifies a file of a device with major number 0: a file system without a block device, such as the kernel's internal ones.
 */
static void classify_unnumbered(struct mf_mapping *mapping, const char *name, const uint64_t *devices, bool suffixed)
{
    const uint32_t length = mapping->name_length;
    uint32_t kind = kind_of_pseudo(name, length, suffixed);

    if (devices == NULL || devices[MF_DEVICE_SHMEM] == 0) { /* saved text, or no memfd_create(2): only the name is available */
        const bool perhaps_internal = suffixed || kind == MF_KIND_OTHER;
        const uint32_t internal_kind = perhaps_internal ? kind_of(internal, name, length) : MF_KIND_OTHER;

        set_kind(mapping, internal_kind == MF_KIND_OTHER ? kind : internal_kind);
    } else if (is_internal(mf_device(0, mapping->dev_minor), devices)) {
        set_kind(mapping, kind_of(internal, name, length));
        mark_deleted(mapping, suffixed);
        return;
    } else {
        set_kind(mapping, kind);
    }
    if (suffixed)
        mapping->flags |= MF_SUFFIXED;
}

static void classify_file(struct mf_mapping *mapping, const char *name, const uint64_t *devices)
{
    const bool suffixed = has_suffix(name, mapping->name_length);

    if (mapping->dev_major == 0) {
        classify_unnumbered(mapping, name, devices, suffixed);
        return;
    }
    set_kind(mapping, MF_KIND_FILE);
    if (suffixed)
        mapping->flags |= MF_SUFFIXED;
}

void mf_mapping_classify_special(struct mf_mapping *mapping, const char *name, const uint64_t *devices)
{
    /* The kernel writes no path without a number. Saved text may have one: a core file records only the names of files. */
    const bool is_path = devices == NULL && mapping->name_length != 0 && name[0] == '/';

    if (mf_device(mapping->dev_major, mapping->dev_minor) != 0 || mapping->inode != 0 || is_path) {
        mapping->flags |= MF_FILE_BACKED;
        classify_file(mapping, name, devices);
    } else if (mapping->name_length != 0) {
        set_kind(mapping, kind_of(without_file, name, mapping->name_length));
    }
}
