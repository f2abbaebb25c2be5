/* SPDX-License-Identifier: Apache-2.0 */
#include "query/vsyscall.h"

#include "snapshot/mapping.h"
#include "snapshot/maps_text.h"

#include <string.h>

#define VSYSCALL_START 0xffffffffff600000u
#define VSYSCALL_END   0xffffffffff601000u

/* Values of mf_process_state.vsyscall. Any other value is the flags of the mapping, which have a kind above 0. */
enum { UNKNOWN = 0, NONE = 1 };

void mf_vsyscall_record(struct mf_process *process, uint32_t flags)
{
    __atomic_store_n(&mf_state(process)->vsyscall, flags != 0 ? flags : NONE, __ATOMIC_RELAXED);
}

bool mf_vsyscall_is_near(uint64_t address, bool or_next)
{
#ifdef __x86_64__
    return address < VSYSCALL_END && (or_next || address >= VSYSCALL_START);
#else
    (void)address;
    (void)or_next;
    return false;
#endif
}

/* Returns the flags of [vsyscall] if the last line of a block of text is that mapping, else 0. */
static uint32_t flags_in_last_line(const char *text, const char *end, bool begins_a_line)
{
    const char *const newline = end - text > 1 ? memrchr(text, '\n', (size_t)(end - text - 1)) : NULL;
    const char *const line = newline != NULL ? newline + 1 : begins_a_line ? text : NULL;
    struct mf_mapping mapping;

    if (line == NULL || end[-1] != '\n' || mf_maps_text_line(text, line, end, NULL, &mapping) == NULL)
        return 0;
    return mf_mapping_kind(&mapping) == MF_KIND_VSYSCALL ? mapping.flags : 0;
}

/*
 * Reads the text through a descriptor of its own, because another thread may be reading through the descriptor of the process.
 */
static int find_in_text(struct mf_process *process)
{
    char text[4096];
    uint32_t flags = 0;
    uint64_t offset = 0;
    bool begins_a_line = true;
    const int fd = mf_maps_open(mf_state(process)->proc_fd);
    long length;

    if (fd < 0)
        return fd;
    while ((length = mf_sys_pread(fd, text, sizeof text, offset)) > 0) {
        flags = flags_in_last_line(text, text + length, begins_a_line);
        begins_a_line = text[length - 1] == '\n';
        offset += (uint64_t)length;
        if (offset > MF_TEXT_MAX) {
            length = -EFBIG;
            break;
        }
    }
    if (length == 0 && (flags != 0 || mf_maps_alive(fd, mf_traits(process)) > 0)) /* execve(2) ends the text early */
        mf_vsyscall_record(process, flags);
    mf_sys_close(fd);
    return (int)length;
}

int mf_vsyscall_find(struct mf_process *process, uint32_t options, struct mf_mapping *out)
{
    uint32_t vsyscall;
    int rc = 0;

    if (!mf_vsyscall_is_near(VSYSCALL_START, true))
        return 0;
    if (__atomic_load_n(&mf_state(process)->vsyscall, __ATOMIC_RELAXED) == UNKNOWN)
        rc = find_in_text(process);
    vsyscall = __atomic_load_n(&mf_state(process)->vsyscall, __ATOMIC_RELAXED);
    if (rc < 0 || vsyscall == NONE || vsyscall == UNKNOWN)
        return rc;
    *out = (struct mf_mapping){
        .start = VSYSCALL_START,
        .end = VSYSCALL_END,
        .flags = vsyscall,
        .name_length = sizeof MF_VSYSCALL_NAME - 1,
        .file_index = -1,
    };
    return mf_mapping_passes(out, options);
}
