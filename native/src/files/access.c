/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the caller may list and follow entries of map_files. */
#include "files/entry.h"
#include "mapfiles_files.h"
#include "os/digits.h"
#include "process/root.h"
#include "snapshot/maps_text.h"

#include <string.h>

/* A name that no entry has. The kernel checks the same permissions as for an entry: proc_map_files_lookup(), fs/proc/base.c. */
#define NO_ENTRY "0-1000"

int mf_entries_list_access(struct mf_process *process)
{
    const int rc = mf_entry_prepare(process);
    struct stat none;
    bool is_guess;
    int files_fd;
    int root_fd;

    if (rc < 0)
        return rc;
    files_fd = __atomic_load_n(&mf_state(process)->files_fd, __ATOMIC_RELAXED);
    if (mf_sys_stat(files_fd, NO_ENTRY, AT_SYMLINK_NOFOLLOW, &none) == -EACCES)
        return mf_maps_explain(mf_state(process)->proc_fd, -EACCES);
    root_fd = mf_root_open(process, &is_guess); /* following the link root needs ptrace access, as an entry does */
    if (root_fd < 0)
        return mf_entry_is_inaccessible(root_fd) ? 0 : root_fd;
    mf_sys_close(root_fd);
    return is_guess ? -EACCES : 0;
}

/*
 * Follows an entry of the caller's process. Returns 0; -EPERM; -ENOENT: this entry does not decide, or is unmapped; or a
 * shortage. With O_PATH the kernel does not call the file system of the file, which may return EPERM too.
 */
static int follow(int proc_fd, const struct mf_mapping *mapping)
{
    char path[64] = "map_files/";
    int fd;
    char *to = mf_put_hex(path + strlen(path), mapping->start);

    *to++ = '-';
    *mf_put_hex(to, mapping->end) = 0;
    fd = mf_sys_openat(proc_fd, path, O_PATH);
    if (fd < 0)
        return fd == -EPERM || mf_sys_is_shortage(fd) ? fd : -ENOENT;
    mf_sys_close(fd);
    return 0;
}

/* Follows the entries of the mappings with a file in a piece of text, until one decides. */
static int follow_any(int proc_fd, const char *text, size_t length)
{
    const char *const end = memrchr(text, '\n', length);
    const char *line = text;
    int rc = -ENOENT;

    while (end != NULL && rc == -ENOENT && line != NULL && line <= end) {
        struct mf_mapping mapping;

        line = mf_maps_text_line(text, line, end + 1, NULL, &mapping);
        if (line != NULL && mapping.flags & MF_FILE_BACKED)
            rc = follow(proc_fd, &mapping);
    }
    return rc;
}

int mf_entries_follow_access(void)
{
    char text[4096];
    char path[32] = "/proc/";
    int proc_fd;
    int maps_fd;
    int rc = -ENOENT;
    uint64_t offset = 0;
    long length = 0;

    /*
     * The calling thread, because the first thread may have ended and have no entries. /proc/TID is accepted though it is not
     * listed.
     */
    *mf_put_decimal(path + strlen(path), (uint64_t)MF_SYS(SYS_gettid)) = 0;
    proc_fd = mf_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (proc_fd < 0)
        return proc_fd == -ENOENT ? -ENODEV : proc_fd;
    maps_fd = mf_sys_openat(proc_fd, "maps", O_RDONLY);
    while (maps_fd >= 0 && rc == -ENOENT && (length = mf_sys_pread(maps_fd, text, sizeof text, offset)) > 0) {
        rc = follow_any(proc_fd, text, (size_t)length);
        offset += (uint64_t)length;
    }
    if (maps_fd >= 0)
        mf_sys_close(maps_fd);
    mf_sys_close(proc_fd);
    return maps_fd < 0 ? maps_fd : length < 0 ? (int)length : rc == -ENOENT ? -ENOTSUP : rc;
}
