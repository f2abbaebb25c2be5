/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the library on a process and on a mapping of a file, for tests that repeat them. Each returns a definite value,
 * or a negative errno.
 */
#ifndef MF_OPERATIONS_H
#define MF_OPERATIONS_H

#include "check.h"

#include "mapfiles_resident.h"
#include "mapfiles_symbols.h"
#include "mapfiles_target.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct mf_process process;
static pid_t pid;
static struct mf_snapshot *snapshot, *other;
static struct mf_mapping mapping;
static char name[MF_NAME_MAX];
static struct stat mapped;
static int mapped_fd;

/* ---- Processes and snapshots ---- */

static long opened(int rc, struct mf_process *out)
{
    if (rc == 0)
        mf_process_close(out);
    return rc;
}

static long open_by_pid(void)
{
    struct mf_process out;

    return opened(mf_process_open_pid(pid, &out), &out);
}

static long open_self(void)
{
    struct mf_process out;

    return opened(mf_process_open_self(&out), &out);
}

static long open_by_pidfd(void)
{
    static int pidfd = -2;
    struct mf_process out;

    if (pidfd == -2)
        pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    return opened(mf_process_open_pidfd(pidfd, &out), &out);
}

static long open_by_directory(void)
{
    static int directory = -2;
    struct mf_process out;

    if (directory == -2)
        directory = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return opened(mf_process_open_directory(directory, &out), &out);
}

/* Reads a snapshot. The result is 1 if it has the mapping of the file. */
static long read_by(uint32_t options)
{
    const int rc = mf_snapshot_read(&process, options, NULL, other);
    const struct mf_mapping *const found = rc == 1 ? mapping_at(other, mapping.start) : NULL;

    return rc != 1 ? rc : found != NULL && found->inode == mapping.inode && name_is(other, found, name);
}

static long read_text(void)
{
    return read_by(MF_BY_TEXT);
}

static long read_query(void)
{
    return read_by(MF_BY_QUERY);
}

static long query(void)
{
    struct mf_query_result result;
    const int rc = mf_query(&process, mapping.start, MF_WITH_BUILD_ID, &result);

    return rc != 0 ? rc : result.mapping.start == mapping.start && strcmp(result.name, name) == 0;
}

static long validate(void)
{
    return mf_mapping_validate(&process, &mapping);
}

static long read_memory(void)
{
    char bytes[16];
    const long rc = mf_memory_read(&process, mapping.start, bytes, sizeof bytes);

    return rc != sizeof bytes ? rc : memcmp(bytes, (const void *)(uintptr_t)mapping.start, sizeof bytes) == 0 ? rc : 0;
}

static long denial_reasons(void)
{
    return mf_denial_reasons(pid);
}

static long caller_privileges(void)
{
    return mf_caller_privileges();
}

/* ---- Files ---- */

static long list_access(void)
{
    return mf_entries_list_access(&process);
}

static long follow_access(void)
{
    return mf_entries_follow_access();
}

static long read_entry(void)
{
    static char target[MF_NAME_MAX];
    struct mf_entry entry;
    const int rc = mf_entry_read(&process, &mapping, name, MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT, &entry, target);

    if (rc != 0 || entry.target_error != 0)
        return rc != 0 ? rc : entry.target_error;
    return entry.stat_error != 0     ? entry.stat_error
           : entry.access_error != 0 ? entry.access_error
                                     : entry.stat.inode == mapped.st_ino && entry.stat.nlink == mapped.st_nlink;
}

static long read_entries(void)
{
    static _Alignas(8) char memory[1 << 18];
    struct mf_entries *const entries = (struct mf_entries *)memory;
    int rc = mf_entries_init(entries, sizeof memory, 512, 1 << 16);

    rc = rc == 0 ? mf_entries_read(&process, snapshot, MF_ENTRY_TARGET | MF_ENTRY_STAT, entries) : rc;
    for (uint32_t i = 0; rc == 0 && i < entries->entry_count; i++) {
        const struct mf_entry *const entry = &mf_entries_first(entries)[i];

        if (entry->start != mapping.start)
            continue;
        return entry->target_error != 0 ? entry->target_error
               : entry->stat_error != 0 ? entry->stat_error
                                        : entry->stat.inode == mapped.st_ino;
    }
    return rc == 0 ? 0 : rc;
}

/* Whether a descriptor is of the mapped file. Closes it. 2: it is another file, which no call may return. */
static long is_mapped(int rc, int fd)
{
    struct stat file;
    long result = 2;

    if (rc < 0) {
        CHECK(fd < 0, "no descriptor after error %d", rc);
        return rc;
    }
    if (fstat(fd, &file) == 0 && file.st_ino == mapped.st_ino && file.st_dev == mapped.st_dev)
        result = 1;
    close(fd);
    return result;
}

static long open_by(uint32_t options)
{
    int fd;
    const int rc = mf_file_open(&process, &mapping, name, options, &fd);

    return is_mapped(rc, fd);
}

static long open_file(void)
{
    return open_by(0);
}

static long open_by_path(void)
{
    return open_by(MF_OPEN_BY_PATH);
}

static long verify(void)
{
    return mf_file_verify(&process, &mapping, mapped_fd);
}

static long quick_verify(void)
{
    return mf_file_quick_verify(&process, &mapping, name);
}

static long state(void)
{
    return mf_file_state(&process, &mapping, name);
}

static long deletion(void)
{
    return mf_deletion(&process, &mapping, name);
}

static long sharing_domain(void)
{
    const int64_t domain = mf_file_sharing_domain(&process, &mapping, name);

    return domain;
}

static long open_in_root(void)
{
    const int fd = mf_file_open_in_root(NULL, "/proc/self/maps");
    const int found = mf_file_open_in_root(&process, "/etc/passwd");

    if (fd >= 0)
        close(fd);
    if (found >= 0)
        close(found);
    return found < 0 ? found : 1;
}

static long open_path(void)
{
    const int fd = mf_file_open_path(&process, "/etc/passwd", MF_PATH_OF_PROCESS);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 1;
}

/* ---- Pages, symbols, events, targets ---- */

static long resident(void)
{
    struct mf_resident_walk walk = {.next = mapping.start, .end = mapping.end};
    struct mf_page_range ranges[8];
    const int32_t rc = mf_resident_read(&process, snapshot, &walk, ranges, 8);

    return rc < 0 ? rc : rc == 1 && ranges[0].start == mapping.start;
}

static long smaps(void)
{
    static struct mf_smaps out[1024];
    uint32_t count;
    const int rc = mf_smaps_read(&process, out, 1024, &count);

    for (uint32_t i = 0; rc == 0 && i < count; i++)
        if (out[i].start == mapping.start)
            return out[i].rss > 0;
    return rc;
}

static long smaps_total(void)
{
    struct mf_smaps out;
    const int rc = mf_smaps_total(&process, &out);

    return rc != 0 ? rc : out.rss > 0;
}

static long symbols(void)
{
    static _Alignas(16) char memory[1 << 20];
    static int program = -2;
    struct mf_elf_bytes bytes;
    struct mf_elf elf;
    uint8_t hash[MF_ELF_HTLHASH_BYTES];
    int rc;

    if (program == -2)
        program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    rc = mf_elf_bytes_of(program, &bytes);
    rc = rc == 0 ? mf_elf_read(&bytes, &elf) : rc;
    rc = rc == 0 ? mf_elf_htlhash(&bytes, hash) : rc;
    rc = rc == 0 ? mf_symbols_read(&bytes, &elf, memory, sizeof memory) : rc;
    return rc != 0 ? rc : ((struct mf_symbols *)memory)->symbol_count > 0 && elf.build_id_length > 0;
}

static long events(void)
{
    static _Alignas(8) char memory[1 << 18];
    static struct mf_event out[64];
    static char text[2 * MF_NAME_MAX];
    struct mf_events *const stream = (struct mf_events *)memory;
    struct mf_drained drained;
    int rc = mf_events_init(stream, sizeof memory, 16, 64);
    void *made;

    rc = rc == 0 ? mf_events_open(&process, 0, MF_EVENTS_RING_MIN, 0, stream) : rc;
    if (rc != 0)
        return rc;
    made = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(made, 4096);
    rc = mf_events_drain(stream, out, 64, text, sizeof text, &drained);
    for (int i = 0; i < rc; i++)
        if (out[i].kind == MF_EVENT_MAPPED && out[i].mapping.start == (uintptr_t)made)
            rc = 1;
    rc = rc < 0 ? rc : mf_events_wait(stream, 0) < 0 ? -EIO : rc == 1 || drained.incomplete;
    mf_events_close(stream);
    return rc;
}

static long events_denial(void)
{
    return mf_events_denial_reasons();
}

/* This process is no JVM. */
static long target(void)
{
    static _Alignas(64) char memory[4 << 20];
    struct mf_target *out;
    const int rc = mf_target_open(&process, snapshot, memory, sizeof memory, &out);

    if (rc == 0)
        mf_target_close(out);
    return rc;
}

#endif
