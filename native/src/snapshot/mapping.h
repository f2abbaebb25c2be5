/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_MAPPING_H
#define MF_MAPPING_H

#include "mapfiles.h"

#include <errno.h>
#include <stdbool.h>

#define MF_SUFFIX        " (deleted)"
#define MF_SUFFIX_LENGTH (sizeof MF_SUFFIX - 1)

_Static_assert(sizeof(struct mf_mapping) == 64, "Java reads this layout (MapRecord.java)");
_Static_assert(MF_READABLE == 0x01 && MF_FILE_BACKED == 0x10, "filter bits are the low five");

/* The part of mf_mapping_classify() that is not inline: for mappings that are rarer. */
void mf_mapping_classify_special(struct mf_mapping *mapping, const char *name, const uint64_t *devices);

/*
 * Sets the kind of a mapping, MF_FILE_BACKED, MF_DELETED and MF_SUFFIXED. Removes " (deleted)" from the length of the name if
 * it is certainly the kernel's suffix. Both backends use this function.
 *
 * @param name     name_length bytes.
 * @param devices  of mf_internal_devices(); NULL: unknown, for saved text.
 */
static inline void mf_mapping_classify(struct mf_mapping *mapping, const char *name, const uint64_t *devices)
{
    /* Most mappings are of files on a disk, or memory without a name. */
    if (mapping->dev_major != 0 && mapping->name_length != 0 && name[mapping->name_length - 1] != ')')
        mapping->flags |= MF_FILE_BACKED | MF_KIND_FILE << MF_KIND_SHIFT;
    else if ((mapping->dev_minor | mapping->inode | mapping->name_length) != 0 || mapping->dev_major != 0)
        mf_mapping_classify_special(mapping, name, devices);
}

/*
 * Whether the last bytes of a name may be the kernel's suffix. The length is checked too: the mapping comes from a caller,
 * whose flags and name may contradict each other.
 */
static inline bool mf_mapping_may_be_suffixed(const struct mf_mapping *mapping)
{
    return mapping->flags & MF_SUFFIXED && mapping->name_length >= MF_SUFFIX_LENGTH;
}

/* Whether the file may be deleted, by its name: the suffix may be the kernel's, or was removed because it is for certain. */
static inline bool mf_mapping_may_be_deleted(const struct mf_mapping *mapping)
{
    return mf_mapping_may_be_suffixed(mapping) || (mapping->flags & MF_DELETED && mapping->name_length > 0);
}

/* Whether a mapping has a file whose device and inode were not recorded: it is from an event with a build ID. */
static inline bool mf_mapping_is_unnumbered(const struct mf_mapping *mapping)
{
    return mapping->flags & MF_FILE_BACKED && (mapping->inode | mapping->dev_major | mapping->dev_minor) == 0;
}

/* Returns 0 if a mapping has a file with device and inode; -ENOENT: it has no file; -EINVAL: they were not recorded. */
static inline int mf_mapping_check_file(const struct mf_mapping *mapping)
{
    return !(mapping->flags & MF_FILE_BACKED) ? -ENOENT : mf_mapping_is_unnumbered(mapping) ? -EINVAL : 0;
}

/*
 * Whether a path may lead to the file of a mapping. This includes files with a name like those that are internal to the kernel:
 * the devices of these are unknown.
 */
static inline bool mf_mapping_may_have_path(const struct mf_mapping *mapping)
{
    const enum mf_kind kind = mf_mapping_kind(mapping);

    return kind == MF_KIND_FILE || kind == MF_KIND_AIO || kind == MF_KIND_DMA_BUF ||
           (kind == MF_KIND_OTHER && mapping->flags & MF_SUFFIXED);
}

/* Whether a mapping has all filter bits of the options. */
static inline bool mf_mapping_passes(const struct mf_mapping *mapping, uint32_t options)
{
    const uint32_t filter = options & MF_FILTER;

    return (mapping->flags & filter) == filter;
}

#endif
