/* SPDX-License-Identifier: Apache-2.0 */
/* The JVM of a process: its memory, and a reader of its code. */
#include "jvm/code_reader.h"

#include <errno.h>

#define PAGES         1024u /* cached during a call */
#define TABLE_PAGES   64u   /* cached while the tables are read */
#define MAX_LIBRARIES 8u    /* that export such tables: a process has one, a malicious one may have any number */
#define ALIGNMENT     64u

/* The pages of the tables are in the memory of the reader. */
_Static_assert(2 * TABLE_PAGES * MF_PAGE <= PAGES * MF_CODE_READER_PAGE, "they fit");

struct mf_target {
    struct mf_target_memory memory;
    struct mf_code_reader *reader;
};

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

size_t mf_target_bytes(void)
{
    return aligned(sizeof(struct mf_target)) + aligned(sizeof(struct mf_vm_tables)) + mf_code_reader_bytes(PAGES);
}

/* Finds and reads HotSpot's tables. The pages are those of the reader, which is made later. */
static int read_tables(struct mf_target *target, const struct mf_snapshot *snapshot, void *pages_memory,
                       struct mf_vm_tables *tables)
{
    struct mf_pages *const pages = mf_pages_init(pages_memory, TABLE_PAGES, MF_PAGE, &target->memory);
    struct mf_elf_image image = {0};
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < MAX_LIBRARIES; i++) {
        rc = mf_vm_image_next(pages, snapshot, image.start, &image);
        if (rc == 0)
            rc = mf_vm_tables_read(pages, &image, tables);
        if (rc == 0)
            return 0;
        if (rc == -ENOEXEC || rc == -EFAULT) /* another library may have them */
            rc = 0;
    }
    return rc == 0 ? -ENOENT : rc;
}

int mf_target_open(const struct mf_process *process, const struct mf_snapshot *snapshot, void *memory, size_t bytes,
                   struct mf_target **out)
{
    struct mf_target *const target = memory;
    struct mf_vm_tables *const tables = (void *)((char *)memory + aligned(sizeof *target));
    void *const reader = (char *)tables + aligned(sizeof *tables);
    int rc;

    if (bytes < mf_target_bytes() || (uintptr_t)memory % ALIGNMENT != 0)
        return -EINVAL;
    rc = mf_target_memory_open(process, &target->memory);
    if (rc != 0)
        return rc;
    rc = read_tables(target, snapshot, reader, tables);
    if (rc != 0) {
        mf_target_memory_close(&target->memory);
        return rc;
    }
    target->reader = mf_code_reader_init(reader, PAGES, tables);
    *out = target;
    return 0;
}

void mf_target_close(struct mf_target *target)
{
    mf_target_memory_close(&target->memory);
}

int mf_target_find(struct mf_target *target, uint64_t address, enum mf_code_address kind, struct mf_code_result *out)
{
    return mf_code_reader_find(target->reader, &target->memory, address, kind, out);
}

int mf_target_find_in_frame(struct mf_target *target, uint64_t address, enum mf_code_address kind, uint64_t frame_pointer,
                            struct mf_code_result *out)
{
    return mf_code_reader_find_in_frame(target->reader, &target->memory, address, kind, frame_pointer, out);
}

int mf_target_next(struct mf_target *target, int begin, struct mf_code_result *out)
{
    return mf_code_reader_next(target->reader, &target->memory, begin, out);
}

int mf_target_read(const struct mf_target *target, uint64_t address, void *to, uint32_t bytes)
{
    return mf_target_memory_read(&target->memory, address, to, bytes);
}
