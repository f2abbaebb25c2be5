/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_RECORD_H
#define MF_RECORD_H

#include "mapfiles.h"

#include <errno.h>
#include <stdbool.h>

#define MF_SUFFIX " (deleted)"
#define MF_SUFFIX_LENGTH (sizeof MF_SUFFIX - 1)

_Static_assert(sizeof(struct mf_mapping) == 64, "the record is the ABI between core and facade");
_Static_assert(MF_READABLE == 0x01 && MF_FILE_BACKED == 0x10, "filter bits are the low five");

/* mf_record_classify() for mappings that take more than a glance. */
void mf_record_classify_odd(struct mf_mapping *record, const char *name, const uint64_t *devices);

/*
 * Tells what a mapping is and completes its record: kind, MF_FILE_BACKED, MF_DELETED or MF_SUFFIXED, and the name's
 * length without a suffix that is surely the kernel's. The one place where both backends learn the same.
 *
 * @param name     name_length bytes.
 * @param devices  of the kernel's own mounts (devices.h); NULL where they cannot be known: saved text.
 */
static inline void mf_record_classify(struct mf_mapping *record, const char *name, const uint64_t *devices)
{
    /* Most are files on a disk, and memory without a name. */
    if (record->dev_major != 0 && record->name_length != 0 && name[record->name_length - 1] != ')')
        record->flags |= MF_FILE_BACKED | MF_KIND_FILE << MF_KIND_SHIFT;
    else if ((record->dev_minor | record->inode | record->name_length) != 0 || record->dev_major != 0)
        mf_record_classify_odd(record, name, devices);
}

/*
 * Whether the last bytes of a name may be the kernel's suffix. Records are handed in by the caller: one that was put together
 * from two may have a flag that its name does not bear out.
 */
static inline bool mf_record_may_be_suffixed(const struct mf_mapping *record)
{
    return record->flags & MF_SUFFIXED && record->name_length >= MF_SUFFIX_LENGTH;
}

/* Whether a record is of a file whose device and inode were not told: of an event with a build ID. */
static inline bool mf_record_is_unnumbered(const struct mf_mapping *record)
{
    return record->flags & MF_FILE_BACKED && (record->inode | record->dev_major | record->dev_minor) == 0;
}

/* Whether the numbers of a record tell a file: 0; -ENOENT: it has none; -EINVAL: they were not told. */
static inline int mf_record_check_file(const struct mf_mapping *record)
{
    return !(record->flags & MF_FILE_BACKED) ? -ENOENT : mf_record_is_unnumbered(record) ? -EINVAL : 0;
}

/*
 * Whether a path may lead to the file: also where it is called as the kernel's own are, on devices that cannot be known without
 * having one of them.
 */
static inline bool mf_record_may_have_path(const struct mf_mapping *record)
{
    const enum mf_kind kind = mf_mapping_kind(record);

    return kind == MF_KIND_FILE || kind == MF_KIND_AIO || kind == MF_KIND_DMA_BUF ||
           (kind == MF_KIND_OTHER && record->flags & MF_SUFFIXED);
}

/* Whether a record has all the bits that the filter of a options asks for. */
static inline bool mf_record_passes(const struct mf_mapping *record, uint32_t options)
{
    const uint32_t filter = options & MF_FILTER;

    return (record->flags & filter) == filter;
}

#endif
