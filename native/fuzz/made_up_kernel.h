/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel whose results are the input: each system call of the core takes its result from there, within what the kernel
 * guarantees. No real system call is made. It checks that each descriptor that is used is open, and counts the calls, so that
 * an endless loop is a finding. After the end of the input every call fails.
 */
#ifndef MF_MADE_UP_KERNEL_H
#define MF_MADE_UP_KERNEL_H

#include "fuzz.h"

#include "os/procmap_query.h"
#include "os/statx.h"

#define FIRST_FD  1000
#define FDS       256
#define MAX_CALLS 200000u

static struct {
    struct input input;
    bool is_open[FDS];
    uint32_t calls;
    const char *text; /* of maps */
    size_t text_length;
    struct mf_mapping mapping; /* PROCMAP_QUERY, stat(2) and readlink(2) often return its fields */
    const char *name;
    size_t name_length;
    char entry[64]; /* the last name below map_files that was used */
} kernel;

static long new_fd(void)
{
    for (int i = 0; i < FDS; i++) {
        if (!kernel.is_open[i]) {
            kernel.is_open[i] = true;
            return FIRST_FD + i;
        }
    }
    return -EMFILE;
}

static bool is_open(long fd)
{
    return fd >= FIRST_FD && fd < FIRST_FD + FDS && kernel.is_open[fd - FIRST_FD];
}

static int open_descriptors(void)
{
    int count = 0;

    for (int i = 0; i < FDS; i++)
        count += kernel.is_open[i];
    return count;
}

static long error_of(uint8_t choice)
{
    static const uint8_t errors[] = {ENOENT, ESRCH,  EACCES,  EPERM,        EMFILE,    ENFILE, ENOMEM, EIO,
                                     EINVAL, ENOTTY, EINTR,   ENAMETOOLONG, ELOOP,     ENOSYS, ENODEV, ENXIO,
                                     EXDEV,  EAGAIN, ENOTDIR, ESTALE,       EOVERFLOW, EBADF,  EFAULT};

    return -(long)errors[choice % sizeof errors];
}

/* Numbers of a file: those of the mapping, or any. */
static void make_statx(struct mf_statx *out)
{
    const uint8_t choice = (uint8_t)take(&kernel.input, 1);

    take_bytes(&kernel.input, out, choice & 8 ? sizeof *out : 0);
    out->mask = choice & 1 ? MF_STATX_BASIC : MF_STATX_BASIC | MF_STATX_MOUNT_ID;
    out->nlink = choice >> 1 & 3;
    out->mode = (uint16_t)(choice & 16 ? take(&kernel.input, 2) : 0100644);
    if (choice & 32)
        return;
    out->inode = kernel.mapping.inode + (choice >> 6 & 1);
    out->dev_major = kernel.mapping.dev_major;
    out->dev_minor = kernel.mapping.dev_minor + (choice >> 7);
    out->size = 8192;
}

static void make_stat(struct stat *out)
{
    struct mf_statx file;

    make_statx(&file);
    memset(out, 0, sizeof *out);
    out->st_ino = file.inode;
    out->st_dev = makedev(file.dev_major, file.dev_minor);
    out->st_mode = file.mode;
    out->st_nlink = file.nlink;
    out->st_size = (off_t)file.size;
    out->st_uid = file.uid;
}

/* Bytes of a file: of the text of maps, of stat or status, or any. */
static long make_content(char *to, size_t bytes, uint64_t offset)
{
    static const char stat[] = "42 (a) b) S 1 1 1 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 77 1 1 1\n";
    static const char status[] =
        "Name:\tx\nTgid:\t42\nPid:\t42\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nNSpid:\t42\nSeccomp:\t0\n";
    const uint8_t choice = (uint8_t)take(&kernel.input, 1);
    const char *const from = choice % 4 == 0 ? kernel.text : choice % 4 == 1 ? stat : status;
    const size_t length = choice % 4 == 0 ? kernel.text_length : choice % 4 == 1 ? sizeof stat - 1 : sizeof status - 1;
    size_t count;

    if (choice % 4 == 3) {
        count = take(&kernel.input, 2) % (bytes + 1);
        count = count < kernel.input.left ? count : kernel.input.left;
        take_bytes(&kernel.input, to, count);
        return (long)count;
    }
    if (offset >= length)
        return 0;
    count = length - offset < bytes ? length - offset : bytes;
    memcpy(to, from + offset, count);
    return (long)count;
}

/* A name as the kernel has it: of the mapping, with or without the suffix, or any bytes but NUL. */
static size_t make_name(char *to, size_t capacity)
{
    const uint8_t choice = (uint8_t)take(&kernel.input, 1);
    size_t length = 0;

    if (choice % 4 < 2) {
        length = kernel.name_length < capacity ? kernel.name_length : capacity;
        memcpy(to, kernel.name, length);
        if (choice % 4 == 1 && length + 10 <= capacity) {
            memcpy(to + length, " (deleted)", 10);
            length += 10;
        }
        return length;
    }
    length = choice % 4 == 2 ? take(&kernel.input, 1) : capacity - 1 + (choice >> 2 & 1);
    length = length < capacity ? length : capacity;
    memset(to, 'n', length);
    for (size_t i = 0; i < length && kernel.input.left > 0 && i < 64; i++) {
        const char byte = (char)take(&kernel.input, 1);

        to[i] = byte == '\0' ? '/' : byte;
    }
    return length;
}

static long make_query(struct mf_procmap_query *query)
{
    const uint8_t choice = (uint8_t)take(&kernel.input, 1);
    const bool next = query->query_flags & MF_QUERY_COVERING_OR_NEXT;
    uint64_t start = kernel.mapping.start, end = kernel.mapping.end;

    if (choice & 1) { /* another mapping: it covers the address or follows it */
        start = query->query_addr & ~0xfffull;
        end = start + 0x1000;
        if (end <= start)
            return -ENOENT;
    } else if (end <= query->query_addr || (!next && start > query->query_addr)) {
        return -ENOENT;
    }
    query->vma_start = start;
    query->vma_end = end;
    query->vma_flags = choice >> 1 & 15;
    query->vma_offset = kernel.mapping.offset;
    query->inode = kernel.mapping.inode + (choice >> 5 & 1);
    query->dev_major = kernel.mapping.dev_major;
    query->dev_minor = kernel.mapping.dev_minor;
    if (query->vma_name_size > 0 && choice & 64) {
        char *const name = (char *)(uintptr_t)query->vma_name_addr;
        const size_t length = make_name(name, query->vma_name_size - 1);

        name[length] = '\0';
        query->vma_name_size = length > 0 ? (uint32_t)length + 1 : 0;
    } else {
        query->vma_name_size = 0;
    }
    if (query->build_id_size > 0) {
        query->build_id_size = choice & 128 ? (uint32_t)take(&kernel.input, 1) % (query->build_id_size + 1) : 0;
        take_bytes(&kernel.input, (void *)(uintptr_t)query->build_id_addr, query->build_id_size);
    }
    return 0;
}

static long make_entries(char *to, size_t bytes)
{
    struct mf_directory_entry *const entry = (void *)to;
    const uint8_t digit = (uint8_t)take(&kernel.input, 1);

    if (digit % 4 == 0 || bytes < 64)
        return 0;
    *entry = (struct mf_directory_entry){.inode = 1, .next = 1, .length = 32, .type = digit & 8 ? DT_DIR : DT_LNK};
    snprintf(entry->name, 32 - sizeof *entry, digit & 16 ? "." : "%u", digit * 1000003u >> (digit & 31));
    return 32;
}

/* Whether the first argument of a call is a descriptor that must be open, or AT_FDCWD. */
static bool takes_descriptor(long number)
{
    switch (number) {
    case SYS_openat:
    case SYS_openat2:
    case SYS_statx:
    case SYS_newfstatat:
    case SYS_readlinkat:
    case SYS_fstat:
    case SYS_fstatfs:
    case SYS_pread64:
    case SYS_getdents64:
    case SYS_fcntl:
    case SYS_dup3:
    case SYS_ioctl:
    case SYS_lseek:
    case SYS_faccessat:
    case SYS_name_to_handle_at:
        return true;
    default:
        return false;
    }
}

static long make_result(long number, long a, long b, long c, long d, long e)
{
    switch (number) {
    case SYS_openat:
    case SYS_openat2:
    case SYS_pidfd_open:
    case SYS_memfd_create:
        return new_fd();
    case SYS_fcntl:
        return b == F_DUPFD_CLOEXEC ? new_fd() : 0;
    case SYS_dup3:
        CHECK(is_open(b), "the replaced descriptor is open");
        return b;
    case SYS_readlinkat:
        return (long)make_name((char *)c, (size_t)d);
    case SYS_statx:
        make_statx((struct mf_statx *)e);
        return 0;
    case SYS_newfstatat:
        make_stat((struct stat *)c);
        return 0;
    case SYS_fstat:
        make_stat((struct stat *)b);
        return 0;
    case SYS_fstatfs:
    case SYS_statfs: {
        static const uint32_t types[] = {PROC_SUPER_MAGIC,  EXT4_SUPER_MAGIC,    OVERLAYFS_SUPER_MAGIC,
                                         BTRFS_SUPER_MAGIC, ANON_INODE_FS_MAGIC, 0};
        struct statfs *const out = (struct statfs *)b;

        memset(out, 0, sizeof *out);
        out->f_type = types[take(&kernel.input, 1) % (sizeof types / sizeof *types)];
        return 0;
    }
    case SYS_pread64:
        return make_content((char *)b, (size_t)c, (uint64_t)d);
    case SYS_getdents64:
        return make_entries((char *)b, (size_t)c);
    case SYS_ioctl:
        return b == (long)MF_PROCMAP_QUERY ? make_query((struct mf_procmap_query *)c) : -ENOTTY;
    case SYS_lseek:
    case SYS_faccessat:
    case SYS_tgkill:
    case SYS_pidfd_send_signal:
        return 0;
    case SYS_geteuid:
    case SYS_gettid:
        return (long)take(&kernel.input, 1);
    default:
        return -ENOSYS;
    }
    (void)a;
}

long mf_hook(long number, long a, long b, long c, long d, long e, long f)
{
    const bool is_at_end = kernel.input.left == 0;
    const uint8_t choice = (uint8_t)take(&kernel.input, 1);

    (void)f;
    if (++kernel.calls > MAX_CALLS) {
        CHECK(false, "more than %u system calls", MAX_CALLS);
        abort();
    }
    if (takes_descriptor(number))
        CHECK(a == AT_FDCWD || is_open(a), "descriptor %ld of system call %ld is open", a, number);
    if (number == SYS_close) {
        CHECK(is_open(a), "descriptor %ld is open when it is closed", a);
        if (is_open(a))
            kernel.is_open[a - FIRST_FD] = false;
        return 0;
    }
    if ((number == SYS_readlinkat || number == SYS_openat || number == SYS_statx) && a != AT_FDCWD &&
        strchr((const char *)b, '-') != NULL)
        snprintf(kernel.entry, sizeof kernel.entry, "%s", (const char *)b);
    if (is_at_end || choice >= 200)
        return is_at_end ? -EIO : error_of(choice);
    return make_result(number, a, b, c, d, e);
}

/* Begins a run. The input holds the mapping, then the results. */
static void begin_kernel(struct input input, const struct mf_mapping *mapping, const char *name, size_t name_length)
{
    memset(&kernel, 0, sizeof kernel);
    kernel.input = input;
    kernel.mapping = *mapping;
    kernel.name = name;
    kernel.name_length = name_length;
}

#endif
